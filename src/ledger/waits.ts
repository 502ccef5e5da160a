import { one, type Sql } from "./database.ts";
import type { StoredOutcome } from "./outcome.ts";
import { decide, type Standing, type Until } from "./until.ts";

/** `unmet`: it cannot be met any more. */
export type WaitDecision = "met" | "unmet" | "expired";

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
  /** When the tasks' outcomes decided it, or its own deadline did. */
  decidedAt: number | null;
  decision: WaitDecision | null;
  /** When its interrupt was stored in the thread. */
  parkedAt: number | null;
  /** When the decision woke the thread: it does so once. */
  wokenAt: number | null;
  /** When the wait handed its outcome to the node. */
  deliveredAt: number | null;
  /** Set when the node's result is stored, or the wait is no longer in the thread's state. */
  closedAt: number | null;
}

const SELECT = `SELECT id, graph, thread_id AS "threadId", node, node_task_id AS "nodeTaskId", checkpoint_id AS "checkpointId", decided_at AS "decidedAt", decision, parked_at AS "parkedAt",
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
    /** Default: all. */
    until?: Until;
    /** Of the wait itself; its tasks have their own. Default: none. */
    deadlineAt?: number | null;
  },
  now: number,
): Promise<void> {
  const { taskIds, until = "all", deadlineAt = null, ...columns } = wait;
  const created = await sql.run(
    `INSERT INTO waits (id, graph, thread_id, node, node_task_id, checkpoint_id, until_json, deadline_at, created_at)
     VALUES (:id, :graph, :threadId, :node, :nodeTaskId, :checkpointId, :until, :deadlineAt, :now) ON CONFLICT (id) DO NOTHING`,
    { ...columns, until: JSON.stringify(until), deadlineAt, now },
  );
  if (created === 0) return;
  for (const [place, taskId] of taskIds.entries()) {
    await sql.run("INSERT INTO wait_tasks (task_id, wait_id, place) VALUES (:taskId, :waitId, :place)", {
      taskId,
      waitId: wait.id,
      place,
    });
  }
  await decideWait(sql, wait.id, now);
}

/** Looks again at every open wait for a task that was settled. */
export async function decideWaits(sql: Sql, taskId: string, now: number): Promise<void> {
  const waits = await sql.all<{ id: string }>(
    `SELECT id FROM waits WHERE decided_at IS NULL AND closed_at IS NULL AND id IN (SELECT wait_id FROM wait_tasks WHERE task_id = :taskId)`,
    { taskId },
  );
  for (const { id } of waits) await decideWait(sql, id, now);
}

async function decideWait(sql: Sql, waitId: string, now: number): Promise<void> {
  const wait = await one<{ until_json: string }>(sql, "SELECT until_json FROM waits WHERE id = :waitId", { waitId });
  // Who answers for somebody else, after a bounce or an escalation, weighs as much: the task's first mail says for whom.
  const rows = await sql.all<{ outcome: Standing["outcome"]; addressees: string; envelope: string | null }>(
    `SELECT t.outcome_kind AS outcome, t.addressees_json AS addressees, o.envelope_json AS envelope
     FROM wait_tasks wt JOIN tasks t ON t.id = wt.task_id LEFT JOIN outbox o ON o.id = t.id WHERE wt.wait_id = :waitId`,
    { waitId },
  );
  const standings = rows.map(({ outcome, addressees, envelope }) => {
    const asked =
      envelope === null ? (JSON.parse(addressees) as string[]) : (JSON.parse(envelope) as { to: string[] }).to;
    return { outcome, addressee: asked[0] ?? "" };
  });
  const decision = decide(JSON.parse(wait!.until_json) as Until, standings);
  if (decision !== "open") await closeCount(sql, waitId, decision, now);
}

/** Freezes the decision, and which outcomes it was made of: what comes later changes nothing. */
async function closeCount(sql: Sql, waitId: string, decision: WaitDecision, now: number): Promise<void> {
  await sql.run("UPDATE waits SET decided_at = :now, decision = :decision WHERE id = :waitId", {
    waitId,
    decision,
    now,
  });
  await sql.run(
    `UPDATE wait_tasks SET counted = 1 WHERE wait_id = :waitId
       AND EXISTS (SELECT 1 FROM tasks WHERE tasks.id = wait_tasks.task_id AND tasks.settled_at IS NOT NULL)`,
    { waitId },
  );
}

/** Ends the waits whose own deadline has come, and resolves with them. */
export async function expireWaits(sql: Sql, now: number): Promise<{ id: string; graph: string; threadId: string }[]> {
  const due = await sql.all<{ id: string; graph: string; threadId: string }>(
    'SELECT id, graph, thread_id AS "threadId" FROM waits WHERE closed_at IS NULL AND decided_at IS NULL AND deadline_at IS NOT NULL AND deadline_at <= :now',
    { now },
  );
  for (const { id } of due) await closeCount(sql, id, "expired", now);
  return due;
}

export async function nextWaitDeadline(sql: Sql): Promise<number | undefined> {
  const row = await one<{ at: number | null }>(
    sql,
    "SELECT MIN(deadline_at) AS at FROM waits WHERE closed_at IS NULL AND decided_at IS NULL AND deadline_at IS NOT NULL",
  );
  return row?.at ?? undefined;
}

/** The outcomes that a decided wait was decided with, in the order of its tasks; null for those that were open. */
export async function countedOutcomes(sql: Sql, waitId: string): Promise<(StoredOutcome | null)[]> {
  const rows = await sql.all<{ outcome: string | null; counted: number }>(
    `SELECT t.outcome_json AS outcome, wt.counted FROM wait_tasks wt JOIN tasks t ON t.id = wt.task_id WHERE wt.wait_id = :waitId ORDER BY wt.place`,
    { waitId },
  );
  return rows.map(({ outcome, counted }) =>
    counted === 1 && outcome !== null ? (JSON.parse(outcome) as StoredOutcome) : null,
  );
}

/** Takes back the decisions that an outcome had part in which is taken back. */
export async function undecideWaits(sql: Sql, taskId: string): Promise<void> {
  const waits = `closed_at IS NULL AND id IN (SELECT wait_id FROM wait_tasks WHERE task_id = :taskId AND counted = 1)`;
  const rows = await sql.all<{ id: string }>(`SELECT id FROM waits WHERE ${waits}`, { taskId });
  for (const { id } of rows) {
    await sql.run(
      "UPDATE waits SET decided_at = NULL, decision = NULL, woken_at = NULL, delivered_at = NULL WHERE id = :id",
      { id },
    );
    await sql.run("UPDATE wait_tasks SET counted = 0 WHERE wait_id = :id", { id });
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
  await sql.run("UPDATE waits SET delivered_at = :now WHERE id = :waitId AND delivered_at IS NULL", { waitId, now });
}

export async function closeWait(sql: Sql, waitId: string, as: "consumed" | "cancelled", now: number): Promise<void> {
  await sql.run("UPDATE waits SET closed_at = :now, closed_as = :as WHERE id = :waitId AND closed_at IS NULL", {
    waitId,
    as,
    now,
  });
}

/** What waits are for, as it stands. */
export interface WaitedTask {
  name: string;
  outcome: StoredOutcome["kind"] | null;
  traceparent: string | null;
}

export async function tasksOfWaits(sql: Sql, waitIds: readonly string[]): Promise<WaitedTask[]> {
  if (waitIds.length === 0) return [];
  return sql.all<WaitedTask>(
    "SELECT DISTINCT t.name, t.outcome_kind AS outcome, t.traceparent FROM wait_tasks wt JOIN tasks t ON t.id = wt.task_id WHERE wt.wait_id IN :waitIds",
    { waitIds },
  );
}

export async function taskIdsOfWait(sql: Sql, waitId: string): Promise<string[]> {
  const rows = await sql.all<{ task_id: string }>("SELECT task_id FROM wait_tasks WHERE wait_id = :waitId", { waitId });
  return rows.map((row) => row.task_id);
}
