import { readFileSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startMailServer, type MailServer } from "../../src/dev/index.ts";
import { crashRun, type Plan } from "./crash-run.ts";
import { createHosts } from "./hosts.ts";
import type { Points } from "./plans.ts";
import { describePoints } from "./promises.ts";

// Runs that are killed at random points are on demand: npm run crashes -- --runs 100 --seed 1
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

const run = (plan: Plan) => crashRun(mail, hosts, plan);

describe("a process that is killed", () => {
  const once = (point: string): Plan => ({ restart: "worker", kills: [{ point, nth: 1 }] });

  it.each(["saver.put(input):after", "createTask:commit", "submit:after", "receiveMessage:commit", "answer:commit"])(
    "at %s",
    async (point) => {
      const { hit, problems } = await run(once(point));
      expect(problems).toEqual([]);
      expect(hit).toBe(1);
    },
  );

  it("is seen to mail twice where the ledger is not told before a mail is handed over", async () => {
    const { problems } = await run({ ...once("submit:after"), sabotage: "no-handover" });
    expect(problems.join("\n")).toMatch(/delivered 2 times, with 0 kills in the window/);
  });
});

it("docs/crashes.md is about the points that were seen", () => {
  const words = (text: string) => text.replace(/[\s|-]+/g, " ");
  const page = readFileSync(new URL("../../docs/crashes.md", import.meta.url), "utf8");
  expect(words(page)).toBe(words(describePoints(points)));
});
