import { isGraphDrained, RunControl } from "@langchain/langgraph";
import { EmailKitError, isOutage } from "../../errors.ts";
import { appendEvent } from "../../ledger/events.ts";
import { wakeRequests } from "../../ledger/requests.ts";
import { openTasks } from "../../ledger/tasks.ts";
import { findThread, recordFailure, recordSuccess } from "../../ledger/threads.ts";
import { markWoken, openWaits, type WaitRecord } from "../../ledger/waits.ts";
import { withSpan } from "../../spans.ts";
import { backoffMs } from "../../time/backoff.ts";
import type { ResumePort } from "../../worker/ports.ts";
import type { OpenKit } from "../context.ts";
import { MADE_KEY, REQUEST_KEY, RUN_KEY, type EmailRun, type Trail } from "../run.ts";
import { closeWaits } from "./close-waits.ts";
import { describeResume } from "./describe-resume.ts";
import { type HeldThread, tryHoldThread } from "./thread-lease.ts";
import { type DrivenGraph, readThreadState, requireWaitingNodes } from "./thread-state.ts";

/** How a worker that stops ends its runs: `drain` at their next step, `abort` at once. */
export interface StopSignals {
  drain: AbortSignal;
  abort: AbortSignal;
}

/** Resumes attached graphs in this process. */
export function inProcessResume(kit: OpenKit, graphs: ReadonlyMap<string, DrivenGraph>): ResumePort {
  return {
    scope: () => ({ graphs: [...graphs.keys()], server: false }),
    async resume({ threadId, graph: name }, abort, drain) {
      const graph = graphs.get(name);
      if (!graph) {
        throw new EmailKitError(
          "GRAPH_NOT_ATTACHED",
          `Thread ${threadId} belongs to graph "${name}", which is not attached here.`,
        );
      }
      const held = await tryHoldThread(kit, threadId);
      if (!held) return { kind: "busy" };
      const stop = { abort, drain };
      const drive: Drive = { graph, name, threadId, held, stop };
      try {
        const ran = await driveThread(kit, drive);
        await wakeRequests(kit.ledger.db, threadId);
        return { kind: ran ? "ran" : "idle" };
      } catch (error) {
        if (await isBrokenOff(error, held, stop)) return { kind: "busy" };
        await fail(kit, drive, error);
        await wakeRequests(kit.ledger.db, threadId);
        return { kind: "failed" };
      } finally {
        await held.release();
      }
    },
  };
}

/** Whether a run ended for a reason of ours, not of the graph's: the worker stops, and the next one goes on from here, or the thread has gone to another run. */
export async function isBrokenOff(error: unknown, held: HeldThread, stop: StopSignals): Promise<boolean> {
  const stopped = stop.abort.aborted || (error instanceof Error && isGraphDrained(error));
  if (stopped) await held.abandon();
  return stopped || held.signal.aborted || (error instanceof EmailKitError && error.code === "LEASE_LOST");
}

export interface Drive {
  graph: DrivenGraph;
  name: string;
  threadId: string;
  held: HeldThread;
  stop: StopSignals;
  /** Of the latest run. */
  runId?: string;
}

/**
 * Runs the thread until nothing more is ready. Resolves with whether anything ran; throws what the graph threw.
 * To go on is always the same: run what the step has left. A wait whose task has its outcome passes, any other parks again.
 * @param recovering A run of another process may have vanished in it, also where its lease does not tell: a power cut may have taken that.
 */
export async function driveThread(kit: OpenKit, drive: Drive, recovering = drive.held.recovering): Promise<boolean> {
  const thread = await findThread(kit.ledger.db, drive.threadId, drive.name);
  const failed = (thread?.failures ?? 0) > 0 || (thread?.retryAt ?? null) !== null;
  let again = recovering || failed;
  let limboAt: string | undefined;
  let state = await readThreadState(drive.graph, drive.threadId);
  let open = await openWaits(kit.ledger.db, drive.threadId, drive.name);
  let trail: Trail | undefined;
  for (let ran = false; ; ran = true) {
    const { live, elsewhere } = await closeWaits(kit, drive, state, open, trail?.followedBy);
    const waits = live.filter((wait) => isNews(wait, again));
    // Nobody there asks any more: those count as told.
    for (const wait of elsewhere) if (isNews(wait, again)) await markWoken(kit.ledger.db, wait.id, kit.clock());
    // A run that vanished before its first checkpoint has left nothing to go on with, and nothing that was asked.
    if (state.head === undefined && (waits.length > 0 || failed || (again && (await hasAsked(kit, drive))))) {
      throw noCheckpoint(drive);
    }
    requireWaitingNodes(drive, state, waits);
    if (state.finished || !(again || waits.length > 0 || (state.limbo && state.head !== limboAt))) {
      if (failed) await recordSuccess(kit.ledger.db, drive.threadId, drive.name);
      return ran;
    }
    const reason = waits.length > 0 ? "decided" : !again ? "step" : failed ? "retry" : "recovery";
    // Tried again, a node may have had its answer before.
    const about = waits.length > 0 ? waits : live.filter((wait) => wait.decidedAt !== null);
    const { metadata, span } = await describeResume(kit, drive, about, reason);
    if (state.limbo) limboAt = state.head;
    again = false;
    drive.runId = kit.newId();
    await recordResume(kit, drive, waits);
    // The run stays that of the request which began it, or it would be begun again.
    const request = state.metadata[REQUEST_KEY] as string | undefined;
    const parked = live.filter((wait) => wait.decidedAt === null && wait.parkedAt !== null);
    const run = { request, parked: new Set(parked.map((wait) => wait.id)), metadata };
    trail = await withSpan("resume", span, () => invoke(kit, drive, null, run));
    open = await openWaits(kit.ledger.db, drive.threadId, drive.name);
    // It has run as far as it goes, and what it has stored says where that is.
    const { head, followedBy } = trail;
    if (head !== undefined && open.every((wait) => wait.checkpointId === head || followedBy.has(wait.checkpointId))) {
      state = { ...state, head, next: new Set(), limbo: false, finished: false };
    } else {
      state = await readThreadState(drive.graph, drive.threadId);
      trail = undefined;
    }
  }
}

