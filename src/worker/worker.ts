import { acquireLease, releaseLease, renewLease } from "../ledger/leases.ts";
import { openRequests } from "../ledger/requests.ts";
import { sealEvents } from "../ledger/seals.ts";
import { nextThreadTime, readyThreads } from "../ledger/threads.ts";
import type { Mailbox, MailboxState } from "../transport/transport.ts";
import { pause } from "../transport/wait.ts";
import { backoffMs } from "../time/backoff.ts";
import type { WorkerDeps } from "./deps.ts";
import { createDispatcher, nextDispatch } from "./dispatch.ts";
import { expireDue, expireDueWaits, nextExpiry } from "./expire.ts";
import { mailAgain, nextMailAgain } from "./mail-again.ts";
import { actOnConfirmations } from "./confirmed.ts";
import { mendClock, watchClock } from "./clock.ts";
import { type Loop, startLoop } from "./loop.ts";
import { type Outages, watchOutages } from "./outage.ts";
import { startPool } from "./pool.ts";
import { mailboxReader } from "./receive.ts";

/** Submits, watches, settles, resumes and expires, until it is stopped. */
export interface Worker extends AsyncDisposable {
  /** Resolves when every mailbox has been read once, or has failed once. */
  readonly ready: Promise<void>;
  /**
   * Lets runs come to their next step for `graceMs` (default 10 000), then breaks them off; a node in flight runs again at the next start.
   * May be called again, to grant less.
   */
  stop(options?: { graceMs?: number }): Promise<void>;
}

const DEFAULT_GRACE_MS = 10_000;
/** Many commits in a row, as when many replies come in, make these look this often, and not at each of them. */
const REST_MS = 20;
const RESUME_REST_MS = 4;
/** How long an event of the audit log waits for its seal, at most, and so how often a busy ledger pays for one. */
const SEAL_REST_MS = 1_000;
/** Of `runOnce`: two served agents may go on for ever. */
const MAX_ROUNDS = 100;

export function startWorker(deps: WorkerDeps): Worker {
  const draining = new AbortController();
  const breaking = new AbortController();
  const firstReads: Promise<void>[] = [];
  const outages = watchOutages(deps.log);
  const watches = deps.mailboxes.map(({ mailbox, agents }) => {
    const first = Promise.withResolvers<void>();
    firstReads.push(first.promise);
    return watchMailbox(deps, outages, { mailbox, agents }, draining.signal, first.resolve);
  });
  const ready = Promise.all(firstReads).then(() => {});
  const loops = startLoops(deps, outages, { drain: draining.signal, abort: breaking.signal }, ready);
  const wake = () => {
    for (const loop of loops) loop.wake();
  };
  const off = deps.ledger.db.onCommit(wake);
  wake();
  let stopped: Promise<unknown> | undefined;
  const stop = async ({ graceMs = DEFAULT_GRACE_MS }: { graceMs?: number } = {}) => {
    off();
    draining.abort();
    const grace = setTimeout(() => {
      breaking.abort();
      for (const submitter of deps.submitters.values()) void submitter.close();
    }, graceMs);
    stopped ??= Promise.all([...watches, ...loops.map((loop) => loop.stop())]);
    await stopped.finally(() => clearTimeout(grace));
  };
  return { ready, stop, [Symbol.asyncDispose]: () => stop() };
}

/** Does all that can be done now, and ends: for a cron job or a webhook. Throws the first mailbox's error, after everything else is done. */
export async function runOnce(deps: WorkerDeps): Promise<void> {
  const never = new AbortController().signal;
  const errors = new Map<string, unknown>();
  const drainAll = async (): Promise<number> => {
    const stored = deps.mailboxes.map(async ({ mailbox, agents }) => {
      try {
        return await mailbox.drain(mailboxReader(deps, mailbox, agents));
      } catch (error) {
        errors.set(mailbox.key, error);
        return 0;
      }
    });
    return (await Promise.all(stored)).reduce((sum, count) => sum + count, 0);
  };
  // A reply that came in before its task's deadline counts, however late it is read.
  let submitted = 0;
  const firstRead = drainAll();
  const loops = startLoops(
    deps,
    watchOutages(deps.log),
    { drain: never, abort: never },
    firstRead.then(() => {}),
    (count) => {
      submitted += count;
    },
  );
  try {
    await firstRead;
    for (let round = 0; round < MAX_ROUNDS; round++) {
      const before = submitted;
      // What one does may give another one work.
      for (const loop of [...loops, ...loops]) await loop.settle();
      // What was sent may be asked of a served agent of this kit, or its answer, or come back at once.
      if ((await drainAll()) === 0 && submitted === before) break;
    }
  } finally {
    await Promise.all(loops.map((loop) => loop.stop()));
  }
  for (const error of errors.values()) throw error;
}

