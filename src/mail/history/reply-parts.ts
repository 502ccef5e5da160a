import { isBlank, type Line, quotePrefix } from "./line.ts";
import type { Coverage } from "./known-original.ts";
import type { Zone } from "./zones.ts";

/** The zones of a mail, put together. */
export interface Assembled {
  text: string;
  quoted: string;
  signature: string;
  disclaimer: string;
  inline: { quote: string; answer: string }[];
}

interface Run {
  kind: "own" | "quote";
  start: number;
  end: number;
  /** Whether a mail program's line introduces this quotation. */
  introduced: boolean;
}

/** Puts the lines of each zone together and decides which quotations belong to the author's text. */
export function assemble(lines: readonly Line[], zones: readonly Zone[], coverage?: Coverage): Assembled {
  const runs = runsOf(lines, zones);
  const kept = keptQuotes(runs, coverage !== undefined);
  const own: string[] = [];
  const quoted: string[] = [];
  const signature: string[] = [];
  const disclaimer: string[] = [];
  let run = 0;
  let zone: Zone | undefined = "own";
  for (const [i, line] of lines.entries()) {
    while (run < runs.length && (runs[run]?.end ?? 0) <= i) run += 1;
    if (!isBlank(line)) zone = zones[i];
    if (zone === "own")
      own.push(ownText(line, coverage?.edited.has(i) === true || (coverage !== undefined && line.depth > 0)));
    else if (zone === "signature") signature.push(line.text);
    else if (zone === "disclaimer") disclaimer.push(line.text);
    else {
      quoted.push(line.text);
      const inKept = runs[run];
      if (zone === "quote" && inKept !== undefined && i >= inKept.start && kept.has(inKept)) own.push(quotedText(line));
    }
  }
  return {
    text: tidy(own),
    quoted: tidy(quoted),
    signature: tidy(signature),
    disclaimer: tidy(disclaimer),
    inline: inlineAnswers(lines, runs, coverage),
  };
}

function runsOf(lines: readonly Line[], zones: readonly Zone[]): Run[] {
  const runs: Run[] = [];
  let introduced = false;
  for (const [i, line] of lines.entries()) {
    const zone = zones[i];
    if (zone === "attribution") introduced = true;
    if (isBlank(line) || (zone !== "own" && zone !== "quote")) continue;
    const last = runs.at(-1);
    if (last !== undefined && last.kind === zone && !(zone === "quote" && introduced)) last.end = i + 1;
    else runs.push({ kind: zone, start: i, end: i + 1, introduced: zone === "quote" && introduced });
    introduced = false;
  }
  return runs;
}

/**
 * A quotation that the author answers stays with the answer: one in the middle that no mail program introduced, and
 * all of them where answers alternate with quotations. What was quoted whole, above or below, goes; where the
 * original is known, all of it goes.
 */
function keptQuotes(runs: readonly Run[], originalKnown: boolean): Set<Run> {
  const kept = new Set<Run>();
  if (originalKnown) return kept;
  const lastOwn = runs.findLastIndex((run) => run.kind === "own");
  const answered = runs.filter((run, i) => run.kind === "quote" && i < lastOwn);
  const interleaved = answered.length >= 2;
  for (const [i, run] of runs.entries()) {
    if (run.kind !== "quote" || i > lastOwn) continue;
    const between = i > 0;
    if (interleaved || (between && !run.introduced)) kept.add(run);
  }
  return kept;
}

function inlineAnswers(
  lines: readonly Line[],
  runs: readonly Run[],
  coverage: Coverage | undefined,
): Assembled["inline"] {
  const inline: Assembled["inline"] = [];
  const quotes = runs.filter((run) => run.kind === "quote").length;
  for (const [i, run] of runs.entries()) {
    const before = runs[i - 1];
    const after = runs[i + 1];
    if (run.kind !== "own" || before?.kind !== "quote" || (quotes < 2 && after === undefined && coverage === undefined))
      continue;
    const quote = textOf(lines, before.start, before.end);
    const answer = textOf(lines, run.start, run.end);
    if (answer !== "") inline.push({ quote, answer });
  }
  for (const edit of coverage?.edited.values() ?? []) inline.push(edit);
  return inline;
}

function textOf(lines: readonly Line[], start: number, end: number): string {
  return tidy(lines.slice(start, end).map((line) => line.text.slice(quotePrefix(line.text).length).trim()));
}

function ownText(line: Line, unmark: boolean): string {
  return unmark ? line.text.slice(quotePrefix(line.text).length).trim() : line.text;
}

function quotedText(line: Line): string {
  return quotePrefix(line.text).depth > 0 || line.text === "" ? line.text : `> ${line.text}`;
}

/** Lines as text: no empty lines around, at most one between. */
function tidy(lines: readonly string[]): string {
  const out: string[] = [];
  for (const line of lines) {
    if (line.trim() === "" && (out.length === 0 || out.at(-1) === "")) continue;
    out.push(line.trim() === "" ? "" : line);
  }
  while (out.at(-1) === "") out.pop();
  return out.join("\n").trim();
}
