import type { Agent } from "../accounts/agent.ts";
import { readCounts } from "../ledger/counts.ts";
import type { Sql } from "../ledger/database.ts";
import { currentHolds } from "../ledger/holds.ts";
import { queuedMails, queuedOfThread } from "../ledger/outbox.ts";
import { countedSince, timeOfRoom } from "../policy/budget.ts";
import { accountUnit, agentUnit, unitsOf, unitTitle } from "./units.ts";

/** When a mail will go out. `later`: what it waits for, and until when as far as one can tell · `never`: no budget ever holds so many recipients. */
export type Forecast =
  | { kind: "now" }
  | { kind: "later"; because: string; at?: number }
  | { kind: "never"; because: string };

/** Tells when a mail to `weight` recipients would go out that is put into the outbox now, behind what waits there. */
export async function forecast(
  sql: Sql,
  agents: ReadonlyMap<string, Agent>,
  mail: { agent: Agent; threadId: string | null; weight: number },
  now: number,
): Promise<Forecast> {
  const { agent, threadId, weight } = mail;
  const limited = unitsOf(agent, threadId).filter(({ limits }) => limits !== undefined);
  const names = limited.map(({ name }) => name);
  const counts = await readCounts(sql, names, "sent", countedSince(now));
  const sharing = [...agents.values()].filter((other) => unitsOf(other, null).some(({ name }) => names.includes(name)));
  const queued =
    sharing.length > 0
      ? await queuedMails(
          sql,
          sharing.map(({ name }) => name),
        )
      : new Map<string, { recipients: number }>();
  let latest: Forecast = await heldForecast(sql, agent, now);
  for (const { kind, name, limits } of limited) {
    const before = sharing.filter((other) => unitsOf(other, null).some((unit) => unit.name === name));
    const ahead =
      kind === "thread"
        ? await queuedOfThread(sql, threadId!)
        : before.reduce((sum, other) => sum + (queued.get(other.name)?.recipients ?? 0), 0);
    const at = timeOfRoom(limits!, counts.get(name)!, { weight, ahead }, now);
    const because = `the budget of the ${unitTitle(name)}`;
    if (at === undefined) return { kind: "never", because };
    if (at <= now) continue;
    if (latest.kind === "now" || (latest.kind === "later" && latest.at !== undefined && latest.at < at)) {
      latest = { kind: "later", because, at };
    }
  }
  return latest;
}

async function heldForecast(sql: Sql, agent: Agent, now: number): Promise<Forecast> {
  const units = [agentUnit(agent.name), accountUnit(agent)];
  // What a person has to end comes first: it has no time.
  const [hold] = (await currentHolds(sql, now))
    .filter(({ unit }) => units.includes(unit))
    .toSorted((a, b) => (b.until ?? Infinity) - (a.until ?? Infinity));
  if (!hold) return { kind: "now" };
  return { kind: "later", because: hold.reason, ...(hold.until !== null && { at: hold.until }) };
}
