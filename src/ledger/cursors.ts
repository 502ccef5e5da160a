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

/** How long it is believed that more mails of a pass are to follow. Milliseconds. */
export const READING_MS = 5_000;

/** Moves the cursor forward, in the transaction that stores the mails. `readingUntil`: where more of the same pass follow, when they should be there at the latest. */
export async function advanceCursor(
  sql: Sql,
  mailbox: string,
  uidValidity: string,
  uid: number,
  readingUntil: number | null = null,
): Promise<void> {
  await sql.run(
    `INSERT INTO cursors (mailbox, uid_validity, uid, reading_until) VALUES (:mailbox, :uidValidity, :uid, :readingUntil)
     ON CONFLICT (mailbox, uid_validity) DO UPDATE SET uid = :uid, reading_until = :readingUntil WHERE cursors.uid <= :uid`,
    { mailbox, uidValidity, uid, readingUntil },
  );
}

/** The pass is over. */
export async function endReading(sql: Sql, mailbox: string, uidValidity: string): Promise<void> {
  await sql.run(
    "UPDATE cursors SET reading_until = NULL WHERE mailbox = :mailbox AND uid_validity = :uidValidity AND reading_until IS NOT NULL",
    { mailbox, uidValidity },
  );
}
