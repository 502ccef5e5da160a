import { EmailKitError } from "../errors.ts";
import { DAY_MS, instantOf, isTimeZone, wallTime } from "./zone.ts";

/** The days of a week, from Sunday, as the number of a day since 1970-01-01 tells them. */
const WEEKDAYS = ["sun", "mon", "tue", "wed", "thu", "fri", "sat"] as const;
export type Weekday = (typeof WEEKDAYS)[number];

type Hours = Readonly<Partial<Record<Weekday, readonly (readonly [from: string, to: string])[]>>>;

/** When people are at work. */
export interface BusinessCalendar {
  /** IANA name, such as "Europe/Berlin". */
  timeZone: string;
  /** Opening hours by day, each from and to "HH:MM"; "24:00" is the day's end. A day that is left out is closed. Default: Monday to Friday, 09:00 to 17:00. */
  hours?: Hours;
  /** Days that are closed, such as "2026-12-25". */
  holidays?: readonly string[];
}

const OFFICE = [["09:00", "17:00"]] as const;
const DEFAULT_HOURS: Hours = { mon: OFFICE, tue: OFFICE, wed: OFFICE, thu: OFFICE, fri: OFFICE };
/** A calendar that is closed for so long is a mistake. */
const MAX_DAYS = 3660;

/** Opening times, in milliseconds since the epoch: `from` belongs to them, `to` does not. */
interface Opening {
  from: number;
  to: number;
}

/** A calendar that has been checked. */
export interface Calendar {
  timeZone: string;
  /** A day's openings, in order. */
  openings(day: number): Opening[];
}

/** @throws EmailKitError `INVALID_CONFIG` for a zone, hours or a holiday that are none, or when it is never open. */
export function readCalendar(calendar: BusinessCalendar): Calendar {
  const { timeZone, hours = DEFAULT_HOURS, holidays = [] } = calendar;
  if (!isTimeZone(timeZone))
    throw invalid(`timeZone ${JSON.stringify(timeZone)}`, 'an IANA name such as "Europe/Berlin"');
  for (const name of Object.keys(hours)) {
    if (!WEEKDAYS.includes(name as Weekday)) throw invalid(`hours.${name}`, `one of ${WEEKDAYS.join(", ")}`);
  }
  const week = WEEKDAYS.map((weekday) => readHours(weekday, hours[weekday] ?? []));
  if (week.every((day) => day.length === 0)) throw invalid("hours", "at least one opening in the week");
  const closed = new Set(holidays.map(readHoliday));
  return {
    timeZone,
    openings(day) {
      if (closed.has(day)) return [];
      return week[weekdayOf(day)]!.map(([from, to]) => ({
        from: instantOf(timeZone, { day, ms: from }),
        to: instantOf(timeZone, { day, ms: to }),
      })).filter(({ from, to }) => from < to);
    },
  };
}

/** Days since 1970-01-01, or undefined for what is no date. */
export function dayOf(year: number, month: number, day: number): number | undefined {
  const date = new Date(Date.UTC(year, month - 1, day));
  return date.getUTCMonth() === month - 1 && date.getUTCDate() === day ? date.getTime() / DAY_MS : undefined;
}

/** The instant at which so much opening time has passed. */
export function addOpeningTime(calendar: Calendar, from: number, ms: number): number {
  let left = ms;
  for (const opening of openingsFrom(calendar, from)) {
    const length = opening.to - opening.from;
    if (left <= length) return opening.from + left;
    left -= length;
  }
  throw neverOpen();
}

/**
 * So many open days later, at the same time on the wall clock; where that is closed, at that day's next opening, or its close. Time outside opening hours
 * counts as the next opening.
 */
export function addBusinessDays(calendar: Calendar, from: number, count: number): number {
  const [first] = openingsFrom(calendar, from);
  if (!first) throw neverOpen();
  const start = wallTime(calendar.timeZone, first.from);
  let left = count;
  for (let day = start.day + 1; day <= start.day + MAX_DAYS; day++) {
    const openings = calendar.openings(day);
    if (openings.length === 0 || --left > 0) continue;
    const at = instantOf(calendar.timeZone, { day, ms: start.ms });
    const next = openings.find(({ to }) => at <= to);
    return next ? Math.max(at, next.from) : openings.at(-1)!.to;
  }
  throw neverOpen();
}

/** What is left of the opening at `from`, and all after it. */
function* openingsFrom(calendar: Calendar, from: number): Generator<Opening> {
  const today = wallTime(calendar.timeZone, from).day;
  for (let day = today; day < today + MAX_DAYS; day++) {
    for (const opening of calendar.openings(day)) {
      if (opening.to > from) yield { from: Math.max(from, opening.from), to: opening.to };
    }
  }
}

function readHours(weekday: Weekday, hours: readonly (readonly [string, string])[]): [number, number][] {
  let last = 0;
  return hours.map(([from, to]) => {
    const opening: [number, number] = [readTime(from), readTime(to)];
    if (!(opening[0] >= last && opening[0] < opening[1])) {
      throw invalid(
        `hours.${weekday} ${JSON.stringify(hours)}`,
        'times in order, such as [["09:00", "12:30"], ["13:30", "17:00"]]',
      );
    }
    last = opening[1];
    return opening;
  });
}

function readTime(text: string): number {
  const match = /^([01]\d|2[0-3]):([0-5]\d)$/.exec(text);
  if (text === "24:00") return DAY_MS;
  return match ? (Number(match[1]) * 60 + Number(match[2])) * 60_000 : Number.NaN;
}

function readHoliday(text: string): number {
  const match = /^(\d{4})-(\d\d)-(\d\d)$/.exec(text);
  const day = match && dayOf(Number(match[1]), Number(match[2]), Number(match[3]));
  if (typeof day === "number") return day;
  throw invalid(`holiday ${JSON.stringify(text)}`, 'a date such as "2026-12-25"');
}

function weekdayOf(day: number): number {
  // 1970-01-01 was a Thursday.
  return (((day + 4) % 7) + 7) % 7;
}

function invalid(what: string, wanted: string): EmailKitError {
  return new EmailKitError("INVALID_CONFIG", `The calendar's ${what} cannot be used; give ${wanted}.`);
}

function neverOpen(): EmailKitError {
  return new EmailKitError(
    "INVALID_CONFIG",
    `The calendar has not so much opening time in the ${MAX_DAYS} days that follow.`,
  );
}
