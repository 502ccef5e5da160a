import type { MailAddress } from "../mail/message.ts";
import type { Allowlist } from "../policy/allowlist.ts";
import type { Account } from "./account.ts";

/** A named mail identity: its address, its account, and how replies find their way back to a task. */
export interface Agent {
  name: string;
  address: MailAddress;
  account: Account;
  /** How the reply token travels: `subaddress` as `local+token@domain` (RFC 5233), `catch-all` as `token@domain`, `none` where the provider takes neither. */
  replyTo: "subaddress" | "catch-all" | "none";
  /** Whether the envelope sender carries a token too, so that bounces name their task. */
  bounceToken: boolean;
  /** Whose Authentication-Results are believed (RFC 8601). */
  authservIds: readonly string[];
  /** Whom it may mail. */
  recipients: Allowlist;
}
