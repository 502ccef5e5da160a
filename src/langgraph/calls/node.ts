import { getConfig } from "@langchain/langgraph";
import { EmailKitError } from "../../errors.ts";
import { runOf, type EmailRun } from "../run.ts";

/** The node execution that a call is made from. */
export interface CurrentNode {
  run: EmailRun;
  threadId: string;
  /** LangGraph's id of this node run: the same at every re-execution. */
  nodeTaskId: string;
  runId: string | null;
  /** Sends and waits of this one execution, to tell repeated ones apart. */
  execution: Execution;
}

interface Execution {
  attempt: number;
  sent: Set<string>;
  /** How often each task was waited for. */
  waited: Map<string, number>;
}

const executions = new WeakMap<object, Execution>();

/** @throws EmailKitError `GRAPH_NOT_ATTACHED` outside of a node of an attached graph, `LEDGER_MISMATCH` under another kit's. */
export function currentNode(call: string, ledgerId: string): CurrentNode {
  const config = getConfig();
  const configurable = config?.configurable as Record<string, unknown> | undefined;
  const run = runOf(configurable);
  const info = config?.executionInfo;
  const scratchpad = configurable?.["__pregel_scratchpad"];
  // A tool is called without executionInfo.
  const nodeTaskId = info?.taskId ?? configurable?.["__pregel_task_id"];
  if (!run || typeof nodeTaskId !== "string" || typeof scratchpad !== "object" || scratchpad === null) {
    throw new EmailKitError(
      "GRAPH_NOT_ATTACHED",
      `${call} was called outside of a run of an attached graph. Wrap the compiled graph once, const graph = kit.attach("name", builder.compile({ checkpointer: kit.checkpointer(saver) })), and invoke what attach returns with a thread_id.`,
    );
  }
  if (run.ledgerId !== ledgerId) {
    throw new EmailKitError(
      "LEDGER_MISMATCH",
      `${call} belongs to a kit with another ledger than the one that graph "${run.graph}" is attached to. Use one kit for both.`,
    );
  }
  return {
    run: configurable?.["__pregel_checkpointer"]
      ? run
      : { ...run, notDurable: run.notDurable ?? "the (sub)graph was compiled without a checkpointer" },
    threadId: run.threadId,
    nodeTaskId,
    runId: info?.runId ?? null,
    execution: executionOf(scratchpad, info?.nodeAttempt ?? 1),
  };
}

function executionOf(scratchpad: object, attempt: number): Execution {
  const known = executions.get(scratchpad);
  if (known?.attempt === attempt) return known;
  const execution: Execution = { attempt, sent: new Set(), waited: new Map() };
  executions.set(scratchpad, execution);
  return execution;
}
