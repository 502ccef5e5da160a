import { one, type Sql } from "./database.ts";

/** Work asked of a served agent by mail. `pending` → `started` (its graph is to be looked at) ⇄ `waiting` (its graph is parked) → `answered`. One thread works on one request at a time, in order. */
export interface RequestRecord {
  id: string;
  agent: string;
  graph: string;
  threadId: string;
  /** The mail that asked: an id in `messages`. */
  message: string;
  state: "pending" | "started" | "waiting" | "answered";
  /** How many mails, each of which asked for the next, led to this one. */
  hops: number;
  createdAt: number;
}

const SELECT = `SELECT id, agent, graph, thread_id AS "threadId", message, state, hops, created_at AS "createdAt" FROM requests`;

export async function insertRequest(sql: Sql, request: Omit<RequestRecord, "state">): Promise<boolean> {
  const changes = await sql.run(
    `INSERT INTO requests (id, agent, graph, thread_id, message, state, hops, created_at) VALUES (:id, :agent, :graph, :threadId, :message, 'pending', :hops, :createdAt)
     ON CONFLICT (id) DO NOTHING`,
    { ...request },
  );
  return changes > 0;
}

export async function findRequest(sql: Sql, id: string): Promise<RequestRecord | undefined> {
  return one<RequestRecord>(sql, `${SELECT} WHERE id = :id`, { id });
}

/** How many mails led to what a thread asks now: one more than to the request that it works on, 0 where it works on none. */
export async function hopsOfThread(sql: Sql, threadId: string): Promise<number> {
  const row = await one<{ hops: number | null }>(
    sql,
    "SELECT MAX(hops) AS hops FROM requests WHERE thread_id = :threadId AND state <> 'answered'",
    { threadId },
  );
  return typeof row?.hops === "number" ? row.hops + 1 : 0;
}

/** The oldest unanswered request of each thread of these graphs whose lease nobody holds and that no failure holds back. */
export async function openRequests(
  sql: Sql,
  options: { graphs: readonly string[]; now: number; limit: number },
): Promise<RequestRecord[]> {
  return sql.all<RequestRecord>(
    `${SELECT} AS r WHERE state IN ('pending', 'started') AND graph IN :graphs
       AND NOT EXISTS (SELECT 1 FROM requests o WHERE o.thread_id = r.thread_id AND o.state <> 'answered'
                       AND (o.created_at < r.created_at OR (o.created_at = r.created_at AND o.id < r.id)))
       AND NOT EXISTS (SELECT 1 FROM leases l WHERE l.name IN ('thread:' || r.thread_id, 'driver:' || r.thread_id) AND l.holder IS NOT NULL AND l.lease_until >= :now)
       AND NOT EXISTS (SELECT 1 FROM threads t WHERE t.thread_id = r.thread_id AND t.graph = r.graph AND t.retry_at > :now)
     ORDER BY created_at LIMIT :limit`,
    { graphs: options.graphs, now: options.now, limit: options.limit },
  );
}

export async function markStarted(sql: Sql, id: string): Promise<void> {
  await sql.run("UPDATE requests SET state = 'started' WHERE id = :id AND state = 'pending'", { id });
}

export async function markWaiting(sql: Sql, id: string): Promise<void> {
  await sql.run("UPDATE requests SET state = 'waiting' WHERE id = :id AND state = 'started'", { id });
}

/** The thread has run: its parked request may be answered now. */
export async function wakeRequests(sql: Sql, threadId: string): Promise<void> {
  await sql.run("UPDATE requests SET state = 'started' WHERE thread_id = :threadId AND state = 'waiting'", {
    threadId,
  });
}

export async function markAnswered(sql: Sql, id: string, now: number): Promise<void> {
  await sql.run("UPDATE requests SET state = 'answered', answered_at = :now WHERE id = :id", { id, now });
}
