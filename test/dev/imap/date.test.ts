import { expect, test } from "vitest";
import { dayOfDateField, formatDateTime, parseDateTime, parseDay } from "../../../src/dev/imap/date.ts";

test("date-times go out in UTC and come back the same", () => {
  const time = Date.UTC(2026, 10, 7, 1, 2, 3);
  expect(formatDateTime(time)).toBe('" 7-Nov-2026 01:02:03 +0000"');
  expect(parseDateTime(" 7-Nov-2026 01:02:03 +0000")).toBe(time);
  expect(parseDateTime("07-nov-2026 03:32:03 +0230")).toBe(time);
  expect(parseDateTime("06-Nov-2026 20:02:03 -0500")).toBe(time);
});

test.each(["", "7-Nov-2026 01:02:03 +0000", "07-Foo-2026 01:02:03 +0000", "07-Nov-2026"])(
  "%j is no date-time",
  (text) => {
    expect(() => parseDateTime(text)).toThrow(SyntaxError);
  },
);

test("days: of a search key, and of a Date field as it is written there", () => {
  const day = Date.UTC(2026, 10, 17);
  expect(parseDay("17-Nov-2026")).toBe(day);
  expect(() => parseDay("17 Nov 2026")).toThrow(SyntaxError);
  expect(dayOfDateField("Tue, 17 Nov 2026 23:30:00 -0800")).toBe(day);
  expect(dayOfDateField("17 Nov 26 10:00 GMT")).toBe(day);
  expect(dayOfDateField("nonsense")).toBeUndefined();
});
