import { setTimeout as sleep } from "node:timers/promises";

/** A compiled graph, as far as its state can be read. */
export interface StatefulGraph {
  getState(config: { configurable: { thread_id: string } }): Promise<{
    values: unknown;
    next: readonly string[];
    tasks: readonly unknown[];
  }>;
  invoke(input: never, options?: never): Promise<unknown>;
}

/**
 * Resolves with the state of a thread when nothing is left to run: for scripts and tests. A graph in production says it in its last node.
 * @param options `timeoutMs` until it rejects; default 10 000.
 */
export async function waitForEnd<Graph extends StatefulGraph>(
  graph: Graph,
  thread: { configurable: { thread_id: string } },
  options: { timeoutMs?: number } = {},
): Promise<Awaited<ReturnType<Graph["invoke"]>>> {
  const end = Date.now() + (options.timeoutMs ?? 10_000);
  for (;;) {
    const state = await graph.getState(thread);
    if (state.next.length === 0 && state.tasks.length === 0)
      return state.values as Awaited<ReturnType<Graph["invoke"]>>;
    if (Date.now() > end) {
      throw new Error(
        `Thread ${thread.configurable.thread_id} still waits in ${state.next.join(", ") || "a finished step"}.`,
      );
    }
    await sleep(10);
  }
}
