import type { Database } from "./database.ts";
import { one } from "./database.ts";
import { migrate } from "./migrations.ts";

/** The durable record of tasks, mails, waits and what happened. Its id is in every token that this ledger gives out. */
export interface Ledger {
  /** Lower-case base32, drawn once when the ledger was made. */
  readonly id: string;
  /** When the ledger was made, in milliseconds since the epoch: no older mail is looked at. */
  readonly createdAt: number;
  readonly db: Database;
}

/** Migrates the database to this version, and reads or draws the ledger's identity. */
export async function openLedger(db: Database, fresh: { id: string; now: number }): Promise<Ledger> {
  await migrate(db);
  return db.transaction(async (sql) => {
    await sql.run("INSERT INTO meta (key, value) VALUES ('ledger_id', :id) ON CONFLICT (key) DO NOTHING", {
      id: fresh.id,
    });
    await sql.run("INSERT INTO meta (key, value) VALUES ('created_at', :now) ON CONFLICT (key) DO NOTHING", {
      now: String(fresh.now),
    });
    const read = async (key: string) =>
      (await one<{ value: string }>(sql, "SELECT value FROM meta WHERE key = :key", { key }))!.value;
    return { id: await read("ledger_id"), createdAt: Number(await read("created_at")), db };
  });
}
