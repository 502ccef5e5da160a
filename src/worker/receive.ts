import { createHash } from "node:crypto";
import type { Agent } from "../accounts/agent.ts";
import { blobReference } from "../blobs/blobs.ts";
import { insertAliases } from "../ledger/aliases.ts";
import { advanceCursor, readCursor } from "../ledger/cursors.ts";
import type { Sql } from "../ledger/database.ts";
import { appendEvent, type AuditEvent, ofTask } from "../ledger/events.ts";
import {
  findMessage,
  insertMessage,
  moveMessage,
  type MessageContent,
  type MessageRecord,
} from "../ledger/messages.ts";
import { prunedBefore } from "../ledger/prune.ts";
import type { StoredOutcome } from "../ledger/outcome.ts";
import { findRequest, insertRequest, type RequestRecord } from "../ledger/requests.ts";
import { isSettled, type TaskRecord } from "../ledger/tasks.ts";
import { registerThread } from "../ledger/threads.ts";
import { sameAddress, splitSubaddress } from "../mail/address.ts";
import { classify } from "../mail/classify.ts";
import type { MailMessage } from "../mail/message.ts";
import { normalizeMessageId } from "../mail/message-id.ts";
import { parseMail } from "../mail/parse.ts";
import type { ReplyParts } from "../mail/strip-thread-history.ts";
import type { Mailbox, MailboxReader, StoredMail } from "../transport/transport.ts";
import { recordAway } from "./away.ts";
import { settleBounce } from "./bounce.ts";
import { composeClarification, putClarification } from "./clarify.ts";
import type { FollowUp } from "./conversation.ts";
import { correlate, type Correlation } from "./correlate.ts";
import type { WorkerDeps } from "./deps.ts";
import { expectedOutcome, findExpecting } from "./expected.ts";
import { judge } from "./judge.ts";
import { attachmentsOf, partsOf } from "./parts.ts";
import { settle } from "./settle.ts";
import type { Verdict } from "./verdict.ts";

/** How far before the ledger's making a mailbox is looked at first: clocks differ. */
const FIRST_LOOK_BACK_MS = 86_400_000;

/** Reads a mailbox on behalf of the agents that share it. */
export function mailboxReader(deps: WorkerDeps, mailbox: Mailbox, agents: readonly Agent[]): MailboxReader {
  return {
    cursor: (uidValidity) => cursorOf(deps, mailbox.key, uidValidity),
    store: (mail) => receive(deps, mailbox.key, agents, mail),
    ...(agents.some(({ junk }) => junk) && { junk: junkReader(deps, mailbox, agents) }),
  };
}

/** Of what a provider takes for junk, only what belongs to a task is kept or looked at. */
function junkReader(deps: WorkerDeps, mailbox: Mailbox, agents: readonly Agent[]): MailboxReader {
  const key = mailbox.junkKey;
  return {
    cursor: (uidValidity) => cursorOf(deps, key, uidValidity),
    async store(mail) {
      const parsed = await parseMail(mail.raw, { putAttachment: async (content) => blobReference(content) });
      const keys = { tokenKey: deps.tokenKey, ledgerId: deps.ledger.id };
      const found = parsed.kind === "parsed" ? await correlate(deps.ledger.db, parsed.message, keys) : undefined;
      const interested = found?.kind === "task" && agents.some(({ name, junk }) => junk && name === found.task.agent);
      if (interested) await receive(deps, key, agents, mail, true);
      else await advanceCursor(deps.ledger.db, key, mail.uidValidity, mail.uid);
    },
  };
}

async function cursorOf(
  deps: WorkerDeps,
  mailbox: string,
  uidValidity: string,
): Promise<{ uid: number; since?: number }> {
  const uid = await readCursor(deps.ledger.db, mailbox, uidValidity);
  if (uid !== undefined) return { uid };
  return { uid: 0, since: Math.max(deps.ledger.createdAt - FIRST_LOOK_BACK_MS, await prunedBefore(deps.ledger.db)) };
}

/** Understands one mail and stores it, with all that follows from it, in one transaction. A rejection means that it is not stored. */
async function receive(
  deps: WorkerDeps,
  mailbox: string,
  agents: readonly Agent[],
  mail: StoredMail,
  junk = false,
): Promise<void> {
  const raw = blobReference(mail.raw);
  // It is written while the mail is being understood; both come before the transaction.
  const stored = deps.blobs.put(mail.raw);
  stored.catch(() => {});
  const parsed = mail.truncated
    ? { kind: "unreadable" as const, reason: `The mail has ${mail.size} octets, more than is read.` }
    : await parseMail(mail.raw, { putAttachment: (content) => deps.blobs.put(content) });
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
    content: { text: "", quoted: "", signature: "", attachments: [] },
    receivedAt: mail.receivedAt,
    storedAt: deps.clock(),
  };
  if (parsed.kind === "unreadable") {
    deps.log.warn("A mail cannot be read", { mailbox, uid: mail.uid, reason: parsed.reason });
    const verdict: Verdict = { disposition: "unreadable", reason: parsed.reason };
    await stored;
    await deps.ledger.db.transaction((sql) => store(deps, sql, record, { task: undefined, verdict }));
    return;
  }
  await receiveMessage(deps, agents, record, { message: parsed.message, junk, stored });
}

