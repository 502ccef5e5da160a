import { Command } from "@langchain/langgraph";
import { EmailKitError } from "../../errors.ts";
import { appendEvent } from "../../ledger/events.ts";
import { wakeRequests } from "../../ledger/requests.ts";
import { findThread, recordFailure, recordSuccess } from "../../ledger/threads.ts";
import { openWaits, type WaitRecord } from "../../ledger/waits.ts";
import { backoffMs } from "../../worker/backoff.ts";
import type { ResumePort } from "../../worker/ports.ts";
import type { OpenKit } from "../context.ts";
import { RUN_KEY, type EmailRun } from "../run.ts";
import { closeWaits } from "./close-waits.ts";
import { holdThread, type HeldThread } from "./thread-lease.ts";
import { type DrivenGraph, readThreadState, type ThreadState } from "./thread-state.ts";

/** Runs that throw are tried again so often, one after another, before the thread is stalled. */
const MAX_FAILURES = 3;
const RETRY = { firstMs: 2_000, maxMs: 300_000 };

/** Resumes attached graphs in this process. */
export function inProcessResume(kit: OpenKit, graphs: ReadonlyMap<string, DrivenGraph>): ResumePort {
  return {
    graphs: () => [...graphs.keys()],
    async resume(threadId, name, signal) {
      const graph = graphs.get(name);
      if (!graph) {
        throw new EmailKitError(
          "GRAPH_NOT_ATTACHED",
          `Thread ${threadId} belongs to graph "${name}", which is not attached here.`,
        );
      }
      const held = await tryHold(kit, threadId);
      if (!held) return { kind: "busy" };
      try {
        const ran = await driveThread(kit, { graph, name, threadId, held, signal });
        await wakeRequests(kit.ledger.db, threadId);
        return { kind: ran ? "ran" : "idle" };
      } catch (error) {
        if (signal.aborted) return { kind: "busy" };
        await fail(kit, threadId, name, error);
        await wakeRequests(kit.ledger.db, threadId);
        return { kind: "failed" };
      } finally {
        await held.release();
      }
    },
  };
}

export async function tryHold(kit: OpenKit, threadId: string): Promise<HeldThread | undefined> {
  try {
    return await holdThread(kit, threadId, { onBusy: "reject" });
  } catch (error) {
    if (error instanceof EmailKitError && error.code === "THREAD_BUSY") return undefined;
    throw error;
  }
}

export interface Drive {
  graph: DrivenGraph;
  name: string;
  threadId: string;
  held: HeldThread;
  signal: AbortSignal;
}

/** Runs the thread until nothing more is ready. Resolves with whether anything ran; throws what the graph threw. */
export async function driveThread(kit: OpenKit, drive: Drive): Promise<boolean> {
  const thread = await findThread(kit.ledger.db, drive.threadId);
  let continueUnfinished = drive.held.recovering || (thread?.failures ?? 0) > 0 || (thread?.retryAt ?? null) !== null;
  let continued = false;
  const resumed = new Set<string>();
  for (let ran = false; ; ran = true) {
    const state = await readThreadState(drive.graph, drive.threadId);
    const waits = await readyWaits(kit, drive.threadId);
    const interrupts = interruptsOf(state, waits, resumed);
    if (interrupts.length > 0) {
      for (const id of interrupts) resumed.add(id);
      await recordResume(kit, drive, waits);
      await invoke(kit, drive, new Command({ resume: Object.fromEntries(interrupts.map((id) => [id, { wake: id }])) }));
    } else if (state.limbo || (state.unfinished && (continueUnfinished || waits.length > 0))) {
      if (continued) throw noProgress(drive);
      continued = true;
      continueUnfinished = false;
      await invoke(kit, drive, null);
    } else {
      await closeWaits(kit, drive.threadId, state);
      await recordSuccess(kit.ledger.db, drive.threadId);
      return ran;
    }
  }
}

/** Runs the graph as part of a drive that holds the thread. */
export async function invoke(kit: OpenKit, drive: Drive, input: unknown): Promise<void> {
  const run: EmailRun = {
    ledgerId: kit.ledger.id,
    graph: drive.name,
    threadId: drive.threadId,
    lease: drive.held.lease,
    notDurable: undefined,
  };
  await drive.graph.invoke(input, {
    configurable: { thread_id: drive.threadId, [RUN_KEY]: run, __pregel_strict_resume: true },
    durability: "sync",
    signal: AbortSignal.any([drive.signal, drive.held.signal]),
  });
}

async function readyWaits(kit: OpenKit, threadId: string): Promise<WaitRecord[]> {
  const waits = await openWaits(kit.ledger.db, threadId);
  return waits.filter((wait) => wait.decidedAt !== null && wait.deliveredAt === null);
}

/** The interrupts to answer: those of decided waits, or of a node that hides a decided wait behind another one (tools of one ToolNode). */
function interruptsOf(state: ThreadState, waits: readonly WaitRecord[], resumed: ReadonlySet<string>): string[] {
  const waitIds = new Set(waits.map((wait) => wait.id));
  const nodes = new Set(waits.map((wait) => wait.nodeTaskId));
  const shown = new Set([...state.pending.values()].map((request) => request?.waitId));
  const hidden = new Set(waits.filter((wait) => !shown.has(wait.id)).map((wait) => wait.nodeTaskId));
  return [...state.pending]
    .filter(([id, request]) => {
      if (!request || resumed.has(id)) return false;
      return waitIds.has(request.waitId) || (nodes.has(request.nodeTaskId) && hidden.has(request.nodeTaskId));
    })
    .map(([id]) => id);
}

/** A decided wait that its node passes by without asking for it would be run for ever. */
function noProgress(drive: Drive): EmailKitError {
  return new EmailKitError(
    "TASK_NOT_FOUND",
    `Thread ${drive.threadId} of graph "${drive.name}" ran again and did not ask for the replies that are in. Was its code changed while it waited?`,
  );
}

async function recordResume(kit: OpenKit, drive: Drive, waits: readonly WaitRecord[]): Promise<void> {
  await appendEvent(kit.ledger.db, {
    at: kit.clock(),
    kind: "resumed",
    graph: drive.name,
    threadId: drive.threadId,
    data: { waits: waits.map((wait) => wait.id) },
  });
}

export async function fail(kit: OpenKit, threadId: string, graph: string, error: unknown): Promise<void> {
  const { db } = kit.ledger;
  const message = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
  const failures = ((await findThread(db, threadId))?.failures ?? 0) + 1;
  const now = kit.clock();
  const retryAt = failures < MAX_FAILURES ? now + backoffMs(failures, RETRY) : null;
  await db.transaction(async (sql) => {
    await recordFailure(sql, threadId, { error: message, retryAt, now });
    await appendEvent(sql, {
      at: now,
      kind: retryAt === null ? "stalled" : "run-failed",
      graph,
      threadId,
      data: { error: message, failures, retryAt },
    });
  });
  kit.log.warn(retryAt === null ? "A thread is stalled" : "A run threw and will be retried", {
    threadId,
    graph,
    error: message,
  });
}
