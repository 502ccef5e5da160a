import { ATTRIBUTION_VERBS } from "../locale/attribution.ts";
import { anyOf, phrasesOf } from "../locale/match.ts";
import { asciiDigits, isBlank, type Line } from "./line.ts";

/** A line (or up to four wrapped ones) in which a mail program says whom it quotes. */
export interface Attribution {
  /** How many lines it takes. */
  lines: number;
  /** Strong ones start the history even where the quoted text bears no mark. */
  strong: boolean;
}

const VERB = new RegExp(anyOf(phrasesOf(ATTRIBUTION_VERBS)), "iu");
const END = /[:：]\s*$|[-–—]{2,}\s*$/;
const DATE = /(?<!\d)(?:19|20)\d{2}(?!\d)|(?<!\d)\d{1,2}[./-]\d{1,2}[./-]\d{2,4}(?!\d)|(?<!\d)25\d{2}(?!\d)/;
const TIME = /(?<!\d)\d{1,2}[:.h]\d{2}(?!\d)/;
const MAILBOX =
  /<[^<>\s@]{1,80}@[^<>\s@]{1,80}(?:<mailto:[^<>\s]{1,120}>)?>|\[mailto:|\([^()\s@]{1,80}@[^()\s@]{1,80}\)/;
const ADDRESS = /[^\s<>@:,;()[\]]{1,80}@[^\s<>@,;()[\]]{1,80}\.[^\s<>@,;()[\]]{2,24}/;
const OPENS_WITH_DATE = /^[\p{L}\p{M}.]{0,14},? ?\d{1,4}[\s.,/年-]/u;
const LONGEST = 320;
const MOST_LINES = 4;

/** The attribution that starts at line `i`, if one does. */
export function attributionAt(lines: readonly Line[], i: number): Attribution | undefined {
  const first = lines[i];
  if (first === undefined || isBlank(first)) return undefined;
  if (first.mark === "attribution") return { lines: markedLines(lines, i), strong: true };
  let joined = "";
  for (let n = 1; n <= MOST_LINES; n += 1) {
    const line = lines[i + n - 1];
    if (line === undefined || isBlank(line) || line.depth !== first.depth || line.mark !== first.mark) return undefined;
    joined = joined === "" ? line.body : `${joined} ${line.body}`;
    if (joined.length > LONGEST) return undefined;
    if (n === 1 && sharesLine(joined)) return { lines: 1, strong: true };
    if (!END.test(joined)) continue;
    const strength = strengthOf(joined, n);
    if (strength !== undefined) {
      if (n > 1 && startsBelow(first.body, joined.slice(first.body.length + 1))) return undefined;
      return { lines: n, strong: strength === "strong" };
    }
    if (/[:：]$/.test(line.body)) return undefined;
  }
  return undefined;
}

/** How sure a sentence is the work of a mail program: date, time, address, verb. */
function strengthOf(sentence: string, lines: number): "strong" | "weak" | undefined {
  const text = asciiDigits(sentence);
  const date = DATE.test(text);
  const time = TIME.test(text);
  const mailbox = MAILBOX.test(text);
  const verb = VERB.test(text);
  if (mailbox && (date || time) && (verb || OPENS_WITH_DATE.test(text))) return "strong";
  if (mailbox && date && time) return "strong";
  if (verb && date && (time || lines === 1) && !/[.!?] \p{Lu}/u.test(text.replace(/\b\p{L}{1,4}\./gu, "")))
    return "strong";
  if (verb && (mailbox || ADDRESS.test(text))) return "strong";
  if (verb && (date || time)) return "weak";
  if (verb && text.length <= 80 && lines === 1) return "weak";
  return undefined;
}

/** The author's last line stands straight above an attribution that is complete without it. */
function startsBelow(line: string, rest: string): boolean {
  if (/[.!?。！？]$/.test(line) && !/\p{L}\.$/u.test(line.slice(-4))) return true;
  if (rest.startsWith("<") || strengthOf(rest, 2) === undefined) return false;
  const text = asciiDigits(rest);
  return DATE.test(text) || !(DATE.test(asciiDigits(line)) || TIME.test(asciiDigits(line)));
}

function markedLines(lines: readonly Line[], i: number): number {
  let end = i + 1;
  while (end < lines.length && lines[end]?.mark === "attribution") end += 1;
  return end - i;
}

/** Yahoo Mail on Android goes on with the quoted text on the line of the attribution. */
function sharesLine(line: string): boolean {
  const at = line.indexOf(": ", line.indexOf(">"));
  if (at < 0 || at > LONGEST || !line.includes("@")) return false;
  const head = line.slice(0, at);
  return MAILBOX.test(head) && DATE.test(head) && TIME.test(head) && VERB.test(head.slice(-24));
}