async function receiveMessage(
  deps: WorkerDeps,
  agents: readonly Agent[],
  base: MessageRecord,
  { message, junk, stored }: { message: MailMessage; junk: boolean; stored: Promise<string> },
): Promise<void> {
  const keys = { tokenKey: deps.tokenKey, ledgerId: deps.ledger.id };
  const correlation = await correlate(deps.ledger.db, message, keys);
  const parts = partsOf(message, correlation);
  const agent = agentOf(agents, message, correlation);
  const classification = classify(message, {
    addresses: agent && !isFromAnotherAgent(deps, message, agent) ? [agent.address.address] : [],
    isOwn: () => correlation.kind === "sent-by-us",
  });
  const judged = await judge(deps, { message, classification, correlation, parts, raw: base.raw, agent, junk });
  const record: MessageRecord = {
    ...base,
    agent: agent?.name ?? null,
    messageId: message.messageId ?? null,
    sender: message.from?.address ?? null,
    subject: message.subject,
    classification: classification.kind,
    content: contentOf(message, parts),
  };
  const clarification = await clarificationFor(deps, record, correlation, judged);
  const verdict: Verdict = judged.clarify && !clarification ? { ...judged, disposition: "settled" } : judged;
  const to = [...message.to, ...message.cc].map(({ address }) => address);
  await stored;
  await deps.ledger.db.transaction(async (sql) => {
    // Looked for here, so that a wait which begins meanwhile is not missed.
    const expecting = correlation.kind === "none" && agent && (await findExpecting(sql, agent.name, message));
    if (expecting) {
      const outcome = expectedOutcome(message, parts, base.receivedAt);
      const verdict: Verdict = { disposition: "settled", grade: "E", outcome };
      await store(deps, sql, record, { task: expecting, verdict, to });
    } else {
      const task = correlation.kind === "task" ? correlation.task : undefined;
      await store(deps, sql, record, { task, verdict, correlation, to, clarification });
    }
  });
}

