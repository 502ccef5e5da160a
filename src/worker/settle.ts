import type { Sql } from "../ledger/database.ts";
import { appendEvent } from "../ledger/events.ts";
import type { StoredOutcome } from "../ledger/outcome.ts";
import { settleTask, type TaskRecord } from "../ledger/tasks.ts";

/** Freezes a task's outcome, and says so in the audit log. Resolves with false when it had one. `messageId`: of the mail that settled it. */
export async function settle(
  sql: Sql,
  task: TaskRecord,
  outcome: StoredOutcome,
  now: number,
  messageId?: string | null,
): Promise<boolean> {
  if (!(await settleTask(sql, task.id, outcome, now))) return false;
  await appendEvent(sql, {
    at: now,
    kind: "settled",
    agent: task.agent,
    graph: task.graph,
    threadId: task.threadId,
    taskId: task.id,
    ...(messageId && { messageId }),
    data: { name: task.name, ...detailsOf(outcome) },
  });
  return true;
}

/** What was said is in the mail, which the log refers to. */
function detailsOf(outcome: StoredOutcome): Record<string, unknown> {
  switch (outcome.kind) {
    case "replied":
    case "answered":
    case "unparseable":
      return { kind: outcome.kind, from: outcome.from };
    default:
      return { ...outcome };
  }
}
