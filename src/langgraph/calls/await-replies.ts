import { EmailKitError } from "../../errors.ts";
import type { TaskRecord } from "../../ledger/tasks.ts";
import { readUntil, type Until } from "../../ledger/until.ts";
import type { Deadline } from "../../time/deadline.ts";
import type { OpenKit } from "../context.ts";
import { taskOfReceipt } from "./await-reply.ts";
import { cancelRecord } from "./cancel-task.ts";
import type { TaskDefinition } from "./define-task.ts";
import { definitionFor } from "./known-tasks.ts";
import { currentNode } from "./node.ts";
import type { Outcome } from "./outcome.ts";
import { accept } from "./read-outcome.ts";
import type { TaskReceipt } from "./receipt.ts";
import { beginWait, requireDurable, type Wait, waitFor } from "./wait.ts";

export interface AwaitRepliesOptions<Reply> {
  /** When the wait ends. Default: `all`. */
  until?: Until;
  /** Until when it waits at most, whatever the tasks' own deadlines are: "4h", "2 business days" from the first time that it is asked, or a date. Default: as long as they do. */
  deadline?: Deadline;
  /** Tells those who have not answered by then that they need not. Default: false. */
  cancelRest?: boolean;
  /** The tasks' definition, where neither this node execution nor the kit knows it. */
  task?: TaskDefinition<Reply>;
}

/** How a wait for several tasks ended: `met`, `unmet` where its condition cannot be met any more, or `expired` at its own deadline. */
export interface Replies<Reply> {
  kind: "met" | "unmet" | "expired";
  /** In the order of the receipts; `open` for those that had no outcome when it ended. */
  outcomes: (Outcome<Reply> | { kind: "open" })[];
}

/**
 * Parks the graph once for several tasks, until enough of them have an outcome. They are counted in the ledger: the graph runs again once, when it is decided.
 * @throws EmailKitError as `awaitReply`, and `INVALID_CONFIG` for no receipts, one twice, or a condition or deadline that is none.
 */
export async function awaitReplies<Reply>(
  kit: OpenKit,
  receipts: readonly TaskReceipt<Reply>[],
  options: AwaitRepliesOptions<Reply> & Pick<Wait, "calls"> = {},
): Promise<Replies<Reply>> {
  const node = currentNode("awaitReplies", kit.ledger.id);
  requireDurable(node, "awaitReplies");
  const taskIds = receipts.map(({ taskId }) => taskId);
  if (taskIds.length === 0 || new Set(taskIds).size < taskIds.length) {
    throw new EmailKitError("INVALID_CONFIG", "awaitReplies needs the receipts of one or more tasks, each once.");
  }
  const until = readUntil(options.until ?? "all");
  const id = beginWait(node, taskIds, until);
  const tasks: TaskRecord[] = [];
  for (const receipt of receipts) tasks.push(await taskOfReceipt(kit, receipt));
  const definitions = tasks.map((task) => definitionFor(kit.tasks, node, task, options.task));
  for (const task of tasks) node.execution.waited.add(task.id);
  const wait = { id, tasks, until, deadline: options.deadline, calls: options.calls };
  for (;;) {
    const { decision, outcomes: stored } = await waitFor(kit, node, wait);
    const outcomes: Replies<Reply>["outcomes"] = [];
    let refused = false;
    for (const [place, outcome] of stored.entries()) {
      const read = outcome ? await accept(kit, tasks[place]!, outcome, definitions[place]) : { kind: "open" as const };
      if (read) outcomes.push(read as Outcome<Reply>);
      else refused = true;
    }
    if (refused) continue;
    if (options.cancelRest) await cancelOpen(kit, tasks, stored);
    return { kind: decision, outcomes };
  }
}

async function cancelOpen(kit: OpenKit, tasks: readonly TaskRecord[], stored: readonly unknown[]): Promise<void> {
  for (const [place, task] of tasks.entries()) {
    if (stored[place] === null) await cancelRecord(kit, task, "Enough answers have come.");
  }
}
