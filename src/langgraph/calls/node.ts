import { getConfig } from "@langchain/langgraph";
import { EmailKitError } from "../../errors.ts";
import { runOf, type EmailRun } from "../run.ts";
import { toolCallOf } from "../tool-calls.ts";
import type { TaskDefinition } from "./define-task.ts";

/** The node execution that a call is made from. */
export interface CurrentNode {
  run: EmailRun;
  /** Resolves when the checkpoint that the node runs from is stored. */
  stored: Promise<unknown>;
  threadId: string;
  /** LangGraph's id of this node run: the same at every re-execution. */
  nodeTaskId: string;
  /** The model's id of the tool call, inside of a tool: the tools of one ToolNode share a node run. */
  toolCallId: string | null;
  /** The root graph's node, which this one is or is nested in. */
  node: string;
  /** The root graph's checkpoint that this step runs from. */
  checkpointId: string;
  runId: string | null;
  /** What this one execution has done so far, to tell repeated calls apart. */
  execution: Execution;
  /** The waits that have parked this execution of the node: to ask again for one means that its interrupt was caught. */
  parked: Set<string>;
}

interface Execution {
  /** By the id of the task. */
  sent: Map<string, TaskDefinition>;
  waited: Set<string>;
  /** How often it has waited for the same tasks, until the same: each time is a wait of its own. */
  waits: Map<string, number>;
}

/** By node run, and in it by attempt or by the run of a tool. */
const executions = new WeakMap<object, Map<string, Execution>>();
const parkedBy = new WeakMap<object, Map<string, Set<string>>>();

/** @throws EmailKitError `GRAPH_NOT_ATTACHED` outside of a node of an attached graph, `LEDGER_MISMATCH` under another kit's. */
export function currentNode(call: string, ledgerId: string): CurrentNode {
  const config = getConfig();
  const configurable = config?.configurable as Record<string, unknown> | undefined;
  const run = runOf(configurable);
  const info = config?.executionInfo;
  const scratchpad = configurable?.["__pregel_scratchpad"];
  const checkpoints = configurable?.["checkpoint_map"] as Record<string, string> | undefined;
  const namespace = configurable?.["checkpoint_ns"] as string | undefined;
  const toolCall = toolCallOf(config);
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
  const ownCheckpoint = info?.checkpointId ?? checkpoints?.[namespace?.split("|").slice(0, -1).join("|") ?? ""];
  const stored = ownCheckpoint === undefined ? undefined : run.stored?.get(ownCheckpoint);
  const attempt = `attempt ${info?.nodeAttempt ?? 1}`;
  const isStored = run.stored === undefined || stored !== undefined;
  return {
    run: isStored
      ? run
      : { ...run, notDurable: run.notDurable ?? "the (sub)graph was compiled without a checkpointer" },
    stored: stored ?? Promise.resolve(),
    threadId: run.threadId,
    nodeTaskId,
    toolCallId: toolCall?.id ?? null,
    node: namespace?.split(":")[0] ?? "",
    checkpointId: checkpoints?.[""] ?? (configurable?.["checkpoint_id"] as string),
    runId: run.runId ?? null,
    execution: executionOf(scratchpad, toolCall?.runId ?? attempt),
    parked: parkedIn(scratchpad, attempt),
  };
}

/** LangGraph's own retry of a node begins anew: nothing was caught. */
function parkedIn(scratchpad: object, attempt: string): Set<string> {
  const ofNode = parkedBy.get(scratchpad) ?? new Map<string, Set<string>>();
  parkedBy.set(scratchpad, ofNode);
  const parked = ofNode.get(attempt) ?? new Set<string>();
  ofNode.set(attempt, parked);
  return parked;
}

function executionOf(scratchpad: object, key: string): Execution {
  const ofNode = executions.get(scratchpad) ?? new Map<string, Execution>();
  executions.set(scratchpad, ofNode);
  const execution = ofNode.get(key) ?? { sent: new Map(), waited: new Set(), waits: new Map() };
  ofNode.set(key, execution);
  return execution;
}
