import { EmailKitError } from "../errors.ts";
import { acquireLease, releaseLease, renewLease } from "../ledger/leases.ts";
import { openRequests } from "../ledger/requests.ts";
import { nextThreadTime, readyThreads } from "../ledger/threads.ts";
import type { Mailbox, MailboxState } from "../transport/transport.ts";
import type { WorkerDeps } from "./deps.ts";
import { dispatchDue, nextDispatch } from "./dispatch.ts";
import { expireDue, nextExpiry } from "./expire.ts";
import { type Loop, startLoop } from "./loop.ts";
import { startPool } from "./pool.ts";
import { mailboxReader } from "./receive.ts";

/** Submits, watches, settles, resumes and expires, until it is stopped. */
export interface Worker extends AsyncDisposable {
  /** Resolves when every mailbox has been read once, or has failed once. */
  readonly ready: Promise<void>;
  /** Lets runs come to their next step for `graceMs` (default 10 000), then breaks them off; a node in flight runs again at the next start. */
  stop(options?: { graceMs?: number }): Promise<void>;
}

const DEFAULT_GRACE_MS = 10_000;

export function startWorker(deps: WorkerDeps): Worker {
  const stopping = new AbortController();
  const breaking = new AbortController();
  const loops = startLoops(deps, breaking.signal);
  const off = deps.ledger.db.onCommit(() => {
    for (const loop of loops) loop.wake();
  });
  for (const loop of loops) loop.wake();
  const firstReads: Promise<void>[] = [];
  const watches = deps.mailboxes.map(({ mailbox, agents }) => {
    const first = Promise.withResolvers<void>();
    firstReads.push(first.promise);
    return watchMailbox(deps, mailbox, agents, stopping.signal, first.resolve);
  });
  let stopped: Promise<void> | undefined;
  const stop = async (graceMs: number) => {
    stopping.abort();
    off();
    const grace = setTimeout(() => breaking.abort(), graceMs);
    await Promise.all([...watches, ...loops.map((loop) => loop.stop())]);
    clearTimeout(grace);
  };
  return {
    ready: Promise.all(firstReads).then(() => {}),
    stop: (options) => (stopped ??= stop(options?.graceMs ?? DEFAULT_GRACE_MS)),
    [Symbol.asyncDispose]: () => (stopped ??= stop(DEFAULT_GRACE_MS)),
  };
}

/** Does all that can be done now, and ends: for a cron job or a webhook. Throws the first mailbox's error, after everything else is done. */
export async function runOnce(deps: WorkerDeps): Promise<void> {
  const loops = startLoops(deps, new AbortController().signal);
  const errors: unknown[] = [];
  try {
    await Promise.all(loops.map((loop) => loop.settle()));
    for (const { mailbox, agents } of deps.mailboxes) {
      try {
        await mailbox.drain(mailboxReader(deps, mailbox, agents));
      } catch (error) {
        errors.push(error);
      }
    }
    // A resumed graph may send, and what it sends may be answered by a served agent of this very kit.
    for (const loop of [...loops, ...loops]) await loop.settle();
  } finally {
    await Promise.all(loops.map((loop) => loop.stop()));
  }
  if (errors.length > 0) throw errors[0];
}

function startLoops(deps: WorkerDeps, signal: AbortSignal): Loop[] {
  const { clock, log } = deps;
  const { db } = deps.ledger;
  const timed = (name: string, pass: () => Promise<number>, nextDue: () => Promise<number | undefined>) =>
    startLoop({ name, pass, nextDue, clock, log });
  const pooled = <Item>(
    name: string,
    graphs: () => string[],
    find: () => Promise<Item[]>,
    keyOf: (item: Item) => string,
    work: (item: Item) => Promise<unknown>,
  ) => {
    const pool = startPool({ limit: deps.concurrency, find, keyOf, work, onDone: () => loop.wake() });
    const pass = async () => (signal.aborted ? 0 : pool.fill());
    const loop: Loop = startLoop({
      name,
      pass,
      nextDue: () => nextThreadTime(db, graphs()),
      idle: () => pool.idle(),
      clock,
      log,
    });
    return loop;
  };
  const { resume, serve } = deps;
  return [
    timed(
      "dispatch",
      () => dispatchDue(deps),
      () => nextDispatch(deps),
    ),
    timed(
      "expiry",
      () => expireDue(deps),
      () => nextExpiry(deps),
    ),
    pooled(
      "resume",
      () => resume.graphs(),
      () => readyThreads(db, { graphs: resume.graphs(), now: clock(), limit: deps.concurrency * 2 }),
      ({ threadId }) => threadId,
      ({ threadId, graph }) => resume.resume(threadId, graph, signal),
    ),
    pooled(
      "requests",
      () => serve.graphs(),
      () => openRequests(db, { graphs: serve.graphs(), now: clock(), limit: deps.concurrency * 2 }),
      ({ threadId }) => threadId,
      ({ id }) => serve.serve(id, signal),
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
        (error: unknown) => deps.log.warn("The lease of a mailbox could not be renewed", { error: String(error) }),
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
  const { error, retryInMs } = state;
  const fields = { mailbox: mailbox.key, retryInMs, ...(error instanceof EmailKitError && { code: error.code }) };
  const reason = error instanceof Error ? error.message : String(error);
  if (state.kind === "disconnected") deps.log.warn(`A mailbox cannot be watched: ${reason}`, fields);
  else deps.log.error(`A mail could not be stored, and is read again: ${reason}`, fields);
}

async function pause(ms: number, signal: AbortSignal): Promise<void> {
  await new Promise<void>((resolve) => {
    const timer = setTimeout(resolve, ms);
    signal.addEventListener("abort", () => {
      clearTimeout(timer);
      resolve();
    });
  });
}
