import type { FailedAttempt, FailedOutcome, StoredReply } from "../../ledger/outcome.ts";

interface Answer<Reply> extends Omit<StoredReply, "kind" | "data"> {
  /** The reply, as the task's schema gives it. */
  data: Reply;
}

/** How a wait ended: exactly one of these, once, and the same whenever it is asked for. */
export type Outcome<Reply> = (
  | ({ kind: "replied" } & Answer<Reply>)
  /** By a person in Studio or another UI. */
  | ({ kind: "answered" } & Answer<Reply>)
  | FailedOutcome
) & {
  /** Deliveries that failed, oldest first: the task may have been mailed again, or to others. */
  attempts: FailedAttempt[];
};
