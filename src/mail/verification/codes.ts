import { asciiDigits } from "../history/line.ts";
import { anyOf, escapePattern, phrasesOf } from "../locale/match.ts";
import { CODE_WORDS, NOT_A_CODE } from "../locale/verification.ts";

/** A string that may be a one-time code. */
export interface CodeCandidate {
  value: string;
  /** 0 to 1. */
  score: number;
  reason: string;
}

const MOST_CHARACTERS = 60_000;
const MOST_CANDIDATES = 400;
const LONGEST_LINE = 600;

const CODE_PHRASES = phrasesOf(CODE_WORDS);
const NOT_PHRASES = new Set(NOT_A_CODE);
/** Long ones may bear endings ("Vahvistuskoodisi", "kodunuzu"). */
const ENDING = 8;
const LABELS = new RegExp(
  `(?<![\\p{L}\\p{N}])(?:${CODE_PHRASES.filter((phrase) => phrase.length >= ENDING)
    .toSorted((a, b) => b.length - a.length)
    .map(escapePattern)
    .join("|")})|${anyOf([...CODE_PHRASES.filter((phrase) => phrase.length < ENDING), ...NOT_A_CODE])}`,
  "giu",
);
/** "481516 is your Acme code" */
const IS_YOURS =
  /^[ "”»]{0,3}(?:is|ist|est|es|è|é|är|er|on|to|is uw|is je)\s+(?:your|the|ihr|dein|votre|ton|tu|su|il tuo|seu|uw|je|din|koodisi|twój)\s+(?:[^\s.!?]+\s+){0,4}?(?:[\p{L}-]*code|otp|pin|passcode|password|código|codice|kod|kode)(?!\p{L})/iu;
/** "Use 4821 to log in" */
const TO_USE = /(?:^|[\s"“])(?:use|enter|type)\s+$/i;
const TO_SIGN_IN =
  /^\s+(?:to|when you)\s+(?:log ?in|sign ?in|verify|confirm|complete your (?:login|sign-?in)|finish (?:logging|signing) in)(?!\p{L})/iu;
/** Words that advertisements use for their codes too. */
const GENERIC = new Set([
  "the code",
  "this code",
  "use code",
  "enter code",
  "code is",
  "code:",
  "your code",
  "following code",
  "code below",
  "access code",
  "activation code",
  "el código",
  "o código",
  "il codice",
  "pin",
  "pin:",
  "tan",
  "ihr code",
  "dein code",
  "votre code",
  "ton code",
]);
const PROMOTION =
  /%|\b(?:off|discount|checkout|promo|coupon|voucher|sale|shop|rabatt|gutschein|sparen|remise|promotion|panier|descuento|oferta|sconto|korting|desconto|rea|zniżk|sleva|indirim)\b|скидк|优惠|折扣|割引|할인|خصم/iu;
const ADDRESSED = /https?:\/\/[^\s<>"]+|www\.[^\s<>"]+|[^\s<>@]{1,80}@[^\s<>@]{1,80}\.[a-z]{2,}/giu;
const MONEY_BEFORE = /(?:[$€£¥₹₽₺₩#№]|\b(?:USD|EUR|GBP|CHF|INR|Rs\.?|R\$|No\.|Nr\.|n°|№))\s?$/i;
const MONEY_AFTER = /^\s?(?:[$€£¥₹₽₺₩%]|(?:USD|EUR|GBP|CHF|kr|zł|Kč|px|pt|em|kg|km|GB|MB|points?|Punkte)\b)/i;

const SHAPES = [
  // one character per cell
  /(?<![\p{L}\p{N}])(?:[0-9A-Z][ \t]{1,4}){3,9}[0-9A-Z](?![\p{L}\p{N}])/gu,
  /(?<![\p{L}\p{N}.,:/+-])\d{2,4}(?:[ -]\d{2,4}){1,2}(?![\p{L}\p{N}])/gu,
  /(?<![\p{L}\p{N}-])[A-Z0-9]{3,6}-[A-Z0-9]{3,6}(?![\p{L}\p{N}-])/gu,
  /(?<![\p{L}\p{N}])(?:[A-Z]-)?\d{4,10}(?![\p{L}\p{N}])/gu,
  /(?<![\p{L}\p{N}-])(?=[A-Z0-9]*\d)(?=[A-Z0-9]*[A-Z])[A-Z0-9]{4,10}(?![\p{L}\p{N}-])/gu,
  /(?<![\p{L}\p{N}-])(?=[a-zA-Z0-9]*\d)(?=[a-zA-Z0-9]*[a-zA-Z])[a-zA-Z0-9]{5,10}(?![\p{L}\p{N}-])/gu,
  /(?<![\p{L}\p{N}-])[A-Z]{5,8}(?![\p{L}\p{N}-])/gu,
] as const;
/** Scripts without spaces write straight up to the digits. */
const ADJOINING =
  /(?<=[\u3040-\u30FF\u3400-\u9FFF\uAC00-\uD7AF\u0E00-\u0E7F：:])\d{4,8}(?=[\u3040-\u30FF\u3400-\u9FFF\uAC00-\uD7AF\u0E00-\u0E7F，。、,.\s]|$)/gu;

/** One-time codes in a subject and a text, the likeliest first, each value once. */
export function findCodes(subject: string, text: string): CodeCandidate[] {
  const lines = [
    subject,
    ...text
      .slice(0, MOST_CHARACTERS)
      .split("\n")
      .filter((line) => line.trim() !== ""),
  ].map((line) =>
    asciiDigits(narrow(line.slice(0, LONGEST_LINE)))
      .replace(ADDRESSED, " ¤ ")
      .replaceAll("*", " "),
  );
  const best = new Map<string, CodeCandidate & { times: number }>();
  let tried = 0;
  for (const [i, line] of lines.entries()) {
    for (const found of shapesIn(line)) {
      tried += 1;
      if (tried > MOST_CANDIDATES) break;
      const scored = scoreOf(found, line, lines, i);
      if (scored === undefined) continue;
      const known = best.get(scored.value);
      const times = (known?.times ?? 0) + 1;
      if (known === undefined || scored.score > known.score) best.set(scored.value, { ...scored, times });
      else known.times = times;
    }
  }
  return [...best.values()]
    .map((c) => ({ value: c.value, reason: c.reason, score: Math.min(0.99, c.score + (c.times > 1 ? 0.05 : 0)) }))
    .toSorted((a, b) => b.score - a.score);
}

/** Full-width digits and letters as ordinary ones; punctuation stays, as it tells sentences apart. */
function narrow(line: string): string {
  return line.replace(/[\uFF10-\uFF19\uFF21-\uFF3A\uFF41-\uFF5A]/g, (c) =>
    String.fromCharCode(c.charCodeAt(0) - 0xfee0),
  );
}

interface Shape {
  raw: string;
  start: number;
  end: number;
  letters: "digits" | "mixed" | "letters";
}

function shapesIn(line: string): Shape[] {
  const shapes: Shape[] = [];
  for (const pattern of [...SHAPES, ADJOINING]) {
    for (const match of line.matchAll(pattern)) {
      const start = match.index;
      const end = start + match[0].length;
      if (shapes.some((shape) => start < shape.end && shape.start < end)) continue;
      const letters =
        /^[\d\s-]+$/.test(match[0]) || /^[A-Z]-\d+$/.test(match[0])
          ? "digits"
          : /\d/.test(match[0])
            ? "mixed"
            : "letters";
      shapes.push({ raw: match[0], start, end, letters });
    }
  }
  return shapes;
}

function scoreOf(shape: Shape, line: string, lines: readonly string[], i: number): CodeCandidate | undefined {
  const value = valueOf(shape);
  const before = line.slice(0, shape.start);
  const after = line.slice(shape.end);
  if (value.length < 4 || value.length > 10 || isOtherNumber(shape, value, before, after)) return undefined;
  const label = labelOf(before, after, lines, i);
  if (label === undefined || label.other) return undefined;
  const alone = before.trim() === "" && after.trim().replace(/[.。]$/, "") === "";
  const near = [lines[i - 1] ?? "", line, lines[i + 1] ?? ""].join(" ");
  if (label.generic && PROMOTION.test(near)) return undefined;
  let score = label.score + (alone ? 0.12 : 0);
  if (shape.letters === "digits")
    score += value.length === 6 ? 0.1 : value.length === 4 || value.length === 8 || value.length === 5 ? 0.05 : 0;
  if (shape.letters === "mixed") score -= /[a-z]/.test(value) ? (alone || label.direct ? 0.1 : 0.4) : 0.03;
  if (shape.letters === "letters") score -= alone || label.direct ? 0.15 : 0.5;
  if (isYear(value)) score -= label.direct || alone ? 0.15 : 0.6;
  return { value, score, reason: `${alone ? "on a line of its own, " : ""}next to "${label.text}"` };
}

/** Digits without what groups them; Google's "G-" is no part of the code. */
function valueOf(shape: Shape): string {
  if (shape.letters === "digits") return shape.raw.replace(/\D/g, "");
  return /^(?:[0-9A-Z][ \t]+)+[0-9A-Z]$/.test(shape.raw) ? shape.raw.replace(/[ \t]/g, "") : shape.raw;
}

/** Prices, phone numbers, dates, times, colours, parts of longer numbers. */
function isOtherNumber(shape: Shape, value: string, before: string, after: string): boolean {
  if (MONEY_BEFORE.test(before) || MONEY_AFTER.test(after)) return true;
  if (
    /\d[.,:/'’_]$|\p{L}[./_]$|[+(]\s?$|\+\d[\d ().-]*$|\d[ -]$/u.test(before) ||
    /^[.,:/'’]\d|^\s?[-–]\s?\d|^\)\s?\d|^ \d/.test(after)
  )
    return true;
  if (/\d{3}[ -]\d{3}[ -]\d{4}/.test(shape.raw) || /^0\d{2,4}[ -]/.test(shape.raw)) return true;
  if (
    /^(?:19|20)\d{2}[ -]\d{2}/.test(shape.raw) ||
    /^(?:0?[1-9]|[12]\d|3[01])[ -](?:0[1-9]|1[0-2])[ -](?:19|20)?\d{2}$/.test(shape.raw)
  )
    return true;
  if (
    /^(?:19|20)\d{2}$/.test(value) &&
    (/(?:©|\(c\)|\p{L}{3,}\.? \d{1,2},? $|\d{1,2}\.? \p{L}{3,}\.? $)/iu.test(before) ||
      /^[ .,]*(?:All rights|Alle Rechte|年|년)/iu.test(after))
  )
    return true;
  return (
    /^\d{5}$/.test(value) &&
    (/\b[A-Z]{2} $/.test(before) || /^ \p{Lu}\p{Ll}+/u.test(after)) &&
    /\b(?:St\.?|Street|Ave|Road|Blvd|Suite|Str\.|straße|GmbH|Inc|LLC|Ltd|rue|calle|via)\b/i.test(before + after)
  );
}

interface Label {
  text: string;
  score: number;
  /** Nothing stands between it and the code. */
  direct: boolean;
  generic: boolean;
  /** It says that this is something else. */
  other: boolean;
}

/** The nearest word that says what the number is: before it on the line, behind it, or on the lines above. */
function labelOf(before: string, after: string, lines: readonly string[], i: number): Label | undefined {
  const left = labelsIn(before).at(-1);
  if (left !== undefined) {
    const gap = before.slice(left.end).trim();
    const direct = gap.length <= 14 && !/[.!?]\s/.test(gap);
    if (left.other && gap.length > 40) return labelAbove(lines, i);
    return make(left, direct ? 0.78 : gap.length < 60 ? 0.66 : 0.5, direct);
  }
  const right = labelsIn(after)[0];
  if (right !== undefined && right.start < 60 && !/[.!?]\s/.test(after.slice(0, right.start)))
    return make(right, 0.76, right.start < 20);
  if (IS_YOURS.test(after.slice(0, 120)))
    return { text: "your code", score: 0.76, direct: true, generic: true, other: false };
  if (TO_USE.test(before.slice(-12)) && TO_SIGN_IN.test(after.slice(0, 60)))
    return { text: "use … to sign in", score: 0.76, direct: true, generic: false, other: false };
  return labelAbove(lines, i) ?? labelBelow(lines, i, before, after);
}

function labelAbove(lines: readonly string[], i: number): Label | undefined {
  for (let k = i - 1, far = 0; k >= 1 && far < 3; k -= 1, far += 1) {
    const label = labelsIn(lines[k] ?? "").at(-1);
    if (label === undefined) continue;
    const ends = (lines[k] ?? "").length - label.end < 30;
    return make(label, 0.7 - far * 0.06, ends && far === 0);
  }
  // The subject names the code, the text shows it
  const subject = labelsIn(lines[0] ?? "").at(-1);
  return subject === undefined || subject.other || i === 0 ? undefined : make(subject, 0.45, false);
}

function labelBelow(lines: readonly string[], i: number, before: string, after: string): Label | undefined {
  if (before.trim() !== "" || after.trim() !== "") return undefined;
  const label = labelsIn(lines[i + 1] ?? "")[0];
  return label === undefined ? undefined : make(label, 0.5, false);
}

interface Found {
  text: string;
  start: number;
  end: number;
  other: boolean;
}

function labelsIn(text: string): Found[] {
  return Array.from(text.slice(-400).matchAll(LABELS), (match) => {
    const offset = Math.max(0, text.length - 400);
    const phrase = match[0].toLowerCase();
    return {
      text: phrase,
      start: offset + match.index,
      end: offset + match.index + phrase.length,
      other: NOT_PHRASES.has(phrase),
    };
  });
}

function make(found: Found, score: number, direct: boolean): Label {
  return { text: found.text, score, direct, generic: GENERIC.has(found.text), other: found.other };
}

function isYear(value: string): boolean {
  return /^(?:19|20)\d{2}$/.test(value);
}
