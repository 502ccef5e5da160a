import { EmailKitError } from "../errors.ts";
import { acquireLease, releaseLease, renewLease } from "../ledger/leases.ts";
import { openRequests } from "../ledger/requests.ts";
import { nextThreadTime, readyThreads } from "../ledger/threads.ts";
import type { Mailbox, MailboxState } from "../transport/transport.ts";
import { pause } from "../transport/wait.ts";
import type { WorkerDeps } from "./deps.ts";
import { dispatchDue, nextDispatch } from "./dispatch.ts";
import { expireDue, expireDueWaits, nextExpiry } from "./expire.ts";
import { mailAgain, nextMailAgain } from "./mail-again.ts";
import { type Loop, startLoop } from "./loop.ts";
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
/** Of `runOnce`: two served agents may go on for ever. */
const MAX_ROUNDS = 100;

export function startWorker(deps: WorkerDeps): Worker {
  const draining = new AbortController();
  const breaking = new AbortController();
  const firstReads: Promise<void>[] = [];
  const watches = deps.mailboxes.map(({ mailbox, agents }) => {
    const first = Promise.withResolvers<void>();
    firstReads.push(first.promise);
    return watchMailbox(deps, mailbox, agents, draining.signal, first.resolve);
  });
  const ready = Promise.all(firstReads).then(() => {});
  const loops = startLoops(deps, { drain: draining.signal, abort: breaking.signal }, ready);
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
  stop: { abort: AbortSignal; drain: AbortSignal },
  firstRead: Promise<void>,
  onSubmitted: (count: number) => void = () => {},
): Loop[] {
  const { clock, log, resume, serve } = deps;
  const { db } = deps.ledger;
  const timed = (name: string, pass: () => Promise<number>, nextDue: () => Promise<number | undefined>) =>
    startLoop({ name, pass, nextDue, restMs: REST_MS, clock, log });
  const pooled = <Item extends { threadId: string }>(
    name: string,
    graphs: () => string[],
    find: () => Promise<Item[]>,
    work: (item: Item) => Promise<unknown>,
    restMs: number,
  ) => {
    const pool = startPool({
      limit: deps.concurrency,
      find,
      keyOf: ({ threadId }) => threadId,
      work,
      onError: ({ threadId }, error) =>
        log.error("The work on a thread failed and will be tried again", { loop: name, threadId, ...described(error) }),
      onDone: () => loop.wake(),
    });
    const loop: Loop = startLoop({
      name,
      pass: async () => (stop.drain.aborted ? 0 : pool.fill()),
      nextDue: async () => (graphs().length === 0 ? undefined : nextThreadTime(db, graphs())),
      idle: () => pool.idle(),
      onStop: () => pool.stop(),
      restMs,
      clock,
      log,
    });
    return loop;
  };
  return [
    // First, since a reply is in: what follows it matters most.
    pooled(
      "resume",
      () => resume.graphs(),
      () => readyThreads(db, { graphs: resume.graphs(), now: clock(), limit: deps.concurrency * 2 }),
      ({ threadId, graph }) => resume.resume(threadId, graph, stop.abort, stop.drain),
      RESUME_REST_MS,
    ),
    pooled(
      "requests",
      () => serve.graphs(),
      async () => {
        const graphs = serve.graphs();
        return graphs.length === 0 ? [] : openRequests(db, { graphs, now: clock(), limit: deps.concurrency * 2 });
      },
      ({ id }) => serve.serve(id, stop.abort, stop.drain),
      REST_MS,
    ),
    timed(
      "dispatch",
      async () => {
        const count = await dispatchDue(deps, stop.drain);
        onSubmitted(count);
        return count;
      },
      () => nextDispatch(deps),
    ),
    timed(
      "mailing again",
      async () => {
        await firstRead;
        return mailAgain(deps);
      },
      () => nextMailAgain(deps),
    ),
    timed(
      "expiry",
      async () => {
        await firstRead;
        return (await expireDue(deps, "all")) + (await expireDueWaits(deps));
      },
      () => nextExpiry(deps),
    ),
  ];
}

/** One process watches a mailbox; the others look whether it still does. */
async function watchMailbox(
  deps: WorkerDeps,
  mailbox: Mailbox,
  agents: WorkerDeps["mailboxes"][number]["agents"],
  signal: AbortSignal,
  onFirstRead: () => void,
): Promise<void> {
  const name = `mailbox:${mailbox.key}`;
  const { db } = deps.ledger;
  while (!signal.aborted) {
    const lease = await acquireLease(db, name, deps.newId(), deps.clock(), deps.leaseMs);
    if (!lease) {
      onFirstRead();
      await pause(deps.leaseMs / 6, signal);
      continue;
    }
    const lost = new AbortController();
    const heartbeat = setInterval(() => {
      renewLease(db, lease, deps.clock(), deps.leaseMs).then(
        (kept) => kept || lost.abort(),
        (error: unknown) => deps.log.warn("The lease of a mailbox could not be renewed", described(error)),
      );
    }, deps.leaseMs / 3);
    try {
      await mailbox.watch(mailboxReader(deps, mailbox, agents), {
        signal: AbortSignal.any([signal, lost.signal]),
        onState(state) {
          onFirstRead();
          if (state.kind === "connected")
            deps.log.info("Watching a mailbox", { mailbox: mailbox.key, idle: state.idle });
          else logLost(deps, mailbox, state);
        },
      });
    } finally {
      clearInterval(heartbeat);
      await releaseLease(db, lease);
      onFirstRead();
    }
  }
  await mailbox.close();
}

function logLost(deps: WorkerDeps, mailbox: Mailbox, state: Exclude<MailboxState, { kind: "connected" }>): void {
  const fields = { mailbox: mailbox.key, retryInMs: state.retryInMs, ...described(state.error) };
  if (state.kind === "disconnected") deps.log.warn(`A mailbox cannot be watched: ${fields.error}`, fields);
  else deps.log.error(`A mail could not be stored, and is read again: ${fields.error}`, fields);
}

function described(error: unknown): { error: string; code?: string } {
  if (error instanceof EmailKitError) return { error: error.message, code: error.code };
  return { error: error instanceof Error ? error.message : String(error) };
}
