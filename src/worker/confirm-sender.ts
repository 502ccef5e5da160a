import type { Agent } from "../accounts/agent.ts";
import { insertConfirmation, mayConfirm } from "../ledger/confirmations.ts";
import type { Sql } from "../ledger/database.ts";
import { appendEvent, ofTask } from "../ledger/events.ts";
import type { MessageRecord } from "../ledger/messages.ts";
import { isSettled, type TaskRecord } from "../ledger/tasks.ts";
import { sameAddress } from "../mail/address.ts";
import { referenceLine } from "../mail/correlate.ts";
import { hashId } from "../mail/hash-id.ts";
import type { WorkerDeps } from "./deps.ts";
import { prepareQuestion } from "./question.ts";

/** JSON Schema of the answer. */
const SENT = {
  type: "object",
  properties: { sent: { type: "boolean", description: "yes or no" } },
  required: ["sent"],
};
/** About mails to one task, whoever sends them: a flood of forged replies makes no flood of questions. */
const MOST_QUESTIONS = 3;

/**
 * Prepares the question to whom the task asked, whether the reply in quarantine is theirs: a task like any other, of which nothing in the reply is a part but the
 * address that it came from. Resolves with what stores it, in the transaction that stores the reply; undefined where nobody can be asked, or was asked often enough.
 */
export async function askSender(
  deps: WorkerDeps,
  task: TaskRecord,
  { id: message, sender, storedAt: now }: MessageRecord,
): Promise<((sql: Sql) => Promise<void>) | undefined> {
  const agent = deps.agents.get(task.agent);
  const addressees = task.addressees.filter((address) => !isAgent(deps, address));
  if (!deps.inbound.confirmSender || !agent || !sender || task.outcome || addressees.length === 0) return undefined;
  if (!provesReplies(agent) || !(await mayConfirm(deps.ledger.db, task.id, MOST_QUESTIONS))) return undefined;
  const id = hashId("confirm", deps.ledger.id, message);
  const { graph, threadId, runId, nodeTaskId, traceparent } = task;
  const question = await prepareQuestion(deps, agent, {
    id,
    name: "confirm_sender",
    role: "confirmation",
    addressees,
    subject: `Did you send this? Re: ${task.subject}`,
    body: [
      `A reply to "${task.subject}" came from ${sender}. Did you send it? Reply yes or no.`,
      "Without an answer it does not count. Nothing of what it says is shown here.",
      `-- \n${referenceLine(id)}`,
    ].join("\n\n"),
    replySchema: SENT,
    createdAt: now,
    // Before the task's own: what nobody has answered says so.
    deadlineAt: task.deadlineAt - 1,
    graph,
    threadId,
    runId,
    nodeTaskId,
    traceparent,
  });
  return async (sql) => {
    if (await isSettled(sql, task.id)) return;
    const confirmation = { message, question: id, taskId: task.id, agent: agent.name, createdAt: now };
    if (!(await insertConfirmation(sql, confirmation)) || !(await question.put(sql))) return;
    await appendEvent(sql, {
      at: now,
      kind: "confirming",
      ...ofTask(task),
      messageId: question.task.messageId,
      from: agent.address.address,
      to: addressees,
      subject: question.task.subject,
      body: question.blob!,
      data: { message, question: id },
    });
  };
}

/** An agent of this kit would take the question for work. */
function isAgent({ agents }: WorkerDeps, address: string): boolean {
  return [...agents.values()].some((agent) => sameAddress(agent.address.address, address));
}

/** Whether any reply to it can have grade B. */
function provesReplies({ replyTo, authservIds }: Agent): boolean {
  return replyTo !== "none" || authservIds.length > 0;
}
