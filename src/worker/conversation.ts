import type { Agent } from "../accounts/agent.ts";
import type { BlobStore } from "../blobs/blobs.ts";
import { insertAliases } from "../ledger/aliases.ts";
import type { Sql } from "../ledger/database.ts";
import { appendEvent, ofTask } from "../ledger/events.ts";
import { insertOutbox } from "../ledger/outbox.ts";
import type { TaskRecord } from "../ledger/tasks.ts";
import { subaddress } from "../mail/address.ts";
import { KIT_HEADER } from "../mail/classify.ts";
import { type ComposeInput, composeMail } from "../mail/compose.ts";
import { isMessageId, messageId, normalizeMessageId } from "../mail/message-id.ts";
import { createToken } from "../mail/reply-token.ts";
import { replySubject } from "../mail/references.ts";

/** What signs the addresses of a ledger's tasks. */
export interface TokenKeys {
  tokenKey: Uint8Array;
  ledger: { readonly id: string };
}

/** Where a reply goes: a token in Reply-To, or undefined where the provider takes none. */
export function replyAddress(keys: TokenKeys, agent: Agent, taskId: string): string | undefined {
  return agent.replyTo === "none" ? undefined : tokenAddress(keys, agent, taskId, "reply");
}

/** A variable envelope return path: a bounce that carries no id at all still names its task. */
export function reversePath(keys: TokenKeys, agent: Agent, taskId: string): string {
  if (!agent.bounceToken || agent.replyTo === "none") return agent.address.address;
  return tokenAddress(keys, agent, taskId, "bounce");
}

function tokenAddress(keys: TokenKeys, agent: Agent, taskId: string, purpose: "reply" | "bounce"): string {
  const token = createToken(keys.tokenKey, { ledgerId: keys.ledger.id, taskId, purpose });
  const { address } = agent.address;
  return agent.replyTo === "subaddress" ? subaddress(address, token) : `${token}@${address.split("@")[1]}`;
}

/** Writes a mail of the agent's: from its address, signed where it has a key. */
export function composeFrom({ address, dkim }: Agent, mail: Omit<ComposeInput, "from" | "dkim">): Promise<Uint8Array> {
  return composeMail({ ...mail, from: address, ...(dkim && { dkim }) });
}

/** A finished mail of a task's conversation, to be put into the outbox in the transaction that decides on it. */
export interface FollowUp {
  id: string;
  kind: "clarification" | "reminder" | "receipt" | "cancellation";
  messageId: string;
  text: string;
  to: string;
  blob: string;
}

/**
 * Writes a mail to who was asked, or answered, in the same conversation. `id` is its place in the outbox and its Message-ID: the same id is sent once.
 * `asked`: the mail that they were asked by, where it was not the task's first; `answers`: their own.
 */
export async function composeFollowUp(
  deps: TokenKeys & { blobs: BlobStore; maxBytes: number },
  agent: Agent,
  task: TaskRecord,
  mail: {
    id: string;
    to: string;
    asked?: string;
    answers?: string;
    text: string;
    kind: FollowUp["kind"];
    now: number;
  } & Pick<ComposeInput, "attachments">,
): Promise<FollowUp> {
  const ownId = messageId(mail.id, agent.address.address.split("@")[1]!);
  const replyTo = replyAddress(deps, agent, task.id);
  const { asked = task.messageId, answers: answered = asked } = mail;
  const answers = answered === asked || !isMessageId(answered) ? undefined : answered;
  const raw = await composeFrom(agent, {
    messageId: ownId,
    date: new Date(mail.now),
    to: [mail.to],
    ...(replyTo !== undefined && { replyTo }),
    subject: replySubject(task.subject),
    text: mail.text,
    inReplyTo: answers ?? asked,
    references: answers === undefined ? [asked] : [asked, answers],
    ...(mail.attachments && { attachments: mail.attachments }),
    autoSubmitted: "auto-replied",
    headers: { [KIT_HEADER]: mail.kind === "clarification" ? "task" : mail.kind },
    maxBytes: deps.maxBytes,
  });
  return {
    id: mail.id,
    kind: mail.kind,
    messageId: ownId,
    text: mail.text,
    to: mail.to,
    blob: await deps.blobs.put(raw),
  };
}

export async function putFollowUp(
  sql: Sql,
  keys: TokenKeys,
  agent: Agent,
  task: TaskRecord,
  mail: FollowUp,
  now: number,
): Promise<void> {
  await insertAliases(sql, { taskId: task.id }, [normalizeMessageId(mail.messageId)]);
  await insertOutbox(sql, {
    id: mail.id,
    kind: mail.kind,
    taskId: task.id,
    requestId: null,
    agent: agent.name,
    messageId: mail.messageId,
    envelope: { from: reversePath(keys, agent, task.id), to: [mail.to] },
    raw: mail.blob,
    dueAt: now,
    attempts: 0,
    createdAt: now,
  });
  await appendEvent(sql, {
    at: now,
    kind: FOLLOW_UP_EVENTS[mail.kind],
    ...ofTask(task),
    messageId: mail.messageId,
    from: agent.address.address,
    to: [mail.to],
    subject: replySubject(task.subject),
    body: mail.blob,
    data: {},
  });
}

const FOLLOW_UP_EVENTS = {
  clarification: "clarifying",
  reminder: "reminded",
  receipt: "receipted",
  cancellation: "called-off",
} as const;
