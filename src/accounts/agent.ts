import { EmailKitError } from "../errors.ts";
import type { DkimKey } from "../mail/compose.ts";
import type { MailAddress } from "../mail/message.ts";
import type { Limits } from "../policy/budget.ts";
import type { ReviewPolicy } from "../policy/review-policy.ts";
import type { Sender } from "../policy/permission.ts";
import type { Account } from "./account.ts";

/** A named mail identity: its address, its account, and how replies find their way back to a task. */
export interface Agent extends Sender {
  address: MailAddress;
  /** Without a submission server where it may only read. */
  account: Omit<Account, "smtp"> & Partial<Pick<Account, "smtp">>;
  /** How the reply token travels: `subaddress` as `local+token@domain` (RFC 5233), `catch-all` as `token@domain`, `none` where the provider takes neither. */
  replyTo: "subaddress" | "catch-all" | "none";
  /** Whether the envelope sender carries a token too, so that bounces name their task. */
  bounceToken: boolean;
  /** Whether replies are looked for in the account's Junk folder too. */
  junk: boolean;
  /** What signs its mail. */
  dkim: DkimKey | undefined;
  /** How what it writes is looked through. */
  review: ReviewPolicy;
  /** Whose Authentication-Results are believed (RFC 8601). */
  authservIds: readonly string[];
  sending: Sending;
}

/** @throws EmailKitError `UNKNOWN_AGENT`. */
export function agentNamed(agents: ReadonlyMap<string, Agent>, name: string): Agent {
  const agent = agents.get(name);
  if (agent) return agent;
  throw new EmailKitError("UNKNOWN_AGENT", `No agent "${name}". Configured: ${[...agents.keys()].join(", ")}.`);
}

/** What an agent's mail counts for, and how much of that there may be. */
export interface Sending {
  /** The SMTP login, `user@host`: agents that share it share its limits. */
  account: string;
  /** Of its address. */
  domain: string;
  limits: Readonly<Partial<Record<SendingUnit, Limits>>>;
}

/** `run`: a LangGraph thread. */
export type SendingUnit = "account" | "domain" | "agent" | "thread";
