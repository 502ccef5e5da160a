import { describe, expect, it } from "vitest";
import type { BusinessCalendar } from "../../src/time/calendar.ts";
import { checkDeadline, type Deadline, deadlineAt } from "../../src/time/deadline.ts";

const office = (timeZone: string, holidays: string[] = []): BusinessCalendar => ({ timeZone, holidays });
const always = [["00:00", "24:00"]] as const;
const roundTheClock = (timeZone: string): BusinessCalendar => ({
  timeZone,
  hours: { mon: always, tue: always, wed: always, thu: always, fri: always, sat: always, sun: always },
});
const berlin = office("Europe/Berlin", ["2026-12-25", "2027-01-01"]);
const lunch: BusinessCalendar = {
  timeZone: "Europe/Berlin",
  hours: {
    mon: [
      ["09:00", "12:30"],
      ["13:30", "17:00"],
    ],
    tue: [["14:00", "18:00"]],
    wed: [["08:00", "10:00"]],
  },
};

function check(
  cases: [what: string, from: string, deadline: Deadline, calendar: BusinessCalendar | undefined, at: string][],
) {
  it.each(cases)("%s", (_what, from, deadline, calendar, at) => {
    // Some cases are more readable with an offset.
    const end = deadlineAt(Date.parse(from), deadline, calendar);
    expect(new Date(end).toISOString()).toBe(new Date(at).toISOString());
  });
}

describe("a length of time", () => {
  check([
    ["is the same with a calendar", "2026-03-27T16:00Z", "4h", berlin, "2026-03-27T20:00Z"],
    [
      "has days of 24 hours, also when the clocks change",
      "2026-03-28T12:00+01:00",
      "1 day",
      berlin,
      "2026-03-29T13:00+02:00",
    ],
    ["is taken in ISO 8601", "2026-01-01T00:00Z", "P2DT4H", undefined, "2026-01-03T04:00Z"],
    ["is taken in milliseconds", "2026-01-01T00:00Z", 1500, undefined, "2026-01-01T00:00:01.500Z"],
  ]);
});

describe("a date", () => {
  const from = "2026-01-01T00:00Z";
  check([
    ["as a Date", from, new Date("2026-05-05T05:05:05Z"), berlin, "2026-05-05T05:05:05Z"],
    ["with a zone of its own", from, "2026-07-01T12:00:00-04:00", berlin, "2026-07-01T16:00Z"],
    ["in UTC", from, "2026-07-01T12:00Z", berlin, "2026-07-01T12:00Z"],
    ["on the calendar's clock, in summer", from, "2026-07-01T12:00", berlin, "2026-07-01T10:00Z"],
    ["on the calendar's clock, in winter", from, "2026-12-01T12:00:30", berlin, "2026-12-01T11:00:30Z"],
    ["without a calendar, in UTC", from, "2026-07-01T12:00", undefined, "2026-07-01T12:00Z"],
    ["is to the end of the day", from, "2026-12-24", berlin, "2026-12-25T00:00+01:00"],
    ["is to the end of the day, a year's last", from, "2026-12-31", office("Asia/Kolkata"), "2026-12-31T18:30Z"],
    ["is to the end of a day of 25 hours", from, "2026-10-25", berlin, "2026-10-26T00:00+01:00"],
    ["at a time that is skipped moves on", from, "2026-03-29T02:30", berlin, "2026-03-29T03:30+02:00"],
    ["at a time that comes twice is the first", from, "2026-10-25T02:30", berlin, "2026-10-25T02:30+02:00"],
    ["of a leap day", from, "2028-02-29", undefined, "2028-03-01T00:00Z"],
    ["in the past stays there", from, "2025-01-01T00:00Z", undefined, "2025-01-01T00:00Z"],
    [
      "where the day begins at one o'clock, since midnight is skipped",
      from,
      "2026-09-05",
      office("America/Santiago"),
      "2026-09-06T01:00-03:00",
    ],
  ]);
});

