import { appendEvent } from "../ledger/events.ts";
import { dueTasks, nextDeadline } from "../ledger/tasks.ts";
import { expireWaits, nextWaitDeadline } from "../ledger/waits.ts";
import type { WorkerDeps } from "./deps.ts";
import { settle } from "./settle.ts";

const BATCH = 100;

/** Settles what nobody answered in time. Resolves with the number of tasks. @param which All, or only what has not gone out. */
export async function expireDue(deps: WorkerDeps, which: "all" | "not-sent"): Promise<number> {
  const { db } = deps.ledger;
  let expired = 0;
  for (;;) {
    const now = deps.clock();
    const tasks = await dueTasks(db, { now, limit: BATCH, which });
    for (const task of tasks) {
      await db.transaction(async (sql) => {
        const outcome = { kind: "expired" as const, deadline: new Date(task.deadlineAt).toISOString() };
        if (await settle(sql, task, outcome, now)) expired++;
      });
    }
    if (tasks.length < BATCH) return expired;
  }
}

/** Decides the waits whose own deadline has come. */
export async function expireDueWaits(deps: WorkerDeps): Promise<number> {
  const { db } = deps.ledger;
  const now = deps.clock();
  const next = await nextWaitDeadline(db);
  if (next === undefined || next > now) return 0;
  return db.transaction(async (sql) => {
    const expired = await expireWaits(sql, now);
    for (const { id: waitId, graph, threadId } of expired) {
      await appendEvent(sql, { at: now, kind: "wait-expired", graph, threadId, data: { waitId } });
    }
    return expired.length;
  });
}

export async function nextExpiry(deps: WorkerDeps): Promise<number | undefined> {
  const times = [await nextDeadline(deps.ledger.db), await nextWaitDeadline(deps.ledger.db)];
  const [next] = times.filter((time) => time !== undefined).toSorted((a, b) => a - b);
  return next;
}
