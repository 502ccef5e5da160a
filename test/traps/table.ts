// Runs every scenario on bare LangGraph and with the kit, prints what came out, and writes it to docs/traps.md.
import { execFileSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { isDeepStrictEqual } from "node:util";
import { startMailServer, type MailServer } from "../../src/dev/index.ts";
import { type Case, observeAll, splitCounts } from "./scenario.ts";
import { scenarios } from "./scenarios/index.ts";
import type { SaverName } from "./world.ts";

const DOCUMENT = new URL("../../docs/traps.md", import.meta.url);
const FORMATTER = new URL("../../node_modules/.bin/oxfmt", import.meta.url);

interface Row {
  name: string;
  wanted: string;
  bare: string;
  kit: string;
  holds: boolean;
}

/** What the savers gave, once where it is the same. */
async function outcome(
  mail: MailServer,
  one: Case,
  side: "bare" | "kit",
): Promise<{ text: string; asWanted: boolean[] }> {
  const texts = new Map<string, SaverName[]>();
  const asWanted: boolean[] = [];
  for (const [saver, observed] of await observeAll(mail, one, side)) {
    const { result, counts } = splitCounts(observed);
    const text = [show(result), ...Object.entries(counts).map(([name, count]) => `${count} ${name}`)].join(", ");
    texts.set(text, [...(texts.get(text) ?? []), saver]);
    asWanted.push(isDeepStrictEqual(result, one.wanted));
  }
  const entries = [...texts].map(([text, savers]) => (texts.size > 1 ? `${savers.join()}: ${text}` : text));
  return { text: entries.join("; "), asWanted };
}

async function run(mail: MailServer, one: Case): Promise<Row> {
  const bare = await outcome(mail, one, "bare");
  const kit = await outcome(mail, one, "kit");
  const holds = kit.asWanted.every(Boolean) && !bare.asWanted.some(Boolean);
  return { name: one.name, wanted: show(one.wanted), bare: bare.text, kit: kit.text, holds };
}

/** JSON without its quotes, in one line. */
function show(value: unknown): string {
  const text = typeof value === "string" ? value : JSON.stringify(value).replaceAll('"', "");
  return text.replaceAll(/([:,])(?=\S)/g, "$1 ").replaceAll("|", "\\|");
}

const started = Date.now();
const parts: string[] = [];
let failed = 0;
{
  await using mail = await startMailServer();
  for (const { number, title, cases } of scenarios) {
    console.log(`${number}. ${title}`);
    const rows: Row[] = [];
    for (const one of cases) {
      const row = await run(mail, one);
      rows.push(row);
      if (!row.holds) failed++;
      console.log(`   ${row.holds ? "ok" : "NOT SO"}  ${row.name}\n      bare: ${row.bare}\n      kit:  ${row.kit}`);
    }
    parts.push(
      `## ${number}. ${title}`,
      "",
      "| Scenario | Wanted | Bare LangGraph | With the kit |",
      "| --- | --- | --- | --- |",
      ...rows.map(
        ({ name, wanted, bare, kit, holds }) =>
          `| ${name} | ${wanted} | ${bare} | ${kit}${holds ? "" : " **(not as wanted)**"} |`,
      ),
      "",
    );
  }
}

const introduction = `# LangGraph's traps

LangGraph has no lock on a thread, hands answers out by the order in which a node asks, gives a bare answer to everyone, and runs a node's body
again at every resume. Each scenario below runs twice: on bare LangGraph, as a careful user would write it, and with the kit, over MemorySaver and
SqliteSaver, with real SMTP and IMAP, and where it says so with real processes that are stopped and killed. This page is written by
\`npm run traps\`; the scenarios are in \`test/traps/\`.
`;
writeFileSync(DOCUMENT, `${introduction}\n${parts.join("\n").trimEnd()}\n`);
execFileSync(FORMATTER.pathname, [DOCUMENT.pathname]);
const total = scenarios.reduce((sum, { cases }) => sum + cases.length, 0);
console.log(`${total - failed} of ${total} as wanted, in ${Math.round((Date.now() - started) / 1000)} s`);
process.exitCode = failed === 0 ? 0 : 1;
