import { expect, it } from "vitest";
import { BREAKER, reasonToPause } from "../../src/policy/reputation.ts";

it.each([
  [{ sent: 49, bounced: 49, complained: 9 }, undefined],
  [{ sent: 50, bounced: 4, complained: 0 }, undefined],
  [{ sent: 50, bounced: 5, complained: 0 }, "5 of 50 recipients bounced (10.0 %)"],
  [{ sent: 50, bounced: 0, complained: 1 }, undefined],
  [{ sent: 50, bounced: 0, complained: 2 }, "2 of 50 recipients complained (4.0 %)"],
  [{ sent: 1_000, bounced: 0, complained: 2 }, undefined],
  [{ sent: 1_000, bounced: 0, complained: 3 }, "3 of 1000 recipients complained (0.3 %)"],
])("%j: %s", (reputation, reason) => {
  expect(reasonToPause(BREAKER, reputation)).toBe(reason);
});
