import type { StoredOutcome } from "../../ledger/outcome.ts";
import { reachedBy } from "../../ledger/outbox.ts";
import { findTask, type TaskRecord } from "../../ledger/tasks.ts";
import { referenceLine } from "../../mail/correlate.ts";
import { composeFollowUp, putFollowUp } from "../../worker/conversation.ts";
import { settle } from "../../worker/settle.ts";
import { hashId } from "../../mail/hash-id.ts";
import type { OpenKit } from "../context.ts";
import { taskOfReceipt } from "./await-reply.ts";
import type { TaskReceipt } from "./receipt.ts";
import { requireClean } from "./review.ts";

/**
 * Ends a task as `cancelled`: a mail that has not gone out is withdrawn, and whoever got it is told that no answer is needed any more.
 * Resolves with false when the task had its outcome already. May be called anywhere, in a node or outside.
 * @param reason Goes into the outcome and into the mail.
 * @throws EmailKitError `TASK_NOT_FOUND`, `LEDGER_MISMATCH`, `REVIEW_REFUSED` for a reason that is not to go out.
 */
export async function cancelTask(kit: OpenKit, receipt: TaskReceipt, reason: string): Promise<boolean> {
  const task = await taskOfReceipt(kit, receipt);
  const agent = kit.agents.get(task.agent);
  if (agent) requireClean(kit, agent, reason);
  return cancelRecord(kit, task, reason);
}

export async function cancelRecord(kit: OpenKit, task: TaskRecord, reason: string): Promise<boolean> {
  const note = `This is not needed any more, and no answer either. ${reason}`;
  return callOff(kit, task, { kind: "cancelled", by: "graph", reason }, note);
}

/** Gives a task the outcome that somebody on this side has decided on. A mail that has not gone out is withdrawn; who got it is told by the note. */
export async function callOff(kit: OpenKit, task: TaskRecord, outcome: StoredOutcome, note: string): Promise<boolean> {
  const { db } = kit.ledger;
  const now = kit.clock();
  const agent = kit.agents.get(task.agent);
  const mails = agent ? await cancellations(kit, task, agent, note, now) : [];
  return db.transaction(async (sql) => {
    const reached = await reachedBy(sql, task.id);
    if (!(await settle(sql, task, outcome, now))) return false;
    for (const mail of mails) {
      if (reached.has(mail.to)) await putFollowUp(sql, kit, agent!, task, mail, now);
    }
    return true;
  });
}

async function cancellations(
  kit: OpenKit,
  task: TaskRecord,
  agent: NonNullable<ReturnType<OpenKit["agents"]["get"]>>,
  note: string,
  now: number,
) {
  const text = [note, `-- \n${referenceLine(task.id)}`];
  const known = await findTask(kit.ledger.db, task.id);
  if (!known || known.outcome) return [];
  const reached = await reachedBy(kit.ledger.db, task.id);
  return Promise.all(
    known.addressees.map((to) =>
      composeFollowUp(kit, agent, task, {
        id: hashId("cancel", task.id, to),
        kind: "cancellation",
        to,
        asked: reached.get(to) ?? task.messageId,
        text: text.join("\n\n"),
        now,
      }),
    ),
  );
}
