import { createHash } from "node:crypto";
import { GraphInterrupt } from "@langchain/langgraph";
import { EmailKitError } from "../../errors.ts";
import type { Sql } from "../../ledger/database.ts";
import type { StoredOutcome } from "../../ledger/outcome.ts";
import type { TaskRecord } from "../../ledger/tasks.ts";
import type { Until } from "../../ledger/until.ts";
import { countedOutcomes, findWait, markDelivered, openWait, type WaitDecision } from "../../ledger/waits.ts";
import { type Deadline, deadlineAt } from "../../time/deadline.ts";
import { hashId } from "../../mail/hash-id.ts";
import type { OpenKit } from "../context.ts";
import type { EmailRun } from "../run.ts";
import { type HumanInterrupt, humanInterrupt, type ToolCall } from "./human-interrupt.ts";
import type { CurrentNode } from "./node.ts";
import { tellDecided, tellWaiting } from "./progress.ts";

/** What the interrupt of a wait shows to whoever looks at the thread. */
export interface AwaitReplyRequest extends Partial<HumanInterrupt> {
  type: "langgraph-email/await-reply";
  waitId: string;
  ledgerId: string;
  /** Of the task, or of the first one where several are waited for; so are `name`, `from`, `subject`, `deadline` and `replySchema`. */
  taskId: string;
  /** What is waited for, each to be answered by its own id. `replySchema` where it is not the first one's. */
  tasks: {
    taskId: string;
    name: string;
    to: string[];
    subject: string;
    deadline: string;
    replySchema?: Record<string, unknown>;
  }[];
  nodeTaskId: string;
  name: string;
  from: string;
  to: string[];
  subject: string;
  /** ISO 8601. */
  deadline: string;
  /** JSON Schema of the reply: a user interface answers with `{ taskId, data }`, where `data` satisfies it. */
  replySchema?: Record<string, unknown>;
  /** Why the last answer of a user interface was not taken. */
  refused?: string;
  /** Whether the actions are tool calls that are to be approved: an `edit` gives their arguments, and not the fields of the reply. */
  toolCalls?: true;
}

export function isAwaitReplyRequest(value: unknown): value is AwaitReplyRequest {
  return (value as { type?: unknown } | null)?.type === "langgraph-email/await-reply";
}

export function requireDurable(node: CurrentNode, call: string): void {
  if (!node.run.notDurable) return;
  throw new EmailKitError(
    "RUN_NOT_DURABLE",
    `${call} cannot park the graph: ${node.run.notDurable}. Run it with a checkpointer and durability "sync".`,
  );
}

export interface WaitResult {
  decision: WaitDecision;
  /** In the order of the tasks; null for those that were open when it was decided. */
  outcomes: (StoredOutcome | null)[];
}

/** What one call waits for. */
export interface Wait {
  id: string;
  tasks: readonly TaskRecord[];
  until: Until;
  deadline?: Deadline | undefined;
  /** What the tasks ask to approve, in their order. */
  calls?: readonly ToolCall[] | undefined;
}

/** The id of what one call waits for: to be asked for once a call, and the same at every re-execution of the node. */
export function beginWait({ nodeTaskId, execution }: CurrentNode, taskIds: readonly string[], until: Until): string {
  const condition = JSON.stringify(until);
  const same = JSON.stringify([taskIds, condition]);
  const before = execution.waits.get(same) ?? 0;
  execution.waits.set(same, before + 1);
  // A wait keeps its decision: asked again, or until something else, it is another one. Its deadline is no part of what it is: a node may reckon it anew
  // each time it runs.
  return hashId("wait", nodeTaskId, ...taskIds, condition, String(before));
}

