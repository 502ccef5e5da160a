import { appendEvent, ofTask } from "../../ledger/events.ts";
import { earlierReplies } from "../../ledger/messages.ts";
import type { StoredOutcome } from "../../ledger/outcome.ts";
import { findTask, reopenTask, replaceOutcome, type TaskRecord } from "../../ledger/tasks.ts";
import { composeClarification, mayClarify, putClarification, sendReceipt } from "../../worker/clarify.ts";
import type { OpenKit } from "../context.ts";
import type { TaskDefinition } from "./define-task.ts";
import type { Outcome } from "./outcome.ts";

type Answer = Extract<StoredOutcome, { kind: "replied" | "answered" }>;

/** Applies the schema's transforms and refinements; `refused` has what it finds wrong with a reply that satisfied its JSON Schema. */
async function read<Reply>(
  outcome: StoredOutcome,
  definition: TaskDefinition<Reply> | undefined,
  { attempts }: TaskRecord,
): Promise<{ kind: "read"; outcome: Outcome<Reply> } | { kind: "refused"; answer: Answer; issues: string[] }> {
  if (outcome.kind !== "replied" && outcome.kind !== "answered") {
    return { kind: "read", outcome: { attempts, ...outcome } };
  }
  if (!definition?.reply) return { kind: "read", outcome: { ...outcome, data: outcome.data as Reply, attempts } };
  const result = await definition.reply["~standard"].validate(outcome.data);
  if (!result.issues) return { kind: "read", outcome: { ...outcome, data: result.value, attempts } };
  return { kind: "refused", answer: outcome, issues: result.issues.map((issue) => issue.message) };
}

/**
 * The outcome as the task's schema gives it; undefined where the schema refused it. Then the task is open again and who answered is asked for what
 * is missing, or has ended as `unparseable`: the wait has to be looked at again.
 */
export async function accept<Reply>(
  kit: OpenKit,
  task: TaskRecord,
  stored: StoredOutcome,
  definition: TaskDefinition<Reply> | undefined,
): Promise<Outcome<Reply> | undefined> {
  const result = await read(stored, definition, task);
  if (result.kind === "refused") {
    await refuse(kit, { ...task, replySchema: definition?.replySchema ?? task.replySchema }, result);
    // The wait goes on with what it is now.
    Object.assign(task, await findTask(kit.ledger.db, task.id));
    return undefined;
  }
  await acknowledge(kit, task, result.outcome);
  return result.outcome;
}

async function acknowledge(kit: OpenKit, task: TaskRecord, outcome: Outcome<unknown>): Promise<void> {
  const agent = kit.agents.get(task.agent);
  if (!task.accept.receipt || !agent || outcome.kind !== "replied") return;
  await sendReceipt(kit, agent, task, outcome, outcome.data, kit.clock());
}

/** Opens the task again and asks who answered for what is missing; when that was done often enough, the task ends as `unparseable`. */
async function refuse(
  kit: OpenKit,
  { id: taskId, replySchema }: Pick<TaskRecord, "id" | "replySchema">,
  { answer, issues }: { answer: Answer; issues: string[] },
): Promise<void> {
  const { db } = kit.ledger;
  const now = kit.clock();
  // The definition may have changed since it was mailed: from now on it is asked, and read, as it is now.
  const task = { ...(await findTask(db, taskId))!, replySchema };
  const agent = kit.agents.get(task.agent);
  const asks = agent && mayClarify(task) && answer.kind === "replied";
  const mail = asks && (await composeClarification(kit, agent, task, answer, issues, now));
  if (mail) {
    await db.transaction(async (sql) => {
      if (!(await reopenTask(sql, task))) return;
      await appendEvent(sql, { at: now, kind: "reopened", ...ofTask(task), data: { issues } });
      await putClarification(sql, kit, agent, task, mail, now);
    });
    return;
  }
  const earlier = await earlierReplies(db, taskId);
  const outcome = { kind: "unparseable", text: answer.text, from: answer.from, issues, earlier } as const;
  await db.transaction(async (sql) => {
    if (!(await replaceOutcome(sql, task, outcome, now))) return;
    const data = { name: task.name, kind: outcome.kind, issues };
    await appendEvent(sql, { at: now, kind: "settled", ...ofTask(task), from: answer.from, data });
  });
}
