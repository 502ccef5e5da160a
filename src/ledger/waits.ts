import { one, type Sql } from "./database.ts";

/** One interrupt and the tasks that it waits for. */
export interface WaitRecord {
  id: string;
  graph: string;
  threadId: string;
  /** The root graph's node that waits, itself or in a subgraph. */
  node: string;
  nodeTaskId: string;
  /** The root graph's checkpoint that the waiting step runs from: the wait lives for as long as it is the thread's latest. */
  checkpointId: string;
  /** When the tasks' outcomes decided it. */
  decidedAt: number | null;
  /** When its interrupt was stored in the thread. */
  parkedAt: number | null;
  /** When the decision woke the thread: it does so once. */
  wokenAt: number | null;
  /** When the wait handed its outcome to the node. */
  deliveredAt: number | null;
  /** Set when the node's result is stored, or the wait is no longer in the thread's state. */
  closedAt: number | null;
}

const SELECT = `SELECT id, graph, thread_id AS "threadId", node, node_task_id AS "nodeTaskId", checkpoint_id AS "checkpointId", decided_at AS "decidedAt", parked_at AS "parkedAt",
  woken_at AS "wokenAt", delivered_at AS "deliveredAt", closed_at AS "closedAt" FROM waits`;

export async function findWait(sql: Sql, id: string): Promise<WaitRecord | undefined> {
  return one<WaitRecord>(sql, `${SELECT} WHERE id = :id`, { id });
}

export async function openWaits(sql: Sql, threadId: string, graph?: string): Promise<WaitRecord[]> {
  return sql.all<WaitRecord>(
    `${SELECT} WHERE thread_id = :threadId AND (:graph IS NULL OR graph = :graph) AND closed_at IS NULL`,
    { threadId, graph: graph ?? null },
  );
}

/** Creates the wait at the first time that its node asks for it. */
export async function openWait(
  sql: Sql,
  wait: Pick<WaitRecord, "id" | "graph" | "threadId" | "node" | "nodeTaskId" | "checkpointId"> & {
    taskIds: readonly string[];
  },
  now: number,
): Promise<void> {
  const { taskIds, ...columns } = wait;
  const created = await sql.run(
    `INSERT INTO waits (id, graph, thread_id, node, node_task_id, checkpoint_id, created_at)
     VALUES (:id, :graph, :threadId, :node, :nodeTaskId, :checkpointId, :now) ON CONFLICT (id) DO NOTHING`,
    { ...columns, now },
  );
  if (created === 0) return;
  for (const taskId of taskIds) {
    await sql.run("INSERT INTO wait_tasks (task_id, wait_id) VALUES (:taskId, :waitId)", { taskId, waitId: wait.id });
  }
}

/** Notes that the wait's interrupt is stored in the thread; resolves with false when that was known. */
export async function markParked(sql: Sql, waitId: string, now: number): Promise<boolean> {
  const changes = await sql.run(
    "UPDATE waits SET parked_at = :now WHERE id = :waitId AND parked_at IS NULL AND closed_at IS NULL",
    { waitId, now },
  );
  return changes > 0;
}

export async function markWoken(sql: Sql, waitId: string, now: number): Promise<void> {
  await sql.run("UPDATE waits SET woken_at = :now WHERE id = :waitId", { waitId, now });
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
