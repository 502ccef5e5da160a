import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { stripThreadHistory } from "../../src/mail/strip-thread-history.ts";
import { grid } from "./grid.ts";
import type { Row } from "./row.ts";
import { beside, hardMails, type StripCase } from "./strip-others.ts";

const ORIGINAL =
  "Hello Jane,\n\nplease tell us whether the purchase of forty office chairs is approved.\n\nKind regards\nDesk";
const FIXTURES = join(import.meta.dirname, "../fixtures/replies");

/** How good stripThreadHistory is on our own cases, and how long it takes: per mail, and on the worst megabytes. Processor time. */
export async function bench(): Promise<Row[]> {
  const names = readdirSync(FIXTURES, { recursive: true, encoding: "utf8" }).filter((file) => file.endsWith(".golden"));
  const cases = names.map((file) => load(join(FIXTURES, file.slice(0, -".golden".length))));
  const exact = cases.filter(({ golden, ...mail }) => folded(stripThreadHistory(mail).text) === folded(golden)).length;
  const texts = cases.flatMap(({ text }) => text ?? []);
  const htmls = cases.flatMap(({ html }) => html ?? []);
  const textMail = perMail(texts, (text) => stripThreadHistory({ text }));
  const htmlMail = perMail(htmls, (html) => stripThreadHistory({ html }));
  const known = perMail(texts, (text) => stripThreadHistory({ text, original: ORIGINAL }));
  return [
    {
      what: "strip: exact on our own cases",
      value: `${exact} of ${cases.length}`,
      target: "all",
      ok: exact === cases.length,
    },
    { what: "strip: a text mail", value: fine(textMail), target: "< 1 ms", ok: textMail < 1 },
    { what: "strip: an HTML mail", value: fine(htmlMail), target: "< 1 ms", ok: htmlMail < 1 },
    { what: "strip: a text mail with its original", value: fine(known), target: "< 1 ms", ok: known < 1 },
    ...megabytes().slice(0, 5),
    ...beside(cases),
    ...(await hardMails()),
  ];
}

function megabytes(): Row[] {
  const runs = {
    text: (text: string) => stripThreadHistory({ text }),
    HTML: (html: string) => stripThreadHistory({ html }),
    "text with its original": (text: string) => stripThreadHistory({ text, original: ORIGINAL }),
  };
  const measured = grid(1_000_000).flatMap(([input, mail]) =>
    Object.entries(runs).map(([as, run]) => ({ input, as, ms: best(3, () => run(mail)) })),
  );
  return measured
    .toSorted((a, b) => b.ms - a.ms)
    .map(({ input, as, ms }) => ({
      what: `strip: 1 MB of ${input} as ${as}`,
      value: fine(ms),
      target: "< 50 ms",
      ok: ms < 50,
    }));
}

function load(path: string): StripCase {
  const read = (key: string, extension: string) =>
    existsSync(path + extension) ? { [key]: readFileSync(path + extension, "utf8") } : {};
  return {
    ...read("text", ".txt"),
    ...read("html", ".html"),
    ...read("original", ".original"),
    golden: readFileSync(`${path}.golden`, "utf8"),
  };
}

function folded(text: string): string {
  return text.replace(/\s+/g, " ").trim();
}

function perMail(mails: readonly string[], run: (mail: string) => void): number {
  return best(5, () => mails.forEach(run)) / mails.length;
}

function best(times: number, run: () => void): number {
  let least = Infinity;
  for (let i = 0; i < times; i += 1) {
    const start = process.cpuUsage();
    run();
    least = Math.min(least, process.cpuUsage(start).user / 1000);
  }
  return least;
}

function fine(ms: number): string {
  return `${ms.toFixed(ms < 1 ? 3 : 1)} ms`;
}