async function hasAsked(kit: OpenKit, { threadId }: Drive): Promise<boolean> {
  return (await openTasks(kit.ledger.db, threadId)).length > 0;
}

/** Runs the graph as part of a drive that holds the thread. */
export async function invoke(
  kit: OpenKit,
  drive: Drive,
  input: unknown,
  {
    request,
    parked,
    metadata,
  }: Pick<EmailRun, "parked"> & { request?: string | undefined; metadata: Record<string, string> },
): Promise<Trail> {
  drive.runId ??= kit.newId();
  const trail: Trail = { followedBy: new Map() };
  const run: EmailRun = {
    ledgerId: kit.ledger.id,
    graph: drive.name,
    threadId: drive.threadId,
    lease: drive.held.lease,
    notDurable: undefined,
    trail,
    ...(parked && { parked }),
    ...(request !== undefined && { request }),
  };
  const control = new RunControl();
  const drain = () => control.requestDrain("The worker stops.");
  if (drive.stop.drain.aborted) drain();
  drive.stop.drain.addEventListener("abort", drain);
  try {
    await drive.graph.invoke(input, {
      configurable: { thread_id: drive.threadId, [RUN_KEY]: run },
      runId: drive.runId,
      ...runNameOf(drive, metadata),
      tags: ["langgraph-email"],
      metadata,
      durability: "sync",
      control,
      signal: AbortSignal.any([drive.stop.abort, drive.held.signal]),
    });
  } finally {
    drive.stop.drain.removeEventListener("abort", drain);
  }
  return trail;
}

/** For traces: unless the user has named the graph's runs, LangGraph calls them all the same. */
function runNameOf({ graph, name }: Drive, { [MADE_KEY]: what }: Record<string, string>): { runName?: string } {
  const named = graph.config?.["runName"] !== undefined || graph.name !== undefined;
  return named ? {} : { runName: `${name} (${what})` };
}

/** Whether the thread does not know of the wait's decision yet. After a run that threw or vanished, it may not though it was woken. */
function isNews(wait: WaitRecord, again: boolean): boolean {
  return wait.decidedAt !== null && wait.deliveredAt === null && (again || wait.wokenAt === null);
}

function noCheckpoint(drive: Drive): EmailKitError {
  return new EmailKitError(
    "RUN_NOT_DURABLE",
    `Thread ${drive.threadId} of graph "${drive.name}" has no checkpoint in this process's saver. Workers need a saver that they share, and a thread is deleted with the deleteThread of kit.checkpointer(saver).`,
  );
}

async function recordResume(kit: OpenKit, drive: Drive, waits: readonly WaitRecord[]): Promise<void> {
  const now = kit.clock();
  // Lost, the thread is woken once more.
  const options = { durable: "soon" } as const;
  await kit.ledger.db.transaction(async (sql) => {
    for (const wait of waits) await markWoken(sql, wait.id, now);
    await appendEvent(sql, {
      at: now,
      kind: "resumed",
      graph: drive.name,
      threadId: drive.threadId,
      ...(drive.runId !== undefined && { runId: drive.runId }),
      data: { waits: waits.map((wait) => wait.id) },
    });
  }, options);
}

export async function fail(
  kit: OpenKit,
  { threadId, name: graph, runId }: Pick<Drive, "threadId" | "name" | "runId">,
  error: unknown,
): Promise<void> {
  const { db } = kit.ledger;
  const message = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
  const failures = ((await findThread(db, threadId, graph))?.failures ?? 0) + 1;
  const now = kit.clock();
  // A full disk, or a server that is away, has nothing to do with the graph, and may last.
  const retryAt = isOutage(error) || failures < kit.retry.tries ? now + backoffMs(failures, kit.retry) : null;
  await db.transaction(async (sql) => {
    await recordFailure(sql, threadId, graph, { error: message, retryAt, now });
    await appendEvent(sql, {
      at: now,
      kind: retryAt === null ? "stalled" : "run-failed",
      graph,
      threadId,
      ...(runId !== undefined && { runId }),
      data: { error: message, failures, retryAt },
    });
  });
  kit.log.warn(retryAt === null ? "A thread is stalled" : "A run threw and will be retried", {
    threadId,
    graph,
    error: message,
  });
}
