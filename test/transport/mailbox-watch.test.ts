import { describe, expect, it } from "vitest";
import { EmailKitError, type EmailKitErrorCode } from "../../src/errors.ts";
import type { PassResult } from "../../src/transport/mailbox-pass.ts";
import type { MailboxSession } from "../../src/transport/mailbox-session.ts";
import { watchMailbox, type WatchPorts } from "../../src/transport/mailbox-watch.ts";
import type { MailboxState } from "../../src/transport/transport.ts";

const failure = (code: EmailKitErrorCode) => new EmailKitError(code, code);
const lost = failure("IMAP_UNREACHABLE");

/** A connection that arrivals and its end are told to by hand. */
function fakeSession() {
  let arrive = (): void => {};
  let end = (_reason: Error): void => {};
  let alive = true;
  const ended = new Promise<Error>((resolve) => {
    end = resolve;
  });
  const calls = { idle: 0, refresh: 0, closed: 0 };
  const session = {
    pushes: true,
    alive: () => alive,
    ended,
    onArrival: (listener: () => void) => {
      arrive = listener;
    },
    refresh: () => {
      calls.refresh += 1;
      return Promise.resolve();
    },
    idle: () => {
      calls.idle += 1;
      return ended as Promise<unknown> as Promise<void>;
    },
    close: () => {
      calls.closed += 1;
      alive = false;
      end(lost);
    },
  } as MailboxSession;
  const finish = (reason: Error): void => {
    alive = false;
    end(reason);
  };
  return { session, calls, arrive: () => arrive(), finish };
}

function watching(options: {
  connect: (attempt: number) => MailboxSession | EmailKitError;
  pass?: (count: number) => PassResult | EmailKitError | Promise<PassResult>;
  pollIntervalMs?: number;
  backoff?: { firstMs: number; maxMs: number };
}) {
  const states: MailboxState[] = [];
  const controller = new AbortController();
  const counts = { connects: 0, passes: 0 };
  const ports: WatchPorts = {
    async connect(signal) {
      const result = options.connect((counts.connects += 1));
      if (result instanceof Error) throw result;
      signal.addEventListener("abort", () => result.close());
      return result;
    },
    async pass() {
      const result = await (options.pass?.((counts.passes += 1)) ?? { kind: "done", stored: 0 });
      if (result instanceof Error) throw result;
      return result;
    },
    toError: (error) => error as EmailKitError,
    onState: (state) => states.push(state),
    random: () => 1,
  };
  const settings = {
    pollIntervalMs: options.pollIntervalMs ?? 60_000,
    backoff: options.backoff ?? { firstMs: 1, maxMs: 8 },
  };
  const ended = watchMailbox(controller.signal, settings, ports);
  const stop = async () => {
    controller.abort();
    await ended;
  };
  return { states, counts, stop, ended };
}

const kinds = (states: MailboxState[]) => states.map((state) => state.kind);
const delays = (states: MailboxState[]) => states.flatMap((state) => ("retryInMs" in state ? [state.retryInMs] : []));

