import { expect, it } from "vitest";
import { backoffMs } from "../../src/transport/backoff.ts";

const backoff = { baseMs: 600, maxMs: 30_000 };

it("doubles from half the base to the maximum", () => {
  expect([0, 1, 2, 5, 6, 1_000, Number.MAX_SAFE_INTEGER].map((attempt) => backoffMs(backoff, attempt, 1))).toEqual([
    600, 1_200, 2_400, 19_200, 30_000, 30_000, 30_000,
  ]);
  expect([0, 1, 6].map((attempt) => backoffMs(backoff, attempt, 0))).toEqual([300, 600, 15_000]);
});
