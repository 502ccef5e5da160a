import { attributionAt } from "./attribution.ts";
import { foldBody, isBlank, type Line, quotePrefix } from "./line.ts";
import type { Zone } from "./zones.ts";

/** What the known text says of the lines of a reply that answers it. */
export interface Coverage {
  /** Per line: history, the author's own between it, or undefined where the known text says nothing. */
  zones: (Zone | undefined)[];
  /** Lines of the known text into which the author wrote: the words that are new, per line index. */
  edited: Map<number, { quote: string; answer: string }>;
}

const SHINGLE = 5;
/** Fewer words in a row than this are an echo, not a quotation, unless something else says so. */
const SHORTEST_BLOCK = 8;
/** Characters of the reply that are compared. */
const MOST_COMPARED = 150_000;
const COVERED = 0.6;
const WORD = /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Thai}]|[\p{L}\p{M}\p{N}]+/gu;
const FIELD = /^(?:[-*•] )?([^:：=]{1,60})[:：=](.*)$/;
/** What some programs put before each quoted line, alone on an empty one. */
const MERE_MARK = /^[|:;#│┃]+(?: ?--)?$/;
/** Programs rewrite, wrap and repeat these. */
const REWRITTEN =
  /<?\b(?:https?:\/\/|mailto:|www\.)[^\s<>"]+>?|<[^<>\s]+@[^<>\s]+>|\[(?:image|cid|bild|imagen?)[^\]]{0,80}\]/giu;

/**
 * Finds the known text in the lines of a reply, whatever its marks, wrapping or language: runs of five words that
 * occur in it are history. Undefined where nothing of it is there.
 */
export function matchOriginal(lines: readonly Line[], original: string): Coverage | undefined {
  const known = shinglesOf(wordsOf(original));
  if (known.size === 0) return undefined;
  const form = formOf(original);
  const perLine: string[][] = [];
  let total = 0;
  for (const line of lines) {
    const start = quotePrefix(line.text).length;
    const words = total < MOST_COMPARED ? wordsOf(line.text.slice(start, start + MOST_COMPARED - total)) : [];
    total += line.text.length;
    perLine.push(words);
  }
  const covered = coveredWords(perLine.flat(), known.shingles, known.size);
  const zones: (Zone | undefined)[] = Array.from({ length: lines.length });
  const edited: Coverage["edited"] = new Map();
  const originalLines = new Set(original.split(/\r?\n/).map((line) => wordsOf(line).join(" ")));
  let at = 0;
  for (const [i, words] of perLine.entries()) {
    const line = lines[i];
    const filled = line === undefined || isRun(words, known) ? undefined : filledIn(line, form);
    if (filled !== undefined) {
      zones[i] = "own";
      edited.set(i, filled);
    } else zoneLine(lines, i, words, covered.subarray(at, at + words.length), zones, edited);
    at += words.length;
  }
  zoneCutOff(zones, edited, perLine, known);
  dropEchoes(lines, zones, perLine);
  if (!zones.includes("quote")) return undefined;
  zoneLinks(lines, zones, perLine, original);
  fillBetween(lines, zones, perLine, originalLines);
  zoneTail(lines, zones, perLine, wordsOf(original).slice(-12).join(" "));
  return { zones, edited };
}

function zoneLine(
  lines: readonly Line[],
  i: number,
  words: readonly string[],
  covered: Uint8Array,
  zones: (Zone | undefined)[],
  edited: Coverage["edited"],
): void {
  const line = lines[i];
  if (line === undefined || words.length === 0) return;
  let count = 0;
  for (const c of covered) count += c;
  if (count === words.length) {
    zones[i] = "quote";
    return;
  }
  if (count / words.length < COVERED) {
    if (count < 3 || covered[0] !== 1) return;
  }
  const fresh = words.filter((_, k) => covered[k] === 0).join(" ");
  zones[i] = "own";
  edited.set(i, { quote: line.text.slice(quotePrefix(line.text).length).trim(), answer: fresh });
}

/** A line of the known text as it may have been wrapped: a form whose lines were joined is not filled in. */
function isRun(words: readonly string[], known: { shingles: ReadonlySet<string>; size: number }): boolean {
  if (known.size < SHINGLE || words.length < SHINGLE) return false;
  for (let i = 0; i + SHINGLE <= words.length; i += 1)
    if (!known.shingles.has(words.slice(i, i + SHINGLE).join(" "))) return false;
  return true;
}

/** The last line may break off within a word of the known text. */
function zoneCutOff(
  zones: (Zone | undefined)[],
  edited: Coverage["edited"],
  perLine: readonly string[][],
  known: { shingles: ReadonlySet<string>; size: number },
): void {
  const last = perLine.findLastIndex((words) => words.length > 0);
  const words = perLine[last] ?? [];
  if (!edited.has(last) || words.length <= SHINGLE || !isRun(words.slice(0, -1), known)) return;
  const start = words.slice(-SHINGLE).join(" ");
  for (const shingle of known.shingles) {
    if (!shingle.startsWith(start)) continue;
    zones[last] = "quote";
    edited.delete(last);
    return;
  }
}

/** The lines of a form in the known text: what stands before the colon, and what is printed after it, in each line of that name. */
type Form = ReadonlyMap<string, readonly string[]>;

function formOf(original: string): Form {
  const form = new Map<string, string[]>();
  for (const line of original.split("\n", 500)) {
    const field = FIELD.exec(foldBody(line));
    if (field === null) continue;
    const name = wordsOf(field[1] ?? "").join(" ");
    form.set(name, [...(form.get(name) ?? []), wordsOf(field[2] ?? "").join(" ")]);
  }
  form.delete("");
  return form;
}

/** A line of the form with something in it that was not printed there. */
function filledIn(line: Line, form: Form): { quote: string; answer: string } | undefined {
  if (form.size === 0) return undefined;
  const field = FIELD.exec(line.body);
  if (field === null) return undefined;
  const printed = form.get(wordsOf(field[1] ?? "").join(" "));
  const said = wordsOf(field[2] ?? "").join(" ");
  if (printed === undefined || said === "" || printed.includes(said)) return undefined;
  // A long printed line may have been wrapped on the way
  if (said.split(" ").length >= 4 && printed.some((words) => words.startsWith(said))) return undefined;
  const answer = (field[2] ?? "").trim();
  return { quote: `${field[1] ?? ""}:`, answer };
}

/** The author's own sentence may repeat five words; a quotation goes on, is marked, or touches one that is. */
function dropEchoes(lines: readonly Line[], zones: (Zone | undefined)[], perLine: readonly string[][]): void {
  let total = 0;
  for (const [i, zone] of zones.entries()) if (zone === "quote") total += perLine[i]?.length ?? 0;
  for (let i = 0; i < lines.length; i += 1) {
    if (zones[i] !== "quote") continue;
    let end = i;
    let words = 0;
    let marked = false;
    while (end < lines.length && (zones[end] === "quote" || (perLine[end]?.length ?? 0) === 0)) {
      words += perLine[end]?.length ?? 0;
      marked ||= (lines[end]?.depth ?? 0) > 0 || lines[end]?.mark === "quote";
      end += 1;
    }
    const ownAbove = !zones.slice(Math.max(0, i - 40), i).includes("quote");
    if (!marked && words < SHORTEST_BLOCK && total > words && ownAbove) zones.fill(undefined, i, end);
    i = end - 1;
  }
}

/**
 * Short lines of the known text between its longer ones (a greeting, a name) are history as well; words that were
 * typed between them, even behind a quotation mark, are the author's.
 */
function fillBetween(
  lines: readonly Line[],
  zones: (Zone | undefined)[],
  perLine: readonly string[][],
  originalLines: ReadonlySet<string>,
): void {
  const first = zones.indexOf("quote");
  const last = zones.lastIndexOf("quote");
  for (let i = first; i <= last; i += 1) {
    const line = lines[i];
    if (line === undefined || zones[i] !== undefined || isBlank(line)) continue;
    const words = perLine[i] ?? [];
    if (words.length >= 2 && originalLines.has(words.join(" "))) zones[i] = "quote";
    else if (words.length === 0)
      zones[i] = line.depth > 0 || (zones[i - 1] === "quote" && MERE_MARK.test(line.body)) ? "quote" : undefined;
    else if (attributionAt(lines, i) === undefined)
      zones[i] = line.depth > 0 && words.length < 2 && originalLines.has(words.join(" ")) ? "quote" : "own";
  }
  zoneUnknownAttribution(lines, zones, first);
}

/** A line of nothing but links of the known text: links are not compared as words. */
function zoneLinks(
  lines: readonly Line[],
  zones: (Zone | undefined)[],
  perLine: readonly string[][],
  original: string,
): void {
  for (let i = zones.indexOf("quote"); i <= zones.lastIndexOf("quote"); i += 1) {
    const line = lines[i];
    if (line === undefined || zones[i] !== undefined || (perLine[i]?.length ?? 0) > 0 || isBlank(line)) continue;
    const link = /https?:\/\/[^\s<>"]+/.exec(line.body)?.[0];
    if (link !== undefined && original.includes(link)) zones[i] = "quote";
  }
}

/** The last words of the known text, cut off from the rest by an answer. */
function zoneTail(
  lines: readonly Line[],
  zones: (Zone | undefined)[],
  perLine: readonly string[][],
  tail: string,
): void {
  let words = "";
  const from = zones.lastIndexOf("quote") + 1;
  for (let i = lines.length - 1; i >= from && i >= lines.length - 8; i -= 1) {
    const own = perLine[i]?.join(" ") ?? "";
    if (own === "") continue;
    words = words === "" ? own : `${own} ${words}`;
    if (!` ${tail}`.endsWith(` ${words}`)) return;
    if (words.includes(" ")) zones.fill("quote", i);
  }
}

/** The paragraph straight above the quotation, in any language: it ends in a colon and bears a date or an address. */
function zoneUnknownAttribution(lines: readonly Line[], zones: (Zone | undefined)[], first: number): void {
  let end = first - 1;
  while (end >= 0 && isBlank(lines[end] as Line)) end -= 1;
  let start = end;
  while (start > 0 && end - start < 8 && !isBlank(lines[start - 1] as Line)) start -= 1;
  if (end < 0) return;
  const paragraph = lines.slice(start, end + 1).map((line) => line.body);
  const labelled = paragraph.filter((body) => /^[\p{L}\p{M} .'/-]{1,24}[:：]/u.test(body)).length;
  if (labelled >= 3 && paragraph.some((body) => /@|\d{4}/.test(body))) {
    while (start < end && !/^[\p{L}\p{M} .'/-]{1,24}[:：]/u.test(paragraph[0] ?? "")) {
      paragraph.shift();
      start += 1;
    }
    zones.fill("attribution", start, end + 1);
    return;
  }
  for (let k = end; k >= start && end - k < 3; k -= 1) {
    const joined = lines
      .slice(k, end + 1)
      .map((line) => line.body)
      .join(" ");
    if (/[:：]$/.test(joined) && joined.length < 250 && /\d{1,2}[:.]\d{2}|\d{4}|\p{Nd}{4}|@/u.test(joined)) {
      zones.fill("attribution", k, end + 1);
      return;
    }
  }
}

function wordsOf(text: string): string[] {
  return text.normalize("NFKC").toLowerCase().replace(REWRITTEN, " ").match(WORD) ?? [];
}

function shinglesOf(words: readonly string[]): { shingles: ReadonlySet<string>; size: number } {
  const size = Math.min(SHINGLE, words.length);
  const shingles = new Set<string>();
  if (size > 0) for (let i = 0; i + size <= words.length; i += 1) shingles.add(words.slice(i, i + size).join(" "));
  return { shingles, size };
}

function coveredWords(words: readonly string[], shingles: ReadonlySet<string>, size: number): Uint8Array {
  const covered = new Uint8Array(words.length);
  for (let i = 0; i + size <= words.length; i += 1) {
    if (shingles.has(words.slice(i, i + size).join(" "))) covered.fill(1, i, i + size);
  }
  return covered;
}
