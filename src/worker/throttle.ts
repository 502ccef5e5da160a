import type { Agent } from "../accounts/agent.ts";
import type { Sql } from "../ledger/database.ts";
import { appendEvent } from "../ledger/events.ts";
import { findHold, putHold } from "../ledger/holds.ts";
import { backoffMs } from "../time/backoff.ts";
import { accountUnit } from "./units.ts";

/** A used-up day comes back bit by bit; a rate within minutes. */
const BACKOFF = { rate: { firstMs: 60_000, maxMs: 3_600_000 }, quota: { firstMs: 3_600_000, maxMs: 21_600_000 } };

/** The provider takes less of this account: none of its agents sends for a while, each time longer until it takes a mail again. */
export async function throttleAccount(
  sql: Sql,
  agent: Agent,
  { kind, diagnostic }: { kind: "rate" | "quota"; diagnostic: string },
  now: number,
): Promise<void> {
  const unit = accountUnit(agent);
  const before = await findHold(sql, unit);
  // Those that were under way at the same time are told the same.
  if (before?.until && before.until > now) return;
  const times = (before?.times ?? 0) + 1;
  const until = now + backoffMs(times, BACKOFF[kind]);
  await putHold(sql, { unit, since: now, until, times, reason: `the provider throttles the account: ${diagnostic}` });
  const data = { account: agent.sending.account, throttle: kind, diagnostic, until: new Date(until).toISOString() };
  await appendEvent(sql, { at: now, kind: "throttled", agent: agent.name, data });
}
