import type { Sql } from "../ledger/database.ts";
import { appendEvent, ofTask } from "../ledger/events.ts";
import type { FailedAttempt } from "../ledger/outcome.ts";
import { planResend, type ResendPlan } from "../ledger/next-mails.ts";
import { findTask, type TaskRecord } from "../ledger/tasks.ts";
import { sameAddress } from "../mail/address.ts";
import { backoffMs } from "../time/backoff.ts";
import { settle } from "./settle.ts";

/** A recipient whom a mail did not reach. */
export type Failure = Omit<FailedAttempt, "at">;

/** A server's own queue has tried for hours or days already. */
const RETRY = { firstMs: 900_000, maxMs: 21_600_000 };

/**
 * What failed deliveries mean for a task: whom it did not reach for a temporary reason is mailed again later; whom it cannot reach is asked no more. Where that
 * leaves nobody, the next candidate is asked at once, or whom the task's definition names; and where nobody is left, the task has bounced. Resolves with what
 * became of it: `recorded` where others may still answer, `late` when the task had its outcome.
 * @param since When the failure was known first, where that was before a restore.
 */
export async function settleBounce(
  sql: Sql,
  taskId: string,
  failures: readonly Failure[],
  now: number,
  since = now,
): Promise<"bounced" | "mailed-again" | "recorded" | "late"> {
  const task = await findTask(sql, taskId);
  if (!task || task.outcome) return "late";
  const at = new Date(now).toISOString();
  const failed = failures.filter(
    ({ recipient }, place) =>
      isReached(task, recipient) && failures.findIndex((one) => sameAddress(one.recipient, recipient)) === place,
  );
  const last = failed.at(-1);
  if (!last) return "recorded";
  const attempts = [...task.attempts, ...failed.map((failure) => ({ ...failure, at }))];
  const plan = planOf({ ...task, attempts }, failed, since);
  if (!plan) {
    await settle(sql, task, { kind: "bounced", ...last, attempts }, now);
    return "bounced";
  }
  await planResend(sql, task, { attempts, ...plan });
  if (plan.resendAt === null || plan.resendAt === task.resendAt) return "recorded";
  await appendEvent(sql, {
    at: now,
    kind: "mailing-again",
    ...ofTask(task),
    ...(!plan.reassign && { to: plan.unreached }),
    data: { ...last, at: plan.resendAt },
  });
  return "mailed-again";
}

/** Whether they are asked, by a mail that is not known to have failed: a second word on one that has says nothing new. */
export function isReached({ addressees, unreached }: TaskRecord, recipient: string): boolean {
  const among = (addresses: readonly string[]) => addresses.some((address) => sameAddress(address, recipient));
  return among(addressees) && !among(unreached);
}

function planOf(task: TaskRecord, failed: readonly Failure[], now: number): ResendPlan | undefined {
  const { candidates, attempts } = task;
  const failuresOf = (address: string) => attempts.filter(({ recipient }) => sameAddress(recipient, address)).length;
  const again = failed.filter(({ permanent, recipient }) => !permanent && failuresOf(recipient) <= task.accept.retries);
  const isIn = (failures: readonly Failure[]) => (address: string) =>
    failures.some(({ recipient }) => sameAddress(recipient, address));
  const lost = isIn(failed.filter((failure) => !again.includes(failure)));
  const addressees = task.addressees.filter((address) => !lost(address));
  if (addressees.length > 0) {
    const unreached = [...task.unreached, ...addressees.filter(isIn(again))];
    const times = again.map(({ recipient }) => now + backoffMs(failuresOf(recipient), RETRY));
    const resendAt = unreached.length > 0 ? Math.max(task.resendAt ?? 0, ...times) : null;
    return { addressees, unreached, candidates, resendAt, reassign: task.reassign };
  }
  const [next, ...rest] = candidates;
  if (next !== undefined) return { addressees: [next], unreached: [next], candidates: rest, resendAt: now };
  const { addressees: asked, accept } = task;
  return accept.reassigns
    ? { addressees: asked, unreached: asked, candidates, resendAt: now, reassign: "bounce" }
    : undefined;
}
