import type { Sql } from "../ledger/database.ts";
import { appendEvent, type AuditEvent, type AuditKind, ofTask } from "../ledger/events.ts";
import { findMessage } from "../ledger/messages.ts";
import type { OutboxRow } from "../ledger/outbox.ts";
import { findRequest } from "../ledger/requests.ts";
import { findTask } from "../ledger/tasks.ts";
import { replySubject } from "../mail/references.ts";

/** Writes down what became of a mail of ours. */
export async function auditMail(
  sql: Sql,
  row: OutboxRow,
  kind: AuditKind,
  at: number,
  data: AuditEvent["data"],
): Promise<void> {
  const { agent, messageId, envelope, raw: body } = row;
  const about = { at, kind, agent, messageId, from: envelope.from, to: envelope.to, body, data };
  await appendEvent(sql, { ...about, ...(await conversationOf(sql, row)) });
}

/** Whose conversation a mail belongs to, and its subject. */
async function conversationOf(sql: Sql, { kind, taskId, requestId }: OutboxRow): Promise<Partial<AuditEvent>> {
  const task = taskId === null ? undefined : await findTask(sql, taskId);
  if (task) return { ...ofTask(task), subject: kind === "task" ? task.subject : replySubject(task.subject) };
  const request = requestId === null ? undefined : await findRequest(sql, requestId);
  if (!request) return {};
  const asked = await findMessage(sql, request.message);
  const { graph, threadId } = request;
  return { graph, threadId, ...(asked && { subject: replySubject(asked.subject) }) };
}
