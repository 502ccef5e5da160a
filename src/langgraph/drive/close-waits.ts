import { appendEvent } from "../../ledger/events.ts";
import { settleTask } from "../../ledger/tasks.ts";
import { closeWait, openWaits, taskIdsOfWait, type WaitRecord } from "../../ledger/waits.ts";
import type { OpenKit } from "../context.ts";
import type { ThreadState } from "./thread-state.ts";

/**
 * Closes the waits that the thread's state no longer holds: consumed where their outcome was handed over and the node's result is stored,
 * cancelled where a new input or an update took their place. Called at rest, by who holds the thread.
 */
export async function closeWaits(kit: OpenKit, threadId: string, state: ThreadState): Promise<void> {
  // A node that has yet to run again may still ask for its waits.
  if (state.unfinished || state.limbo) return;
  const requests = [...state.pending.values()].filter((request) => request !== undefined);
  const waitingNodes = new Set(requests.map((request) => request.nodeTaskId));
  for (const wait of await openWaits(kit.ledger.db, threadId)) {
    if (waitingNodes.has(wait.nodeTaskId)) continue;
    if (wait.deliveredAt !== null) await closeWait(kit.ledger.db, wait.id, "consumed", kit.clock());
    else await cancelWait(kit, wait, "new-input", "The thread went on without this wait.");
  }
}

/** Ends a wait whose graph no longer asks, and the tasks that it waited for. */
export async function cancelWait(
  kit: OpenKit,
  wait: WaitRecord,
  by: "new-input" | "thread-deleted",
  reason: string,
): Promise<void> {
  const now = kit.clock();
  await kit.ledger.db.transaction(async (sql) => {
    await closeWait(sql, wait.id, "cancelled", now);
    for (const taskId of await taskIdsOfWait(sql, wait.id)) {
      if (!(await settleTask(sql, taskId, { kind: "cancelled", by, reason }, now))) continue;
      await appendEvent(sql, {
        at: now,
        kind: "wait-cancelled",
        graph: wait.graph,
        threadId: wait.threadId,
        taskId,
        data: { by, reason },
      });
    }
  });
}
