import type { Grade } from "../policy/assurance.ts";
import { one, type Sql } from "./database.ts";
import type { ReplyAttachment } from "./outcome.ts";

/**
 * What was done with a mail that came in. `settled`: it ended a task · `clarifying`: it answers a task and lacks something, which was asked for again · `recorded`: it belongs to a task and changes nothing (out of office, a delay) ·
 * `late`: the task had ended · `quarantined`: below the task's bar · `discarded`: so it stays · `request`: asked of a served agent · `other-ledger`: left alone ·
 * `unmatched`: nobody waits for it · `own`: our own mail or a loop · `unreadable`: malformed or hostile.
 */
export type Disposition =
  | "settled"
  | "clarifying"
  | "recorded"
  | "late"
  | "quarantined"
  | "discarded"
  | "request"
  | "other-ledger"
  | "unmatched"
  | "own"
  | "unreadable";

/** The readable parts of a mail, as they were told apart. */
export interface MessageContent {
  text: string;
  quoted: string;
  signature: string;
  attachments: ReplyAttachment[];
  /** Octets of a mail that was too large to be read: of it, `raw` is the header section. */
  unreadOctets?: number;
}

/** A mail that came in. Kept whatever it was: `raw` refers to its bytes in the blob store. */
export interface MessageRecord {
  id: string;
  /** The agent that it was for, where one could be told. */
  agent: string | null;
  mailbox: string;
  uidValidity: string;
  uid: number;
  messageId: string | null;
  sender: string | null;
  subject: string;
  classification: string;
  disposition: Disposition;
  /** Why, in words for people; for what was not simply accepted. */
  reason: string | null;
  taskId: string | null;
  grade: Grade | null;
  raw: string;
  content: MessageContent;
  receivedAt: number;
  storedAt: number;
}

interface Row extends Omit<MessageRecord, "content"> {
  content_json: string;
}

const SELECT = `SELECT id, agent, mailbox, uid_validity AS "uidValidity", uid, message_id AS "messageId", sender, subject, classification, disposition, reason,
  task_id AS "taskId", grade, raw, content_json, received_at AS "receivedAt", stored_at AS "storedAt" FROM messages`;

/** Resolves with false, and changes nothing, when the mail is already stored. */
export async function insertMessage(sql: Sql, message: MessageRecord): Promise<boolean> {
  const { content, ...columns } = message;
  const changes = await sql.run(
    `INSERT INTO messages (id, agent, mailbox, uid_validity, uid, message_id, sender, subject, classification, disposition, reason, task_id, grade, raw, content_json, received_at, stored_at)
     VALUES (:id, :agent, :mailbox, :uidValidity, :uid, :messageId, :sender, :subject, :classification, :disposition, :reason, :taskId, :grade, :raw, :content, :receivedAt, :storedAt)
     ON CONFLICT (id) DO NOTHING`,
    { ...columns, content: JSON.stringify(content) },
  );
  if (changes === 0) return false;
  for (const blob of new Set(content.attachments.map((attachment) => attachment.blob))) {
    await sql.run("INSERT INTO attachments (blob, message) VALUES (:blob, :id)", { blob, id: message.id });
  }
  return true;
}

export async function findMessage(sql: Sql, id: string): Promise<MessageRecord | undefined> {
  const row = await one<Row>(sql, `${SELECT} WHERE id = :id`, { id });
  return row && fromRow(row);
}

/** The texts of the replies to a task that were asked about again, oldest first. */
export async function earlierReplies(sql: Sql, taskId: string): Promise<string[]> {
  const rows = await sql.all<Row>(
    `${SELECT} WHERE task_id = :taskId AND disposition = 'clarifying' ORDER BY stored_at, id`,
    { taskId },
  );
  return rows.map((row) => fromRow(row).content.text);
}

/** When the mail came in that settled a task; undefined where none did. */
export async function settledByMailAt(sql: Sql, taskId: string): Promise<number | undefined> {
  // SQLite would look through all that have settled some task.
  const rows = await sql.all<{ at: number; disposition: Disposition }>(
    "SELECT received_at AS at, disposition FROM messages WHERE task_id = :taskId ORDER BY received_at",
    { taskId },
  );
  return rows.find(({ disposition }) => disposition === "settled")?.at;
}

export async function lateMessages(sql: Sql, taskId: string): Promise<MessageRecord[]> {
  const rows = await sql.all<Row>(`${SELECT} WHERE task_id = :taskId AND disposition = 'late' ORDER BY stored_at, id`, {
    taskId,
  });
  return rows.map(fromRow);
}

/** Mails for an agent that nobody was known to wait for when they came, received since then, newest first. */
export async function unmatchedSince(sql: Sql, agent: string, since: number): Promise<MessageRecord[]> {
  const rows = await sql.all<Row>(
    `${SELECT} WHERE (disposition = 'unmatched' OR (disposition = 'quarantined' AND grade = 'E')) AND agent = :agent AND received_at >= :since ORDER BY received_at DESC, id`,
    { agent, since },
  );
  return rows.map(fromRow);
}

/** Mails for an agent that were received since then, newest first. */
export async function recentMessages(
  sql: Sql,
  options: { agent: string; since: number; dispositions: readonly Disposition[]; limit: number },
): Promise<MessageRecord[]> {
  const rows = await sql.all<Row>(
    `${SELECT} WHERE agent = :agent AND received_at >= :since AND disposition IN :dispositions ORDER BY received_at DESC, id DESC LIMIT :limit`,
    options,
  );
  return rows.map(fromRow);
}

/** Resolves with false, and changes nothing, when it is not (any more) what it is moved from. */
export async function moveMessage(
  sql: Sql,
  id: string,
  from: Disposition,
  to: Disposition,
  reason: string | null = null,
): Promise<boolean> {
  const changes = await sql.run(
    "UPDATE messages SET disposition = :to, reason = :reason WHERE id = :id AND disposition = :from",
    { id, from, to, reason },
  );
  return changes > 0;
}

/** A mail of which it was not known has found its task. */
export async function assignMessage(sql: Sql, id: string, taskId: string, disposition: Disposition): Promise<void> {
  await sql.run("UPDATE messages SET disposition = :disposition, reason = NULL, task_id = :taskId WHERE id = :id", {
    id,
    taskId,
    disposition,
  });
}

export async function messagesByDisposition(sql: Sql, disposition: Disposition): Promise<MessageRecord[]> {
  const rows = await sql.all<Row>(`${SELECT} WHERE disposition = :disposition ORDER BY stored_at, id`, { disposition });
  return rows.map(fromRow);
}

function fromRow({ content_json, ...row }: Row): MessageRecord {
  return { ...row, content: JSON.parse(content_json) as MessageContent };
}
