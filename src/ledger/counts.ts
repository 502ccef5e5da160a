import type { Count } from "../policy/budget.ts";
import type { Sql } from "./database.ts";

/** What is counted by the minute, in recipients: mails that were handed over, that came back for good, that were complained about; and requests that mails of ours led to. */
export type Counted = "sent" | "bounced" | "complained" | "asked";

/** Nothing looks further back. */
const KEPT_MS = 8 * 86_400_000;

/** Counts `n` in the minute that begins at `at`, for each unit: `account:…`, `domain:…`, `agent:…`, `thread:…`. A negative number takes back. */
export async function addCounts(sql: Sql, units: ReadonlyMap<string, number>, kind: Counted, at: number) {
  let begun = false;
  for (const [unit, n] of units) {
    const [row] = await sql.all<{ n: number }>(
      `INSERT INTO counts (unit, kind, at, recipients) VALUES (:unit, :kind, :at, :n)
       ON CONFLICT (unit, kind, at) DO UPDATE SET recipients = counts.recipients + :n RETURNING recipients AS n`,
      { unit, kind, at, n },
    );
    begun ||= row?.n === n;
  }
  if (begun) await sql.run("DELETE FROM counts WHERE at < :before", { before: at - KEPT_MS });
}

/** The minutes that began after `since`, of each of these units. */
export async function readCounts(
  sql: Sql,
  units: readonly string[],
  kind: Counted,
  since: number,
): Promise<Map<string, Count[]>> {
  const found = new Map<string, Count[]>(units.map((unit) => [unit, []]));
  if (units.length === 0) return found;
  const rows = await sql.all<Count & { unit: string }>(
    "SELECT unit, at, recipients AS n FROM counts WHERE unit IN :units AND kind = :kind AND at > :since ORDER BY at",
    { units, kind, since },
  );
  for (const { unit, at, n } of rows) found.get(unit)!.push({ at, n });
  return found;
}
