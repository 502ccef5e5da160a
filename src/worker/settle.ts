import type { Sql } from "../ledger/database.ts";
import { appendEvent, ofTask } from "../ledger/events.ts";
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
    ...ofTask(task),
    ...(messageId && { messageId }),
    ...("from" in outcome && { from: outcome.from }),
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
      return { kind: outcome.kind };
    default:
      return { ...outcome };
  }
}
