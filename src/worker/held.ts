import type { Database } from "../ledger/database.ts";
import type { StoredOutcome } from "../ledger/outcome.ts";
import { openReview, openReviews } from "../ledger/reviews.ts";
import { findTask } from "../ledger/tasks.ts";
import type { ReviewFinding } from "../policy/outbound-review.ts";
import type { Clock } from "../time/clock.ts";
import type { ActOptions } from "./release.ts";
import { settle } from "./settle.ts";

/** A mail that waits for a person's approval. */
export interface HeldMail {
  id: string;
  agent: string;
  to: string[];
  /** Without what was found in it. */
  subject: string;
  findings: ReviewFinding[];
  /** Milliseconds since the epoch. */
  heldAt: number;
  /** When it is given up. Milliseconds since the epoch. */
  until: number;
}

/** Oldest first. */
export async function heldMails(db: Database): Promise<HeldMail[]> {
  const reviews = await openReviews(db);
  return reviews.map(({ id, details, createdAt, until }) => ({ id, ...details, heldAt: createdAt, until }));
}

/** Answers the question about a held mail in the reviewer's place. Resolves with false where it is held no more. */
export async function decideHeld(
  { ledger: { db }, clock }: { ledger: { db: Database }; clock: Clock },
  id: string,
  data: { approved: boolean; reason?: string },
  { actor = "operator" }: ActOptions = {},
): Promise<boolean> {
  const now = clock();
  const outcome: StoredOutcome = {
    kind: "answered",
    data,
    text: data.reason ?? "",
    from: actor,
    grade: "A",
    receivedAt: new Date(now).toISOString(),
    attachments: [],
  };
  return db.transaction(async (sql) => {
    const review = await openReview(sql, id);
    const question = review?.id === id ? await findTask(sql, review.question) : undefined;
    return question !== undefined && settle(sql, question, outcome, now);
  });
}
