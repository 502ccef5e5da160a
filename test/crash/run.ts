import { readFileSync, writeFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { startMailServer } from "../../src/dev/index.ts";
import { startPostgres } from "../support/postgres.ts";
import { crashRun, describeFailure, type Plan, type RunResult } from "./crash-run.ts";
import { createHosts } from "./hosts.ts";
import { everyPlan, merge, planOf, type Points } from "./plans.ts";
import { describePoints } from "./promises.ts";

/**
 * Kills processes at named points, starts them again and checks what is left: docs/crashes.md.
 *
 *     run.ts --runs 1000 --seed 1     random runs; run i has the seed 1 + i
 *     run.ts --every                  one run for each point
 *     run.ts --record                 the same, and writes the points that were seen, and docs/crashes.md
 *     run.ts --table                  docs/crashes.md alone, from the points that were seen last
 *     run.ts --ledger postgres        any of these, with the ledger and the checkpoints in PostgreSQL
 *     run.ts --plan '{"restart":"worker","kills":[{"point":"submit:after","nth":1}]}' --runs 20
 */
const { values: options } = parseArgs({
  options: {
    runs: { type: "string" },
    seed: { type: "string", default: "1" },
    every: { type: "boolean", default: false },
    record: { type: "boolean", default: false },
    plan: { type: "string" },
    verbose: { type: "boolean", default: false },
    jobs: { type: "string", default: "3" },
    table: { type: "boolean", default: false },
    ledger: { type: "string", default: "sqlite" },
  },
});
const file = new URL("points.json", import.meta.url);
let points = options.record ? {} : (JSON.parse(readFileSync(file, "utf8")) as Points);
await using mail = await startMailServer({ starttls: false });
const hosts = createHosts();
if (options.ledger !== "sqlite" && options.ledger !== "postgres") throw new Error("--ledger is sqlite or postgres");
const postgres = options.ledger === "postgres" ? await startPostgres() : undefined;
const world = { mail, hosts, ...(postgres && { postgres }) };
const begin = performance.now();
const results: RunResult[] = [];

if (options.record) await runAll(Array.from({ length: 5 }, () => ({ plan: { restart: "worker", kills: [] } })));
if (options.every || options.record) await runAll(everyPlan(points).map((plan) => ({ plan })));
// What only a process comes to that takes up what another one left.
if (options.record)
  await runAll(
    everyPlan(points)
      .filter(({ kills }) => kills.length > 1)
      .map((plan) => ({ plan })),
  );
const runs = Number(options.runs ?? (options.every || options.record || options.table ? 0 : 100));
const plan = options.plan && (JSON.parse(options.plan) as Plan);
await runAll(
  Array.from({ length: runs }, (_, place) => {
    const seed = Number(options.seed) + place;
    return plan ? { plan } : { plan: planOf(points, seed), seed };
  }),
);
hosts.close();
await postgres?.close();
if (options.record) writeFileSync(file, `${JSON.stringify(points, null, 2)}\n`);
if (options.record || options.table) {
  writeFileSync(new URL("../../docs/crashes.md", import.meta.url), describePoints(points));
}
report();

async function runAll(all: readonly { plan: Plan; seed?: number }[]): Promise<void> {
  const queue = [...all];
  const work = async () => {
    for (let next = queue.shift(); next; next = queue.shift()) {
      const result = await crashRun(world, next.plan);
      results.push(result);
      points = options.record ? merge(points, result.points, next.plan) : points;
      if (options.verbose) console.log(`${Math.round(result.ms)} ms, ${result.hit} hit: ${JSON.stringify(next)}`);
      if (result.problems.length > 0) console.log(`\n${describeFailure(result, next.seed)}`);
    }
  };
  await Promise.all(Array.from({ length: Number(options.jobs) }, work));
}

function report(): void {
  const failed = results.filter(({ problems }) => problems.length > 0).length;
  const kills = results.reduce((sum, { hit }) => sum + hit, 0);
  const planned = results.reduce((sum, { plan }) => sum + plan.kills.length, 0);
  const hitPoints = new Set(results.flatMap(({ plan, hit }) => plan.kills.slice(0, hit).map(({ point }) => point)));
  const slowest = Math.max(...results.map(({ ms }) => ms));
  console.log(
    `${results.length} runs, ${kills} of ${planned} kills hit, at ${hitPoints.size} of ${Object.keys(points).length} points; ${failed} failed; ` +
      `${Math.round((performance.now() - begin) / 1000)} s, slowest run ${Math.round(slowest)} ms`,
  );
  if (failed > 0) process.exitCode = 1;
}
