import { EmailKitError } from "../errors.ts";
import { addBusinessDays, addOpeningTime, type BusinessCalendar, dayOf, readCalendar } from "./calendar.ts";
import { durationMs, type Duration } from "./duration.ts";
import { instantOf, type WallTime } from "./zone.ts";

/**
 * Until when: a length of time ("4h", "2 days" of 24 hours, ISO 8601 such as "P2DT4H", milliseconds), working time ("2 business days", "3 business hours",
 * "90 business minutes"), a `Date`, or an ISO 8601 date or date and time ("2026-12-24": to the end of that day). What names no zone is in the calendar's, or UTC without one.
 */
export type Deadline = Duration | Date;

type Reading =
  | { kind: "length"; ms: number }
  | { kind: "business-days"; count: number }
  | { kind: "business-time"; ms: number }
  | { kind: "instant"; at: number }
  | { kind: "wall-time"; wall: WallTime };

const BUSINESS = /^(\d+(?:\.\d+)?) ?business ?(days?|hours?|h|minutes?|min)$/i;
const DATE = /^(\d{4})-(\d\d)-(\d\d)(?:T(\d\d):(\d\d)(?::(\d\d)(?:\.\d+)?)?(Z|[+-]\d\d:\d\d)?)?$/;

/**
 * The instant, in milliseconds since the epoch, at which a deadline that is set at `from` ends; one in the past ends at once.
 * @throws EmailKitError `INVALID_CONFIG` for what is no deadline, or for working time without a calendar.
 */
export function deadlineAt(from: number, deadline: Deadline, calendar?: BusinessCalendar): number {
  const reading = readDeadline(deadline);
  switch (reading.kind) {
    case "length":
      return from + reading.ms;
    case "instant":
      return reading.at;
    case "wall-time":
      return instantOf(calendar?.timeZone ?? "UTC", reading.wall);
    case "business-days":
      return addBusinessDays(readCalendar(needed(deadline, calendar)), from, reading.count);
    case "business-time":
      return addOpeningTime(readCalendar(needed(deadline, calendar)), from, reading.ms);
  }
}

/** @throws EmailKitError `INVALID_CONFIG` for what is no deadline. */
export function checkDeadline(deadline: Deadline): void {
  readDeadline(deadline);
}

function readDeadline(deadline: Deadline): Reading {
  if (deadline instanceof Date) {
    if (Number.isNaN(deadline.getTime())) throw invalid(deadline);
    return { kind: "instant", at: deadline.getTime() };
  }
  if (typeof deadline === "number") return { kind: "length", ms: durationMs(deadline) };
  const text = deadline.trim();
  const business = BUSINESS.exec(text);
  if (business) return readBusiness(deadline, Number(business[1]), business[2]!.toLowerCase());
  const date = DATE.exec(text);
  if (date) return readDate(deadline, text, date);
  try {
    return { kind: "length", ms: durationMs(text) };
  } catch {
    throw invalid(deadline);
  }
}

function readBusiness(deadline: Deadline, count: number, unit: string): Reading {
  if (count <= 0) throw invalid(deadline);
  if (unit.startsWith("h")) return { kind: "business-time", ms: count * 3_600_000 };
  if (unit.startsWith("m")) return { kind: "business-time", ms: count * 60_000 };
  if (!Number.isInteger(count)) throw invalid(deadline);
  return { kind: "business-days", count };
}

function readDate(deadline: Deadline, text: string, match: RegExpExecArray): Reading {
  const [year, month, date, hour, minute, second] = match.slice(1, 7).map((part) => Number(part ?? 0));
  const day = dayOf(year!, month!, date!);
  if (day === undefined || hour! > 23 || minute! > 59 || second! > 59) throw invalid(deadline);
  if (match[7]) {
    const at = Date.parse(text);
    if (Number.isNaN(at)) throw invalid(deadline);
    return { kind: "instant", at };
  }
  if (match[4] === undefined) return { kind: "wall-time", wall: { day: day + 1, ms: 0 } };
  return { kind: "wall-time", wall: { day, ms: ((hour! * 60 + minute!) * 60 + second!) * 1000 } };
}

function needed(deadline: Deadline, calendar: BusinessCalendar | undefined): BusinessCalendar {
  if (calendar) return calendar;
  throw new EmailKitError(
    "INVALID_CONFIG",
    `The deadline ${JSON.stringify(deadline)} needs to know when people work. Give the kit a calendar: { timeZone: "Europe/Berlin" }.`,
  );
}

function invalid(deadline: Deadline): EmailKitError {
  return new EmailKitError(
    "INVALID_CONFIG",
    `${deadline instanceof Date ? "An invalid Date" : JSON.stringify(deadline)} is no deadline. Write "4h", "2 business days", a date such as "2026-12-24", or ISO 8601 such as "P2D".`,
  );
}
