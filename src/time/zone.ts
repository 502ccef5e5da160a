/** A moment on a zone's wall clock: days since 1970-01-01, and milliseconds since that day's midnight. */
export interface WallTime {
  day: number;
  ms: number;
}

export const DAY_MS = 86_400_000;

const formats = new Map<string, Intl.DateTimeFormat>();

/** @throws RangeError for a zone that the runtime does not know. */
function formatOf(timeZone: string): Intl.DateTimeFormat {
  let format = formats.get(timeZone);
  if (!format) {
    format = new Intl.DateTimeFormat("en-US", {
      timeZone,
      calendar: "iso8601",
      hourCycle: "h23",
      year: "numeric",
      month: "numeric",
      day: "numeric",
      hour: "numeric",
      minute: "numeric",
      second: "numeric",
    });
    formats.set(timeZone, format);
  }
  return format;
}

export function isTimeZone(timeZone: string): boolean {
  try {
    return formatOf(timeZone) !== undefined;
  } catch {
    return false;
  }
}

/** What the wall clock of a zone shows at an instant. */
export function wallTime(timeZone: string, at: number): WallTime {
  const local = at + offsetAt(timeZone, at);
  const day = Math.floor(local / DAY_MS);
  return { day, ms: local - day * DAY_MS };
}

/**
 * The instant at which the wall clock of a zone shows a time. Of a time that comes twice, as clocks go back, the first; a time that is skipped,
 * as they go forward, is moved on by as much (RFC 5545 section 3.3.5).
 */
export function instantOf(timeZone: string, { day, ms }: WallTime): number {
  const local = day * DAY_MS + ms;
  // Offsets change at most once in two days, so one of these two holds.
  const before = offsetAt(timeZone, local - DAY_MS);
  const after = offsetAt(timeZone, local + DAY_MS);
  const found = [local - before, local - after].filter((at) => at + offsetAt(timeZone, at) === local);
  return found.length > 0 ? Math.min(...found) : local - before;
}

function offsetAt(timeZone: string, at: number): number {
  const parts: Record<string, number> = {};
  for (const { type, value } of formatOf(timeZone).formatToParts(at)) parts[type] = Number(value);
  const { year, month, day, hour, minute, second } = parts as Record<
    "year" | "month" | "day" | "hour" | "minute" | "second",
    number
  >;
  const seconds = Math.floor(at / 1000) * 1000;
  return Date.UTC(year, month - 1, day, hour, minute, second) - seconds;
}
