import { one, type Sql } from "./database.ts";

/** One interrupt and the tasks that it waits for. */
export interface WaitRecord {
  id: string;
  graph: string;
  threadId: string;
  nodeTaskId: string;
  /** How often this wait has interrupted its node: a re-execution calls `interrupt()` as often. */
  interrupts: number;
  /** When the tasks' outcomes decided it. */
  decidedAt: number | null;
  /** When its interrupt was stored in the thread. */
  parkedAt: number | null;
  /** When the wait handed its outcome to the node. */
  deliveredAt: number | null;
  /** Set when the node's result is stored, or the wait is no longer in the thread's state. */
  closedAt: number | null;
}

const SELECT = `SELECT id, graph, thread_id AS "threadId", node_task_id AS "nodeTaskId", interrupts, decided_at AS "decidedAt", parked_at AS "parkedAt",
  delivered_at AS "deliveredAt", closed_at AS "closedAt" FROM waits`;

export async function findWait(sql: Sql, id: string): Promise<WaitRecord | undefined> {
  return one<WaitRecord>(sql, `${SELECT} WHERE id = :id`, { id });
}

export async function openWaits(sql: Sql, threadId: string): Promise<WaitRecord[]> {
  return sql.all<WaitRecord>(`${SELECT} WHERE thread_id = :threadId AND closed_at IS NULL`, { threadId });
}

/** Creates the wait at the first time that its node asks for it. */
export async function openWait(
  sql: Sql,
  wait: { id: string; graph: string; threadId: string; nodeTaskId: string; taskIds: readonly string[] },
  now: number,
): Promise<void> {
  const created = await sql.run(
    `INSERT INTO waits (id, graph, thread_id, node_task_id, interrupts, created_at) VALUES (:id, :graph, :threadId, :nodeTaskId, 0, :now)
     ON CONFLICT (id) DO NOTHING`,
    { id: wait.id, graph: wait.graph, threadId: wait.threadId, nodeTaskId: wait.nodeTaskId, now },
  );
  if (created === 0) return;
  for (const taskId of wait.taskIds) {
    await sql.run("INSERT INTO wait_tasks (task_id, wait_id) VALUES (:taskId, :waitId)", { taskId, waitId: wait.id });
  }
}

/** Records that the wait interrupts its node once more. */
export async function countInterrupt(sql: Sql, waitId: string): Promise<void> {
  await sql.run("UPDATE waits SET interrupts = interrupts + 1 WHERE id = :waitId", { waitId });
}

/** Notes that the wait's interrupt is stored in the thread; resolves with false when that was known. */
export async function markParked(sql: Sql, waitId: string, now: number): Promise<boolean> {
  const changes = await sql.run(
    "UPDATE waits SET parked_at = :now WHERE id = :waitId AND parked_at IS NULL AND closed_at IS NULL",
    { waitId, now },
  );
  return changes > 0;
}

export async function markDelivered(sql: Sql, waitId: string, now: number): Promise<void> {
  await sql.run(
    "UPDATE waits SET delivered_at = :now, decided_at = COALESCE(decided_at, :now) WHERE id = :waitId AND delivered_at IS NULL",
    { waitId, now },
  );
}

export async function closeWait(sql: Sql, waitId: string, as: "consumed" | "cancelled", now: number): Promise<void> {
  await sql.run("UPDATE waits SET closed_at = :now, closed_as = :as WHERE id = :waitId AND closed_at IS NULL", {
    waitId,
    as,
    now,
  });
}

export async function taskIdsOfWait(sql: Sql, waitId: string): Promise<string[]> {
  const rows = await sql.all<{ task_id: string }>("SELECT task_id FROM wait_tasks WHERE wait_id = :waitId", { waitId });
  return rows.map((row) => row.task_id);
}
