import type { Sql } from "../ledger/database.ts";
import { appendEvent, ofTask } from "../ledger/events.ts";
import type { StoredOutcome } from "../ledger/outcome.ts";
import { settledByMailAt } from "../ledger/messages.ts";
import { unhold } from "../ledger/outbox.ts";
import { restoredAt } from "../ledger/restore.ts";
import { decideReview, openReview, type ReviewRecord } from "../ledger/reviews.ts";
import { releaseSteps } from "../ledger/next-mails.ts";
import { findTask, settleTask, type TaskRecord } from "../ledger/tasks.ts";

/** Freezes a task's outcome, and says so in the audit log. Resolves with false when it had one. `messageId`: of the mail that settled it. */
export async function settle(
  sql: Sql,
  task: TaskRecord,
  outcome: StoredOutcome,
  now: number,
  messageId?: string | null,
): Promise<boolean> {
  if (!(await settleTask(sql, task.id, outcome, now))) return false;
  await appendEvent(sql, {
    at: now,
    kind: "settled",
    ...ofTask(task),
    ...(messageId && { messageId }),
    ...("from" in outcome && { from: outcome.from }),
    data: { name: task.name, ...detailsOf(outcome) },
  });
  const review = await openReview(sql, task.id);
  if (review) await (review.id === task.id ? endReview(sql, review, now) : decide(sql, review, task, outcome, now));
  return true;
}

/** The held mail is of no use any more, and nor is an answer about it. */
async function endReview(sql: Sql, review: ReviewRecord, now: number): Promise<void> {
  await decideReview(sql, review.id, now);
  const question = await findTask(sql, review.question);
  const reason = "The mail is not to be sent any more.";
  if (question) await settle(sql, question, { kind: "cancelled", by: "policy", reason }, now);
}

/** What the outcome of the question means for the held mail. Silence is never consent. */
async function decide(
  sql: Sql,
  review: ReviewRecord,
  question: TaskRecord,
  outcome: StoredOutcome,
  now: number,
): Promise<void> {
  await decideReview(sql, review.id, now);
  const held = await findTask(sql, review.id);
  const rejection = rejectionOf(outcome);
  await appendEvent(sql, {
    at: now,
    kind: rejection ? "rejected" : "approved",
    ...ofTask(held ?? question),
    ...("from" in outcome && { from: outcome.from }),
    to: review.details.to,
    subject: review.details.subject,
    data: { ...("grade" in outcome && { grade: outcome.grade }), ...(rejection && { reason: rejection.reason }) },
  });
  const answeredAt = (await settledByMailAt(sql, question.id)) ?? Infinity;
  const release = async (id: string) =>
    answeredAt < (await restoredAt(sql)) ? unhold(sql, id, "unknown", now, MAY_BE_SENT) : unhold(sql, id, "due", now);
  if (!rejection) {
    if ((await release(review.id)) && held) await releaseSteps(sql, held, now);
    if (review.instead) await unhold(sql, review.instead, "withdrawn", now);
  } else {
    if (held) await settle(sql, held, rejection, now);
    else await unhold(sql, review.id, "withdrawn", now);
    if (review.instead) await release(review.instead);
  }
}

const MAY_BE_SENT =
  "It was held, and that was decided before the ledger was restored from a backup: this mail may have been sent.";

function rejectionOf(outcome: StoredOutcome): Extract<StoredOutcome, { kind: "cancelled" }> | undefined {
  const by = (who: "reviewer" | "policy", reason: string) => ({ kind: "cancelled" as const, by: who, reason });
  switch (outcome.kind) {
    case "replied":
    case "answered": {
      const { approved, reason } = outcome.data as { approved: boolean; reason?: string };
      return approved ? undefined : by("reviewer", reason ?? `${outcome.from} rejected the mail.`);
    }
    case "unparseable":
      return by("reviewer", `${outcome.from} answered, and neither approved nor rejected the mail.`);
    case "expired":
      return by("policy", `Nobody approved the mail until ${outcome.deadline}.`);
    case "bounced":
      return by("policy", `The reviewer, ${outcome.recipient}, could not be asked: ${outcome.diagnostic}`);
    case "cancelled":
      return outcome;
  }
}

/** What was said is in the mail, which the log refers to. */
function detailsOf(outcome: StoredOutcome): Record<string, unknown> {
  switch (outcome.kind) {
    case "replied":
    case "answered":
    case "unparseable":
      return { kind: outcome.kind };
    default:
      return { ...outcome };
  }
}
