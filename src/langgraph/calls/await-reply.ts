import { interrupt } from "@langchain/langgraph";
import { EmailKitError } from "../../errors.ts";
import type { StoredOutcome } from "../../ledger/outcome.ts";
import { findTask, type TaskRecord, unclaimedTasks } from "../../ledger/tasks.ts";
import { countInterrupt, findWait, markDelivered, openWait } from "../../ledger/waits.ts";
import { hashId } from "../base32.ts";
import type { OpenKit } from "../context.ts";
import type { TaskDefinition } from "./define-task.ts";
import { currentNode, type CurrentNode } from "./node.ts";
import type { Outcome } from "./outcome.ts";
import type { TaskReceipt } from "./receipt.ts";

/** What the interrupt of a wait shows to whoever looks at the thread. */
export interface AwaitReplyRequest {
  type: "langgraph-email/await-reply";
  waitId: string;
  ledgerId: string;
  taskId: string;
  nodeTaskId: string;
  name: string;
  from: string;
  to: string[];
  subject: string;
  /** ISO 8601. */
  deadline: string;
  /** JSON Schema of the reply, to display. */
  replySchema?: Record<string, unknown>;
}

export function isAwaitReplyRequest(value: unknown): value is AwaitReplyRequest {
  return (value as { type?: unknown } | null)?.type === "langgraph-email/await-reply";
}

/**
 * Parks the graph until the task has an outcome, and returns it. The answer comes from the ledger: what the graph was resumed with is only a wake-up.
 * @param task The definition (its latest send by this node execution, or the thread's only open one), or the receipt of a send.
 * @throws EmailKitError `GRAPH_NOT_ATTACHED`, `TASK_NOT_FOUND`, `TASK_AMBIGUOUS`, `LEDGER_MISMATCH`. LangGraph's interrupt passes through: do not catch it.
 */
export async function awaitReply<Reply>(
  kit: OpenKit,
  task: TaskDefinition<Reply> | TaskReceipt<Reply>,
  definition?: TaskDefinition<Reply>,
): Promise<Outcome<Reply>> {
  const node = currentNode("awaitReply", kit.ledger.id);
  const record = "taskId" in task ? await taskOfReceipt(kit, task) : await taskOfDefinition(kit, node, task);
  const outcome = await waitFor(kit, node, record);
  return read(outcome, "taskId" in task ? definition : task);
}

async function waitFor(kit: OpenKit, node: CurrentNode, task: TaskRecord): Promise<StoredOutcome> {
  const { db } = kit.ledger;
  const ordinal = node.execution.waited.get(task.id) ?? 0;
  node.execution.waited.set(task.id, ordinal + 1);
  const waitId = hashId("wait", node.nodeTaskId, task.id, String(ordinal));
  const request = requestOf(kit, node, task, waitId);
  const wait = await findWait(db, waitId);
  // LangGraph matches answers by the order of calls: a wait that interrupted before does so again, or the node's next interrupt would get our wake-up.
  for (let call = 0; call < (wait?.interrupts ?? 0); call++) interrupt(request);
  for (;;) {
    const outcome = await db.transaction(async (sql) => {
      const now = kit.clock();
      await openWait(
        sql,
        { id: waitId, graph: node.run.graph, threadId: node.threadId, nodeTaskId: node.nodeTaskId, taskIds: [task.id] },
        now,
      );
      const current = await findTask(sql, task.id);
      if (current?.outcome) await markDelivered(sql, waitId, now);
      else await countInterrupt(sql, waitId);
      return current?.outcome;
    });
    if (outcome) return outcome;
    interrupt(request);
  }
}

async function taskOfReceipt(kit: OpenKit, receipt: TaskReceipt): Promise<TaskRecord> {
  if (receipt.ledgerId !== kit.ledger.id) {
    throw new EmailKitError(
      "LEDGER_MISMATCH",
      `Task "${receipt.name}" was sent from another ledger than this kit's. Wait for it with the kit that sent it.`,
    );
  }
  const task = await findTask(kit.ledger.db, receipt.taskId);
  if (!task)
    throw new EmailKitError("TASK_NOT_FOUND", `The ledger holds no task ${receipt.taskId} ("${receipt.name}").`);
  return task;
}

async function taskOfDefinition(kit: OpenKit, node: CurrentNode, definition: TaskDefinition): Promise<TaskRecord> {
  for (const id of [...node.execution.sent].toReversed()) {
    const task = await findTask(kit.ledger.db, id);
    if (task?.name === definition.name) return task;
  }
  const candidates = await unclaimedTasks(kit.ledger.db, {
    threadId: node.threadId,
    name: definition.name,
    nodeTaskId: node.nodeTaskId,
  });
  const mine = candidates.filter((candidate) => candidate.mine);
  const [found, ...others] = mine.length > 0 ? mine : candidates;
  if (!found) {
    throw new EmailKitError(
      "TASK_NOT_FOUND",
      `No task "${definition.name}" of this thread is left to wait for. Call sendTask before awaitReply.`,
    );
  }
  if (others.length > 0) {
    throw new EmailKitError(
      "TASK_AMBIGUOUS",
      `${others.length + 1} tasks "${definition.name}" of this thread could be meant. Pass the receipt of one to awaitReply.`,
    );
  }
  return found.task;
}

function requestOf(kit: OpenKit, node: CurrentNode, task: TaskRecord, waitId: string): AwaitReplyRequest {
  return {
    type: "langgraph-email/await-reply",
    waitId,
    ledgerId: kit.ledger.id,
    taskId: task.id,
    nodeTaskId: node.nodeTaskId,
    name: task.name,
    from: task.agent,
    to: task.addressees,
    subject: task.subject,
    deadline: new Date(task.deadlineAt).toISOString(),
    ...(task.replySchema && { replySchema: task.replySchema }),
  };
}

/** Applies the schema's transforms. The stored reply already satisfied its JSON Schema; what only the schema itself refuses is `unparseable`. */
async function read<Reply>(
  outcome: StoredOutcome,
  definition: TaskDefinition<Reply> | undefined,
): Promise<Outcome<Reply>> {
  if (outcome.kind !== "replied" && outcome.kind !== "answered") return outcome;
  if (!definition?.reply) return outcome as Outcome<Reply>;
  const result = await definition.reply["~standard"].validate(outcome.data);
  if (!result.issues) return { ...outcome, data: result.value };
  return {
    kind: "unparseable",
    text: outcome.text,
    from: outcome.from,
    issues: result.issues.map((issue) => issue.message),
  };
}
