import type { CheckpointTuple } from "@langchain/langgraph-checkpoint";
import type { Lease } from "../ledger/leases.ts";

/** Where a root run's own data lie in `configurable`. Keys that begin with two underscores stay out of metadata and traces. */
export const RUN_KEY = "__langgraph_email_run";

/** Where the kit's saver, asked for a thread's state, leaves what it has read: `getState` hands out less. */
export const READING_KEY = "__langgraph_email_reading";

export interface StateReading {
  tuple?: CheckpointTuple;
}

/** Where a checkpoint's metadata say which request its run serves. */
export const REQUEST_KEY = "langgraph_email_request";

/** Where a run has taken its thread: the latest root checkpoint that it stored, and of each one that it left behind, what made the next (`loop`, `input`). */
export interface Trail {
  head?: string;
  followedBy: Map<string, string>;
}

/** In the metadata of a run that the worker makes, `resume` or `request`: what traces and lists of runs tell it by. */
export const MADE_KEY = "langgraph_email";

/** A root run of an attached graph, which holds its thread's lease until it ends. */
export interface EmailRun {
  /** The id of the ledger that the run's tasks are written to. */
  ledgerId: string;
  graph: string;
  threadId: string;
  /** LangChain's id of the root run; absent where only the state is updated. */
  runId?: string;
  lease: Lease;
  /** The checkpoints that this run stores or has loaded, each with when it is safe; absent where the saver is not the kit's. */
  stored?: Map<string, Promise<unknown>>;
  /** By the id of its node run, the node whose wait's interrupt was thrown and is not stored: what is left when the run ends was caught. Absent as `stored` is. */
  thrown?: Map<string, string>;
  /** Of a run that a worker drives. */
  trail?: Trail;
  /** Waits that are parked, and were undecided when the run began: asked again, they park again, and the ledger need not be asked each time. */
  parked?: ReadonlySet<string>;
  /** The id of the request that the run serves; its checkpoints bear it. */
  request?: string;
  /** Why an answer that it was resumed with was not taken. */
  refused?: string;
  /** Writes to LangGraph's stream mode `custom`. Kept here: tools get no writer of their own. */
  write?: (chunk: unknown) => void;
  /** Why a node of this run may not send mail, or undefined where its checkpoints are stored first. */
  notDurable: string | undefined;
}

export function runOf(configurable: Record<string, unknown> | undefined): EmailRun | undefined {
  return configurable?.[RUN_KEY] as EmailRun | undefined;
}
