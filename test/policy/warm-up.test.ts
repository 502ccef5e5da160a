import { describe, expect, it } from "vitest";
import { readWarmUp, warmUpCap } from "../../src/policy/warm-up.ts";

const DAY = 86_400_000;
const at = (instant: string) => Date.parse(instant);

describe("a warm-up plan", () => {
  const plan = readWarmUp({ from: "2026-12-01", start: 20, days: 28 });
  const cap = (day: number) => warmUpCap(plan, 2_000, at("2026-12-01T00:00:00Z") + day * DAY);

  it("begins with `start`, grows by the same factor each day, and ends with all of it", () => {
    expect(cap(0)).toBe(20);
    expect(cap(14)).toBe(200);
    expect(cap(27)).toBeLessThan(2_000);
    expect(cap(28)).toBe(2_000);
    expect(cap(400)).toBe(2_000);
    for (let day = 1; day <= 28; day++) expect(cap(day)).toBeGreaterThan(cap(day - 1));
  });

  it("holds to the first day's number before it begins", () => {
    expect(cap(-3)).toBe(20);
  });

  it("never passes the full number", () => {
    expect(warmUpCap(readWarmUp({ from: "2026-12-01", start: 50 }), 30, plan.from)).toBe(30);
  });

  it("has 20 a day and four weeks by default", () => {
    expect(readWarmUp({ from: "2026-12-01" })).toEqual({ from: plan.from, start: 20, days: 28 });
  });

  it("counts steps of 24 hours, over a clock change too", () => {
    // Europe/Berlin leaves summer time on 2026-10-25 at 01:00 UTC: that local day has 25 hours.
    const berlin = readWarmUp({ from: "2026-10-24T00:00:00+02:00", start: 10, days: 10 });
    const capAt = (instant: string) => warmUpCap(berlin, 10_240, at(instant));
    expect(capAt("2026-10-24T23:59:59+02:00")).toBe(10);
    expect(capAt("2026-10-25T00:00:00+02:00")).toBe(20);
    expect(capAt("2026-10-25T23:59:59+01:00")).toBe(40);
    expect(capAt("2026-10-25T22:59:59+01:00")).toBe(20);
  });

  it.each(["", "2026-13-01", "1 December", "2026-12-01T00:00", 'x"'])("refuses %j as a day", (from) => {
    expect(() => readWarmUp({ from })).toThrow(expect.objectContaining({ code: "INVALID_CONFIG" }));
  });

  it.each([{ start: 0 }, { start: 1.5 }, { days: 0 }])("refuses %j", (change) => {
    expect(() => readWarmUp({ from: "2026-12-01", ...change })).toThrow(/whole number/);
  });
});