function startLoops(
  deps: WorkerDeps,
  outages: Outages,
  stop: { abort: AbortSignal; drain: AbortSignal },
  firstRead: Promise<void>,
  onSubmitted: (count: number) => void = () => {},
): Loop[] {
  const { clock, resume, serve } = deps;
  const { db } = deps.ledger;
  const timed = (
    name: string,
    pass: () => Promise<number>,
    nextDue: () => Promise<number | undefined>,
    options: { patient?: boolean; idle?: () => Promise<void> } = {},
  ) => startLoop({ name, pass, nextDue, restMs: REST_MS, ...options, clock, outages });
  const pooled = <Item extends { threadId: string }>(
    name: string,
    find: (atMost: number) => Promise<Item[]>,
    work: (item: Item) => Promise<unknown>,
    restMs: number,
  ) => {
    const pool = startPool({
      limit: deps.concurrency,
      find,
      keyOf: ({ threadId }) => threadId,
      work: async (item) => {
        await work(item);
        outages.worked(`${name} of ${item.threadId}`);
      },
      onError: ({ threadId }, error) => outages.failed(`${name} of ${threadId}`, error, { threadId }),
      onDone: () => loop.wake(),
    });
    const loop: Loop = startLoop({
      name,
      pass: async () => (stop.drain.aborted ? 0 : pool.fill()),
      nextDue: () => nextThreadTime(db, resume.scope(), clock()),
      idle: () => pool.idle(),
      onStop: () => pool.stop(),
      restMs,
      clock,
      outages,
    });
    return loop;
  };
  const dispatcher = createDispatcher(deps, () => dispatching.wake());
  const dispatching: Loop = timed(
    "dispatch",
    async () => {
      // A reply may say that what seems to be due was sent.
      await firstRead;
      const count = await dispatcher.fill(stop.drain);
      onSubmitted(count);
      return count;
    },
    () => nextDispatch(deps),
    { idle: () => dispatcher.idle() },
  );
  const wasPutBack = watchClock(clock);
  return [
    timed(
      "clock",
      async () => (wasPutBack() ? mendClock(deps) : 0),
      async () => undefined,
    ),
    // First, since a reply is in: what follows it matters most.
    pooled(
      "resume",
      (limit) => readyThreads(db, { ...resume.scope(), now: clock(), limit }),
      (thread) => resume.resume(thread, stop.abort, stop.drain),
      RESUME_REST_MS,
    ),
    pooled(
      "requests",
      async (limit) => {
        const graphs = serve.graphs();
        return graphs.length === 0 ? [] : openRequests(db, { graphs, now: clock(), limit });
      },
      ({ id }) => serve.serve(id, stop.abort, stop.drain),
      REST_MS,
    ),
    dispatching,
    timed(
      "mailing again",
      async () => {
        await firstRead;
        return mailAgain(deps);
      },
      () => nextMailAgain(deps),
      { patient: true },
    ),
    timed(
      "confirmations",
      () => actOnConfirmations(deps),
      async () => undefined,
      { patient: true },
    ),
    startLoop({
      name: "sealing",
      pass: () => sealEvents(db, clock),
      nextDue: async () => undefined,
      // What a broken ledger keeps from it is left to the next start.
      onStop: () =>
        sealEvents(db, clock).then(
          () => {},
          () => {},
        ),
      restMs: SEAL_REST_MS,
      clock,
      outages,
    }),
    timed(
      "expiry",
      async () => {
        await firstRead;
        return (await expireDue(deps, "all")) + (await expireDueWaits(deps));
      },
      () => nextExpiry(deps),
      { patient: true },
    ),
  ];
}

/** How long after an error of the ledger it is asked again for a mailbox's lease. */
const LEASE_RETRY = { firstMs: 500, maxMs: 15_000 };

/** One process watches a mailbox; the others look whether it still does. */
async function watchMailbox(
  deps: WorkerDeps,
  outages: Outages,
  watched: WorkerDeps["mailboxes"][number],
  signal: AbortSignal,
  onFirstRead: () => void,
): Promise<void> {
  const what = `watch of ${watched.mailbox.key}`;
  let failures = 0;
  while (!signal.aborted) {
    try {
      const held = await watchAsHolder(deps, outages, watched, signal, onFirstRead);
      failures = 0;
      outages.worked(what);
      if (!held) await pause(deps.leaseMs / 6, signal);
    } catch (error) {
      outages.failed(what, error);
      await pause(backoffMs(++failures, LEASE_RETRY), signal);
    } finally {
      onFirstRead();
    }
  }
  await watched.mailbox.close();
}

/** Resolves with false while another process watches, and otherwise when this one does so no more. Rejects for an error of the ledger. */
async function watchAsHolder(
  deps: WorkerDeps,
  outages: Outages,
  { mailbox, agents }: WorkerDeps["mailboxes"][number],
  signal: AbortSignal,
  onFirstRead: () => void,
): Promise<boolean> {
  const { db } = deps.ledger;
  const lease = await acquireLease(db, `mailbox:${mailbox.key}`, deps.newId(), deps.clock(), deps.leaseMs);
  if (!lease) return false;
  const lost = new AbortController();
  const renewal = `lease of ${mailbox.key}`;
  const heartbeat = setInterval(() => {
    renewLease(db, lease, deps.clock(), deps.leaseMs).then(
      (kept) => {
        outages.worked(renewal);
        if (!kept) lost.abort();
      },
      (error: unknown) => outages.failed(renewal, error),
    );
  }, deps.leaseMs / 3);
  try {
    await mailbox.watch(mailboxReader(deps, mailbox, agents), {
      signal: AbortSignal.any([signal, lost.signal]),
      onState(state) {
        onFirstRead();
        tellState(deps, outages, mailbox, state);
      },
    });
  } finally {
    clearInterval(heartbeat);
    outages.worked(renewal);
    await releaseLease(db, lease);
  }
  return true;
}

function tellState(deps: WorkerDeps, outages: Outages, mailbox: Mailbox, state: MailboxState): void {
  const [reading, storing] = [`reading of ${mailbox.key}`, `storing of a mail of ${mailbox.key}`];
  const { key } = mailbox;
  switch (state.kind) {
    case "connected":
      outages.worked(reading);
      outages.worked(storing);
      return deps.log.info("Watching a mailbox", { mailbox: key, idle: state.idle });
    case "disconnected":
      return outages.failed(reading, state.error, { mailbox: key, retryInMs: state.retryInMs });
    case "stalled":
      return outages.failed(storing, state.error, { mailbox: key, retryInMs: state.retryInMs });
  }
}
