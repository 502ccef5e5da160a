import { EmailKitError } from "../../errors.ts";
import { findTask, type TaskRecord, unclaimedTasks } from "../../ledger/tasks.ts";
import type { OpenKit } from "../context.ts";
import type { TaskDefinition } from "./define-task.ts";
import { definitionFor } from "./known-tasks.ts";
import { currentNode, type CurrentNode } from "./node.ts";
import type { Outcome } from "./outcome.ts";
import { accept } from "./read-outcome.ts";
import type { TaskReceipt } from "./receipt.ts";
import { beginWait, requireDurable, waitFor } from "./wait.ts";

/**
 * Parks the graph until the task has an outcome, and returns it. The answer comes from the ledger: what the graph was resumed with plays no part.
 * @param task The definition (its latest send by this node execution, or the thread's only open one), or the receipt of a send.
 * @param options.task With a receipt: its definition, where neither this node execution nor the kit knows it.
 * @throws EmailKitError `GRAPH_NOT_ATTACHED`, `RUN_NOT_DURABLE`, `TASK_NOT_FOUND`, `TASK_AMBIGUOUS`, `UNKNOWN_TASK`, `LEDGER_MISMATCH`. LangGraph's interrupt passes through: do not catch it.
 */
export async function awaitReply<Reply>(
  kit: OpenKit,
  task: TaskDefinition<Reply> | TaskReceipt<Reply>,
  options: { task?: TaskDefinition<Reply> } = {},
): Promise<Outcome<Reply>> {
  const node = currentNode("awaitReply", kit.ledger.id);
  const record = "taskId" in task ? await taskOfReceipt(kit, task) : await taskOfDefinition(kit, node, task);
  requireDurable(node, "awaitReply");
  const definition = "taskId" in task ? definitionFor(kit.tasks, node, record, options.task) : task;
  node.execution.waited.add(record.id);
  const wait = { id: beginWait(node, [record.id], "all"), tasks: [record], until: "all" } as const;
  for (;;) {
    const { outcomes } = await waitFor(kit, node, wait);
    const outcome = await accept(kit, record, outcomes[0]!, definition);
    if (outcome) return outcome as Outcome<Reply>;
  }
}

export async function taskOfReceipt(kit: OpenKit, receipt: TaskReceipt): Promise<TaskRecord> {
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
  const sent: TaskRecord[] = [];
  for (const id of node.execution.sent.keys()) {
    const task = await findTask(kit.ledger.db, id);
    if (task?.name === definition.name) sent.push(task);
  }
  const unasked = sent.filter((task) => !node.execution.waited.has(task.id));
  if (unasked.length > 1) throw ambiguous(definition, unasked.length, "this node execution");
  if (sent.length > 0) return unasked[0] ?? sent.at(-1)!;
  const candidates = await unclaimedTasks(kit.ledger.db, {
    threadId: node.threadId,
    graph: node.run.graph,
    name: definition.name,
    nodeTaskId: node.nodeTaskId,
    checkpointId: node.checkpointId,
  });
  const mine = candidates.filter((candidate) => candidate.mine);
  const [found, ...others] = mine.length > 0 ? mine : candidates;
  if (!found) {
    throw new EmailKitError(
      "TASK_NOT_FOUND",
      `No task "${definition.name}" of this thread is left to wait for. Call sendTask before awaitReply.`,
    );
  }
  if (others.length > 0) throw ambiguous(definition, others.length + 1, "this thread");
  return found.task;
}

function ambiguous(definition: TaskDefinition, count: number, where: string): EmailKitError {
  return new EmailKitError(
    "TASK_AMBIGUOUS",
    `${count} tasks "${definition.name}" of ${where} could be meant. Pass the receipt of one to awaitReply.`,
  );
}
