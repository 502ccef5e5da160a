import type { BaseCheckpointSaver, StateSnapshot } from "@langchain/langgraph";
import { EmailKitError } from "../../errors.ts";
import type { WaitRecord } from "../../ledger/waits.ts";
import { type AwaitReplyRequest, isAwaitReplyRequest } from "../calls/wait.ts";
import { READING_KEY, type StateReading } from "../run.ts";

/** What the drive needs of a compiled graph; LangGraph's own type has more parameters than anyone wants to write. */
export interface DrivenGraph {
  readonly checkpointer?: BaseCheckpointSaver | boolean;
  readonly name?: string;
  readonly config?: Record<string, unknown>;
  invoke(input: unknown, config: Record<string, unknown>): Promise<unknown>;
  getState(config: { configurable: { thread_id: string; [READING_KEY]?: StateReading } }): Promise<StateSnapshot>;
}

/** Where a thread stands. */
export interface ThreadState {
  values: unknown;
  /** The id of its latest checkpoint; undefined where the saver has none. */
  head: string | undefined;
  metadata: Record<string, unknown>;
  /** Nodes of the next step that have no result yet. */
  next: ReadonlySet<string>;
  /** Interrupts that nobody has answered, by their id; ours carry their request. */
  pending: Map<string, AwaitReplyRequest | undefined>;
  /** Every task of the step has a result, and the step after it never ran: what two crossed resumes leave behind. */
  limbo: boolean;
  /** Nothing is left to run. */
  finished: boolean;
}

export async function readThreadState(graph: DrivenGraph, threadId: string): Promise<ThreadState> {
  const reading: StateReading = {};
  const snapshot = await graph.getState({ configurable: { thread_id: threadId, [READING_KEY]: reading } });
  const head = snapshot.config.configurable?.["checkpoint_id"] as string | undefined;
  const writes = reading.tuple?.pendingWrites ?? (await pendingWrites(graph, threadId, head));
  const withResult = new Set(writes.filter(([, channel]) => isOutput(channel)).map(([taskId]) => taskId));
  const isDone = (task: StateSnapshot["tasks"][number]) =>
    withResult.has(task.id) || (task as { result?: unknown }).result !== undefined;
  const open = snapshot.tasks.filter((task) => !isDone(task));
  return {
    values: snapshot.values,
    head,
    metadata: snapshot.metadata ?? {},
    next: new Set(open.map((task) => task.name)),
    pending: pendingInterrupts(writes, withResult),
    limbo: snapshot.tasks.length > 0 && open.length === 0,
    finished: snapshot.tasks.length === 0 && snapshot.next.length === 0,
  };
}

/**
 * What has nothing left to run can have no wait either that waits to be told: then the graph was changed meanwhile, and nobody would hear the answer.
 * @throws EmailKitError `GRAPH_CHANGED`
 */
export function requireWaitingNodes(
  { threadId, name }: { threadId: string; name: string },
  state: { finished: boolean; head: string | undefined },
  waits: readonly WaitRecord[],
): void {
  const lost = state.finished ? waits.find(({ checkpointId }) => checkpointId === state.head) : undefined;
  if (!lost) return;
  throw new EmailKitError(
    "GRAPH_CHANGED",
    `Thread ${threadId} waits in node "${lost.node}", which graph "${name}" no longer has. Bring it back, and keep what threads wait in until they have gone on; then kit.retry("${threadId}").`,
  );
}

type Writes = readonly [string, string, unknown][];

async function pendingWrites(graph: DrivenGraph, threadId: string, head: string | undefined): Promise<Writes> {
  if (typeof graph.checkpointer !== "object" || head === undefined) return [];
  const configurable = { thread_id: threadId, checkpoint_ns: "", checkpoint_id: head };
  return (await graph.checkpointer.getTuple({ configurable }))?.pendingWrites ?? [];
}

/** From the writes themselves: `getState` shows one interrupt of several in the functional API, and keeps answered ones. */
function pendingInterrupts(writes: Writes, withResult: ReadonlySet<string>): ThreadState["pending"] {
  // The answer to an interrupt is first stored under the interrupt's own id.
  const answered = new Set(writes.filter(([, channel]) => channel === "__resume__").map(([id]) => id));
  const pending: ThreadState["pending"] = new Map();
  for (const [taskId, channel, value] of writes) {
    if (channel !== "__interrupt__" || withResult.has(taskId)) continue;
    for (const entry of (Array.isArray(value) ? value : [value]) as { id?: string; value?: unknown }[]) {
      if (!entry.id || answered.has(entry.id)) continue;
      pending.set(entry.id, isAwaitReplyRequest(entry.value) ? entry.value : undefined);
    }
  }
  return pending;
}

/**
 * How a thread went on from its earlier checkpoints, back to `oldest`: by checkpoint, what made the next one (`loop`, `input`, `update` or `fork`).
 * A checkpoint that is not in it, though it is older than the head, lies on another branch.
 */
export async function lineage(
  graph: DrivenGraph,
  threadId: string,
  head: string,
  oldest: string,
): Promise<Map<string, string>> {
  const next = new Map<string, string>();
  if (typeof graph.checkpointer !== "object") return next;
  // Checkpoint ids are UUIDs of version 6: they sort by time.
  for (let id: string | undefined = head; id !== undefined && id > oldest;) {
    const tuple = await graph.checkpointer.getTuple({
      configurable: { thread_id: threadId, checkpoint_ns: "", checkpoint_id: id },
    });
    id = tuple?.parentConfig?.configurable?.["checkpoint_id"] as string | undefined;
    if (id !== undefined) next.set(id, tuple?.metadata?.source ?? "loop");
  }
  return next;
}

function isOutput(channel: string): boolean {
  return !["__interrupt__", "__resume__", "__error__", "__error_source_node__"].includes(channel);
}
