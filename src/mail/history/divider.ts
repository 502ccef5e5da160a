import { FORWARDED_MESSAGE, ORIGINAL_MESSAGE, REPLY_ABOVE } from "../locale/dividers.ts";
import { phrasesOf } from "../locale/match.ts";
import { headerBlockAt } from "./header-block.ts";
import { isBlank, type Line } from "./line.ts";

/** A line above quoted or forwarded mail. */
export type Divider = { kind: "original" | "forwarded" | "reply-above"; lines: number };

const ORIGINAL = lowerSet(phrasesOf(ORIGINAL_MESSAGE));
const FORWARDED = lowerSet(phrasesOf(FORWARDED_MESSAGE));
const ABOVE = phrasesOf(REPLY_ABOVE);
const DASH = "-_=—–─#~+. ";
const OPENS = /^[-_=—–─#~+]{2}/;
const CLOSES = /[-_=—–─#~+]{2}:?$/;

/** The divider at line `i`, if it is one. */
export function dividerAt(lines: readonly Line[], i: number): Divider | undefined {
  const line = lines[i];
  if (line === undefined || line.body.length > 160 || isBlank(line)) return undefined;
  const lower = line.body.toLowerCase();
  if (ABOVE.some((phrase) => lower.includes(phrase)) && lower.length <= 120) return { kind: "reply-above", lines: 1 };
  const bare = withoutDashes(lower);
  const fenced = OPENS.test(line.body) && CLOSES.test(line.body);
  if (bare === "") return isRule(line.body) && headerFollows(lines, i + 1) ? { kind: "original", lines: 1 } : undefined;
  if (fenced) {
    if (ORIGINAL.has(bare)) return { kind: "original", lines: 1 };
    if (FORWARDED.has(bare) || bare.startsWith("forwarded by ")) return { kind: "forwarded", lines: 1 };
    return headerFollows(lines, i + 1) ? { kind: "original", lines: 1 } : undefined;
  }
  // Apple Mail and Windows Mail write the phrase without dashes, ending in a colon
  const unfenced = /[:：]$/.test(line.body) || bare === lower;
  if (unfenced && (FORWARDED.has(bare) || ORIGINAL.has(bare)) && headerFollows(lines, i + 1)) {
    return { kind: FORWARDED.has(bare) ? "forwarded" : "original", lines: 1 };
  }
  return undefined;
}

/** A line of nothing but dashes or underscores. */
export function isRule(body: string): boolean {
  return body.length >= 5 && /^[-_=—–─* ]+$/.test(body);
}

function withoutDashes(text: string): string {
  let start = 0;
  let end = text.length;
  while (start < end && DASH.includes(text[start] ?? "")) start += 1;
  while (end > start && `${DASH}:：`.includes(text[end - 1] ?? "")) end -= 1;
  return text.slice(start, end);
}

function headerFollows(lines: readonly Line[], from: number): boolean {
  for (let k = from; k < Math.min(lines.length, from + 4); k += 1) {
    const line = lines[k];
    if (line === undefined || isBlank(line)) continue;
    return headerBlockAt(lines, k, true) !== undefined;
  }
  return false;
}

function lowerSet(phrases: readonly string[]): ReadonlySet<string> {
  return new Set(phrases.map((p) => p.toLowerCase().normalize("NFC")));
}
