import { mendTimes } from "../ledger/clock-steps.ts";
import type { Clock } from "../time/clock.ts";
import type { WorkerDeps } from "./deps.ts";
import { SUBMIT_RETRY } from "./dispatch.ts";

const STEP_MS = 1_000;

/** A question: whether the clock has been put back since it was last asked. The answer to the first one is yes, since nobody knows what happened before. */
export function watchClock(clock: Clock): () => boolean {
  let last = Infinity;
  return () => {
    const ahead = clock() - performance.now();
    const putBack = ahead < last - STEP_MS;
    last = ahead;
    return putBack;
  };
}

/** Brings back what was put off to a time that the clock has left again. */
export async function mendClock({ ledger, clock, leaseMs, onDoubt, log }: WorkerDeps): Promise<0> {
  const longestMs = Math.max(SUBMIT_RETRY.maxMs, onDoubt.kind === "resend" ? onDoubt.afterMs : 0);
  const mended = await ledger.db.transaction((sql) => mendTimes(sql, { now: clock(), leaseMs, longestMs }));
  if (mended > 0) log.warn("The clock was put back; what waited for a time too far ahead is looked at now", { mended });
  return 0;
}
