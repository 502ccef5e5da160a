import { EmailKitError } from "../../errors.ts";
import { appendEvent } from "../../ledger/events.ts";
import { readLease } from "../../ledger/leases.ts";
import { wakeRequests } from "../../ledger/requests.ts";
import { driverLease, findThread, recordSuccess, threadLease } from "../../ledger/threads.ts";
import { markWoken, openWaits, type WaitRecord } from "../../ledger/waits.ts";
import type { ResumePort } from "../../worker/ports.ts";
import { withSpan } from "../../spans.ts";
import type { OpenKit } from "../context.ts";
import { MADE_KEY, REQUEST_KEY } from "../run.ts";
import { describeResume, type ResumeReason } from "./describe-resume.ts";
import type { RequestThread } from "./request-thread.ts";
import { fail, inProcessResume, type StopSignals } from "./in-process.ts";
import { nextCommit, tryHoldThread } from "./thread-lease.ts";
import { type DrivenGraph, requireWaitingNodes } from "./thread-state.ts";

/**
 * What the worker needs of LangGraph's API server: a `Client` of `@langchain/langgraph-sdk` has it. `new Client()` reaches the server that
 * this process is; `new Client({ apiUrl, apiKey, defaultHeaders })` another one.
 */
export interface ServerClient {
  threads: {
    create(thread: { threadId: string; ifExists: "do_nothing" }): Promise<unknown>;
    getState(threadId: string): Promise<{
      values: unknown;
      next: string[];
      tasks: { error?: string | null }[];
      checkpoint?: { checkpoint_id?: string | null } | null;
    }>;
  };
  runs: {
    create(
      threadId: string,
      assistantId: string,
      run: { input: Record<string, unknown> | null; multitaskStrategy: "enqueue"; metadata: Record<string, unknown> },
    ): Promise<{ run_id: string }>;
    get(threadId: string, runId: string): Promise<{ status: string }>;
    list(threadId: string, options: { limit: number }): Promise<{ metadata?: Record<string, unknown> | null }[]>;
  };
}

/** How often a run is asked about that has not ended, besides at every commit that this process sees: from the first to the last. Milliseconds. */
const POLL_MS = { first: 100, last: 2_000 };

/** Of a thread, that are looked through for a request's: as many as the API gives at once. */
const MAX_RUNS = 1_000;

interface ServerThread {
  client: ServerClient;
  threadId: string;
  name: string;
  assistant: string;
  stop: AbortSignal;
  /** Of the latest run that was made. */
  runId?: string;
}

/** @throws EmailKitError `INVALID_CONFIG` for what is no client, and for none in the API server's own process: its threads would wait for ever. */
export function checkServer(client: ServerClient | undefined): void {
  const isClient = typeof client?.runs?.create === "function" && typeof client.threads?.getState === "function";
  if (isClient || (client === undefined && !(LOOPBACK in globalThis))) return;
  throw new EmailKitError(
    "INVALID_CONFIG",
    client === undefined
      ? 'This process is LangGraph\'s API server, whose threads are resumed through its SDK: import { Client } from "@langchain/langgraph-sdk" and give { server: new Client() }.'
      : '`server` is a Client of "@langchain/langgraph-sdk": new Client() in the server\'s own process, new Client({ apiUrl, apiKey }) elsewhere.',
  );
}

/** Where the API server puts the way to call itself. */
const LOOPBACK = Symbol.for("langgraph_api:fetch");

/** Resumes threads where they run: attached graphs' own in this process, and those of the API server there. */
export function resumeThreads(
  kit: OpenKit,
  graphs: ReadonlyMap<string, DrivenGraph>,
  client: ServerClient | undefined,
): ResumePort {
  const inProcess = inProcessResume(kit, graphs);
  if (!client) return inProcess;
  const onServer = serverResume(kit, client);
  return {
    scope: () => ({ ...inProcess.scope(), server: true }),
    resume: (thread, ...signals) =>
      thread.assistant === null ? inProcess.resume(thread, ...signals) : onServer(thread, ...signals),
  };
}

