import type { Grade } from "../policy/assurance.ts";

/** A file that came with a reply; its content is in the kit's blob store under `blob`. */
export interface ReplyAttachment {
  filename: string;
  contentType: string;
  /** In octets. */
  size: number;
  blob: string;
}

/** What the ledger keeps of a reply. `data` is the reply as it satisfied the task's JSON Schema, before any transform of the schema. */
export interface StoredReply {
  kind: "replied";
  data: unknown;
  /** The new text of the mail, without history, signature and disclaimer. */
  text: string;
  from: string;
  grade: Grade;
  /** How much it looks like orders to a machine: `text` is without them where the band is not `pass`. Absent for answers from a user interface. */
  injection?: { score: number; band: "pass" | "data-only" | "quarantine" };
  /** RFC 5322 Message-ID of the reply, where it has one. */
  messageId?: string;
  /** ISO 8601. */
  receivedAt: string;
  attachments: ReplyAttachment[];
}

/** A delivery that failed, before the task was mailed again: to the same address, or to the next candidate. */
export interface FailedAttempt {
  recipient: string;
  status?: string;
  diagnostic: string;
  permanent: boolean;
  /** ISO 8601. */
  at: string;
}

/** How a task ended badly: values for the graph to branch on, never throws. */
export type FailedOutcome =
  | {
      kind: "bounced";
      recipient: string;
      /** RFC 3463 enhanced status, such as `5.1.1`, where the server gave one. */
      status?: string;
      diagnostic: string;
      permanent: boolean;
      /** Every delivery that failed, this one last: the task may have been mailed again, or to others. */
      attempts: FailedAttempt[];
    }
  /** `deadline` in ISO 8601. */
  | { kind: "expired"; deadline: string }
  /** A reply came from the right sender, but it does not hold what the task asks for. */
  | {
      kind: "unparseable";
      text: string;
      from: string;
      issues: string[];
      /** What was said before, oldest first, where the other side was asked again. */
      earlier: string[];
    }
  | { kind: "cancelled"; by: "graph" | "policy" | "reviewer" | "new-input" | "thread-deleted"; reason: string };

export type StoredOutcome = StoredReply | FailedOutcome | (Omit<StoredReply, "kind"> & { kind: "answered" });
