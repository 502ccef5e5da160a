import { describe, expect, it } from "vitest";
import { COUNT_MS, countedAt, fits, readBudget, timeOfRoom, usedIn } from "../../src/policy/budget.ts";

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const NOW = Date.UTC(2026, 10, 23, 12, 0, 30);

describe("reading a budget", () => {
  it("knows what providers allow", () => {
    expect(readBudget("gmail", "b")).toEqual({ perHour: Infinity, perDay: 500 });
    expect(readBudget("google-workspace", "b").perDay).toBe(2_000);
    expect(readBudget("microsoft-365", "b")).toEqual({ perHour: 1_800, perDay: 10_000 });
  });

  it.each([
    [{}, /limits nothing/],
    [{ perDay: 0 }, /agents\.desk\.budget\.perDay is 0/],
    [{ perHour: 2.5 }, /whole number/],
    [{ perHour: 5, warmUp: { from: "2026-12-01" } }, /needs perDay/],
    ["yahoo", /one of gmail, google-workspace, microsoft-365/],
  ])("refuses %j", (budget, message) => {
    expect(() => readBudget(budget as never, "agents.desk.budget")).toThrow(message);
  });
});

describe("a window", () => {
  const sent = [{ at: countedAt(NOW), n: 3 }];

  it("slides: a mail counts for all of it, whenever in its minute it went out", () => {
    const used = (after: number) => usedIn(sent, HOUR, countedAt(NOW) + after);
    expect(used(0)).toBe(3);
    expect(used(HOUR)).toBe(3);
    expect(used(HOUR + COUNT_MS - 1)).toBe(3);
    expect(used(HOUR + COUNT_MS)).toBe(0);
  });

  it("still counts what a clock that was set back sees in the future", () => {
    expect(usedIn(sent, HOUR, NOW - 10 * HOUR)).toBe(3);
  });

  it("of an hour and of a day: both must have room", () => {
    const limits = readBudget({ perHour: 5, perDay: 8 }, "b");
    const counts = [
      { at: countedAt(NOW - 2 * HOUR), n: 5 },
      { at: countedAt(NOW), n: 1 },
    ];
    expect(fits(limits, counts, 2, NOW)).toBe(true);
    expect(fits(limits, counts, 3, NOW)).toBe(false);
    expect(fits(limits, [{ at: countedAt(NOW), n: 5 }], 1, NOW)).toBe(false);
  });

  it("of a day that warms up", () => {
    const limits = readBudget({ perDay: 500, warmUp: { from: new Date(NOW).toISOString(), start: 20 } }, "b");
    expect(fits(limits, [{ at: countedAt(NOW), n: 19 }], 1, NOW)).toBe(true);
    expect(fits(limits, [{ at: countedAt(NOW), n: 20 }], 1, NOW)).toBe(false);
  });
});

describe("the time of room", () => {
  const limits = readBudget({ perHour: 10, perDay: 100 }, "b");

  it("is now where there is some", () => {
    expect(timeOfRoom(limits, [], { weight: 10 }, NOW)).toBe(NOW);
  });

  it("is when enough has left the window", () => {
    const counts = [0, 5, 10].map((minutes) => ({ at: countedAt(NOW) - minutes * COUNT_MS, n: 3 }));
    expect(timeOfRoom(limits, counts, { weight: 1 }, NOW)).toBe(NOW);
    expect(timeOfRoom(limits, counts, { weight: 2 }, NOW)).toBe(countedAt(NOW) - 9 * COUNT_MS + HOUR);
    expect(timeOfRoom(limits, counts, { weight: 5 }, NOW)).toBe(countedAt(NOW) - 4 * COUNT_MS + HOUR);
  });

  it("comes behind those that wait, window by window", () => {
    const at = (ahead: number) => timeOfRoom(limits, [], { weight: 1, ahead }, NOW)! - countedAt(NOW);
    expect(at(10)).toBe(COUNT_MS + HOUR);
    expect(at(19)).toBe(COUNT_MS + HOUR);
    expect(at(20)).toBe(COUNT_MS + 2 * HOUR);
    expect(at(100)).toBe(COUNT_MS + DAY);
    expect(at(250)).toBe(COUNT_MS + 2 * DAY);
  });

  it("never comes for more than the limit", () => {
    expect(timeOfRoom(limits, [], { weight: 11 }, NOW)).toBeUndefined();
  });

  it("is a time at which it fits, whatever was sent", () => {
    // A fixed sequence of numbers that look random (Lehmer's generator).
    let seed = 42;
    const next = (below: number) => (seed = (seed * 48_271) % 0x7fffffff) % below;
    for (let round = 0; round < 200; round++) {
      const counts = Array.from({ length: 20 }, () => ({ at: countedAt(NOW - next(DAY)), n: next(8) }));
      const weight = 1 + next(10);
      const at = timeOfRoom(limits, counts, { weight }, NOW)!;
      if (at === undefined) continue;
      expect(fits(limits, counts, weight, at)).toBe(true);
      if (at > NOW) expect(fits(limits, counts, weight, at - 1)).toBe(false);
    }
  });
});
