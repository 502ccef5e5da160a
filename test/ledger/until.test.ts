import { expect, it } from "vitest";
import { decide, type Until } from "../../src/ledger/until.ts";

const tasks = (kinds: string) =>
  kinds.split("").map((kind, place) => ({
    addressee: `${"abcdef"[place]}@x.example`,
    outcome: ({ r: "replied", u: "answered", b: "bounced", e: "expired" } as const)[kind as "r"] ?? null,
  }));

const quorum = { quorum: 2 };
const weighted = { weight: 3, of: { "a@x.example": 3, "b@x.example": 1, "c@x.example": 2 } };

it.each<[Until, string, string]>([
  ["all", "rr-", "open"],
  ["all", "rbe", "met"],
  ["any", "---", "open"],
  ["any", "-b-", "met"],
  ["firstValid", "-b-", "open"],
  ["firstValid", "bu-", "met"],
  ["firstValid", "bbe", "unmet"],
  [quorum, "r--", "open"],
  [quorum, "ru-", "met"],
  [quorum, "rb-", "open"],
  [quorum, "bb-", "unmet"],
  [weighted, "-r-", "open"],
  [weighted, "r--", "met"],
  [weighted, "-rr", "met"],
  [weighted, "b-r", "open"],
  [weighted, "bb-", "unmet"],
])("until %j with %s is %s", (until, kinds, decision) => {
  expect(decide(until, tasks(kinds))).toBe(decision);
});
