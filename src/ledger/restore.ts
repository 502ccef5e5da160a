import { one, type Sql } from "./database.ts";
import { appendEvent } from "./events.ts";

/** A mail of which nobody knows whether it was sent. */
export interface DoubtfulMail {
  id: string;
  kind: string;
  agent: string;
  taskId: string | null;
  messageId: string;
  to: string[];
  /** Why, in words for people. */
  reason: string | null;
  createdAt: number;
}

const RESTORED_AT = "restored_at";
/** Follow-ups of a restore that was noticed are no sign of another one. */
const SAME_RESTORE_MS = 30 * 86_400_000;
/** What asks for a task that has its outcome is not to go out, and so in no doubt. */
export const IN_DOUBT = `state = 'unknown' AND NOT (kind IN ('task', 'clarification', 'reminder')
  AND EXISTS (SELECT 1 FROM tasks WHERE tasks.id = outbox.task_id AND tasks.settled_at IS NOT NULL))`;

/** When the ledger was last found to be older than the world; 0 where it never was. */
export async function restoredAt(sql: Sql): Promise<number> {
  return Number((await readMeta(sql, RESTORED_AT)) ?? 0);
}

/** The ledger is older than the world: what seems to be due may have been sent, and is held. Resolves with the number of such mails. */
export async function holdPending(sql: Sql, now: number, sign: string): Promise<number> {
  const held = await sql.run(
    `UPDATE outbox SET state = 'unknown', holder = NULL, lease_until = NULL, last_error = :reason WHERE state IN ('due', 'leased', 'sending')`,
    { reason: `The ledger was restored from a backup (${sign}): this mail may have been sent.` },
  );
  await writeMeta(sql, RESTORED_AT, String(now));
  await appendEvent(sql, { at: now, kind: "restored", data: { sign, held } });
  return held;
}

/** The same, for a mail that could not be if this ledger were the latest: once for each restore. */
export async function noticeRestore(sql: Sql, now: number, sign: string): Promise<number | undefined> {
  const before = await restoredAt(sql);
  return before > now - SAME_RESTORE_MS ? undefined : holdPending(sql, now, sign);
}

export async function doubtfulMails(sql: Sql): Promise<DoubtfulMail[]> {
  const rows = await sql.all<Omit<DoubtfulMail, "to"> & { envelope: string }>(
    `SELECT id, kind, agent, task_id AS "taskId", message_id AS "messageId", envelope_json AS envelope, last_error AS reason, created_at AS "createdAt"
     FROM outbox WHERE ${IN_DOUBT} ORDER BY created_at, id`,
  );
  return rows.map(({ envelope, ...row }) => ({ ...row, to: (JSON.parse(envelope) as { to: string[] }).to }));
}

/** Resolves with the number of mails that it was about. */
export async function resolveDoubt(
  sql: Sql,
  as: "sent" | "not-sent",
  ids: readonly string[],
  now: number,
): Promise<number> {
  const set = as === "sent" ? "state = 'submitted', submitted_at = :now" : "state = 'due', due_at = :now";
  return sql.run(`UPDATE outbox SET ${set}, doubt = 0, last_error = NULL WHERE id IN :ids AND ${IN_DOUBT}`, {
    ids,
    now,
  });
}

const INCARNATION = "incarnation";

/** Notes what the database says of itself. Resolves with whether it was another one before: then a backup was restored. */
export async function noteIncarnation(sql: Sql, incarnation: string): Promise<boolean> {
  const before = await readMeta(sql, INCARNATION);
  if (before === incarnation) return false;
  await writeMeta(sql, INCARNATION, incarnation);
  return before !== undefined;
}

async function readMeta(sql: Sql, key: string): Promise<string | undefined> {
  return (await one<{ value: string }>(sql, "SELECT value FROM meta WHERE key = :key", { key }))?.value;
}

async function writeMeta(sql: Sql, key: string, value: string): Promise<void> {
  await sql.run("INSERT INTO meta (key, value) VALUES (:key, :value) ON CONFLICT (key) DO UPDATE SET value = :value", {
    key,
    value,
  });
}