/** What was made of a mail. */
interface Understood {
  task: TaskRecord | undefined;
  verdict: Verdict;
  correlation?: Correlation;
  /** The addresses in To and Cc. */
  to?: string[];
  clarification?: FollowUp | undefined;
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

/** The mail, the task that it settles, the request that it makes, the cursor and the audit: all or nothing. */
async function store(deps: WorkerDeps, sql: Sql, base: MessageRecord, understood: Understood): Promise<void> {
  const { task, verdict, correlation, clarification } = understood;
  const outcome = clarification ? undefined : verdict.outcome;
  const record: MessageRecord = {
    ...base,
    disposition: verdict.disposition,
    reason: verdict.reason ?? null,
    taskId: task?.id ?? null,
    grade: verdict.grade ?? null,
  };
  const late = task && outcome && (await isSettled(sql, task.id));
  if (late) Object.assign(record, { disposition: "late", reason: "The task had its outcome already." });
  if (await insertMessage(sql, record)) {
    await auditReceived(sql, record, understood);
    if (task && outcome && !late) await end(sql, task, outcome, record);
    if (task && clarification) {
      await putClarification(sql, deps, deps.agents.get(task.agent)!, task, clarification, record.storedAt);
    }
    if (task && verdict.away) await recordAway(sql, task, verdict.away, record.storedAt);
    if (record.disposition === "request") await acceptRequest(deps, sql, record, correlation ?? { kind: "none" });
  }
  await advanceCursor(sql, record.mailbox, record.uidValidity, record.uid);
}

async function end(
  sql: Sql,
  task: TaskRecord,
  outcome: StoredOutcome,
  { id, disposition, storedAt, messageId }: MessageRecord,
): Promise<void> {
  if (outcome.kind !== "bounced") {
    await settle(sql, task, outcome, storedAt, messageId);
  } else if ((await settleBounce(sql, task, outcome, storedAt)) === "mailed-again") {
    await moveMessage(sql, id, disposition, "recorded", "The task is mailed again.");
  }
}

export async function acceptRequest(
  deps: Pick<WorkerDeps, "serve">,
  sql: Sql,
  record: MessageRecord,
  correlation: Correlation,
): Promise<void> {
  const served = deps.serve.served(record.agent!)!;
  const before = await requestBefore(sql, record, correlation);
  const requestId = requestIdOf(record);
  const threadId = before?.threadId ?? uuidOf(requestId);
  const created = await insertRequest(sql, {
    id: requestId,
    agent: record.agent!,
    graph: served.graph,
    threadId,
    message: record.id,
    createdAt: record.storedAt,
  });
  if (!created) return;
  await registerThread(sql, threadId, served.graph);
  if (record.messageId) {
    await insertAliases(sql, { requestId }, [normalizeMessageId(record.messageId)]);
  }
  await appendEvent(sql, {
    at: record.storedAt,
    kind: "request-received",
    agent: record.agent!,
    graph: served.graph,
    threadId,
    ...ofMail(record),
    data: { requestId },
  });
}

/** LangGraph's API server takes UUIDs only: RFC 9562 section 5.8. */
function uuidOf(requestId: string): string {
  const bytes = createHash("sha256").update(requestId).digest().subarray(0, 16);
  bytes[6] = (bytes[6]! & 0x0f) | 0x80;
  bytes[8] = (bytes[8]! & 0x3f) | 0x80;
  return bytes.toString("hex").replace(/^(.{8})(.{4})(.{4})(.{4})/, "$1-$2-$3-$4-");
}

/** The request that this mail follows up, if the same sender made it: a Message-ID can be known to others. */
async function requestBefore(
  sql: Sql,
  record: MessageRecord,
  correlation: Correlation,
): Promise<RequestRecord | undefined> {
  if (correlation.kind !== "request") return undefined;
  const before = await findRequest(sql, correlation.requestId);
  const asked = before && (await findMessage(sql, before.message));
  if (!asked?.sender || !record.sender || before?.agent !== record.agent) return undefined;
  return sameAddress(asked.sender, record.sender) ? before : undefined;
}

/** The same mail delivered twice is one request: by its Message-ID and sender, and what it says. */
function requestIdOf(record: MessageRecord): string {
  const key = record.messageId ? [record.agent, record.sender, record.messageId, record.content.text] : [record.id];
  return createHash("sha256").update(JSON.stringify(key)).digest("hex");
}

async function auditReceived(
  sql: Sql,
  record: MessageRecord,
  { task, to, verdict: { injection } }: Understood,
): Promise<void> {
  await appendEvent(sql, {
    at: record.storedAt,
    kind: "received",
    ...(task && ofTask(task)),
    ...(record.agent && { agent: record.agent }),
    ...ofMail(record),
    ...(to && { to }),
    data: {
      message: record.id,
      classification: record.classification,
      disposition: record.disposition,
      ...(record.reason && { reason: record.reason }),
      ...(record.grade && { grade: record.grade }),
      ...(injection && { injection: { score: injection.score, band: injection.band, rules: injection.rules } }),
    },
  });
}

/** What the audit log says of a mail that came in. */
export function ofMail(record: MessageRecord): Pick<AuditEvent, "messageId" | "from" | "subject" | "body"> {
  const { messageId, sender, subject, raw: body } = record;
  return { ...(messageId && { messageId }), ...(sender && { from: sender }), subject, body };
}

/** The agent that asked, or else the one that the mail is addressed to. */
function agentOf(agents: readonly Agent[], message: MailMessage, correlation: Correlation): Agent | undefined {
  if (correlation.kind === "task") {
    const asked = agents.find((agent) => agent.name === correlation.task.agent);
    if (asked) return asked;
  }
  const recipients = [...message.to, ...message.cc].map((recipient) => recipient.address);
  const addressed = (form: (address: string) => string) =>
    agents.find((agent) => recipients.some((address) => sameAddress(form(address), agent.address.address)));
  // Agents may share a mailbox by subaddresses: the whole address says more than its base.
  const named = addressed((address) => address) ?? addressed((address) => splitSubaddress(address).base);
  return named ?? (agents.length === 1 ? agents[0] : undefined);
}

/** An agent under a subaddress of this one is not this one. */
function isFromAnotherAgent(deps: WorkerDeps, message: MailMessage, agent: Agent): boolean {
  const from = message.from?.address;
  const sender = [...deps.agents.values()].find(({ address }) => from && sameAddress(address.address, from));
  return sender !== undefined && sender.name !== agent.name;
}

function contentOf(message: MailMessage, parts: ReplyParts): MessageContent {
  return {
    text: parts.text,
    quoted: parts.quoted,
    signature: parts.signature,
    attachments: attachmentsOf(message),
  };
}
