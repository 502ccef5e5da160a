import { addCounts, readCounts } from "../ledger/counts.ts";
import type { Sql } from "../ledger/database.ts";
import { canonicalAddress } from "../mail/address.ts";
import { readHops } from "../mail/classify.ts";
import type { MailMessage } from "../mail/message.ts";
import { COUNT_MS, countedAt, usedIn } from "../policy/budget.ts";
import type { Correlation } from "./correlate.ts";

const HOUR_MS = 3_600_000;

export interface Asks {
  /** How many mails, each of which asked for the next, led to it. */
  hops: number;
  /** Whether a mail of ours led to it: it goes on from an answer, or it is at least the second of a chain of requests. What people ask by themselves never is. */
  follows: boolean;
}

export function asksOf(message: Pick<MailMessage, "headers">, correlation: Correlation): Asks {
  const hops = readHops(message);
  return { hops, follows: correlation.kind === "request" || hops >= 2 };
}

/** How often this sender has made such a request of the agent. */
export async function askedWithinHour(sql: Sql, agent: string, sender: string, now: number): Promise<number> {
  const unit = pairUnit(agent, sender);
  const counts = await readCounts(sql, [unit], "asked", now - HOUR_MS - COUNT_MS);
  return usedIn(counts.get(unit)!, HOUR_MS, now);
}

export async function countAsked(sql: Sql, agent: string, sender: string, now: number): Promise<void> {
  await addCounts(sql, new Map([[pairUnit(agent, sender), 1]]), "asked", countedAt(now));
}

function pairUnit(agent: string, sender: string): string {
  return `pair:${agent} ${canonicalAddress(sender)}`;
}
