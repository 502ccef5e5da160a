import { one, type Sql } from "./database.ts";

/** The last uid that was stored of a mailbox; undefined where none was under this uidValidity. */
export async function readCursor(sql: Sql, mailbox: string, uidValidity: string): Promise<number | undefined> {
  const row = await one<{ uid: number }>(
    sql,
    "SELECT uid FROM cursors WHERE mailbox = :mailbox AND uid_validity = :uidValidity",
    { mailbox, uidValidity },
  );
  return row?.uid;
}

/** Moves the cursor forward, in the transaction that stores the mail. */
export async function advanceCursor(sql: Sql, mailbox: string, uidValidity: string, uid: number): Promise<void> {
  await sql.run(
    `INSERT INTO cursors (mailbox, uid_validity, uid) VALUES (:mailbox, :uidValidity, :uid)
     ON CONFLICT (mailbox, uid_validity) DO UPDATE SET uid = :uid WHERE cursors.uid < :uid`,
    { mailbox, uidValidity, uid },
  );
}
