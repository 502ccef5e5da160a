import type { Agent } from "../accounts/agent.ts";
import { addCounts, readCounts } from "../ledger/counts.ts";
import type { Sql } from "../ledger/database.ts";
import { currentHolds } from "../ledger/holds.ts";
import {
  type DueRow,
  dueRows,
  leaseRows,
  markFailed,
  type OutboxRow,
  postpone,
  setRecipients,
} from "../ledger/outbox.ts";
import { type Suppression, suppressionsOf } from "../ledger/suppressions.ts";
import { canonicalAddress } from "../mail/address.ts";
import { type Count, countedAt, countedSince, fits, timeOfRoom } from "../policy/budget.ts";
import { accountUnit, agentUnit, unitsOf } from "./units.ts";

/** A row that this process has claimed, counted in its units. `suppressed`: who was taken out of its envelope. */
export type LeasedRow = DueRow & { countedAt: number; suppressed: Suppression[] };

interface LeaseOptions {
  agents: readonly Agent[];
  holder: string;
  now: number;
  leaseMs: number;
  limit: number;
}

/**
 * Claims what is due and may go now, and counts it: in the transaction that claims it, so that no number of processes sends more than a budget holds.
 * An agent whose next mail does not fit sends nothing more until it does, and so keeps its order; other agents go on.
 */
export async function leaseDue(
  sql: Sql,
  options: LeaseOptions,
): Promise<{ leased: LeasedRow[]; refused: { row: DueRow; suppression: Suppression }[] }> {
  const { holder, now, leaseMs, limit } = options;
  const held = new Set((await currentHolds(sql, now)).map(({ unit }) => unit));
  const agents = new Map(options.agents.map((agent) => [agent.name, agent]));
  let open = options.agents.filter((agent) => !held.has(accountUnit(agent)) && !held.has(agentUnit(agent.name)));
  const counts = new Map<string, Count[]>();
  const leased: LeasedRow[] = [];
  const refused: { row: DueRow; suppression: Suppression }[] = [];
  const minute = countedAt(now);
  for (;;) {
    const wanted = limit - leased.length;
    if (wanted === 0 || open.length === 0) break;
    const rows = await dueRows(sql, { agents: open.map(({ name }) => name), now, limit: wanted });
    const taken: LeasedRow[] = [];
    const weights = new Map<string, number>();
    await loadCounts(sql, rows, agents, counts, now);
    const suppressed = await suppressionsOf(
      sql,
      rows.flatMap(({ envelope }) => envelope.to),
    );
    for (const row of rows) {
      const agent = agents.get(row.agent)!;
      if (!open.includes(agent)) continue;
      const to = row.envelope.to.filter((address) => !suppressed.has(canonicalAddress(address)));
      if (to.length === 0) {
        const suppression = suppressed.get(canonicalAddress(row.envelope.to[0]!))!;
        await markFailed(sql, row.id, "refused", suppressionText(suppression));
        refused.push({ row, suppression });
        continue;
      }
      const weight = to.length;
      const units = unitsOf(agent, row.threadId);
      const full = units.find(
        ({ name, limits }) => limits !== undefined && !fits(limits, counts.get(name)!, weight, now),
      );
      if (full?.kind === "thread") {
        await postpone(sql, row.id, timeOfRoom(full.limits!, counts.get(full.name)!, { weight }, now) ?? NEVER);
      } else if (full) {
        open = open.filter((each) => !unitsOf(each, null).some(({ name }) => name === full.name));
      } else {
        if (weight !== row.recipients) await setRecipients(sql, row.id, weight);
        const counted = { attempts: row.attempts + 1, countedAt: minute, recipients: weight };
        const out = row.envelope.to.map((address) => suppressed.get(canonicalAddress(address)));
        const left = out.filter((suppression) => suppression !== undefined);
        taken.push({ ...row, envelope: { ...row.envelope, to }, suppressed: left, ...counted });
        for (const { name } of units) {
          weights.set(name, (weights.get(name) ?? 0) + weight);
          counts.get(name)?.push({ at: minute, n: weight });
        }
      }
    }
    if (taken.length > 0) {
      const ids = taken.map(({ id }) => id);
      await leaseRows(sql, ids, { holder, until: now + leaseMs, countedAt: minute });
      await addCounts(sql, weights, "sent", minute);
      leased.push(...taken);
    }
    if (rows.length < wanted) break;
  }
  return { leased, refused };
}

/** Why nothing is mailed there, and what to do about it. */
export function suppressionText({ address, reason, status, at }: Suppression): string {
  const day = new Date(at).toISOString().slice(0, 10);
  const why = {
    bounced: `it bounced (${status}) on ${day}`,
    complained: `its reader complained on ${day}`,
    manual: day,
  };
  return `${address} is on the suppression list (${why[reason]}). kit.unsuppress("${address}") takes it off.`;
}

/** A mail with more recipients than its budget ever allows; its deadline ends it. */
const NEVER = Date.UTC(9999, 0, 1);

/** Adds what is not known yet of the units that have limits. */
async function loadCounts(
  sql: Sql,
  rows: readonly DueRow[],
  agents: ReadonlyMap<string, Agent>,
  counts: Map<string, Count[]>,
  now: number,
): Promise<void> {
  const limited = rows
    .flatMap((row) => unitsOf(agents.get(row.agent)!, row.threadId))
    .filter(({ name, limits }) => limits !== undefined && !counts.has(name));
  const names = [...new Set(limited.map(({ name }) => name))];
  for (const [name, found] of await readCounts(sql, names, "sent", countedSince(now))) counts.set(name, found);
}

/** Takes back what was counted for a mail that did not go out. */
export async function uncount(sql: Sql, agent: Agent | undefined, row: OutboxRow & { threadId?: string | null }) {
  if (!agent || row.countedAt === null || row.countedAt === undefined) return;
  const units = unitsOf(agent, row.threadId ?? null);
  const weight = row.recipients ?? row.envelope.to.length;
  await addCounts(sql, new Map(units.map(({ name }) => [name, -weight])), "sent", row.countedAt);
}
