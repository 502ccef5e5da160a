import type { Sql } from "../ledger/database.ts";
import { appendEvent, ofTask } from "../ledger/events.ts";
import { planResend } from "../ledger/next-mails.ts";
import { markAway, type TaskRecord } from "../ledger/tasks.ts";
import { sameAddress } from "../mail/address.ts";
import { isReached } from "./bounce.ts";

const DAY_MS = 86_400_000;
/** A date further off is more likely misread than meant. */
const LONGEST_MS = 90 * DAY_MS;

/** Records that an addressee is away, and does what the task asks for then. `since`: when that was known first, where it was before a restore. */
export async function recordAway(
  sql: Sql,
  task: TaskRecord,
  away: { recipient: string; until?: string },
  now: number,
  since = now,
): Promise<void> {
  const policy = task.accept.onOutOfOffice;
  const { recipient: from, ...data } = away;
  await appendEvent(sql, { at: now, kind: "away", ...ofTask(task), from, data: { ...data, policy } });
  // Until the end of that day, wherever it is.
  const until = away.until === undefined ? undefined : Date.parse(`${away.until}T00:00:00Z`) + DAY_MS;
  if (until !== undefined && until > now && until - now <= LONGEST_MS) {
    const extended = Math.max(task.deadlineAt, until + (task.deadlineAt - now));
    await markAway(sql, task.id, until, policy === "extend" ? extended : task.deadlineAt);
  }
  const [next, ...candidates] = task.candidates;
  if (policy !== "reassign" || (next === undefined && !task.accept.reassigns)) return;
  if (!isReached(task, away.recipient)) return;
  const attempt = {
    recipient: away.recipient,
    diagnostic: away.until === undefined ? "out of office" : `out of office until ${away.until}`,
    permanent: false,
    at: new Date(now).toISOString(),
  };
  const isAway = (address: string) => sameAddress(address, away.recipient);
  const others = task.addressees.filter((address) => !isAway(address));
  const plan =
    next === undefined
      ? { addressees: task.addressees, unreached: task.addressees.filter(isAway), reassign: "away" as const }
      : { addressees: [...others, next], unreached: [next] };
  const unreached = [...task.unreached, ...plan.unreached];
  await planResend(sql, task, {
    attempts: [...task.attempts, attempt],
    candidates,
    resendAt: since,
    ...plan,
    unreached,
  });
}
