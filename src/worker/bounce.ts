import type { Sql } from "../ledger/database.ts";
import { appendEvent, ofTask } from "../ledger/events.ts";
import type { FailedAttempt, FailedOutcome } from "../ledger/outcome.ts";
import { planResend, type ResendPlan, type TaskRecord } from "../ledger/tasks.ts";
import { sameAddress } from "../mail/address.ts";
import { backoffMs } from "../time/backoff.ts";
import { settle } from "./settle.ts";

export type Bounce = Extract<FailedOutcome, { kind: "bounced" }>;

/** A server's own queue has tried for hours or days already. */
const RETRY = { firstMs: 900_000, maxMs: 21_600_000 };

/**
 * What a failed delivery to all addressees means: for a temporary reason it is mailed again later, to the same address; for good, to the next
 * candidate at once, or to whom the task's definition names; and where nobody is left, the task has bounced. Resolves with what became of it; `late` when the task had its outcome.
 */
export async function settleBounce(
  sql: Sql,
  task: TaskRecord,
  bounce: Omit<Bounce, "attempts">,
  now: number,
): Promise<"bounced" | "mailed-again" | "late"> {
  const { recipient, status, diagnostic, permanent } = bounce;
  const at = new Date(now).toISOString();
  const attempt: FailedAttempt = { recipient, ...(status && { status }), diagnostic, permanent, at };
  const plan = planOf(task, attempt, now);
  if (!plan) {
    const outcome = { ...bounce, attempts: [...task.attempts, attempt] };
    return (await settle(sql, task, outcome, now)) ? "bounced" : "late";
  }
  if (!(await planResend(sql, task, { attempt, ...plan }))) return "late";
  const data = { ...attempt, at: plan.resendAt };
  await appendEvent(sql, {
    at: now,
    kind: "mailing-again",
    ...ofTask(task),
    ...(!plan.reassign && { to: plan.addressees }),
    data,
  });
  return "mailed-again";
}

function planOf(task: TaskRecord, { permanent, recipient }: FailedAttempt, now: number): ResendPlan | undefined {
  const before = task.attempts.filter((attempt) => sameAddress(attempt.recipient, recipient)).length;
  const { addressees, candidates } = task;
  if (!permanent && before < task.accept.retries) {
    return { addressees, candidates, resendAt: now + backoffMs(before + 1, RETRY) };
  }
  const [next, ...rest] = candidates;
  if (next !== undefined) return { addressees: [next], candidates: rest, resendAt: now };
  return task.accept.reassigns ? { addressees, candidates, resendAt: now, reassign: "bounce" } : undefined;
}
