import { EmailKitError } from "../errors.ts";
import type { Sql } from "../ledger/database.ts";
import { markFailed, type OutboxKind, type OutboxRow } from "../ledger/outbox.ts";
import { findTask } from "../ledger/tasks.ts";
import type { Agent } from "../accounts/agent.ts";
import { sameAddress } from "../mail/address.ts";
import { requireRecipients, requireScope } from "../policy/permission.ts";
import { settle } from "./settle.ts";

/** What is only an answer to a mail that came to the agent. */
const ANSWERS: ReadonlySet<OutboxKind> = new Set(["answer", "clarification", "receipt"]);

/**
 * Why a mail may not go out, undefined where it may. The last look before every submission, whatever put the mail into the outbox: the configuration may have
 * changed since, and who answers a task is not always who was asked.
 */
export function refusalOf(agent: Agent, row: Pick<OutboxRow, "kind" | "envelope">): EmailKitError | undefined {
  try {
    const { reviewer } = agent.review;
    // Whom the configuration names may be asked, whatever else the agent may do.
    const others = row.envelope.to.filter((address) => !reviewer || !sameAddress(address, reviewer));
    const answers = ANSWERS.has(row.kind) || others.length === 0;
    requireScope(agent, answers ? "reply" : "send", answers ? "answer a mail" : "mail a task");
    requireRecipients(agent, others);
    return undefined;
  } catch (error) {
    if (error instanceof EmailKitError) return error;
    throw error;
  }
}

/** Keeps the mail from going out for good. Where nobody else is asked, nobody will answer either: the task ends. */
export async function refuseMail(sql: Sql, row: OutboxRow, refusal: EmailKitError, now: number): Promise<void> {
  await markFailed(sql, row.id, "refused", refusal.message);
  const task = row.taskId !== null && row.kind === "task" ? await findTask(sql, row.taskId) : undefined;
  if (!task) return;
  const others = task.addressees.some((address) => !row.envelope.to.some((to) => sameAddress(to, address)));
  if (row.id === task.id || !others)
    await settle(sql, task, { kind: "cancelled", by: "policy", reason: refusal.message }, now);
}
