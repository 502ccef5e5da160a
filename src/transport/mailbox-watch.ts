import { EmailKitError } from "../errors.ts";
import { type Backoff, backoffMs } from "../time/backoff.ts";
import type { PassResult, Progress } from "./mailbox-pass.ts";
import type { MailboxSession } from "./mailbox-session.ts";
import type { MailboxState } from "./transport.ts";
import { pause } from "./wait.ts";

export interface WatchPorts {
  /** Throws an {@link EmailKitError}; the session is closed when the signal aborts. */
  connect(signal: AbortSignal): Promise<MailboxSession>;
  /** One pass; never two at a time for one mailbox. */
  pass(session: MailboxSession, progress: Partial<Progress>): Promise<PassResult>;
  /** The same over the Junk folder, where that is to be read. */
  junkPass?(session: MailboxSession, progress: Partial<Progress>): Promise<PassResult>;
  toError(error: unknown): EmailKitError;
  onState(state: MailboxState): void;
  random(): number;
}

export interface WatchSettings {
  pollIntervalMs: number;
  backoff: Backoff;
}

/** A server that refuses the credentials again and again may lock the account, so it is asked ever more rarely. */
const REFUSED_BACKOFF: Backoff = { firstMs: 60_000, maxMs: 600_000 };
/** An IDLE that the server ends at once must not become a loop without a pause. */
const MIN_IDLE_MS = 1_000;

/** Connects, reads, listens, and connects anew, until `signal` aborts. */
export async function watchMailbox(signal: AbortSignal, settings: WatchSettings, ports: WatchPorts): Promise<void> {
  let attempt = 0;
  let refusals = 0;
  while (!signal.aborted) {
    try {
      const session = await ports.connect(signal);
      try {
        await follow(session, settings, ports, () => {
          attempt = 0;
          refusals = 0;
        });
      } finally {
        session.close();
      }
    } catch (thrown) {
      if (signal.aborted) return;
      const error = ports.toError(thrown);
      const refused = error.code === "IMAP_AUTH_FAILED";
      const retryInMs = refused
        ? backoffMs(refusals + 1, REFUSED_BACKOFF, ports.random())
        : backoffMs(error.retryable ? attempt + 1 : Number.MAX_SAFE_INTEGER, settings.backoff, ports.random());
      attempt += 1;
      refusals += refused ? 1 : 0;
      ports.onState({ kind: "disconnected", error, retryInMs });
      await pause(retryInMs, signal);
    }
  }
}

/** Reads whenever there may be new mail, for as long as the session lasts; then throws the reason of its end. */
async function follow(
  session: MailboxSession,
  settings: WatchSettings,
  ports: WatchPorts,
  onCaughtUp: () => void,
): Promise<never> {
  const bell = createBell();
  const progress: Partial<Progress> = {};
  const junkProgress: Partial<Progress> = {};
  let junkDueAt = ports.junkPass ? 0 : Infinity;
  let state: "new" | "connected" | "stalled" = "new";
  let failures = 0;
  const gone = new AbortController();
  session.onArrival(bell.ring);
  void session.ended.then(() => {
    gone.abort();
    return bell.ring();
  });
  while (session.alive()) {
    bell.reset();
    let result = await ports.pass(session, progress);
    const junkDue = result.kind === "done" && performance.now() >= junkDueAt;
    if (junkDue) {
      result = await ports.junkPass!(session, junkProgress);
      // The server told of nothing while another folder was open.
      bell.ring();
    }
    if (result.kind === "reader-failed") {
      const retryInMs = backoffMs(failures + 1, settings.backoff, ports.random());
      failures += 1;
      state = "stalled";
      ports.onState({ kind: "stalled", error: result.error, retryInMs });
      await pause(retryInMs, gone.signal);
      continue;
    }
    if (junkDue) junkDueAt = performance.now() + settings.pollIntervalMs;
    failures = 0;
    onCaughtUp();
    if (state !== "connected") ports.onState({ kind: "connected", idle: session.pushes });
    state = "connected";
    if (bell.rung()) continue;
    if ((await nextWake(session, bell, settings.pollIntervalMs)) === "poll") await session.refresh();
  }
  throw await session.ended;
}

/** Listens until something is to be done. */
async function nextWake(session: MailboxSession, bell: Bell, pollIntervalMs: number): Promise<"rung" | "poll"> {
  const over = new AbortController();
  void listen(session, over.signal);
  try {
    return await Promise.race([
      bell.next().then(() => "rung" as const),
      pause(pollIntervalMs, over.signal).then(() => "poll" as const),
    ]);
  } finally {
    over.abort();
  }
}

async function listen(session: MailboxSession, over: AbortSignal): Promise<void> {
  while (!over.aborted && session.alive()) {
    const started = performance.now();
    await session.idle();
    if (performance.now() - started < MIN_IDLE_MS) await pause(MIN_IDLE_MS, over);
  }
}

interface Bell {
  ring: () => void;
  reset(): void;
  rung(): boolean;
  /** Resolves at the next ring, or at once where it has rung since the last reset. */
  next(): Promise<void>;
}

/** A dirty bit that can be waited for. */
function createBell(): Bell {
  let rung = false;
  let wake = (): void => {};
  return {
    ring: () => {
      rung = true;
      wake();
    },
    reset: () => {
      rung = false;
    },
    rung: () => rung,
    next: () =>
      new Promise((resolve) => {
        wake = resolve;
        if (rung) resolve();
      }),
  };
}
