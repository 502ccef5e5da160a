import type { Sql } from "./database.ts";

/** No lease is longer, and no back-off of a run. */
const LONGEST_MS = 3_600_000;
/** The longest back-off of a bounce is six hours. */
const LONGEST_RESEND_MS = 7 * 3_600_000;

/** And so is that of an account that is throttled. */
const LONGEST_HOLD_MS = LONGEST_RESEND_MS;

/**
 * After the clock was put back: times that were reckoned from the wrong one lie too far ahead. What waits for such a time is due now; a lease gets one more length,
 * within which a holder that lives renews it. Deadlines and reminders were promised by the clock on the wall, and stay.
 * @param options `longestMs`: how far ahead the next try of a mail may lie.
 */
export async function mendTimes(
  sql: Sql,
  options: { now: number; leaseMs: number; longestMs: number },
): Promise<number> {
  const { now, leaseMs, longestMs } = options;
  const far = now + LONGEST_MS;
  const lease = now + leaseMs;
  const changes = [
    await sql.run(
      "UPDATE outbox SET due_at = :now WHERE state IN ('due', 'leased', 'sending') AND state = 'due' AND due_at > :far",
      { now, far: far + longestMs },
    ),
    await sql.run(
      "UPDATE outbox SET lease_until = :lease WHERE state IN ('due', 'leased', 'sending') AND state <> 'due' AND lease_until > :far",
      { lease, far },
    ),
    await sql.run("UPDATE leases SET lease_until = :lease WHERE holder IS NOT NULL AND lease_until > :far", {
      lease,
      far,
    }),
    await sql.run("UPDATE threads SET retry_at = :now WHERE retry_at IS NOT NULL AND retry_at > :far", { now, far }),
    await sql.run("UPDATE holds SET until = :now WHERE until IS NOT NULL AND until > :far", {
      now,
      far: now + LONGEST_HOLD_MS,
    }),
    await sql.run(
      "UPDATE tasks SET resend_at = :now WHERE resend_at IS NOT NULL AND settled_at IS NULL AND resend_at > :far",
      { now, far: now + LONGEST_RESEND_MS },
    ),
  ];
  return changes.reduce((sum, count) => sum + count, 0);
}
