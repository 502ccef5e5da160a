import { EmailKitError } from "../../errors.ts";
import { appendEvent } from "../../ledger/events.ts";
import { readLease } from "../../ledger/leases.ts";
import { wakeRequests } from "../../ledger/requests.ts";
import { driverLease, findThread, recordSuccess, threadLease } from "../../ledger/threads.ts";
import { markWoken, openWaits, type WaitRecord } from "../../ledger/waits.ts";
import type { ResumePort } from "../../worker/ports.ts";
import type { OpenKit } from "../context.ts";
import { fail, inProcessResume } from "./in-process.ts";
import { nextCommit, tryHoldThread } from "./thread-lease.ts";
import type { DrivenGraph } from "./thread-state.ts";

/**
 * What the worker needs of LangGraph's API server: a `Client` of `@langchain/langgraph-sdk` has it. `new Client()` reaches the server that
 * this process is; `new Client({ apiUrl, apiKey, defaultHeaders })` another one.
 */
export interface ServerClient {
  threads: {
    getState(threadId: string): Promise<{
      next: string[];
      tasks: { error?: string | null }[];
      checkpoint?: { checkpoint_id?: string | null } | null;
    }>;
  };
  runs: {
    create(
      threadId: string,
      assistantId: string,
      run: { input: null; multitaskStrategy: "enqueue"; metadata: Record<string, unknown> },
    ): Promise<{ run_id: string }>;
    get(threadId: string, runId: string): Promise<{ status: string }>;
  };
}

/** Tells wake-ups from the user's own runs, wherever runs are listed. */
const RUN_METADATA = { langgraph_email: "resume" };

/** How often a run is asked about that has not ended, besides at every commit that this process sees: from the first to the last. Milliseconds. */
const POLL_MS = { first: 100, last: 2_000 };

interface ServerThread {
  client: ServerClient;
  threadId: string;
  name: string;
  assistant: string;
  stop: AbortSignal;
  /** Of the latest run that was made. */
  runId?: string;
}

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
    // The thread's own lease is for the run. This one is for its wake-ups: of several servers, one makes them.
    const held = await tryHoldThread(kit, threadId, driverLease(threadId));
    if (!held) return { kind: "busy" };
    const stop = AbortSignal.any([abort, drain, held.signal]);
    const thread: ServerThread = { client, threadId, name: graph, assistant: assistant!, stop };
    try {
      const ran = await driveOnServer(kit, thread);
      if (stop.aborted) return { kind: "busy" };
      await wakeRequests(kit.ledger.db, threadId);
      return { kind: ran ? "ran" : "idle" };
    } catch (error) {
      if (stop.aborted) return { kind: "busy" };
      await fail(kit, thread, error);
      await wakeRequests(kit.ledger.db, threadId);
      return { kind: "failed" };
    } finally {
      await held.release();
    }
  };
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
    const ending = !state || state.finished ? "nothing left" : await wake(kit, thread, waits);
    if (ending === "cancelled" || thread.stop.aborted) return ran;
    for (const wait of waits) await markWoken(db, wait.id, kit.clock());
    if (ending === "failed") throw new Error((await stateOf(thread)).error);
    if (ending === "nothing left") {
      // A run that vanished at its very end has left its lease.
      if (vanished) await (await tryHoldThread(kit, thread.threadId))?.release();
      await recordSuccess(db, thread.threadId, thread.name);
      return ran;
    }
    again = false;
  }
}

/** Has the server run what the thread's step has left, after the runs that are in its queue. Resolves with how the run ended. */
async function wake(
  kit: OpenKit,
  thread: ServerThread,
  waits: readonly WaitRecord[],
): Promise<"done" | "failed" | "cancelled"> {
  const { client, threadId, name, assistant, stop } = thread;
  const { run_id: runId } = await ask(threadId, () =>
    client.runs.create(threadId, assistant, { input: null, multitaskStrategy: "enqueue", metadata: RUN_METADATA }),
  );
  thread.runId = runId;
  await appendEvent(kit.ledger.db, {
    at: kit.clock(),
    kind: "resumed",
    graph: name,
    threadId,
    runId,
    data: { waits: waits.map((wait) => wait.id) },
  });
  for (let pollMs = POLL_MS.first; !stop.aborted; pollMs = Math.min(pollMs * 2, POLL_MS.last)) {
    await nextCommit(kit, stop, pollMs);
    const { status } = await ask(threadId, () => client.runs.get(threadId, runId));
    if (status === "success") return "done";
    if (status === "error" || status === "timeout") return "failed";
    // A run of the user's own has taken its place: that one, or the next wake-up, goes on.
    if (status === "interrupted") return "cancelled";
  }
  return "cancelled";
}

async function stateOf({ client, threadId }: ServerThread) {
  const { checkpoint, next, tasks } = await ask(threadId, () => client.threads.getState(threadId));
  return {
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
      `LangGraph's API server refused what thread ${threadId} needs (${status}): ${reason}. The client that the worker was started with must see every thread, and threads must not be deleted while they wait.`,
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
