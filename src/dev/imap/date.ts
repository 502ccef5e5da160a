const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/** INTERNALDATE as sent: always in UTC. */
export function formatDateTime(time: number): string {
  const date = new Date(time);
  const two = (value: number) => String(value).padStart(2, "0");
  const day = String(date.getUTCDate()).padStart(2, " ");
  const clock = `${two(date.getUTCHours())}:${two(date.getUTCMinutes())}:${two(date.getUTCSeconds())}`;
  return `"${day}-${MONTHS[date.getUTCMonth()]}-${date.getUTCFullYear()} ${clock} +0000"`;
}

/** The date-time of an APPEND. Throws a `SyntaxError` on anything else. */
export function parseDateTime(text: string): number {
  const match = /^([ \d]\d)-([a-z]{3})-(\d{4}) (\d{2}):(\d{2}):(\d{2}) ([+-])(\d{2})(\d{2})$/i.exec(text);
  const month = monthOf(match?.[2] ?? "");
  if (!match || month < 0) throw new SyntaxError("Bad date-time");
  const [, day, , year, hour, minute, second, sign, zoneHour, zoneMinute] = match;
  const offset = (Number(zoneHour) * 60 + Number(zoneMinute)) * (sign === "-" ? -1 : 1);
  return Date.UTC(Number(year), month, Number(day), Number(hour), Number(minute) - offset, Number(second));
}

/** The start of a SEARCH key's day, in UTC. Throws a `SyntaxError` on anything else. */
export function parseDay(text: string): number {
  const match = /^(\d{1,2})-([a-z]{3})-(\d{4})$/i.exec(text);
  const month = monthOf(match?.[2] ?? "");
  if (!match || month < 0) throw new SyntaxError("Bad date");
  return Date.UTC(Number(match[3]), month, Number(match[1]));
}

/** The day that a Date field names, disregarding its time and zone (RFC 9051 section 6.4.4). */
export function dayOfDateField(value: string): number | undefined {
  const match = /(\d{1,2})\s+([a-z]{3})[a-z]*\s+(\d{2,4})/i.exec(value);
  const month = monthOf(match?.[2] ?? "");
  if (!match || month < 0) return undefined;
  const year = Number(match[3]);
  return Date.UTC(year < 50 ? year + 2000 : year < 1000 ? year + 1900 : year, month, Number(match[1]));
}

export const DAY_MS = 86_400_000;

export function startOfDay(time: number): number {
  return Math.floor(time / DAY_MS) * DAY_MS;
}

function monthOf(name: string): number {
  return MONTHS.findIndex((month) => month.toLowerCase() === name.toLowerCase());
}