describe("watchMailbox", () => {
  it("reads once when connected, and once for each arrival", async () => {
    const fake = fakeSession();
    const { counts, states, stop } = watching({
      connect: () => fake.session,
      pass: () => ({ kind: "done", stored: 0 }),
    });
    await expect.poll(() => counts.passes).toBe(1);
    expect(fake.calls.idle).toBe(1);
    fake.arrive();
    await expect.poll(() => counts.passes).toBe(2);
    expect(states).toEqual([{ kind: "connected", idle: true }]);
    await stop();
    expect(fake.calls.closed).toBeGreaterThan(0);
  });

  it("reads again when mail arrives during a pass", async () => {
    const fake = fakeSession();
    const { counts, stop } = watching({
      connect: () => fake.session,
      pass: (count) => {
        if (count === 1) fake.arrive();
        return { kind: "done", stored: 0 };
      },
    });
    await expect.poll(() => counts.passes).toBe(2);
    await stop();
    expect(counts.passes).toBe(2);
    expect(fake.calls.idle).toBe(1);
  });

  it("opens the mailbox anew and reads at each poll, though the server tells of nothing", async () => {
    const fake = fakeSession();
    const { counts, stop } = watching({
      connect: () => fake.session,
      pass: () => ({ kind: "done", stored: 0 }),
      pollIntervalMs: 10,
    });
    await expect.poll(() => counts.passes).toBeGreaterThan(3);
    expect(fake.calls.refresh).toBeGreaterThanOrEqual(counts.passes - 1);
    await stop();
  });

  it("does not spin on a server that ends each IDLE at once", async () => {
    const fake = fakeSession();
    let idles = 0;
    const session = { ...fake.session, idle: () => Promise.resolve(void (idles += 1)) };
    const { counts, stop } = watching({ connect: () => session, pass: () => ({ kind: "done", stored: 0 }) });
    await new Promise((resolve) => setTimeout(resolve, 60));
    expect({ idles, passes: counts.passes }).toEqual({ idles: 1, passes: 1 });
    await stop();
  });

  it("waits longer after each failure, up to the limit, and starts over only after a pass", async () => {
    const { states, stop } = watching({
      connect: (attempt) => (attempt <= 5 ? lost : fakeSession().session),
      pass: (count) => (count === 1 ? lost : { kind: "done", stored: 0 }),
    });
    await expect.poll(() => kinds(states).at(-1)).toBe("connected");
    expect(delays(states)).toEqual([1, 2, 4, 8, 8, 8]);
    await stop();
  });

  it("starts over after a pass that went well", async () => {
    const sessions: ReturnType<typeof fakeSession>[] = [];
    const { states, stop } = watching({
      connect: (attempt) => {
        if (attempt <= 3) return lost;
        sessions.push(fakeSession());
        return (sessions.at(-1) as ReturnType<typeof fakeSession>).session;
      },
      pass: () => ({ kind: "done", stored: 0 }),
    });
    await expect.poll(() => kinds(states).at(-1)).toBe("connected");
    sessions[0]?.finish(lost);
    await expect
      .poll(() => kinds(states))
      .toEqual(["disconnected", "disconnected", "disconnected", "connected", "disconnected", "connected"]);
    expect(delays(states)).toEqual([1, 2, 4, 1]);
    await stop();
  });

  it("asks rarely where the credentials are refused or the mailbox is missing, and goes on asking", async () => {
    const auth = watching({ connect: () => failure("IMAP_AUTH_FAILED") });
    const missing = watching({ connect: () => failure("MAILBOX_NOT_FOUND") });
    await expect.poll(() => delays(auth.states)).toEqual([60_000]);
    await expect.poll(() => delays(missing.states).slice(0, 3)).toEqual([8, 8, 8]);
    await auth.stop();
    await missing.stop();
  });

  it("keeps the connection when a mail cannot be stored, says so, and tries again", async () => {
    const fake = fakeSession();
    const error = new Error("disk full");
    const { states, counts, stop } = watching({
      connect: () => fake.session,
      pass: (count) => (count <= 3 ? { kind: "reader-failed", stored: 0, error } : { kind: "done", stored: 1 }),
    });
    await expect.poll(() => kinds(states)).toEqual(["stalled", "stalled", "stalled", "connected"]);
    expect(states[0]).toEqual({ kind: "stalled", error, retryInMs: 1 });
    expect(delays(states)).toEqual([1, 2, 4]);
    expect(counts.connects).toBe(1);
    await stop();
  });

  it("notices the end of the connection while it is stalled", async () => {
    const fake = fakeSession();
    const { states, stop } = watching({
      connect: () => fake.session,
      pass: () => ({ kind: "reader-failed", stored: 0, error: new Error("disk full") }),
      backoff: { firstMs: 60_000, maxMs: 60_000 },
    });
    await expect.poll(() => kinds(states)).toEqual(["stalled"]);
    fake.finish(lost);
    await expect.poll(() => kinds(states)).toEqual(["stalled", "disconnected"]);
    await stop();
  });

  it("lets a store under way end before it resolves", async () => {
    const fake = fakeSession();
    let release = (): void => {};
    let stored = false;
    const { counts, stop } = watching({
      connect: () => fake.session,
      pass: async () => {
        await new Promise<void>((resolve) => {
          release = resolve;
        });
        stored = true;
        return { kind: "done", stored: 1 };
      },
    });
    await expect.poll(() => counts.passes).toBe(1);
    const stopped = stop();
    release();
    await stopped;
    expect(stored).toBe(true);
  });
});
