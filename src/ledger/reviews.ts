import type { ReviewFinding } from "../policy/outbound-review.ts";
import { one, type Sql } from "./database.ts";

/** A mail that is held until a person has decided. */
export interface ReviewRecord {
  /** Of the held mail in the outbox: the task's, where it is one. */
  id: string;
  /** The task that asks the reviewer. */
  question: string;
  /** The mail that goes out instead where this one is rejected. */
  instead: string | null;
  threadId: string;
  details: { agent: string; to: string[]; subject: string; findings: ReviewFinding[] };
  createdAt: number;
}

interface Row extends Omit<ReviewRecord, "details"> {
  details_json: string;
}

const SELECT = `SELECT id, question, instead, thread_id AS "threadId", details_json, created_at AS "createdAt" FROM reviews`;

export async function insertReview(sql: Sql, { details, ...review }: ReviewRecord): Promise<void> {
  await sql.run(
    `INSERT INTO reviews (id, question, instead, thread_id, details_json, created_at) VALUES (:id, :question, :instead, :threadId, :details, :createdAt)`,
    { ...review, details: JSON.stringify(details) },
  );
}

/** The undecided review of a held mail, or the one that a task asks about. */
export async function openReview(sql: Sql, id: string): Promise<ReviewRecord | undefined> {
  const row = await one<Row>(
    sql,
    `${SELECT} WHERE decided_at IS NULL AND id = :id UNION ALL ${SELECT} WHERE decided_at IS NULL AND question = :id`,
    { id },
  );
  return row && fromRow(row);
}

/** Resolves with false when it was decided before. */
export async function decideReview(sql: Sql, id: string, now: number): Promise<boolean> {
  return (await sql.run("UPDATE reviews SET decided_at = :now WHERE id = :id AND decided_at IS NULL", { id, now })) > 0;
}

/** Oldest first, each with the time until which it is held. */
export async function openReviews(sql: Sql): Promise<(ReviewRecord & { until: number })[]> {
  const rows = await sql.all<Row & { until: number }>(
    `SELECT r.id, r.question, r.instead, r.thread_id AS "threadId", r.details_json, r.created_at AS "createdAt", t.deadline_at AS until
     FROM reviews AS r JOIN tasks AS t ON t.id = r.question WHERE r.decided_at IS NULL ORDER BY r.created_at, r.id`,
  );
  return rows.map(({ until, ...row }) => ({ ...fromRow(row), until }));
}

function fromRow({ details_json, ...row }: Row): ReviewRecord {
  return { ...row, details: JSON.parse(details_json) as ReviewRecord["details"] };
}

/** A refusal that was not the rules': it stands for this very mail. */
export async function insertRefusal(
  sql: Sql,
  { id, threadId, details, at }: { id: string; threadId: string; details: ReviewRecord["details"]; at: number },
): Promise<void> {
  await sql.run(
    `INSERT INTO reviews (id, question, instead, thread_id, details_json, created_at, decided_at) VALUES (:id, '', NULL, :threadId, :details, :at, :at) ON CONFLICT (id) DO NOTHING`,
    { id, threadId, details: JSON.stringify(details), at },
  );
}

export async function findRefusal(sql: Sql, id: string): Promise<ReviewFinding[] | undefined> {
  const row = await one<Row>(sql, `${SELECT} WHERE id = :id`, { id });
  return row && fromRow(row).details.findings;
}

/** The thread is tried again by hand, and what was refused in it may be looked at anew. */
export async function forgetRefusals(sql: Sql, threadId: string): Promise<void> {
  await sql.run("DELETE FROM reviews WHERE thread_id = :threadId AND question = ''", { threadId });
}
