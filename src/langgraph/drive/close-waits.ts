import type { Sql } from "../../ledger/database.ts";
import { findTask, openTasks, type TaskRecord } from "../../ledger/tasks.ts";
import { recordSuccess } from "../../ledger/threads.ts";
import { closeWait, openWaits, taskIdsOfWait, type WaitRecord } from "../../ledger/waits.ts";
import { settle } from "../../worker/settle.ts";
import type { OpenKit } from "../context.ts";
import { type DrivenGraph, lineage, type ThreadState } from "./thread-state.ts";

interface Thread {
  graph: DrivenGraph;
  name: string;
  threadId: string;
}

/**
 * Closes the waits that the thread has left behind: consumed where their outcome was handed over, cancelled where a new input or an update took
 * their place. What lies on another branch (after a fork or a replay) stays as it is. Called by who holds the thread.
 * @param waits The thread's open ones.
 * @param followedBy How the thread went on from each checkpoint that they were made from, where that is known; otherwise it is read.
 * @returns The waits that the thread still has, and those elsewhere.
 */
export async function closeWaits(
  kit: OpenKit,
  thread: Thread,
  state: ThreadState,
  waits: readonly WaitRecord[],
  followedBy?: ReadonlyMap<string, string>,
): Promise<{ live: WaitRecord[]; elsewhere: WaitRecord[] }> {
  const { head } = state;
  if (head === undefined) return { live: [...waits], elsewhere: [] };
  const live = waits.filter((wait) => wait.checkpointId === head);
  const left = waits.filter((wait) => wait.checkpointId < head);
  const elsewhere = waits.filter((wait) => wait.checkpointId > head);
  if (left.length === 0) return { live, elsewhere };
  const oldest = left.map((wait) => wait.checkpointId).reduce((a, b) => (a < b ? a : b));
  const sources = followedBy ?? (await lineage(thread.graph, thread.threadId, head, oldest));
  const consumed: WaitRecord[] = [];
  for (const wait of left) {
    const source = sources.get(wait.checkpointId);
    if (source === undefined) elsewhere.push(wait);
    else if (wait.deliveredAt !== null) consumed.push(wait);
    else if (await asksAgain(kit, wait, source, state)) live.push(wait);
    else await cancelWait(kit, wait);
  }
  if (consumed.length > 0) await consumeWaits(kit, consumed);
  return { live, elsewhere };
}

async function consumeWaits(kit: OpenKit, waits: readonly WaitRecord[]): Promise<void> {
  // Lost in a power cut, so is the release of the thread's lease, which follows: then all of this is done once more.
  const options = { durable: "soon" } as const;
  await kit.ledger.db.transaction(async (sql) => {
    for (const wait of waits) await closeWait(sql, wait.id, "consumed", kit.clock());
  }, options);
}

/** An update of the state runs the waiting node anew. It asks again for what an earlier node sent; what it sent itself, it sends anew. */
async function asksAgain(kit: OpenKit, wait: WaitRecord, source: string, state: ThreadState): Promise<boolean> {
  if (source !== "update" || !state.next.has(wait.node)) return false;
  const tasks = await tasksOfWait(kit.ledger.db, wait);
  return tasks.some((task) => task.nodeTaskId !== wait.nodeTaskId);
}

/** Ends a wait that its thread has left, and the tasks that it waited for. */
async function cancelWait(kit: OpenKit, wait: WaitRecord): Promise<void> {
  const now = kit.clock();
  await kit.ledger.db.transaction(async (sql) => {
    await closeWait(sql, wait.id, "cancelled", now);
    for (const task of await tasksOfWait(sql, wait)) {
      await settle(
        sql,
        task,
        { kind: "cancelled", by: "new-input", reason: "The thread went on without this wait." },
        now,
      );
    }
  });
}

/** Ends all that a deleted thread asked and waited for. */
export async function cancelThread(kit: OpenKit, threadId: string): Promise<void> {
  const now = kit.clock();
  await kit.ledger.db.transaction(async (sql) => {
    for (const task of await openTasks(sql, threadId)) {
      await settle(sql, task, { kind: "cancelled", by: "thread-deleted", reason: "The thread was deleted." }, now);
    }
    for (const wait of await openWaits(sql, threadId)) {
      await closeWait(sql, wait.id, "cancelled", now);
      await recordSuccess(sql, threadId, wait.graph);
    }
  });
}

async function tasksOfWait(sql: Sql, wait: WaitRecord): Promise<TaskRecord[]> {
  const tasks = await Promise.all((await taskIdsOfWait(sql, wait.id)).map((id) => findTask(sql, id)));
  return tasks.filter((task) => task !== undefined);
}
