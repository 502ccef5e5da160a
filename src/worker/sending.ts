import type { Agent } from "../accounts/agent.ts";
import { readCounts } from "../ledger/counts.ts";
import type { Sql } from "../ledger/database.ts";
import { appendEvent } from "../ledger/events.ts";
import { currentHolds, endHold, findHold, putHold } from "../ledger/holds.ts";
import { queuedMails } from "../ledger/outbox.ts";
import { deleteSuppression, insertSuppression } from "../ledger/suppressions.ts";
import { parseAddress } from "../mail/address.ts";
import { countedSince, usedIn, windowsOf } from "../policy/budget.ts";
import type { Reputation } from "../policy/reputation.ts";
import { reputationOf } from "./feedback.ts";
import { forecast } from "./forecast.ts";
import { accountUnit, agentUnit, unitsOf, unitTitle } from "./units.ts";

/** How an agent's sending stands. Times are milliseconds since the epoch; other numbers are recipients, but for `queued`. */
export interface SendingStatus {
  agent: string;
  /** Mails that wait to go out. */
  queued: number;
  /** Why one more mail would wait, and until when as far as one can tell; absent where it would go at once. */
  waits?: { because: string; until?: number };
  /** It sends nothing until `kit.resumeSending`. */
  paused?: { reason: string; since: number };
  /** Its provider takes less for a while. */
  throttled?: { reason: string; until: number };
  /** Its budgets, the widest first: `of` such as `account desk@smtp.example.com`. */
  budgets: { of: string; window: "hour" | "24 hours"; used: number; limit: number }[];
  /** In the last seven days, or since `kit.resumeSending`. */
  reputation: Reputation;
  /** Of its domain, all agents together. */
  domainReputation: Reputation;
}

export async function sendingStatus(
  sql: Sql,
  agents: ReadonlyMap<string, Agent>,
  now: number,
): Promise<SendingStatus[]> {
  const holds = new Map((await currentHolds(sql, now)).map((hold) => [hold.unit, hold]));
  const queued = await queuedMails(sql, [...agents.keys()]);
  const all: SendingStatus[] = [];
  for (const agent of agents.values()) {
    const paused = holds.get(agentUnit(agent.name));
    const throttled = holds.get(accountUnit(agent));
    const next = await forecast(sql, agents, { agent, threadId: null, weight: 1 }, now);
    all.push({
      agent: agent.name,
      queued: queued.get(agent.name)?.mails ?? 0,
      ...(next.kind === "later" && {
        waits: { because: next.because, ...(next.at !== undefined && { until: next.at }) },
      }),
      ...(paused && { paused: { reason: paused.reason, since: paused.since } }),
      ...(throttled && { throttled: { reason: throttled.reason, until: throttled.until! } }),
      budgets: await budgetsOf(sql, agent, now),
      reputation: await reputationOf(sql, agentUnit(agent.name), now),
      domainReputation: await reputationOf(sql, `domain:${agent.sending.domain}`, now),
    });
  }
  return all;
}

async function budgetsOf(sql: Sql, agent: Agent, now: number): Promise<SendingStatus["budgets"]> {
  const units = unitsOf(agent, null).filter(({ limits }) => limits !== undefined);
  const names = units.map(({ name }) => name);
  const counts = await readCounts(sql, names, "sent", countedSince(now));
  return units.flatMap(({ name, limits }) =>
    windowsOf(limits!, now)
      .filter(({ limit }) => limit !== Infinity)
      .map(({ name: window, ms, limit }) => ({
        of: unitTitle(name),
        window,
        used: usedIn(counts.get(name)!, ms, now),
        limit,
      })),
  );
}

/** Who did it, for the audit log. */
interface Act {
  now: number;
  actor?: string | undefined;
}

/** Resolves with false where it was paused before. */
export async function pauseSending(sql: Sql, agent: string, reason: string, { now, actor }: Act): Promise<boolean> {
  const unit = agentUnit(agent);
  const before = await findHold(sql, unit);
  if (before && before.until === null) return false;
  await putHold(sql, { unit, since: now, until: null, times: (before?.times ?? 0) + 1, reason });
  await appendEvent(sql, { at: now, kind: "paused", agent, ...(actor !== undefined && { actor }), data: { reason } });
  return true;
}

/** Resolves with false where it was not paused. */
export async function resumeSending(sql: Sql, agent: string, { now, actor }: Act): Promise<boolean> {
  if (!(await endHold(sql, agentUnit(agent), now))) return false;
  await appendEvent(sql, { at: now, kind: "unpaused", agent, ...(actor !== undefined && { actor }), data: {} });
  return true;
}

/** Resolves with false where it was suppressed before. */
export async function suppress(sql: Sql, given: string, { now, actor }: Act): Promise<boolean> {
  const { address } = parseAddress(given);
  if (!(await insertSuppression(sql, { address, reason: "manual", status: null, taskId: null, at: now }))) return false;
  const by = actor === undefined ? {} : { actor };
  await appendEvent(sql, { at: now, kind: "suppressed", to: [address], ...by, data: { reason: "manual" } });
  return true;
}

/** Resolves with false where it was not suppressed. */
export async function unsuppress(sql: Sql, given: string, { now, actor }: Act): Promise<boolean> {
  const { address } = parseAddress(given);
  if (!(await deleteSuppression(sql, address))) return false;
  const by = actor === undefined ? {} : { actor };
  await appendEvent(sql, { at: now, kind: "unsuppressed", to: [address], ...by, data: {} });
  return true;
}
