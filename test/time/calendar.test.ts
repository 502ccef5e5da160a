import { describe, expect, it } from "vitest";
import { addBusinessDays, addOpeningTime, type BusinessCalendar, readCalendar } from "../../src/time/calendar.ts";

describe("readCalendar", () => {
  it.each<[string, BusinessCalendar, RegExp]>([
    ["a zone that is none", { timeZone: "Mars/Olympus" }, /timeZone "Mars\/Olympus"/],
    ["an empty zone", { timeZone: "" }, /timeZone/],
    ["a day that is none", { timeZone: "UTC", hours: { monday: [["09:00", "17:00"]] } as never }, /hours\.monday/],
    ["a time that is none", { timeZone: "UTC", hours: { mon: [["9", "17:00"]] } }, /hours\.mon/],
    ["a time past the day", { timeZone: "UTC", hours: { mon: [["09:00", "24:30"]] } }, /hours\.mon/],
    ["an end before its beginning", { timeZone: "UTC", hours: { mon: [["17:00", "09:00"]] } }, /hours\.mon/],
    [
      "openings that overlap",
      {
        timeZone: "UTC",
        hours: {
          mon: [
            ["09:00", "13:00"],
            ["12:00", "17:00"],
          ],
        },
      },
      /in order/,
    ],
    ["no opening", { timeZone: "UTC", hours: {} }, /at least one/],
    ["a holiday that is no date", { timeZone: "UTC", holidays: ["2026-02-30"] }, /holiday "2026-02-30"/],
    ["a holiday in other words", { timeZone: "UTC", holidays: ["25.12.2026"] }, /holiday/],
  ])("refuses %s", (_what, calendar, message) => {
    expect(() => readCalendar(calendar)).toThrow(
      expect.objectContaining({ code: "INVALID_CONFIG", message: expect.stringMatching(message) }),
    );
  });

  it("ends where a calendar stays closed", () => {
    const holidays = Array.from({ length: 4_000 }, (_, day) => new Date(day * 86_400_000).toISOString().slice(0, 10));
    const closed = readCalendar({ timeZone: "UTC", holidays });
    expect(() => addOpeningTime(closed, 0, 1)).toThrow(/opening time/);
    expect(() => addBusinessDays(closed, 0, 1)).toThrow(/opening time/);
  });

  it("never ends before it begins, nor while it is closed, wherever and whenever", () => {
    const zones = ["Europe/Berlin", "America/New_York", "Asia/Kolkata", "Australia/Lord_Howe", "Pacific/Apia", "UTC"];
    for (const timeZone of zones) {
      const calendar = readCalendar({ timeZone });
      const clock = new Intl.DateTimeFormat("en-GB", {
        timeZone,
        weekday: "short",
        hour: "2-digit",
        minute: "2-digit",
      });
      for (let hour = 0; hour < 24 * 366; hour += 7) {
        const from = Date.UTC(2026, 0, 1, hour);
        const later = addOpeningTime(calendar, from, 3_600_000);
        expect(later - from).toBeGreaterThanOrEqual(3_600_000);
        const days = addBusinessDays(calendar, from, 2);
        expect(days - from).toBeGreaterThan(86_400_000);
        for (const at of [later, days]) {
          expect(clock.format(at)).toMatch(/^(Mon|Tue|Wed|Thu|Fri) (09:|1[0-6]:|17:00)/);
        }
      }
    }
  });
});
