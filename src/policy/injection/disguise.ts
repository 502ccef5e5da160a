import { type Tokens, wordAt } from "./tokens.ts";

/** Text that was written so that a person would not read it. */
export interface Disguised {
  rule: "base64" | "hexadecimal" | "percent" | "spaced-letters" | "rotated" | "reversed";
  text: string;
  span: [start: number, end: number];
}

const SHORTEST_ENCODED = 32;
/** Of all that is decoded, in characters: attachments pasted as text are long and say nothing. */
const MOST_DECODED = 40_000;
const SPACED_LETTERS = 10;
const MOST_SPACED = 10;
const LONGEST_SPACED = 2000;

/** Finds encoded text and decodes it once. */
export function disguisedTexts(text: string, tokens: Tokens): Disguised[] {
  return [...encodedRuns(text), ...percentRuns(text), ...spacedLetters(text, tokens), ...turned(text)];
}

function encodedRuns(text: string): Disguised[] {
  const found: Disguised[] = [];
  let decoded = 0;
  for (let start = 0; start + SHORTEST_ENCODED <= text.length && decoded < MOST_DECODED;) {
    // From its end: most words are over before, and nothing in them has to be looked at.
    let at = start + SHORTEST_ENCODED - 1;
    while (at >= start && isBase64Code(text.charCodeAt(at))) at--;
    if (at >= start) {
      start = at + 1;
      continue;
    }
    let end = start + SHORTEST_ENCODED;
    while (end < text.length && isBase64Code(text.charCodeAt(end))) end++;
    const run = text.slice(start, Math.min(end, start + MOST_DECODED));
    const hexadecimal = /^[0-9a-f]+$/i.test(run);
    const plain = Buffer.from(run, hexadecimal ? "hex" : "base64").toString("utf8");
    decoded += run.length;
    if (readsAsText(plain)) {
      found.push({ rule: hexadecimal ? "hexadecimal" : "base64", text: plain, span: [start, end] });
    }
    start = end + 1;
  }
  return found;
}

function percentRuns(text: string): Disguised[] {
  if (!text.includes("%")) return [];
  return [...text.matchAll(/(?:%[0-9a-f]{2}){16,2000}/gi)].slice(0, MOST_SPACED).flatMap((match) => {
    const plain = Buffer.from(match[0].replaceAll("%", ""), "hex").toString("utf8");
    const span: [number, number] = [match.index, match.index + match[0].length];
    return readsAsText(plain) ? [{ rule: "percent" as const, text: plain, span }] : [];
  });
}

function isBase64Code(code: number): boolean {
  return (
    (code >= 97 && code <= 122) ||
    (code >= 65 && code <= 90) ||
    (code >= 47 && code <= 57) ||
    code === 43 ||
    code === 45 ||
    code === 61 ||
    code === 95
  );
}

function readsAsText(text: string): boolean {
  const sample = text.slice(0, 400);
  const readable = sample.match(/[\p{L}\p{N}\s.,:;!?'"()@/_-]/gu)?.length ?? 0;
  return sample.length >= 12 && readable >= sample.length * 0.95 && /\s/.test(sample) && !sample.includes("\uFFFD");
}

/** `i g n o r e`: two signs between letters part words. */
function spacedLetters(text: string, tokens: Tokens): Disguised[] {
  const found: Disguised[] = [];
  let run = 0;
  for (let i = 0; i <= tokens.count; i++) {
    const single =
      i < tokens.count &&
      (tokens.end[i] ?? 0) - (tokens.start[i] ?? 0) === 1 &&
      isLatin(tokens.codes[tokens.start[i] ?? 0] ?? 0);
    if (single) {
      run++;
      continue;
    }
    if (run >= SPACED_LETTERS && found.length < MOST_SPACED) {
      let joined = "";
      for (let at = i - run; at < Math.min(i, i - run + LONGEST_SPACED); at++) {
        joined +=
          (at > i - run && (tokens.from[at] ?? 0) - (tokens.to[at - 1] ?? 0) > 1 ? " " : "") + wordAt(tokens, at);
      }
      const span: [number, number] = [tokens.from[i - run] ?? 0, tokens.to[i - 1] ?? text.length];
      found.push({ rule: "spaced-letters", text: joined.includes(" ") ? joined : parted(joined), span });
    }
    run = 0;
  }
  return found;
}

function isLatin(code: number): boolean {
  return code >= 97 && code <= 122;
}

const WORDS =
  /all|previous|prior|above|ignore|disregard|forget|override|instructions?|system|prompts?|rules?|reveal|send|passwords?|your|you|are|now|the|and|user|assistant|email/g;

function parted(joined: string): string {
  return joined.replace(WORDS, " $& ");
}

const ROTATED = /\b(?:vtaber|qvfertneq|vafgehpgvbaf?|cebzcg|flfgrz|cerivbhf|cnffjbeq)\b/i;
const REVERSED = /\b(?:erongi|dragersid|snoitcurtsni|tpmorp|suoiverp|metsys|drowssap|tnatsissa)\b/i;
const LONGEST_TURNED = 20_000;

function turned(text: string): Disguised[] {
  const part = text.slice(0, LONGEST_TURNED);
  const span: [number, number] = [0, part.length];
  const found: Disguised[] = [];
  if (ROTATED.test(part)) {
    const plain = part.replace(/[a-z]/gi, (char) => {
      const base = char >= "a" ? 97 : 65;
      return String.fromCharCode(((char.charCodeAt(0) - base + 13) % 26) + base);
    });
    found.push({ rule: "rotated", text: plain, span });
  }
  if (REVERSED.test(part)) found.push({ rule: "reversed", text: Array.from(part).toReversed().join(""), span });
  return found;
}
