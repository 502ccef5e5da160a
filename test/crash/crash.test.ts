import { readFileSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startMailServer, type MailServer } from "../../src/dev/index.ts";
import { crashRun, describeFailure, type Plan } from "./crash-run.ts";
import { createHosts } from "./hosts.ts";
import { hasPostgres, startPostgres } from "../support/postgres.ts";
import { planOf, type Points } from "./plans.ts";
import { describePoints } from "./promises.ts";

const RUNS = 100;
/** More than there are processors: who opens connections waits now and then. */
const JOBS = 3;
const points = JSON.parse(readFileSync(new URL("points.json", import.meta.url), "utf8")) as Points;

let mail: MailServer;
const hosts = createHosts();
beforeAll(async () => {
  mail = await startMailServer({ starttls: false });
});
afterAll(async () => {
  hosts.close();
  await mail.close();
});

const run = (plan: Plan) => crashRun({ mail, hosts }, plan);

describe("processes that are killed at random points", () => {
  it(`lose nothing and do nothing twice, in ${RUNS} runs`, { timeout: 600_000 }, async () => {
    const seeds = Array.from({ length: RUNS }, (_, place) => place + 1);
    const failed: string[] = [];
    let hit = 0;
    const work = async () => {
      for (let seed = seeds.shift(); seed !== undefined; seed = seeds.shift()) {
        const result = await run(planOf(points, seed));
        hit += result.hit;
        if (result.problems.length > 0) failed.push(describeFailure(result, seed));
      }
    };
    await Promise.all(Array.from({ length: JOBS }, work));
    expect(failed.join("\n\n")).toBe("");
    expect(hit).toBeGreaterThan(RUNS / 2);
  });
});

describe("a process that is killed", () => {
  const once = (point: string): Plan => ({ restart: "worker", kills: [{ point, nth: 1 }] });

  it.each(["saver.put(input):after", "createTask:commit", "submit:after", "storeTogether:commit", "answer:commit"])(
    "at %s",
    async (point) => {
      const { hit, problems } = await run(once(point));
      expect(problems).toEqual([]);
      expect(hit).toBe(1);
    },
  );

  it("at storeTogether.unhold, between a reviewer's answer and the release of the mail that was held for it", async () => {
    const { hit, problems } = await run(once("storeTogether.unhold"));
    expect(problems).toEqual([]);
    expect(hit).toBe(1);
  });

  it("is seen to mail twice where the ledger is not told before a mail is handed over", async () => {
    const kills = [{ point: "submit:after", nth: 2 }];
    const seen: string[] = [];
    // Whoever has answered by then has it, and it does not go out again: the second one is seldom answered as quickly.
    while (seen.length < 5 && !seen.at(-1)?.includes("delivered 2 times, with 0 kills in the window")) {
      const { problems } = await run({ restart: "worker", kills, sabotage: "no-handover" });
      seen.push(problems.join("\n"));
    }
    expect(seen.at(-1)).toMatch(/delivered 2 times, with 0 kills in the window/);
  });
});

describe("a machine whose power is cut", () => {
  const cut = (point: string, nth = 1): Plan => ({ restart: "worker", kills: [{ point, nth }], power: true });

  it("goes on with a request whose run had stored its input, and whose lease went with the power", async () => {
    // The second run that is begun is the lab's, for a request.
    const { hit, problems } = await run(cut("saver.put(input):after", 2));
    expect(problems).toEqual([]);
    expect(hit).toBe(1);
  });

  // Each after commits that are not synced by themselves.
  it.each(["saver.put(input):after", "recordResume:committed", "consumeWaits:committed", "give:committed"])(
    "at %s",
    async (point) => {
      const { hit, problems, lost } = await run(cut(point));
      expect(problems).toEqual([]);
      expect(hit).toBe(1);
      if (point !== "saver.put(input):after") expect(lost).toBeGreaterThan(0);
    },
  );
});

describe.skipIf(!hasPostgres)("processes that share PostgreSQL", () => {
  it("lose nothing and do nothing twice, in 4 runs", { timeout: 300_000 }, async () => {
    const postgres = await startPostgres();
    try {
      const results = await Promise.all(
        [1, 2].map(async (first) => {
          const failed: string[] = [];
          for (const seed of [first, first + 2]) {
            const result = await crashRun({ mail, hosts, postgres }, planOf(points, seed));
            if (result.problems.length > 0) failed.push(describeFailure(result, seed));
          }
          return failed;
        }),
      );
      expect(results.flat().join("\n\n")).toBe("");
    } finally {
      await postgres.close();
    }
  });
});

it("docs/crashes.md is about the points that were seen", () => {
  const words = (text: string) => text.replace(/[\s|-]+/g, " ");
  const page = readFileSync(new URL("../../docs/crashes.md", import.meta.url), "utf8");
  expect(words(page)).toBe(words(describePoints(points)));
});