/** Parks until the tasks' outcomes, or the wait's own deadline, decide it. One interrupt, however many tasks. */
export async function waitFor(
  kit: OpenKit,
  node: CurrentNode,
  { id: waitId, tasks, until, deadline, calls }: Wait,
): Promise<WaitResult> {
  const { threadId, nodeTaskId, checkpointId } = node;
  const park = async () =>
    new GraphInterrupt([
      {
        id: interruptId(waitId),
        value: await requestOf(kit, node, { id: waitId, tasks, calls }),
        ...responseSchema(tasks),
      },
    ]);
  if (node.run.parked?.has(waitId)) throw await park();
  // A wait of a checkpoint that was never stored would stay open for ever: after a crash the node runs from another one.
  await node.stored;
  const taskIds = tasks.map((task) => task.id);
  const wait = { id: waitId, graph: node.run.graph, threadId, node: node.node, nodeTaskId, checkpointId };
  const now = kit.clock();
  const endsAt = deadline === undefined ? null : deadlineAt(now, deadline, kit.calendar);
  // Where all have their outcomes, it is only noted here that the node knows them: lost, the node is told again.
  const durable = tasks.every((task) => task.outcome) ? "soon" : "now";
  const decide = async (sql: Sql) => {
    const known = await findWait(sql, waitId);
    if (!known) await openWait(sql, { ...wait, taskIds, until, deadlineAt: endsAt }, now);
    const { decision, deliveredAt } = known ?? (await findWait(sql, waitId))!;
    if (decision === null) return known ? "parked" : "new";
    await markDelivered(sql, waitId, now);
    return { decision, outcomes: await countedOutcomes(sql, waitId), first: deliveredAt === null };
  };
  const result = await kit.ledger.db.transaction(decide, { durable });
  if (typeof result === "object") {
    if (result.first) tellDecided(tasks, result.outcomes);
    return result;
  }
  if (result === "new" || tasks.some(({ outcome }) => outcome)) tellWaiting(tasks);
  if (node.parked.has(waitId)) throw caught(kit, node);
  node.parked.add(waitId);
  node.run.thrown?.set(nodeTaskId, node.node);
  // LangGraph's interrupt() counts its calls and hands out answers by that count, to every caller in the node. Thrown by hand, the
  // wait takes no part in it: the node's own interrupts keep their answers, however many waits and tools there are around them.
  throw await park();
}

const LET_PASS =
  "Let interrupts pass: isGraphInterrupt(error) of @langchain/langgraph tells them; for toolRetryMiddleware, in `retryOn` and `onFailure`.";

/** Says of a run that ended which of its nodes caught the interrupt of a wait and went on: nobody waits for the answer then. */
export function sayCaught({ log }: OpenKit, { threadId, thrown }: EmailRun): void {
  for (const node of thrown?.values() ?? []) {
    const code = "INTERRUPT_CAUGHT";
    log.error(`In node "${node}" something caught the interrupt of a wait, which was not kept. ${LET_PASS}`, {
      code,
      threadId,
    });
  }
}

/** Logged as well: what caught the interrupt may catch this. */
function caught({ log }: OpenKit, { node, threadId }: CurrentNode): EmailKitError {
  const error = new EmailKitError(
    "INTERRUPT_CAUGHT",
    `Node "${node}" asked again for a wait that has parked it: something caught LangGraph's interrupt and went on. ${LET_PASS}`,
  );
  log.error(error.message, { code: error.code, threadId });
  return error;
}

/** 32 hexadecimal digits, as LangGraph and its clients know the ids of interrupts. */
function interruptId(waitId: string): string {
  return createHash("sha256").update(waitId).digest("hex").slice(0, 32);
}

/** What Studio makes a form of. */
function responseSchema([task, ...others]: readonly TaskRecord[]): { response_schema?: Record<string, unknown> } {
  if (others.length > 0 || task!.expects) return {};
  return { response_schema: task!.replySchema ?? { type: "string" } };
}

async function requestOf(
  kit: OpenKit,
  node: CurrentNode,
  { id: waitId, tasks, calls }: Pick<Wait, "id" | "tasks" | "calls">,
): Promise<AwaitReplyRequest> {
  const task = tasks[0]!;
  const { refused } = node.run;
  return {
    type: "langgraph-email/await-reply",
    waitId,
    ledgerId: kit.ledger.id,
    taskId: task.id,
    tasks: tasks.map(({ id, name, addressees, subject, deadlineAt: at, replySchema }) => ({
      taskId: id,
      name,
      to: addressees,
      subject,
      deadline: new Date(at).toISOString(),
      ...(replySchema && name !== task.name && { replySchema }),
    })),
    nodeTaskId: node.nodeTaskId,
    name: task.name,
    from: task.agent,
    to: tasks.flatMap(({ addressees }) => addressees),
    subject: task.subject,
    deadline: new Date(task.deadlineAt).toISOString(),
    ...(task.replySchema && { replySchema: task.replySchema }),
    ...(refused !== undefined && { refused }),
    ...(!task.expects && (await humanInterrupt(tasks, refused, calls))),
    ...(calls && { toolCalls: true as const }),
  };
}
