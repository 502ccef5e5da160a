import { asciiDigits } from "../history/line.ts";
import { anyOf, escapePattern } from "../locale/match.ts";
import { EXPIRY_WORDS, TIME_UNITS } from "../locale/verification.ts";

const MINUTES: ReadonlyMap<string, number> = unitMinutes();
const UNITS = [...MINUTES.keys()].toSorted((a, b) => b.length - a.length);
const DURATION = new RegExp(
  `(?<![\\d.,])(\\d{1,3}|an?|one|two|five|ten|fifteen|twenty|thirty|sixty|einer?|zehn|une?|dix|una?|diez|dieci|um|uma|dez|één|tien)[ -]?(${UNITS.map(escapePattern).join("|")})(?![\\p{Ll}])`,
  "giu",
);
const EXPIRY = new RegExp(anyOf(EXPIRY_WORDS), "iu");
const NUMBERS: Readonly<Record<string, number>> = {
  a: 1,
  an: 1,
  one: 1,
  two: 2,
  five: 5,
  ten: 10,
  fifteen: 15,
  twenty: 20,
  thirty: 30,
  sixty: 60,
  ein: 1,
  eine: 1,
  einer: 1,
  zehn: 10,
  un: 1,
  une: 1,
  dix: 10,
  una: 1,
  diez: 10,
  dieci: 10,
  um: 1,
  uma: 1,
  dez: 10,
  één: 1,
  tien: 10,
};

/** When a code or link ends, from "expires in 10 minutes" and the date of the mail (ISO 8601). */
export function expiryOf(text: string, date: string | undefined): string | undefined {
  const sent = date === undefined ? Number.NaN : Date.parse(date);
  if (Number.isNaN(sent)) return undefined;
  for (const sentence of text.slice(0, 60_000).split(/[.!?。]\s|\n/)) {
    if (!EXPIRY.test(sentence)) continue;
    const minutes = durationIn(asciiDigits(sentence.slice(0, 400)));
    if (minutes !== undefined) return new Date(sent + minutes * 60_000).toISOString();
  }
  return undefined;
}

function durationIn(sentence: string): number | undefined {
  const found = [...sentence.matchAll(DURATION)];
  if (found.length !== 1) return undefined;
  const [, count = "", unit = ""] = found[0] ?? [];
  const amount = NUMBERS[count.toLowerCase()] ?? Number(count);
  const minutes = MINUTES.get(unit.toLowerCase());
  return minutes === undefined || !(amount > 0) ? undefined : amount * minutes;
}

function unitMinutes(): Map<string, number> {
  const per = { minute: 1, hour: 60, day: 1440 } as const;
  const minutes = new Map<string, number>();
  for (const unit of ["day", "hour", "minute"] as const)
    for (const word of TIME_UNITS[unit]) minutes.set(word, per[unit]);
  return minutes;
}
