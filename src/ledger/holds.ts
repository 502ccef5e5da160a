import { one, type Sql } from "./database.ts";

/** Why an agent or an account does not send. `unit`: `agent:…`, until a person ends it · `account:…`, which its provider throttles, until a time. */
export interface Hold {
  unit: string;
  since: number;
  /** Null: until a person ends it. A time that has passed: it is over. */
  until: number | null;
  /** How often in a row, for the back-off. */
  times: number;
  reason: string;
}

/** Those that hold now. */
export async function currentHolds(sql: Sql, now: number): Promise<Hold[]> {
  return sql.all<Hold>("SELECT unit, since, until, times, reason FROM holds WHERE until IS NULL OR until > :now", {
    now,
  });
}

/** The unit's latest, over or not. */
export async function findHold(sql: Sql, unit: string): Promise<Hold | undefined> {
  return one<Hold>(sql, "SELECT unit, since, until, times, reason FROM holds WHERE unit = :unit", { unit });
}

export async function putHold(sql: Sql, hold: Hold): Promise<void> {
  await sql.run(
    `INSERT INTO holds (unit, since, until, times, reason) VALUES (:unit, :since, :until, :times, :reason)
     ON CONFLICT (unit) DO UPDATE SET since = :since, until = :until, times = :times, reason = :reason`,
    { ...hold },
  );
}

/** Ends what held until a person acts; what was counted before no longer counts. Resolves with false when nothing held. */
export async function endHold(sql: Sql, unit: string, now: number): Promise<boolean> {
  return (await sql.run("UPDATE holds SET until = :now WHERE unit = :unit AND until IS NULL", { unit, now })) > 0;
}

/** The server takes mail again: the next time that it does not is the first again. */
export async function forgetHold(sql: Sql, unit: string, now: number): Promise<void> {
  await sql.run("DELETE FROM holds WHERE unit = :unit AND until <= :now", { unit, now });
}
