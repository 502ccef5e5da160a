import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { removeHiddenCharacters } from "../../src/mail/history/hidden-characters.ts";
import { stripThreadHistory } from "../../src/mail/strip-thread-history.ts";
import { parseStructuredReply } from "../../src/mail/structured-reply.ts";
import { extractVerification } from "../../src/mail/verification.ts";
import { mailSoup, randomOf } from "../support/mail-soup.ts";

// What clients send, damaged at random, for two seconds; FUZZ_MS for longer, FUZZ_SEED to see a failure again.
const SEED = Number(process.env["FUZZ_SEED"] ?? 4711);
const BUDGET_MS = Number(process.env["FUZZ_MS"] ?? 2_000);
const ROOT = join(import.meta.dirname, "../fixtures/replies");
const seeds = readdirSync(ROOT, { recursive: true, encoding: "utf8" })
  .filter((file) => /\.(?:txt|html)$/.test(file))
  .toSorted()
  .map((file) => readFileSync(join(ROOT, file), "utf8"));
const PIECES = [
  "\n",
  "\r",
  "\n> ",
  "{",
  "}",
  '"',
  "<",
  "</div>",
  "<blockquote>",
  "```",
  "-- \n",
  ": ",
  "\0",
  "\u202E",
  "\uD800",
];
const schema = {
  type: "object",
  properties: { approved: { type: "boolean" }, quantity: { type: "integer" }, items: { type: "array" } },
  required: ["approved"],
};

function damaged(random: () => number): string {
  const pick = <T>(list: readonly T[]): T => list[Math.floor(random() * list.length)]!;
  let text = pick(seeds);
  for (let times = Math.floor(random() * 6); times >= 0; times -= 1) {
    const at = Math.floor(random() * text.length);
    const to = Math.min(text.length, at + Math.floor(random() * 60));
    const instead = [pick(PIECES), text.slice(at, to).repeat(2), pick(seeds).slice(at, to), "", mailSoup(random)];
    text = text.slice(0, at) + pick(instead) + text.slice(random() < 0.5 ? at : to);
  }
  return text;
}

test("damaged mails: nothing throws, nothing is made up, nothing takes long", async () => {
  const random = randomOf(SEED);
  const end = performance.now() + BUDGET_MS;
  let runs = 0;
  for (; performance.now() < end; runs += 1) {
    const [text, other] = [damaged(random), damaged(random)];
    const start = process.cpuUsage();
    const parts = stripThreadHistory({ text, original: other });
    const all = `run ${runs} of seed ${SEED}: ${JSON.stringify(text)}`;
    const visible = removeHiddenCharacters(text).text;
    for (const word of stripThreadHistory({ text }).text.match(/[\p{L}\p{N}]+/gu) ?? [])
      expect(visible.includes(word), `"${word}" of ${all}`).toBe(true);
    stripThreadHistory({ html: text, text: other });
    const read = await parseStructuredReply(
      { parts, attachments: [{ filename: "a.json", contentType: "application/json", content: other }] },
      schema,
    );
    if (read.kind === "parsed") expect(typeof (read.data as { approved: unknown }).approved, all).toBe("boolean");
    const { code } = extractVerification({ subject: text.slice(0, 80), text, html: other });
    if (code !== undefined) expect(code, all).toMatch(/^[\p{L}\p{N}-]{4,11}$/u);
    expect(process.cpuUsage(start).user / 1000, all).toBeLessThan(1_000);
  }
  expect(runs).toBeGreaterThan(20);
});
