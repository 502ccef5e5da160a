import { createRequire } from "node:module";
import { Worker } from "node:worker_threads";
import EmailReplyParser from "email-reply-parser";
import nodeEmailReplyParser from "node-email-reply-parser";
import { stripThreadHistory } from "../../src/mail/strip-thread-history.ts";
import type { Row } from "./row.ts";

export interface StripCase {
  text?: string;
  html?: string;
  original?: string;
  golden: string;
}

// These two have no types.
const require = createRequire(import.meta.url);
const planer = require("planer") as { extractFrom(body: string, type: string, document?: Dom): string };
const { JSDOM } = require("jsdom") as { JSDOM: new (html: string) => { window: { document: Dom } } };

interface Dom {
  body: { textContent: string | null };
  querySelectorAll(selector: string): Iterable<{ remove(): void }>;
}

interface Parser {
  name: string;
  text: (text: string) => string;
  /** Left out where the package reads no HTML. */
  html?: (html: string) => string;
  /** What it gives for HTML, as text. */
  shown?: (html: string) => string;
}

const PARSERS: readonly Parser[] = [
  {
    name: "stripThreadHistory",
    text: (text) => stripThreadHistory({ text }).text,
    html: (html) => stripThreadHistory({ html }).text,
  },
  { name: "email-reply-parser", text: (text) => new EmailReplyParser().read(text).getVisibleText() },
  { name: "node-email-reply-parser", text: (text) => nodeEmailReplyParser(text, true) },
  {
    name: "planer",
    text: (text) => planer.extractFrom(text, "text/plain"),
    html: (html) => planer.extractFrom(html, "text/html", blank),
    shown: shownHtml,
  },
];

const blank = new JSDOM("").window.document;

/** Planer gives HTML back; what a reader sees of it is what counts. */
function shownHtml(html: string): string {
  const shown = new JSDOM(html).window.document;
  for (const element of shown.querySelectorAll("style, script")) element.remove();
  return (shown.body.textContent ?? "").trim();
}

/**
 * Our own cases, which no other package has seen and which we do not fail by construction: a lower bound for us, not a
 * fair contest. No originals, as the others cannot use them. Compared without white space; the time is a ratio to ours.
 */
export function beside(cases: readonly StripCase[]): Row[] {
  const blind = cases.filter(({ original }) => original === undefined);
  return (["text", "html"] as const).flatMap((part) => {
    const mails = blind.flatMap((mail) =>
      mail[part] === undefined ? [] : [{ mail: mail[part], golden: mail.golden }],
    );
    const runs = PARSERS.flatMap((parser) => {
      const run = parser[part];
      const shown = part === "html" ? parser.shown : undefined;
      return run ? [{ name: parser.name, ...measured(mails, run, shown) }] : [];
    });
    const ours = runs[0]!;
    return runs.map(({ name, exact, leaked, eaten, ms }) => ({
      what: `strip: ${mails.length} ${part} mails by ${name}`,
      value: `${percent(exact, mails)} exact, ${percent(leaked, mails)} leak, ${percent(eaten, mails)} lose, ${(ms / ours.ms).toFixed(2)}× the time`,
      ...(name === ours.name && { target: "the best of all", ok: runs.every((other) => other.exact <= exact) }),
    }));
  });
}

interface Measured {
  exact: number;
  leaked: number;
  eaten: number;
  ms: number;
}

function measured(
  mails: readonly { mail: string; golden: string }[],
  run: (mail: string) => string,
  shown = (output: string) => output,
): Measured {
  const result: Measured = { exact: 0, leaked: 0, eaten: 0, ms: Infinity };
  for (const { mail, golden } of mails) {
    const got = shown(attempt(run, mail));
    if (bare(got) === bare(golden)) result.exact += 1;
    if (got.split("\n").some((line) => !bare(golden).includes(bare(line)))) result.leaked += 1;
    if (golden.split("\n").some((line) => !bare(got).includes(bare(line)))) result.eaten += 1;
  }
  for (let i = 0; i < 3; i += 1) {
    const start = process.cpuUsage();
    for (const { mail } of mails) attempt(run, mail);
    result.ms = Math.min(result.ms, process.cpuUsage(start).user / 1000);
  }
  return result;
}

/** A parser that throws has found nothing. */
function attempt(run: (mail: string) => string, mail: string): string {
  try {
    return run(mail);
  } catch {
    return "";
  }
}

function bare(text: string): string {
  return text.replace(/[\s\u00A0\u200B]+/g, "");
}

function percent(count: number, of: readonly unknown[]): string {
  return `${((100 * count) / of.length).toFixed(1)} %`;
}

const LIMIT_MS = 5_000;
const IMPORTS = `
  const { workerData, parentPort } = require("node:worker_threads");
  const run = {
    "email-reply-parser": async (mail) => new (await import("email-reply-parser")).default().read(mail).getVisibleText(),
    "node-email-reply-parser": async (mail) => (await import("node-email-reply-parser")).default(mail, true),
    planer: async (mail) => (await import("planer")).default.extractFrom(mail, "text/plain"),
    "planer (HTML)": async (mail) => {
      const { JSDOM } = await import("jsdom");
      return (await import("planer")).default.extractFrom(mail, "text/html", new JSDOM("").window.document);
    },
  }[workerData.name];
  (async () => {
    await run("x");
    const start = performance.now();
    await run(workerData.mail);
    parentPort.postMessage(performance.now() - start);
  })();
`;

/** The same hard mail of 200 KB for each, in a thread that is ended after five seconds. */
export async function hardMails(): Promise<Row[]> {
  const rows: Row[] = [];
  const line = "On ".repeat(66_667);
  const flat = "<p>hello world</p>\n".repeat(10_527);
  const nested = "<div>".repeat(20_000) + "x" + "</div>".repeat(20_000);
  const mails: [what: string, mail: string, parsers: string[], ours: () => unknown][] = [
    [
      "one line of On",
      line,
      ["email-reply-parser", "node-email-reply-parser", "planer"],
      () => stripThreadHistory({ text: line }),
    ],
    ["flat HTML", flat, ["planer (HTML)"], () => stripThreadHistory({ html: flat })],
    ["nested divs", nested, ["planer (HTML)"], () => stripThreadHistory({ html: nested })],
  ];
  for (const [what, mail, parsers, ours] of mails) {
    const ms = Math.min(...[1, 2, 3].map(() => timed(ours)));
    rows.push({ what: `strip: 200 KB, ${what}, by stripThreadHistory`, value: `${ms.toFixed(1)} ms` });
    for (const name of parsers)
      rows.push({ what: `strip: 200 KB, ${what}, by ${name}`, value: await inThread(name, mail) });
  }
  return rows;
}

function timed(run: () => unknown): number {
  const start = performance.now();
  run();
  return performance.now() - start;
}

function inThread(name: string, mail: string): Promise<string> {
  return new Promise((resolve) => {
    const worker = new Worker(IMPORTS, { eval: true, workerData: { name, mail } });
    const end = (value: string) => {
      clearTimeout(timer);
      void worker.terminate();
      resolve(value);
    };
    const timer = setTimeout(() => end(`> ${LIMIT_MS} ms, ended`), LIMIT_MS);
    worker.once("message", (ms: number) => end(`${ms.toFixed(1)} ms`));
    worker.once("error", (error) => end(`throws ${error instanceof Error ? error.name : String(error)}`));
  });
}