/**
 * Resumes threads of the API server, through its own queue: a run without input executes what the thread's step has left.
 * The run, in the server's process, takes the thread's lease and closes the waits, as every run of an attached graph does.
 */
function serverResume(kit: OpenKit, client: ServerClient): ResumePort["resume"] {
  return async ({ threadId, graph, assistant }, abort, drain) => {
    const thread = await hold(kit, client, { threadId, name: graph, assistant: assistant! }, { abort, drain });
    if (!thread) return { kind: "busy" };
    try {
      const ran = await driveOnServer(kit, thread);
      await wakeRequests(kit.ledger.db, threadId);
      return { kind: ran ? "ran" : "idle" };
    } catch (error) {
      if (thread.stop.aborted) return { kind: "busy" };
      await fail(kit, thread, error);
      await wakeRequests(kit.ledger.db, threadId);
      return { kind: "failed" };
    } finally {
      await thread.release();
    }
  };
}

/** The thread of a request, on the API server; undefined while somebody else drives it. */
export async function holdOnServer(
  kit: OpenKit,
  client: ServerClient,
  { threadId, graph }: { threadId: string; graph: string },
  stop: StopSignals,
): Promise<RequestThread | undefined> {
  const thread = await hold(kit, client, { threadId, name: graph, assistant: graph }, stop);
  return (
    thread && {
      async hasBegun(requestId) {
        // One that is there already is left as it is.
        await ask(threadId, () => client.threads.create({ threadId, ifExists: "do_nothing" }));
        const runs = await ask(threadId, () => client.runs.list(threadId, { limit: MAX_RUNS }));
        return runs.some(({ metadata }) => metadata?.[REQUEST_KEY] === requestId);
      },
      async begin(requestId, input) {
        const ending = await run(kit, thread, {
          input: input as Record<string, unknown>,
          metadata: { [MADE_KEY]: "request", [REQUEST_KEY]: requestId },
        });
        if (ending !== "success") throw new Error((await stateOf(thread)).error);
      },
      goOn: async () => driveOnServer(kit, thread),
      state: async () => stateOf(thread),
      isBrokenOff: async () => thread.stop.aborted,
      fail: async (error) => fail(kit, thread, error),
      release: thread.release,
    }
  );
}

/** The thread's own lease is for its runs. This one is for who makes them: of several workers, one wakes the thread. */
async function hold(
  kit: OpenKit,
  client: ServerClient,
  of: Pick<ServerThread, "threadId" | "name" | "assistant">,
  { abort, drain }: StopSignals,
): Promise<(ServerThread & { release: () => Promise<void> }) | undefined> {
  const held = await tryHoldThread(kit, of.threadId, driverLease(of.threadId));
  return held && { client, ...of, stop: AbortSignal.any([abort, drain, held.signal]), release: () => held.release() };
}

/** Makes runs until nothing more is ready. A wait counts as woken when its run has ended: where a worker dies before, it is woken once more, which changes nothing. */
async function driveOnServer(kit: OpenKit, thread: ServerThread): Promise<boolean> {
  const { db } = kit.ledger;
  const record = await findThread(db, thread.threadId, thread.name);
  const failed = (record?.failures ?? 0) > 0 || (record?.retryAt ?? null) !== null;
  const vanished = (await readLease(db, threadLease(thread.threadId), kit.clock())).kind === "expired";
  let again = failed || vanished;
  for (let ran = false; ; ran = true) {
    const waits = (await openWaits(db, thread.threadId, thread.name)).filter(
      (wait) => wait.decidedAt !== null && wait.deliveredAt === null && (again || wait.wokenAt === null),
    );
    const state = waits.length > 0 || again ? await stateOf(thread) : undefined;
    if (state && !state.head && (waits.length > 0 || failed)) throw noCheckpoint(thread);
    if (state) requireWaitingNodes(thread, state, waits);
    const ending =
      !state || state.finished
        ? undefined
        : await wake(kit, thread, waits, waits.length > 0 ? "decided" : failed ? "retry" : "recovery");
    // A run of the user's own has taken its place: that one, or the next wake-up, goes on.
    if (ending === "interrupted") return ran;
    for (const wait of waits) await markWoken(db, wait.id, kit.clock());
    if (ending === undefined) {
      // A run that vanished at its very end has left its lease.
      if (vanished) await (await tryHoldThread(kit, thread.threadId))?.release();
      await recordSuccess(db, thread.threadId, thread.name);
      return ran;
    }
    if (ending !== "success") throw new Error((await stateOf(thread)).error);
    again = false;
  }
}

