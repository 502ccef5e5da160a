import { createHash } from "node:crypto";
import type { Agent } from "../accounts/agent.ts";
import { blobReference } from "../blobs/blobs.ts";
import { EmailKitError, isOutage, placeOf } from "../errors.ts";
import type { Sql } from "../ledger/database.ts";
import { type MessageContent, type MessageRecord } from "../ledger/messages.ts";
import type { TaskRecord } from "../ledger/tasks.ts";
import { sameAddress } from "../mail/address.ts";
import { classify } from "../mail/classify.ts";
import type { MailMessage } from "../mail/message.ts";
import { parseMail } from "../mail/parse.ts";
import type { ReplyParts } from "../mail/strip-thread-history.ts";
import type { StoredMail } from "../transport/transport.ts";
import { addresseeOf } from "./addressee.ts";
import { composeClarification } from "./clarify.ts";
import { askSender } from "./confirm-sender.ts";
import type { FollowUp } from "./conversation.ts";
import { correlate, type Correlation } from "./correlate.ts";
import type { WorkerDeps } from "./deps.ts";
import { findExpecting, judgeExpected } from "./expected.ts";
import { judge } from "./judge.ts";
import { attachmentsOf, partsOf } from "./parts.ts";
import type { Verdict } from "./verdict.ts";

/** A mailbox, and whose it is. */
export interface Box {
  key: string;
  agents: readonly Agent[];
  junk: boolean;
}

/** A mail, and what it says where it can be read. */
export interface Parsed {
  record: MessageRecord;
  message: MailMessage | undefined;
  /** When its bytes are safe. */
  stored: Promise<unknown>;
}

export async function parse(deps: WorkerDeps, mailbox: string, mail: StoredMail): Promise<Parsed> {
  const raw = blobReference(mail.raw);
  // It is written while the mail is being understood; both come before the transaction.
  const stored = deps.blobs.put(mail.raw);
  stored.catch(() => {});
  const parsed = await parseMail(mail.raw, { putAttachment: (content) => deps.blobs.put(content) });
  if (parsed.kind === "unreadable") {
    const level = "error" in parsed ? "error" : "warn";
    deps.log[level]("A mail cannot be read", { mailbox, uid: mail.uid, reason: parsed.reason });
  } else if (mail.truncated) {
    deps.log.warn("Only the header of a mail is read: it is too large", { mailbox, uid: mail.uid, octets: mail.size });
    parsed.message = headerOf(parsed.message);
  }
  const record: MessageRecord = {
    id: createHash("sha256").update(`${mailbox}\0${raw}`).digest("hex"),
    agent: null,
    mailbox,
    uidValidity: mail.uidValidity,
    uid: mail.uid,
    messageId: null,
    sender: null,
    subject: "",
    classification: "unreadable",
    disposition: "unreadable",
    reason: parsed.kind === "unreadable" ? parsed.reason : null,
    taskId: null,
    grade: null,
    raw,
    content: {
      text: "",
      quoted: "",
      signature: "",
      attachments: [],
      ...(mail.truncated && { unreadOctets: mail.size }),
    },
    receivedAt: mail.receivedAt,
    storedAt: deps.clock(),
  };
  return { record, message: parsed.kind === "parsed" ? parsed.message : undefined, stored };
}

/** What the header section alone says: a part that begins in it has no content. */
function headerOf(message: MailMessage): MailMessage {
  const { text: _text, html: _html, ...header } = message;
  return { ...header, attachments: [], reports: [] };
}

/**
 * What throws while a mail is read would throw at every further try, and nothing behind that mail would ever be read: so it is kept as unreadable. Where what
 * keeps the mails is away, they stay where they are.
 * @throws what the ledger or the blob store rejected with.
 */
export function unreadable(
  deps: Pick<WorkerDeps, "log">,
  { record, message, stored }: Pick<Understood, "record" | "message" | "stored">,
  error: unknown,
): Understood {
  const isMissing = error instanceof EmailKitError && error.code === "BLOB_NOT_FOUND";
  if (isOutage(error) || isMissing) throw error;
  const { mailbox, uid } = record;
  const reason = `Reading it failed: ${placeOf(error)}`;
  deps.log.error("A mail cannot be read", { mailbox, uid, reason });
  const about = message && {
    messageId: message.messageId ?? null,
    sender: message.from?.address ?? null,
    subject: message.subject,
  };
  return {
    record: { ...record, ...about, classification: "unreadable" },
    stored,
    task: undefined,
    verdict: { disposition: "unreadable", reason },
  };
}

