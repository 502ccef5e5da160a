import type { AuditEvent } from "langgraph-email";
import { tell } from "./messages.ts";

/** How long a process stands still at a step for the supervisor's SIGKILL to arrive. */
const HOLD_MS = 5_000;

/**
 * The steps at which `--kill` strikes: a task is in the ledger; its mail is out and the graph is parked; the reply is in the ledger; the graph is about
 * to be resumed; a node begins. The process tells the supervisor, and then stands still, so that the kill hits this step and no later one.
 */
export function createSteps(killed: readonly string[] | undefined) {
  const seen = new Map<string, number>();
  const step = (name: string) => {
    if (!killed || killed.includes(name)) return;
    tell({ kind: "step", name });
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, HOLD_MS);
  };
  /** Of this process: a mail that went out before a kill is not on its way any more. */
  const count = (name: string) => {
    const times = (seen.get(name) ?? 0) + 1;
    seen.set(name, times);
    return times;
  };
  return {
    event(event: AuditEvent): void {
      const task = event.taskId?.slice(0, 6);
      if (event.kind === "task-created") step(`task ${task} is in the ledger`);
      // Parked and submitted come in either order; in between a mail may be on its way.
      else if (event.kind === "parked" || event.kind === "submitted") {
        if (count(`parked ${task}`) === 2) step(`task ${task} is mailed, and the graph parked`);
      } else if (event.kind === "settled") step(`the reply to task ${task} is in the ledger`);
      else if (event.kind === "resumed")
        step(`the graph is about to be resumed with ${String(event.data["waits"]).slice(0, 6)}`);
    },
    node(name: string): void {
      if (count(`node ${name}`) === 1) step(`node "${name}" begins`);
    },
  };
}
