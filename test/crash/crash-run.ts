import { existsSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { MailServer } from "../../src/dev/index.ts";
import type { PostgresServer } from "../support/postgres.ts";
import { check, inspectWreck, type Wreck } from "./check.ts";
import type { createHosts, LifeEnd } from "./hosts.ts";
import type { Life } from "./life.ts";
import { ANSWERS, startPerson } from "./people.ts";
import type { Kill } from "./points.ts";
import { cutPower } from "./power.ts";
import { setUpSaver } from "./stores.ts";

/** What a run is to go through: the process dies at each of these in turn, and is started again. */
export interface Plan extends Pick<Life, "restart" | "sabotage"> {
  kills: readonly Kill[];
  /** 2: another process works on the same ledger all the time, and is not killed. Default: 1. */
  workers?: 1 | 2;
  /** For how many milliseconds the next process has to wait for what the killed one held. Default: 0. */
  held?: number;
  /** The machine dies, not the process alone: of the ledger's commits, those are lost that were not synced to the disk. SQLite, and one process. */
  power?: true;
  /** After how many milliseconds a mail in doubt is sent again: late enough, its answer comes first. Default: 100. */
  resend?: number;
}

export interface RunResult {
  plan: Plan;
  /** How many of the kills hit: a process may come to its end before it comes to the point. */
  hit: number;
  /** What does not hold; empty when all is well. */
  problems: string[];
  points: Record<string, number>;
  /** How many bytes of the ledger power cuts have taken. */
  lost: number;
  ms: number;
}

/** For a process that does not even see that nothing goes on. */
const LIFE_MS = 240_000;
/** Long enough for a machine that is busy, as the dead do not have to be waited for. */
const LEASE_MS = 5_000;
/** Of which they do. */
const SHARED_LEASE_MS = 1_000;
/** In memory where there is such a place: a killed process loses nothing that it has written, wherever that is. */
const PLACE = existsSync("/dev/shm") ? "/dev/shm" : tmpdir();
let runs = 0;

/** @param world.postgres Where the ledger and the checkpoints are; without it they are in SQLite files. */
export async function crashRun(
  { mail, hosts, postgres }: { mail: MailServer; hosts: ReturnType<typeof createHosts>; postgres?: PostgresServer },
  plan: Plan,
): Promise<RunResult> {
  const begin = performance.now();
  const domain = `r${++runs}.example`;
  const directory = await mkdtemp(join(PLACE, "langgraph-email-crash-"));
  const account = (name: string) => {
    const { address, smtp, imap } = mail.account(`${name}@${domain}`);
    return { address, smtp, imap };
  };
  const life: Life = {
    directory,
    ledger: postgres?.ledgerUrl() ?? join(directory, "mail.db"),
    accounts: { desk: account("desk"), lab: account("lab") },
    people: {
      boss: account("boss").address,
      kim: account("kim").address,
      alice: account("alice").address,
      bob: account("bob").address,
      carol: account("carol").address,
      gone: `bounced@${domain}`,
      refused: `refused@${domain}`,
    },
    restart: plan.restart,
    ahead: 0,
    leaseMs: plan.workers === 2 ? SHARED_LEASE_MS : LEASE_MS,
    resendMs: plan.resend ?? 100,
    ...(plan.power && { power: plan.power }),
    ...(plan.sabotage && { sabotage: plan.sabotage }),
  };
  if (postgres) await setUpSaver(life);
  const people = (Object.keys(ANSWERS) as (keyof typeof ANSWERS)[]).map((name) =>
    startPerson(mail, life.people[name], ANSWERS[name]),
  );
  const wrecks: Wreck[] = [];
  const helper = plan.workers === 2 ? hosts.live({ ...life, helps: true }, LIFE_MS) : undefined;
  let end: LifeEnd | undefined;
  let ahead = 0;
  let lost = 0;
  for (const kill of [...plan.kills, undefined]) {
    end = await hosts.live({ ...life, ahead, ...(kill && { kill }) }, LIFE_MS);
    if (end.kind !== "killed") break;
    if (plan.power && !postgres) lost += cutPower(life.ledger);
    const wreck = await inspectWreck(life);
    wrecks.push(wreck);
    // Who lives on has no other clock.
    if (!helper) ahead = Math.max(ahead, wreck.heldUntil - Date.now() - (plan.held ?? 0) + 1);
  }
  const helped = await helper;
  if (helped && helped.kind !== "ended") end = helped;
  await Promise.all(people.map((person) => person.stop()));
  const problems =
    end?.kind === "ended"
      ? await check(mail, life, { values: end.values, wrecks, people })
      : [end?.kind === "failed" ? end.error : `the run did not end within ${LIFE_MS} ms: ${end?.kind}`];
  problems.push(...people.flatMap(({ errors }) => errors.map((error) => `people: ${String(error)}`)));
  if (problems.length === 0) await rm(directory, { recursive: true });
  else problems.push(`(left in ${directory})`);
  return {
    plan,
    hit: wrecks.length,
    lost,
    problems,
    points: end?.kind === "ended" ? end.points : {},
    ms: performance.now() - begin,
  };
}

/** What did not hold, and how to see it again. */
export function describeFailure({ plan, problems }: RunResult, seed?: number): string {
  const name = seed === undefined ? "" : `, seed ${seed}`;
  const again = `npm run crashes -- --runs 20 --plan '${JSON.stringify(plan)}'`;
  return [`FAILED${name}: ${again}`, ...problems.map((problem) => `  ${problem}`)].join("\n");
}
