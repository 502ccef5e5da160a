import type { Agent } from "../accounts/agent.ts";
import { addCounts, type Counted, readCounts } from "../ledger/counts.ts";
import type { Sql } from "../ledger/database.ts";
import { appendEvent, ofTask } from "../ledger/events.ts";
import { findHold, putHold } from "../ledger/holds.ts";
import { insertSuppression } from "../ledger/suppressions.ts";
import type { TaskRecord } from "../ledger/tasks.ts";
import { countedAt } from "../policy/budget.ts";
import { reasonToPause, type Reputation, REPUTATION_MS } from "../policy/reputation.ts";
import type { WorkerDeps } from "./deps.ts";
import { agentUnit, unitsOf } from "./units.ts";

/** What came back of recipients of ours: there is no delivering to them, or they do not want it. */
export interface Feedback {
  kind: "bounced" | "complained";
  /** Empty for a complaint of one of several who does not say which. */
  recipients: { address: string; status?: string }[];
}

/** RFC 3463, RFC 7505: no such mailbox, no such domain, moved away, takes no mail. Others, such as 5.2.2 or 5.7.1, may change. */
const GONE = new Set(["5.1.1", "5.1.2", "5.1.6", "5.1.10"]);

type Deps = Pick<WorkerDeps, "agents" | "breaker" | "log">;

/** Counts it, suppresses the addresses that nothing is to be mailed to any more, and pauses the agent where that is too much. */
export async function recordFeedback(
  deps: Deps,
  sql: Sql,
  about: { agent: string; task?: TaskRecord | undefined },
  { kind, recipients }: Feedback,
  now: number,
): Promise<void> {
  const of = about.task ? ofTask(about.task) : { agent: about.agent };
  for (const { address, status } of recipients) {
    if (kind === "bounced" && !GONE.has(status ?? "")) continue;
    const taskId = about.task?.id ?? null;
    if (!(await insertSuppression(sql, { address, reason: kind, status: status ?? null, taskId, at: now }))) continue;
    const data = { reason: kind, ...(status !== undefined && { status }) };
    await appendEvent(sql, { at: now, kind: "suppressed", ...of, to: [address], data });
  }
  const agent = deps.agents.get(about.agent);
  if (!agent) return;
  const n = Math.max(1, recipients.length);
  const units = unitsOf(agent, null).map(({ name }) => [name, n] as const);
  await addCounts(sql, new Map(units), kind, countedAt(now));
  await pauseIfTooBad(deps, sql, agent, now);
}

async function pauseIfTooBad({ breaker, log }: Deps, sql: Sql, agent: Agent, now: number): Promise<void> {
  if (!breaker) return;
  const unit = agentUnit(agent.name);
  const before = await findHold(sql, unit);
  if (before && before.until === null) return;
  const reason = reasonToPause(breaker, await reputationOf(sql, unit, now));
  if (reason === undefined) return;
  await putHold(sql, { unit, since: now, until: null, times: (before?.times ?? 0) + 1, reason });
  await appendEvent(sql, { at: now, kind: "paused", agent: agent.name, data: { reason } });
  log.error(`Agent "${agent.name}" sends nothing more: ${reason}. kit.resumeSending("${agent.name}") lets it go on.`);
}

/** Of an agent or a domain, in the last seven days, or since a person let it go on. */
export async function reputationOf(sql: Sql, unit: string, now: number): Promise<Reputation> {
  const ended = (await findHold(sql, unit))?.until ?? 0;
  const since = Math.max(now - REPUTATION_MS, ended);
  const count = async (kind: Counted) =>
    [...(await readCounts(sql, [unit], kind, since)).values()].flat().reduce((sum, { n }) => sum + n, 0);
  return { sent: await count("sent"), bounced: await count("bounced"), complained: await count("complained") };
}
