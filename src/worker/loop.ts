import { AsyncLocalStorage } from "node:async_hooks";
import type { Clock } from "../time/clock.ts";
import type { Outages } from "./outage.ts";

/** Work that is looked for whenever something may have changed, and again when its next due time comes. */
export interface Loop {
  /** Something may have changed: look soon. Many calls make one look. */
  wake(): void;
  /** Looks now, and until nothing is left to do. */
  settle(): Promise<void>;
  stop(): Promise<void>;
}

export interface LoopOptions {
  name: string;
  /** Does what is ready; resolves with how much that was. */
  pass: () => Promise<number>;
  /** When something becomes ready by time alone, in milliseconds since the epoch. */
  nextDue: () => Promise<number | undefined>;
  /** Resolves when nothing that a pass has started is under way. */
  idle?: () => Promise<void>;
  onStop?: () => Promise<void>;
  /** Milliseconds after a look in which no wake makes another one. Default: 0. */
  restMs?: number;
  /** Whether it rests before each look as well: for what a moment's delay does no harm, so that it stands in nobody's way. Default: false. */
  patient?: boolean;
  clock: Clock;
  outages: Outages;
}

/** Looked at least so often, whatever was missed. */
const SWEEP_MS = 60_000;
const AFTER_ERROR_MS = 5_000;
/** What was due before a pass, and left by it, is another worker's, or held. */
const LEFT_MS = 1_000;

/** A commit made inside of a graph's node wakes the loop: what the loop does must not be taken for a part of that node's run. */
const outsideOfRuns = AsyncLocalStorage.snapshot();

export function startLoop(options: LoopOptions): Loop {
  let dirty = false;
  let stopped = false;
  let running: Promise<void> | undefined;
  let timer: NodeJS.Timeout | undefined;
  const { restMs = 0 } = options;
  /** Until when the last look is rested from, and whether a wake has asked to look then. */
  let restUntil = 0;
  let resting = false;

  const run = async () => {
    clearTimeout(timer);
    resting = false;
    let pause = SWEEP_MS;
    let begun = 0;
    try {
      do {
        dirty = false;
        begun = options.clock();
        while ((await options.pass()) > 0 && !stopped);
      } while (dirty && restMs === 0 && !stopped);
      // Whoever looks again in a moment need not know when else.
      const due = dirty ? undefined : await options.nextDue();
      if (due !== undefined) pause = due <= begun ? LEFT_MS : Math.min(SWEEP_MS, Math.max(1, due - options.clock()));
      options.outages.worked(options.name);
    } catch (error) {
      options.outages.failed(options.name, error);
      pause = AFTER_ERROR_MS;
    }
    restUntil = performance.now() + restMs;
    if (!stopped) timer = setTimeout(look, pause);
  };
  const look = () => {
    if (stopped) return;
    running ??= outsideOfRuns(async () => {
      await Promise.resolve();
      await run();
    }).finally(() => {
      running = undefined;
      if (dirty) wake();
    });
  };
  const wake = () => {
    if (stopped) return;
    dirty = true;
    if (running || resting) return;
    const rest = options.patient ? restMs : restUntil - performance.now();
    if (rest <= 0) return look();
    resting = true;
    clearTimeout(timer);
    timer = setTimeout(look, rest);
  };
  return {
    wake,
    async settle() {
      do {
        look();
        while (running) await running;
        await options.idle?.();
      } while ((dirty || running) && !stopped);
    },
    async stop() {
      stopped = true;
      clearTimeout(timer);
      await running;
      await options.idle?.();
      await options.onStop?.();
    },
  };
}
