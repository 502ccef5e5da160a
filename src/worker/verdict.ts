import type { Agent } from "../accounts/agent.ts";
import type { Disposition } from "../ledger/messages.ts";
import type { StoredOutcome } from "../ledger/outcome.ts";
import type { TaskRecord } from "../ledger/tasks.ts";
import type { Classification } from "../mail/classify.ts";
import type { MailMessage } from "../mail/message.ts";
import type { ReplyParts } from "../mail/strip-thread-history.ts";
import type { Grade } from "../policy/assurance.ts";
import type { InjectionScore } from "../policy/injection-score.ts";
import type { Failure } from "./bounce.ts";
import type { Asks } from "./loops.ts";
import type { Feedback } from "./feedback.ts";
import type { Correlation } from "./correlate.ts";

export type InjectionVerdict = Pick<InjectionScore, "score" | "band" | "sanitized"> & { rules: string[] };

/** What is to be done with a mail; `outcome` where it ends the task that it belongs to. */
export interface Verdict {
  disposition: Disposition;
  reason?: string;
  grade?: Grade;
  /** The task that it may answer, for all that is known. */
  suspected?: TaskRecord;
  outcome?: StoredOutcome;
  /** Whom a mail of the task's did not reach. */
  failures?: Failure[];
  /** It is quarantined for its sender alone, who may be asked. */
  senderInDoubt?: true;
  /** What the reply lacks, where the other side is to be asked again: `outcome` then holds where it cannot be asked. */
  clarify?: string[];
  /** An addressee is away, until that day (`YYYY-MM-DD`) where it says so. */
  away?: { recipient: string; until?: string };
  /** How a request came about, as far as the mail says. */
  asks?: Asks;
  /** It is quarantined since two keep each other busy: how often the sender has asked within an hour. */
  loop?: number;
  /** What it says of recipients of ours. */
  feedback?: Feedback;
  /** How much it looks like orders to a machine, where that was looked at. */
  injection?: InjectionVerdict;
}

/** A mail, and what was found out about it. */
export interface Mail {
  message: MailMessage;
  classification: Classification;
  correlation: Correlation;
  parts: ReplyParts;
  /** Where its bytes are. */
  raw: string;
  agent: Agent | undefined;
  /** Whether the rules of who serves the agent's address do not take it. */
  declined?: boolean;
  /** Octets of a mail of which only the header section was read. */
  unreadOctets?: number | undefined;
  /** Whether the provider had put it into the Junk folder. */
  junk?: boolean;
}