async function wake(
  kit: OpenKit,
  thread: ServerThread,
  waits: readonly WaitRecord[],
  reason: ResumeReason,
): Promise<string> {
  const { metadata, span } = await describeResume(kit, thread, waits, reason);
  const noteResume = async (runId: string) =>
    appendEvent(kit.ledger.db, {
      at: kit.clock(),
      kind: "resumed",
      graph: thread.name,
      threadId: thread.threadId,
      runId,
      data: { waits: waits.map((wait) => wait.id) },
    });
  return withSpan("resume", span, () => run(kit, thread, { input: null, metadata }, noteResume));
}

/** Has the server run the thread, after what is in its queue. Resolves with the run's status when it has ended. Throws when the worker stops: the run goes on. */
async function run(
  kit: OpenKit,
  thread: ServerThread,
  payload: { input: Record<string, unknown> | null; metadata: Record<string, unknown> },
  onCreated?: (runId: string) => Promise<unknown>,
): Promise<string> {
  const { client, threadId, assistant, stop } = thread;
  const { run_id: runId } = await ask(threadId, () =>
    client.runs.create(threadId, assistant, { ...payload, multitaskStrategy: "enqueue" }),
  );
  thread.runId = runId;
  await onCreated?.(runId);
  for (let pollMs = POLL_MS.first; ; pollMs = Math.min(pollMs * 2, POLL_MS.last)) {
    await nextCommit(kit, stop, pollMs);
    stop.throwIfAborted();
    const { status } = await ask(threadId, () => client.runs.get(threadId, runId));
    if (status !== "pending" && status !== "running") return status;
  }
}

async function stateOf({ client, threadId }: ServerThread) {
  const { values, checkpoint, next, tasks } = await ask(threadId, () => client.threads.getState(threadId));
  return {
    values,
    head: checkpoint?.checkpoint_id ?? undefined,
    finished: next.length === 0 && tasks.length === 0,
    error: tasks.find(({ error }) => error)?.error ?? "The run failed on the API server; its log says why.",
  };
}

/** Tells a server that is away from one that refuses: the first is asked again for as long as it takes. */
async function ask<T>(threadId: string, request: () => Promise<T>): Promise<T> {
  try {
    return await request();
  } catch (cause) {
    const { status } = cause as { status?: unknown };
    const reason = cause instanceof Error ? cause.message : String(cause);
    if (typeof status !== "number" || status >= 500 || status === 429) {
      throw new EmailKitError("SERVER_UNREACHABLE", `LangGraph's API server does not answer: ${reason}`, { cause });
    }
    throw new EmailKitError(
      "SERVER_REFUSED",
      `LangGraph's API server refused what thread ${threadId} needs (${status}): ${reason}. The worker's client must see every thread, a served graph is attached by its name in langgraph.json, and threads are not deleted while they wait.`,
      { cause },
    );
  }
}

function noCheckpoint({ threadId, name }: ServerThread): EmailKitError {
  return new EmailKitError(
    "RUN_NOT_DURABLE",
    `Thread ${threadId} of graph "${name}" has no checkpoint on the API server: it was deleted there, or lost with the server's last seconds.`,
  );
}
