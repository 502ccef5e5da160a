import { mailSoup } from "../support/mail-soup.ts";
import type { Random } from "./runs.ts";

/** What parsers stumble on, wherever it stands. */
const PIECES = [
  ..."\r\n\t\0 ,.:;<>()[]{}\"'\\/|@=?#%&*+-_~`^$!\x7f\x80\xff".split(""),
  "\r\n",
  "\r\n\r\n",
  "\n ",
  "\r\n\t",
  "--",
  "-- \n",
  "\n> ",
  "```",
  "=?utf-8?q?",
  "=?utf-7?B?+2AA-?=",
  "=?iso-2022-jp?b?GyRC?=",
  "=?utf-16?b?2AA=?=",
  "?=",
  "=\r\n",
  "=ZZ",
  "%00",
  "%E0%A4%A",
  "&#0;",
  "&#xD800;",
  "&#99999999999;",
  "&amp",
  "<!--",
  "]]>",
  "<div>",
  "</div>",
  "<blockquote>",
  "<style>*{display:none",
  "__proto__",
  "constructor",
  "hasOwnProperty",
  "toString",
  "NaN",
  "Infinity",
  "-0",
  "1e999",
  "9".repeat(40),
  "2147483648",
  "9007199254740993",
  "null",
  "undefined",
  "true",
  "{",
  '{"a":',
  '"\\u',
  "[[[[",
  "\u202E",
  "\u200B",
  "\uFEFF",
  "\uD800",
  "\uDC00",
  "\u{1F468}\u200D\u{1F469}",
  "ﷺ",
  "İ",
  "ß",
  "a\u0301",
  "漢字",
  "Jan 1 275761",
  "Thu, 32 Feb 99999 25:61:61 +9999",
];

export function hostileText(random: Random, most = 12): string {
  const parts = random.some(most, () => {
    const piece = random.pick(PIECES);
    if (random.chance(0.1)) return piece.repeat(1 + random.below(300));
    return random.chance(0.1) ? mailSoup(random) : piece;
  });
  return parts.join(random.pick(["", "", " "]));
}

/** A text with some of it cut out, doubled, replaced or moved. */
export function damaged(random: Random, text: string, others: readonly string[] = [text]): string {
  let out = text;
  for (let times = random.below(6); times >= 0; times -= 1) {
    const at = random.below(out.length);
    const to = Math.min(out.length, at + random.below(80));
    const instead = random.pick([
      () => "",
      () => hostileText(random, 3),
      () => random.pick(PIECES),
      () => out.slice(at, to).repeat(3),
      () => random.pick(others).slice(at, to),
      () => {
        const from = random.below(out.length);
        return out.slice(from, from + random.below(200));
      },
    ]);
    out = out.slice(0, at) + instead() + out.slice(random.chance(0.5) ? at : to);
    if (out.length > 200_000) break;
  }
  return out;
}
