import { expect, it } from "vitest";
import { backoffMs } from "../../src/time/backoff.ts";

const backoff = { firstMs: 600, maxMs: 30_000 };

it("doubles from the first to the maximum, with up to a quarter off", () => {
  expect([1, 2, 3, 6, 7, 1_000, Number.MAX_SAFE_INTEGER].map((attempt) => backoffMs(attempt, backoff, 1))).toEqual([
    600, 1_200, 2_400, 19_200, 30_000, 30_000, 30_000,
  ]);
  expect([1, 2, 7].map((attempt) => backoffMs(attempt, backoff, 0))).toEqual([450, 900, 22_500]);
});
