import type { Callbacks } from "@langchain/core/callbacks/manager";
import { getConfig } from "@langchain/langgraph";
import { EmailKitError } from "../../errors.ts";
import { appendEvent } from "../../ledger/events.ts";
import { recordSuccess } from "../../ledger/threads.ts";
import { openWaits } from "../../ledger/waits.ts";
import { EmailCheckpointSaver, noteParked } from "../checkpointer.ts";
import type { OpenKit, OpenKitOnce } from "../context.ts";
import { RUN_KEY, runOf, type EmailRun } from "../run.ts";
import { sayCaught } from "../calls/wait.ts";
import { toolCallHandler } from "../tool-calls.ts";
import { takeAnswers } from "./answers.ts";
import { closeWaits } from "./close-waits.ts";
import { holdThread, type HeldThread } from "./thread-lease.ts";
import { type DrivenGraph, readThreadState } from "./thread-state.ts";

export interface AttachOptions {
  /** What a run does while another one holds its thread: wait for its end, or reject with `THREAD_BUSY`. Default: `wait`. */
  onBusy?: "wait" | "reject";
}

/** The parts of LangGraph's compiled graph that a run goes through. */
interface Runnable extends DrivenGraph {
  config?: RunConfig;
  _streamIterator(input: unknown, options?: RunConfig): AsyncGenerator;
  _runLoop(params: LoopParams): Promise<void>;
  bulkUpdateState(config: RunConfig, supersteps: unknown): Promise<unknown>;
}

/** Of LangGraph's run loop: what it runs on, and its writes to the saver. */
interface LoopParams {
  loop: { isNested: boolean; checkpointerPromises: Iterable<Promise<unknown>> };
  config: RunConfig;
}

interface RunConfig {
  writer?: (chunk: unknown) => void;
  configurable?: Record<string, unknown>;
  durability?: string;
  checkpointDuring?: boolean;
  signal?: AbortSignal;
  callbacks?: Callbacks;
  [key: string]: unknown;
}

/**
 * Makes every root run of the graph hold its thread, store each step before the next, and close the waits that it answered.
 * The graph stays what it is: its class gets a subclass, so that copies made by `withConfig` behave alike.
 */
