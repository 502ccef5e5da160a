import { asciiDigits } from "../history/line.ts";
import { MONTHS } from "../locale/months.ts";
import type { ReadValue } from "./values.ts";

/** An ISO 8601 date; `null` where it can be read as two; undefined where there is no such day. */
type DateRead = string | null | undefined;

const NAMES = monthNames();

/** Reads one calendar date, with its year, as an ISO 8601 date; a date whose day and month can be exchanged is ambiguous. */
export function readDate(raw: string): ReadValue {
  const text = asciiDigits(raw).toLowerCase().trim();
  const found = new Set<string>();
  let ambiguous = false;
  let rest = text;
  const take = (pattern: RegExp, read: (match: RegExpMatchArray) => DateRead): void => {
    for (const match of rest.matchAll(pattern)) {
      const date = read(match);
      if (date === null) ambiguous = true;
      else if (date !== undefined) found.add(date);
    }
    rest = rest.replace(pattern, " ");
  };
  take(/(?<!\d)(\d{4})[-/.](\d{1,2})[-/.](\d{1,2})(?!\d)/g, (m) => iso(m[1], m[2], m[3]));
  take(/(\d{4})\s?[年년]\s?(\d{1,2})\s?[月월]\s?(\d{1,2})\s?[日일]/g, (m) => iso(m[1], m[2], m[3]));
  take(/(?<!\d)(\d{1,2})([-/.])\s?(\d{1,2})\2\s?(\d{4})(?!\d)/g, (m) => dayMonth(m[1], m[3], m[4], m[2] === "."));
  take(
    /(?<!\d)(\d{1,2})(?:st|nd|rd|th|\.|º|er)?\s+(?:of\s+|de\s+|d[e']\s*)?(\p{L}{3,14})\.?,?\s+(?:de\s+|del\s+)?(\d{4})(?!\d)/gu,
    (m) => named(m[2], m[1], m[3]),
  );
  take(/(?<![\p{L}])(\p{L}{3,14})\.?\s+(\d{1,2})(?:st|nd|rd|th)?,?\s+(\d{4})(?!\d)/gu, (m) => named(m[1], m[2], m[3]));
  take(/(?<!\d)(\d{4})\.?\s+(\p{L}{3,14})\s+(\d{1,2})(?!\d)/gu, (m) => named(m[2], m[3], m[1]));
  if (ambiguous || found.size > 1) return { kind: "ambiguous", why: `"${raw}" can be read as more than one date` };
  const [date] = found;
  return date === undefined ? { kind: "none" } : { kind: "value", value: date };
}

/** With dots the day is first everywhere; with slashes or dashes it is first in most places and the month in America. */
function dayMonth(
  first: string | undefined,
  second: string | undefined,
  year: string | undefined,
  dots: boolean,
): DateRead {
  const a = Number(first);
  const b = Number(second);
  if (dots || a === b || a > 12) return iso(year, second, first);
  if (b > 12) return iso(year, first, second);
  return null;
}

function named(name: string | undefined, day: string | undefined, year: string | undefined): string | undefined {
  const month = monthOf(name ?? "");
  return month === undefined ? undefined : iso(year, String(month), day);
}

function monthOf(name: string): number | undefined {
  const exact = NAMES.get(name);
  if (exact !== undefined) return exact;
  const months = new Set<number>();
  for (const [full, month] of NAMES) if (full.startsWith(name)) months.add(month);
  const [only] = months;
  return months.size === 1 ? only : undefined;
}

function monthNames(): Map<string, number> {
  const names = new Map<string, number>();
  const clashing = new Set<string>();
  for (const months of Object.values(MONTHS)) {
    for (const [i, name] of months.entries()) {
      if (names.has(name) && names.get(name) !== i + 1) clashing.add(name);
      names.set(name, i + 1);
    }
  }
  for (const name of clashing) names.delete(name);
  return names;
}

/** The date if there is such a day. */
function iso(year: string | undefined, month: string | undefined, day: string | undefined): string | undefined {
  const [y, m, d] = [Number(year), Number(month), Number(day)];
  const date = new Date(Date.UTC(y, m - 1, d));
  if (y < 1900 || y > 2200 || date.getUTCMonth() !== m - 1 || date.getUTCDate() !== d) return undefined;
  return date.toISOString().slice(0, 10);
}
