import { createHash } from "node:crypto";
import { GraphInterrupt } from "@langchain/langgraph";
import { EmailKitError } from "../../errors.ts";
import type { StoredOutcome } from "../../ledger/outcome.ts";
import { earlierReplies } from "../../ledger/messages.ts";
import { findTask, reopenTask, replaceOutcome, type TaskRecord, unclaimedTasks } from "../../ledger/tasks.ts";
import { markDelivered, openWait } from "../../ledger/waits.ts";
import { composeClarification, mayClarify, putClarification, sendReceipt } from "../../worker/clarify.ts";
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
  /** JSON Schema of the reply: a user interface answers with `{ taskId, data }`, where `data` satisfies it. */
  replySchema?: Record<string, unknown>;
}

export function isAwaitReplyRequest(value: unknown): value is AwaitReplyRequest {
  return (value as { type?: unknown } | null)?.type === "langgraph-email/await-reply";
}

/**
 * Parks the graph until the task has an outcome, and returns it. The answer comes from the ledger: what the graph was resumed with plays no part.
 * @param task The definition (its latest send by this node execution, or the thread's only open one), or the receipt of a send.
 * @throws EmailKitError `GRAPH_NOT_ATTACHED`, `RUN_NOT_DURABLE`, `TASK_NOT_FOUND`, `TASK_AMBIGUOUS`, `LEDGER_MISMATCH`. LangGraph's interrupt passes through: do not catch it.
 */
export async function awaitReply<Reply>(
  kit: OpenKit,
  task: TaskDefinition<Reply> | TaskReceipt<Reply>,
  definition?: TaskDefinition<Reply>,
): Promise<Outcome<Reply>> {
  const node = currentNode("awaitReply", kit.ledger.id);
  const record = "taskId" in task ? await taskOfReceipt(kit, task) : await taskOfDefinition(kit, node, task);
  if (node.run.notDurable) {
    throw new EmailKitError(
      "RUN_NOT_DURABLE",
      `awaitReply cannot park the graph: ${node.run.notDurable}. Run it with a checkpointer and durability "sync".`,
    );
  }
  node.execution.waited.add(record.id);
  for (;;) {
    const result = await read(await waitFor(kit, node, record), "taskId" in task ? definition : task);
    if (result.kind === "read") {
      await acknowledge(kit, record, result.outcome);
      return result.outcome;
    }
    await refuse(kit, record.id, result.answer, result.issues);
  }
}

/** Parks until the task has an outcome. */
export async function waitFor(kit: OpenKit, node: CurrentNode, task: TaskRecord): Promise<StoredOutcome> {
  const { threadId, nodeTaskId, checkpointId } = node;
  const waitId = hashId("wait", nodeTaskId, task.id);
  const wait = { id: waitId, graph: node.run.graph, threadId, node: node.node, nodeTaskId, checkpointId };
  const outcome = await kit.ledger.db.transaction(async (sql) => {
    await openWait(sql, { ...wait, taskIds: [task.id] }, kit.clock());
    const current = await findTask(sql, task.id);
    if (current?.outcome) await markDelivered(sql, waitId, kit.clock());
    return current?.outcome;
  });
  if (outcome) return outcome;
  // LangGraph's interrupt() counts its calls and hands out answers by that count, to every caller in the node. Thrown by hand, the
  // wait takes no part in it: the node's own interrupts keep their answers, however many waits and tools there are around them.
  throw new GraphInterrupt([{ id: interruptId(waitId), value: requestOf(kit, node, task, waitId) }]);
}

/** 32 hexadecimal digits, as LangGraph and its clients know the ids of interrupts. */
function interruptId(waitId: string): string {
  return createHash("sha256").update(waitId).digest("hex").slice(0, 32);
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
  const sent: TaskRecord[] = [];
  for (const id of node.execution.sent) {
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

type Answer = Extract<StoredOutcome, { kind: "replied" | "answered" }>;

/** Applies the schema's transforms and refinements; `refused` has what it finds wrong with a reply that satisfied its JSON Schema. */
async function read<Reply>(
  outcome: StoredOutcome,
  definition: TaskDefinition<Reply> | undefined,
): Promise<{ kind: "read"; outcome: Outcome<Reply> } | { kind: "refused"; answer: Answer; issues: string[] }> {
  if (outcome.kind !== "replied" && outcome.kind !== "answered") return { kind: "read", outcome };
  if (!definition?.reply) return { kind: "read", outcome: outcome as Outcome<Reply> };
  const result = await definition.reply["~standard"].validate(outcome.data);
  if (!result.issues) return { kind: "read", outcome: { ...outcome, data: result.value } };
  return { kind: "refused", answer: outcome, issues: result.issues.map((issue) => issue.message) };
}

async function acknowledge(kit: OpenKit, task: TaskRecord, outcome: Outcome<unknown>): Promise<void> {
  const agent = kit.agents.get(task.agent);
  if (!task.accept.receipt || !agent || outcome.kind !== "replied") return;
  await sendReceipt(kit, agent, task, outcome, outcome.data, kit.clock());
}

/** Opens the task again and asks who answered for what is missing; when that was done often enough, the task ends as `unparseable`. */
async function refuse(kit: OpenKit, taskId: string, answer: Answer, issues: string[]): Promise<void> {
  const { db } = kit.ledger;
  const now = kit.clock();
  const task = (await findTask(db, taskId))!;
  const agent = kit.agents.get(task.agent);
  if (agent && mayClarify(task) && answer.kind === "replied") {
    const reply = { from: answer.from, messageId: answer.messageId };
    const mail = await composeClarification(kit, agent, task, reply, issues, now);
    await db.transaction(async (sql) => {
      if (await reopenTask(sql, task)) await putClarification(sql, kit, agent, task, mail, now);
    });
    return;
  }
  const earlier = await earlierReplies(db, taskId);
  await replaceOutcome(db, task, { kind: "unparseable", text: answer.text, from: answer.from, issues, earlier });
}