export function attachGraph(open: OpenKitOnce, name: string, graph: object, options: AttachOptions = {}): DrivenGraph {
  const compiled = graph as Runnable;
  if (!isCompiled(graph)) {
    const agent = (graph as { graph?: unknown } | undefined)?.graph;
    const what = isCompiled(agent) ? "what createAgent returns: pass its graph," : "no compiled graph: pass";
    const right = isCompiled(agent) ? `kit.attach("${name}", agent.graph)` : "what compile() or entrypoint() returns";
    throw new EmailKitError("INVALID_CONFIG", `What is attached as "${name}" is ${what} ${right}.`);
  }
  if (compiled.checkpointer && !(compiled.checkpointer instanceof EmailCheckpointSaver)) {
    throw new EmailKitError(
      "RUN_NOT_DURABLE",
      `The checkpointer of graph "${name}" is not this kit's. Compile it with { checkpointer: kit.checkpointer(saver) }, where saver is any LangGraph saver.`,
    );
  }
  const Base = compiled.constructor as new (fields: unknown) => Runnable;
  class AttachedGraph extends Base {
    override async *_streamIterator(input: unknown, config?: RunConfig): AsyncGenerator {
      const threadId = config?.configurable?.["thread_id"] ?? this.config?.configurable?.["thread_id"];
      if (isNested(config) || typeof threadId !== "string") {
        yield* super._streamIterator(input, config);
        return;
      }
      const kit = await open();
      const outer = runOf(config?.configurable);
      const onServer = serverRunOf(this, config);
      // The server decides on durability by itself.
      const durability = onServer.assistant === undefined ? durabilityOf(config, this.config) : "sync";
      const isDurable = notDurable(this, durability) === undefined;
      const held =
        outer?.threadId === threadId
          ? undefined
          : await holdThread(kit, threadId, {
              ...holdOptions(options, config),
              ...(isDurable && { of: { graph: name, ...onServer } }),
            });
      const runId = runIdOf(config) ?? kit.newId();
      const run: EmailRun = {
        ledgerId: kit.ledger.id,
        graph: name,
        threadId,
        runId,
        lease: (held ?? outer)!.lease,
        notDurable: notDurable(this, durability),
        ...(this.checkpointer instanceof EmailCheckpointSaver && {
          stored: new Map<string, Promise<unknown>>(),
          thrown: new Map<string, string>(),
        }),
        ...(!held && outer?.trail && { trail: outer.trail }),
        ...(!held && outer?.parked && { parked: outer.parked }),
        ...(!held && outer?.request !== undefined && { request: outer.request }),
      };
      const { checkpointDuring: _, ...rest } = config ?? {};
      try {
        const taken = await takeAnswersOrSaySo(kit, this, run, input, onServer);
        if (held) atEnd.set(run, (threw) => endRun(kit, this, run, held, threw));
        yield* super._streamIterator(taken, {
          ...rest,
          runId,
          durability,
          callbacks: withHandler(config?.callbacks),
          configurable: { ...config?.configurable, [RUN_KEY]: run },
          ...(held && { signal: anySignal(config?.signal, held.signal) }),
        });
      } catch (error) {
        // LangGraph ends an aborted run with an error of its own, which does not say why.
        throw held?.signal.aborted ? (held.signal.reason as EmailKitError) : error;
      } finally {
        // For a run that never came to its loop.
        await held?.release();
      }
    }

    /** Ends with the run itself: a caller that stops reading the stream neither ends the run nor hears of its end. */
    override async _runLoop(params: LoopParams): Promise<void> {
      const run = params.loop.isNested ? undefined : runOf(params.config.configurable);
      if (run && params.config.writer) run.write = params.config.writer;
      let threw = true;
      try {
        await super._runLoop(params);
        threw = false;
      } finally {
        await Promise.allSettled(params.loop.checkpointerPromises);
        if (run && !threw) sayCaught(await open(), run);
        await (run && atEnd.get(run))?.(threw);
      }
    }

    override async bulkUpdateState(config: RunConfig, supersteps: unknown): Promise<unknown> {
      const threadId = config.configurable?.["thread_id"] ?? this.config?.configurable?.["thread_id"];
      if (isNested(config) || typeof threadId !== "string") return super.bulkUpdateState(config, supersteps);
      const kit = await open();
      return withThread(kit, threadId, holdOptions(options, config), async ({ lease }) => {
        const run: EmailRun = { ledgerId: kit.ledger.id, graph: name, threadId, lease, notDurable: undefined };
        const updated = await super.bulkUpdateState(
          { ...config, configurable: { ...config.configurable, [RUN_KEY]: run } },
          supersteps,
        );
        await settleThread(kit, this, run);
        return updated;
      });
    }
  }
  Object.defineProperty(AttachedGraph, "name", { value: Base.name });
  Object.setPrototypeOf(compiled, AttachedGraph.prototype);
  return compiled;
}

function isCompiled(graph: unknown): boolean {
  return typeof (graph as Partial<Runnable> | undefined)?._runLoop === "function";
}

/** What is to be done when a run that holds its thread has ended. */
const atEnd = new WeakMap<EmailRun, (threw: boolean) => Promise<void>>();

async function endRun(
  kit: OpenKit,
  graph: DrivenGraph,
  run: EmailRun,
  held: HeldThread,
  threw: boolean,
): Promise<void> {
  try {
    if (!held.signal.aborted) await settleThread(kit, graph, run);
    // Whoever repairs a stalled thread by a run of their own has it resumed by workers again.
    if (!threw) await recordSuccess(kit.ledger.db, run.threadId, run.graph);
  } finally {
    await held.release();
  }
}

