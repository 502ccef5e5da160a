import { createHash } from "node:crypto";
import { EmailKitError } from "../errors.ts";
import type { Agent } from "../accounts/agent.ts";
import type { BlobStore } from "../blobs/blobs.ts";
import type { Database, Sql } from "../ledger/database.ts";
import { countClarification, type TaskRecord } from "../ledger/tasks.ts";
import type { Logger } from "../log.ts";
import { clarificationText, receiptText } from "../mail/clarification.ts";
import { replySchemaAttachment } from "../mail/reply-schema.ts";
import { firstNotAllowed } from "../policy/allowlist.ts";
import { composeFollowUp, type FollowUp, putFollowUp, type TokenKeys } from "./conversation.ts";

type Deps = TokenKeys & { blobs: BlobStore; maxBytes: number; log: Logger };

/** The reply that is answered: who sent it, and its Message-ID where it has one. */
export interface Answered {
  from: string;
  messageId?: string | undefined;
}

export function mayClarify(task: TaskRecord): boolean {
  return task.clarifications < task.accept.maxClarifications;
}

/** Writes the mail that asks again, for what a reply did not hold; undefined where its sender cannot be written to. */
export async function composeClarification(
  deps: Deps,
  agent: Agent,
  task: TaskRecord,
  reply: Answered,
  issues: readonly string[],
  now: number,
): Promise<FollowUp | undefined> {
  return composeAnswer(deps, agent, task, {
    id: followUpId(task, `clarification ${task.clarifications}`),
    kind: "clarification",
    to: reply.from,
    ...(reply.messageId && { answers: reply.messageId }),
    text: clarificationText({ issues, replySchema: task.replySchema, taskId: task.id }),
    attachments: replySchemaAttachment(task.replySchema ?? undefined),
    now,
  });
}

/** Puts it into the outbox and counts it, unless the task was settled or clarified meanwhile. */
export async function putClarification(
  sql: Sql,
  deps: Deps,
  agent: Agent,
  task: TaskRecord,
  mail: FollowUp,
  now: number,
): Promise<boolean> {
  if (!(await countClarification(sql, task, mail.text))) return false;
  await putFollowUp(sql, deps, agent, task, mail, now);
  return true;
}

/** Tells who answered what was understood, where they may be written to: once, however often it is called. */
export async function sendReceipt(
  deps: Deps & { ledger: { db: Database } },
  agent: Agent,
  task: TaskRecord,
  reply: Answered,
  data: unknown,
  now: number,
): Promise<void> {
  const mail = await composeAnswer(deps, agent, task, {
    id: followUpId(task, "receipt"),
    kind: "receipt",
    to: reply.from,
    ...(reply.messageId && { answers: reply.messageId }),
    text: receiptText(data, task.id),
    now,
  });
  if (mail) await deps.ledger.db.transaction((sql) => putFollowUp(sql, deps, agent, task, mail, now));
}

/** Whoever answers need not be one whom the agent may mail: a stranger whose reply was released, or one of `accept.from`. */
async function composeAnswer(
  deps: Deps,
  agent: Agent,
  task: TaskRecord,
  mail: Parameters<typeof composeFollowUp>[3],
): Promise<FollowUp | undefined> {
  try {
    if (firstNotAllowed(agent.recipients, [mail.to]) === undefined)
      return await composeFollowUp(deps, agent, task, mail);
    throw new EmailKitError("RECIPIENT_NOT_ALLOWED", `Agent "${agent.name}" may not mail ${mail.to}.`);
  } catch (error) {
    if (!(error instanceof EmailKitError) || error.retryable) throw error;
    const { code, message } = error;
    deps.log.warn(`Who answered gets no ${mail.kind}: ${message}`, { taskId: task.id, code });
    return undefined;
  }
}

function followUpId(task: TaskRecord, what: string): string {
  return `${task.id}.${createHash("sha256").update(what).digest("hex").slice(0, 8)}`;
}
