import { EmailKitError } from "../errors.ts";
import { closeConfirmation, type ConfirmationRecord, dueConfirmations } from "../ledger/confirmations.ts";
import { findMessage, type MessageRecord } from "../ledger/messages.ts";
import type { StoredReply } from "../ledger/outcome.ts";
import { findTask } from "../ledger/tasks.ts";
import type { WorkerDeps } from "./deps.ts";
import { discardMessage, releaseConfirmed } from "./release.ts";
import { settle } from "./settle.ts";

const BATCH = 20;

/** Does what follows from the answers, and takes back the questions that have become pointless. Resolves with their number. */
export async function actOnConfirmations(deps: WorkerDeps): Promise<number> {
  const due = await dueConfirmations(deps.ledger.db, [...deps.agents.keys()], BATCH);
  const errors: unknown[] = [];
  for (const confirmation of due) await act(deps, confirmation).catch((error: unknown) => errors.push(error));
  if (errors.length > 0) throw errors[0];
  return due.length;
}

/** The answer stays in the ledger until it is acted on: a process that dies in between leaves it to the next one. */
async function act(deps: WorkerDeps, { message, question: id }: ConfirmationRecord): Promise<void> {
  const { db } = deps.ledger;
  const question = await findTask(db, id);
  const record = await findMessage(db, message);
  if (question?.outcome?.kind === "replied" && record?.disposition === "quarantined") {
    await follow(deps, record, question.outcome).catch((error: unknown) => {
      if (!(error instanceof EmailKitError) || error.retryable) throw error;
      deps.log.warn("A mail that its sender has confirmed or denied stays in quarantine", {
        message,
        code: error.code,
        error,
      });
    });
  }
  const now = deps.clock();
  await db.transaction(async (sql) => {
    await closeConfirmation(sql, message, now);
    const reason = "What it asks about has been decided.";
    if (question && !question.outcome) await settle(sql, question, { kind: "cancelled", by: "policy", reason }, now);
  });
}

async function follow(deps: WorkerDeps, record: MessageRecord, answer: StoredReply): Promise<void> {
  const { sent } = answer.data as { sent: boolean };
  await (sent ? releaseConfirmed : discardMessage)(deps, record.id, { actor: answer.from });
}