/** Closes the waits that a run or an update has left behind. */
async function settleThread(kit: OpenKit, graph: DrivenGraph, run: EmailRun): Promise<void> {
  if (!graph.checkpointer) return;
  const state = await readThreadState(graph, run.threadId);
  const waits = await openWaits(kit.ledger.db, run.threadId, run.graph);
  await closeWaits(kit, { graph, name: run.graph, threadId: run.threadId }, state, waits);
  // The kit's own saver has noted it when the interrupt was stored.
  if (graph.checkpointer instanceof EmailCheckpointSaver) return;
  const waitIds = [...state.pending.values()].flatMap((request) => request?.waitId ?? []);
  await noteParked(kit, waitIds, run.runId);
}

/** The API server replaces the graph's saver by its own, and says which assistant it runs, and for whom. */
function serverRunOf(graph: DrivenGraph, config: RunConfig | undefined): { assistant?: string; by?: string } {
  const { assistant_id: assistant, langgraph_auth_user_id: user } = config?.configurable ?? {};
  if (typeof assistant !== "string" || graph.checkpointer instanceof EmailCheckpointSaver) return {};
  return { assistant, ...(typeof user === "string" && { by: user }) };
}

/** As the caller gave it, or LangGraph's API server. */
function runIdOf(config: RunConfig | undefined): string | undefined {
  const id = config?.["runId"] ?? config?.configurable?.["run_id"];
  return typeof id === "string" ? id : undefined;
}

/** On the API server a throw would leave the thread in `error`, where no user interface finds it: there the wait shows why the answer was not taken. */
async function takeAnswersOrSaySo(
  kit: OpenKit,
  graph: DrivenGraph,
  run: EmailRun,
  input: unknown,
  { assistant, by }: { assistant?: string; by?: string },
): Promise<unknown> {
  const { threadId } = run;
  try {
    return await takeAnswers(kit, graph, { threadId, by }, input);
  } catch (error) {
    if (assistant === undefined || !(error instanceof EmailKitError) || error.code !== "INVALID_ANSWER") throw error;
    kit.log.warn(`An answer was refused: ${error.message}`, { threadId });
    run.refused = error.message;
    const of = { graph: run.graph, threadId, ...(run.runId !== undefined && { runId: run.runId }) };
    await appendEvent(kit.ledger.db, { at: kit.clock(), kind: "answer-refused", ...of, data: { reason: "invalid" } });
    return null;
  }
}

function durabilityOf(config: RunConfig | undefined, own: RunConfig | undefined): string {
  const asked = config?.durability ?? own?.durability;
  return asked ?? (config?.checkpointDuring === false ? "exit" : "sync");
}

function notDurable(graph: Runnable, durability: string): string | undefined {
  if (!graph.checkpointer) return "the graph was compiled without a checkpointer";
  return durability === "sync" ? undefined : `this run has durability "${durability}"`;
}

function withHandler(callbacks: Callbacks | undefined): Callbacks {
  if (callbacks === undefined) return [toolCallHandler];
  if (Array.isArray(callbacks)) return [...callbacks, toolCallHandler];
  const copy = callbacks.copy();
  copy.addHandler(toolCallHandler, true);
  return copy;
}

/** Holds the thread around `work`. */
async function withThread<T>(
  kit: OpenKit,
  threadId: string,
  options: Parameters<typeof holdThread>[2],
  work: (held: HeldThread) => Promise<T>,
): Promise<T> {
  const held = await holdThread(kit, threadId, options);
  try {
    return await work(held);
  } finally {
    // A run that vanished before is still to be taken up by a worker.
    await (held.recovering ? held.abandon() : held.release());
  }
}

/** Whether this is a subgraph's run: then its root run holds the thread. LangGraph decides it by the same keys. */
function isNested(config: RunConfig | undefined): boolean {
  return [config, getConfig()].some((candidate) => candidate?.configurable?.["__pregel_read"] !== undefined);
}

function holdOptions(options: AttachOptions, config: RunConfig | undefined) {
  return { onBusy: options.onBusy ?? "wait", signal: config?.signal } as const;
}

function anySignal(given: AbortSignal | undefined, lost: AbortSignal): AbortSignal {
  return given ? AbortSignal.any([given, lost]) : lost;
}
