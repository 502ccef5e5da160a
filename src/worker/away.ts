import type { Sql } from "../ledger/database.ts";
import { appendEvent, ofTask } from "../ledger/events.ts";
import { markAway, planResend, type TaskRecord } from "../ledger/tasks.ts";

const DAY_MS = 86_400_000;
/** A date further off is more likely misread than meant. */
const LONGEST_MS = 90 * DAY_MS;

/** Records that an addressee is away, and does what the task asks for then. */
export async function recordAway(
  sql: Sql,
  task: TaskRecord,
  away: { recipient: string; until?: string },
  now: number,
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
  const attempt = {
    recipient: away.recipient,
    diagnostic: away.until === undefined ? "out of office" : `out of office until ${away.until}`,
    permanent: false,
    at: new Date(now).toISOString(),
  };
  const plan = next === undefined ? { addressees: task.addressees, reassign: "away" as const } : { addressees: [next] };
  await planResend(sql, task, { attempt, ...plan, candidates, resendAt: now });
}