/** Everything that a mail means, but for what only the transaction that stores it can tell. */
export async function understand(deps: WorkerDeps, box: Box, parsed: Parsed): Promise<Understood> {
  try {
    return await understandMail(deps, box, parsed);
  } catch (error) {
    return unreadable(deps, parsed, error);
  }
}

async function understandMail(deps: WorkerDeps, box: Box, parsed: Parsed): Promise<Understood> {
  const { agents, junk } = box;
  const { record: base, message, stored } = parsed;
  if (!message) {
    return { record: base, stored, task: undefined, verdict: { disposition: "unreadable", reason: base.reason! } };
  }
  const keys = { tokenKey: deps.tokenKey, ledgerId: deps.ledger.id };
  const correlation = await correlate(deps.ledger.db, message, keys);
  const parts = partsOf(message, correlation);
  const read: MessageRecord = {
    ...base,
    messageId: message.messageId ?? null,
    sender: message.from?.address ?? null,
    subject: message.subject,
    content: { ...base.content, ...contentOf(message, parts) },
  };
  const { agent, declined } = await addresseeOf(deps, agents, { message, correlation, record: read });
  const classification = classify(message, {
    addresses: agent && !isFromAnotherAgent(deps, message, agent) ? [agent.address.address] : [],
    isOwn: () => correlation.kind === "sent-by-us",
  });
  const { unreadOctets } = base.content;
  const mail = { message, classification, correlation, parts, raw: base.raw, agent, declined, junk, unreadOctets };
  // It is given the bytes as they are kept.
  if (deps.inbound.verifySender) await stored;
  const judged = await judge(deps, mail);
  const record: MessageRecord = { ...read, agent: agent?.name ?? null, classification: classification.kind };
  const clarification = await clarificationFor(deps, record, correlation, judged);
  const verdict: Verdict = judged.clarify && !clarification ? { ...judged, disposition: "settled" } : judged;
  const to = [...message.to, ...message.cc].map(({ address }) => address);
  const expecting = correlation.kind === "none" && agent ? { agent: agent.name, message } : undefined;
  const isExpected = expecting && (await findExpecting(deps.ledger.db, expecting.agent, message));
  const expected = isExpected && (await judgeExpected(deps, mail, record.receivedAt));
  const again = () => understand(deps, box, parsed);
  const task = correlation.kind === "task" ? correlation.task : verdict.suspected;
  const confirm = task && verdict.senderInDoubt && (await askSender(deps, task, record));
  return {
    record,
    stored,
    task,
    verdict,
    correlation,
    message,
    to,
    clarification,
    confirm,
    ...(expecting && { expecting: { ...expecting, verdict: expected, again } }),
  };
}

/** What was made of a mail. */
export interface Understood {
  record: MessageRecord;
  stored: Promise<unknown>;
  task: TaskRecord | undefined;
  verdict: Verdict;
  correlation?: Correlation;
  /** Unless it cannot be read. */
  message?: MailMessage | undefined;
  /** The addresses in To and Cc. */
  to?: string[];
  clarification?: FollowUp | undefined;
  /** Stores the question whether it is from whom the task asked. */
  confirm?: ((sql: Sql) => Promise<void>) | undefined;
  /** Of a mail that answers nothing: what it is to someone who waits for such a mail, where somebody did when it was looked at. */
  expecting?: { agent: string; message: MailMessage; verdict: Verdict | undefined; again: () => Promise<Understood> };
}

/** The mail that asks again for what is missing. */
async function clarificationFor(
  deps: WorkerDeps,
  record: MessageRecord,
  correlation: Correlation,
  verdict: Verdict,
): Promise<FollowUp | undefined> {
  if (!verdict.clarify || correlation.kind !== "task" || record.sender === null) return undefined;
  const agent = deps.agents.get(correlation.task.agent);
  if (!agent) return undefined;
  const reply = { from: record.sender, messageId: record.messageId ?? undefined };
  return composeClarification(deps, agent, correlation.task, reply, verdict.clarify, record.storedAt);
}

/** An agent under a subaddress of this one is not this one; one with the same address is. */
function isFromAnotherAgent(deps: WorkerDeps, message: MailMessage, agent: Agent): boolean {
  const from = message.from?.address;
  if (from === undefined || sameAddress(from, agent.address.address)) return false;
  return [...deps.agents.values()].some(({ address }) => sameAddress(address.address, from));
}

function contentOf(message: MailMessage, parts: ReplyParts): MessageContent {
  return {
    text: parts.text,
    quoted: parts.quoted,
    signature: parts.signature,
    attachments: attachmentsOf(message),
  };
}
