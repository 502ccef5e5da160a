import type { Finding } from "./lexical.ts";

const UNSEEN =
  /(?:[\u00AD\u200B\u200E\u200F\u202A-\u202E\u2060-\u206F\uFEFF]|[\u{E0100}-\u{E01EF}])+|(?<!\u{1F3F4}[\u{E0020}-\u{E007F}]{0,6})[\u{E0000}-\u{E007F}]+/gu;
/** Only what is sure by itself is cut out of a mail that may be honest. */
const SURE = 0.5;
const STRUCTURAL = new Set(["chat-template", "false-role-block", "false-boundary", "open-link"]);
const LONGEST_SENTENCE = 500;

/** The text without what {@link Finding}s are sure of: marks as they are, phrases with the sentence around them. */
export function sanitise(text: string, findings: readonly Finding[]): string {
  const cuts = findings
    .filter(({ rule, weight }) => STRUCTURAL.has(rule) || (weight >= SURE && rule !== "model"))
    .map(({ rule, span }) => (STRUCTURAL.has(rule) ? span : sentenceAround(text, span)))
    .toSorted((a, b) => a[0] - b[0]);
  let out = "";
  let position = 0;
  for (const [from, to] of cuts) {
    if (to <= position) continue;
    if (from >= position) out += `${text.slice(position, from)}[removed]`;
    position = to;
  }
  return (out + text.slice(position)).replace(UNSEEN, "");
}

function sentenceAround(text: string, [start, end]: readonly [number, number]): [number, number] {
  const before = text.slice(Math.max(0, start - LONGEST_SENTENCE), start);
  const after = text.slice(end, end + LONGEST_SENTENCE);
  const from = Math.max(
    ...[". ", "! ", "? ", "\n", "。"].map(
      (mark) => before.lastIndexOf(mark) + (before.includes(mark) ? mark.length : 0),
    ),
    0,
  );
  const stop = /[.!?](?=\s|$)|\n|。|$/.exec(after)?.index ?? 0;
  return [start - before.length + from, end + stop + (/[.!?。]/.test(after[stop] ?? "") ? 1 : 0)];
}
