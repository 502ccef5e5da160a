import type { BaseCheckpointSaver, StateSnapshot } from "@langchain/langgraph";
import { type AwaitReplyRequest, isAwaitReplyRequest } from "../calls/await-reply.ts";

/** What the drive needs of a compiled graph; LangGraph's own type has more parameters than anyone wants to write. */
export interface DrivenGraph {
  readonly checkpointer?: BaseCheckpointSaver | boolean;
  invoke(input: unknown, config: Record<string, unknown>): Promise<unknown>;
  getState(config: { configurable: { thread_id: string } }): Promise<StateSnapshot>;
}

/** Where a thread stands. */
export interface ThreadState {
  values: unknown;
  /** Interrupts that nobody has answered, by their id; ours carry their request. */
  pending: Map<string, AwaitReplyRequest | undefined>;
  /** Every task of the step has a result, and the step after it never ran: what two crossed resumes leave behind. */
  limbo: boolean;
  /** A node that has no result and waits for nothing: it threw, or its process died. */
  unfinished: boolean;
  /** Nothing is left to run. */
  finished: boolean;
}

/** Reads it from the checkpoint itself: `getState` shows one interrupt of several in the functional API, and keeps answered ones. */
export async function readThreadState(graph: DrivenGraph, threadId: string): Promise<ThreadState> {
  const config = { configurable: { thread_id: threadId } };
  const snapshot = await graph.getState(config);
  const tuple =
    typeof graph.checkpointer === "object"
      ? await graph.checkpointer.getTuple({ configurable: { thread_id: threadId, checkpoint_ns: "" } })
      : undefined;
  const writes = tuple?.pendingWrites ?? [];
  const withResult = new Set(writes.filter(([, channel]) => isOutput(channel)).map(([taskId]) => taskId));
  // The answer to an interrupt is first stored under the interrupt's own id.
  const answered = new Set(writes.filter(([, channel]) => channel === "__resume__").map(([id]) => id));
  const pending = new Map<string, AwaitReplyRequest | undefined>();
  const waitingTasks = new Set<string>();
  for (const [taskId, channel, value] of writes) {
    if (channel !== "__interrupt__" || withResult.has(taskId)) continue;
    for (const entry of (Array.isArray(value) ? value : [value]) as { id?: string; value?: unknown }[]) {
      if (!entry.id || answered.has(entry.id)) continue;
      pending.set(entry.id, isAwaitReplyRequest(entry.value) ? entry.value : undefined);
      waitingTasks.add(taskId);
    }
  }
  const tasks = snapshot.tasks.map((task) => ({
    id: task.id,
    done: withResult.has(task.id) || (task as { result?: unknown }).result !== undefined,
  }));
  return {
    values: snapshot.values,
    pending,
    limbo: tasks.length > 0 && tasks.every((task) => task.done),
    unfinished: tasks.some((task) => !task.done && !waitingTasks.has(task.id)),
    finished: tasks.length === 0 && snapshot.next.length === 0,
  };
}

function isOutput(channel: string): boolean {
  return (
    channel !== "__interrupt__" &&
    channel !== "__resume__" &&
    channel !== "__error__" &&
    channel !== "__error_source_node__"
  );
}
