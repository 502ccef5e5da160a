import { expect, test } from "vitest";
import { readAutoSubmitted } from "../../src/mail/auto-submitted.ts";

test.each([
  ["no", "no"],
  ["No", "no"],
  ["auto-replied", "auto-replied"],
  ["AUTO-REPLIED", "auto-replied"],
  ["auto-replied (vacation)", "auto-replied"],
  ['auto-replied; owner-email="x@a.example"', "auto-replied"],
  ["(a (nested) comment) auto-generated; x=y", "auto-generated"],
  ["auto-notified; owner-email=x@a.example", "auto-notified"],
  ["auto-invented", "auto-generated"],
  ["", undefined],
  ["(only a comment)", undefined],
])("Auto-Submitted: %s is %s", (value, expected) => {
  expect(readAutoSubmitted({ headers: [{ name: "auto-submitted", value }] })).toBe(expected);
});

test("no field is no statement", () => {
  expect(readAutoSubmitted({ headers: [{ name: "subject", value: "auto-replied" }] })).toBeUndefined();
});