describe("business days", () => {
  check([
    ["keep the time of day", "2026-06-02T15:00+02:00", "2 business days", berlin, "2026-06-04T15:00+02:00"],
    ["leave out the weekend", "2026-06-05T15:00+02:00", "2 business days", berlin, "2026-06-09T15:00+02:00"],
    [
      "begin at the next opening: on a Saturday",
      "2026-06-06T11:00+02:00",
      "1 business day",
      berlin,
      "2026-06-09T09:00+02:00",
    ],
    [
      "begin at the next opening: after hours",
      "2026-06-04T17:00+02:00",
      "1 business day",
      berlin,
      "2026-06-08T09:00+02:00",
    ],
    [
      "begin at the next opening: before hours",
      "2026-06-04T06:00+02:00",
      "1 business day",
      berlin,
      "2026-06-05T09:00+02:00",
    ],
    [
      "keep the wall clock as clocks go forward",
      "2026-03-27T10:00+01:00",
      "1 business day",
      berlin,
      "2026-03-30T10:00+02:00",
    ],
    [
      "keep the wall clock as clocks go back",
      "2026-10-23T10:00+02:00",
      "1 business day",
      berlin,
      "2026-10-26T10:00+01:00",
    ],
    [
      "leave out holidays, over the year's end",
      "2026-12-24T10:00+01:00",
      "5 business days",
      berlin,
      "2027-01-04T10:00+01:00",
    ],
    ["begin after a holiday", "2026-12-25T10:00+01:00", "1 business day", berlin, "2026-12-29T09:00+01:00"],
    [
      "end at the opening where the time of day is before it",
      "2026-06-01T09:30+02:00",
      "1 business day",
      lunch,
      "2026-06-02T14:00+02:00",
    ],
    [
      "end at the close where the time of day is after it",
      "2026-06-02T15:00+02:00",
      "1 business day",
      lunch,
      "2026-06-03T10:00+02:00",
    ],
    [
      "end after the break",
      "2026-06-03T09:00+02:00",
      "1 business day",
      {
        ...lunch,
        hours: {
          wed: [["09:00", "13:00"]],
          mon: [
            ["07:00", "08:00"],
            ["13:00", "15:00"],
          ],
        },
      },
      "2026-06-08T13:00+02:00",
    ],
    [
      "in a zone of half an hour",
      "2026-06-05T12:00Z",
      "1 business day",
      office("Asia/Kolkata"),
      "2026-06-09T09:00+05:30",
    ],
    [
      "in a zone of three quarters",
      "2026-06-05T04:00Z",
      "1 business day",
      office("Asia/Kathmandu"),
      "2026-06-08T09:45+05:45",
    ],
    [
      "on the other side of the date line",
      "2026-06-04T23:00Z",
      "1 business day",
      office("Pacific/Auckland"),
      "2026-06-08T11:00+12:00",
    ],
    ["are as many as one says", "2026-01-05T09:00Z", "260 business days", office("UTC"), "2027-01-04T09:00Z"],
    [
      "are read in any case, and without the space",
      "2026-06-02T15:00Z",
      "1 Business Day",
      office("UTC"),
      "2026-06-03T15:00Z",
    ],
  ]);
});

describe("business hours", () => {
  check([
    ["pass while it is open", "2026-06-02T10:00+02:00", "3 business hours", berlin, "2026-06-02T13:00+02:00"],
    ["reach the close", "2026-06-02T14:00+02:00", "3 business hours", berlin, "2026-06-02T17:00+02:00"],
    ["go on the next day", "2026-06-02T16:00+02:00", "3 business hours", berlin, "2026-06-03T11:00+02:00"],
    [
      "go on after the weekend, the clocks' change in it",
      "2026-03-27T16:00+01:00",
      "2 business hours",
      berlin,
      "2026-03-30T10:00+02:00",
    ],
    ["leave the break out", "2026-06-01T12:00+02:00", "1 business hour", lunch, "2026-06-01T14:00+02:00"],
    ["begin at the opening", "2026-06-07T12:00+02:00", "90 business minutes", berlin, "2026-06-08T10:30+02:00"],
    ["may be broken", "2026-06-02T10:00+02:00", "1.5 business hours", berlin, "2026-06-02T11:30+02:00"],
    ["leave out holidays", "2026-12-24T16:00+01:00", "2 business hours", berlin, "2026-12-28T10:00+01:00"],
    [
      "are counted on a day of 23 hours",
      "2026-03-29T00:00+01:00",
      "23 business hours",
      roundTheClock("Europe/Berlin"),
      "2026-03-30T00:00+02:00",
    ],
    [
      "are counted on a day of 25 hours",
      "2026-10-25T00:00+02:00",
      "25 business hours",
      roundTheClock("Europe/Berlin"),
      "2026-10-26T00:00+01:00",
    ],
    [
      "are counted on a day of 23 and a half",
      "2026-10-04T00:00+10:30",
      "23.5 business hours",
      roundTheClock("Australia/Lord_Howe"),
      "2026-10-05T00:00+11:00",
    ],
    [
      "open at a time that is skipped",
      "2026-03-29T00:00+01:00",
      "1 business hour",
      { timeZone: "Europe/Berlin", hours: { sun: [["02:30", "06:00"]] } },
      "2026-03-29T04:30+02:00",
    ],
    [
      "in New York, in spring",
      "2026-03-06T16:30-05:00",
      "1 business hour",
      office("America/New_York"),
      "2026-03-09T09:30-04:00",
    ],
    [
      "in New York, in autumn",
      "2026-10-30T16:30-04:00",
      "1 business hour",
      office("America/New_York"),
      "2026-11-02T09:30-05:00",
    ],
    ["in Newfoundland", "2026-06-02T11:00Z", "1 business hour", office("America/St_Johns"), "2026-06-02T12:30Z"],
  ]);
});

describe("what is no deadline", () => {
  it.each([
    "soon",
    "0 business days",
    "1.5 business days",
    "-1 business hours",
    "2026-02-30",
    "2026-13-01",
    "2026-01-01T25:00",
    "2026-01-01T12:60Z",
    "",
    0,
    -1,
    Number.NaN,
    new Date("x"),
  ])("%j is refused", (deadline) => {
    expect(() => checkDeadline(deadline)).toThrow(expect.objectContaining({ code: "INVALID_CONFIG" }));
  });

  it("is working time without a calendar, and the error says what to give", () => {
    checkDeadline("2 business days");
    expect(() => deadlineAt(0, "2 business days")).toThrow(/calendar: \{ timeZone/);
    expect(() => deadlineAt(0, "2 business hours")).toThrow(/calendar: \{ timeZone/);
  });
});
