import type { Agent } from "../accounts/agent.ts";
import type { BlobStore } from "../blobs/blobs.ts";
import { insertAliases } from "../ledger/aliases.ts";
import type { Sql } from "../ledger/database.ts";
import { insertOutbox } from "../ledger/outbox.ts";
import { insertTask, type TaskRecord, UNTOUCHED } from "../ledger/tasks.ts";
import { KIT_HEADER } from "../mail/classify.ts";
import { taskAliases } from "../mail/correlate.ts";
import { messageId } from "../mail/message-id.ts";
import { composeFrom, replyAddress, reversePath, type TokenKeys } from "./conversation.ts";

/** What the kit itself asks a person by mail: a task like any other, whose outcome something follows from. */
export interface Question
  extends
    Pick<
      TaskRecord,
      | "id"
      | "name"
      | "addressees"
      | "subject"
      | "body"
      | "replySchema"
      | "createdAt"
      | "deadlineAt"
      | "graph"
      | "threadId"
      | "runId"
      | "nodeTaskId"
    >,
    Partial<Pick<TaskRecord, "traceparent">> {
  /** As what other kits' agents know the mail. */
  role: "task" | "confirmation";
}

/** Writes its mail, where it has addressees. `put` stores the task with it, and resolves with false where it is known. Only a reply that bears its token counts. */
export async function prepareQuestion(
  kit: TokenKeys & { blobs: BlobStore },
  agent: Agent,
  { role, ...question }: Question,
): Promise<{ task: TaskRecord; blob: string | undefined; put: (sql: Sql) => Promise<boolean> }> {
  const domain = agent.address.address.split("@")[1]!;
  const { id, addressees } = question;
  const ids = { messageId: messageId(id, domain), syntheticId: messageId(`t.${id}`, domain) };
  const task: TaskRecord = {
    traceparent: null,
    ...question,
    agent: agent.name,
    messageId: ids.messageId,
    accept: {
      grade: "B",
      from: [],
      maxClarifications: 2,
      receipt: false,
      retries: 2,
      reassigns: false,
      onOutOfOffice: "wait",
    },
    expects: null,
    ...UNTOUCHED,
  };
  const replyTo = replyAddress(kit, agent, id);
  const raw =
    addressees.length > 0 &&
    (await composeFrom(agent, {
      messageId: ids.messageId,
      date: new Date(task.createdAt),
      to: addressees,
      ...(replyTo !== undefined && { replyTo }),
      subject: task.subject,
      text: task.body,
      references: [ids.syntheticId],
      autoSubmitted: "auto-generated",
      headers: { [KIT_HEADER]: role },
    }));
  const blob = raw ? await kit.blobs.put(raw) : undefined;
  const put = async (sql: Sql) => {
    if (!(await insertTask(sql, task))) return false;
    if (!blob) return true;
    await insertAliases(sql, { taskId: id }, taskAliases({ ...ids, taskId: id }));
    await insertOutbox(sql, {
      id,
      kind: "task",
      taskId: id,
      requestId: null,
      agent: agent.name,
      messageId: ids.messageId,
      envelope: { from: reversePath(kit, agent, id), to: addressees },
      raw: blob,
      dueAt: task.createdAt,
      attempts: 0,
      createdAt: task.createdAt,
    });
    return true;
  };
  return { task, blob, put };
}
