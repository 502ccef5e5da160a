import { expect, test } from "vitest";
import { assuranceGrade, isExpectedSender, meetsGrade } from "../../src/policy/assurance.ts";

test.each([
  ["token", "expected", "pass", "A"],
  ["token", "expected", "none", "B"],
  ["token", "expected", "fail", "D"],
  ["token", "other", "pass", "D"],
  ["token", "other", "none", "D"],
  ["token", "other", "fail", "D"],
  ["message-id", "expected", "pass", "A"],
  ["message-id", "expected", "none", "C"],
  ["message-id", "expected", "fail", "D"],
  ["message-id", "other", "pass", "D"],
  ["message-id", "other", "none", "D"],
  ["message-id", "other", "fail", "D"],
  ["body-reference", "expected", "pass", "C"],
  ["body-reference", "expected", "none", "C"],
  ["body-reference", "expected", "fail", "D"],
  ["body-reference", "other", "pass", "D"],
  ["body-reference", "other", "none", "D"],
  ["body-reference", "other", "fail", "D"],
  ["none", "expected", "pass", "E"],
  ["none", "expected", "none", "E"],
  ["none", "expected", "fail", "E"],
  ["none", "other", "pass", "E"],
  ["none", "other", "none", "E"],
  ["none", "other", "fail", "E"],
] as const)("%s, %s sender, verdict %s: %s", (signal, sender, verdict, grade) => {
  expect(assuranceGrade({ signal, sender, verdict })).toBe(grade);
});

test.each([
  ["A", "C", true],
  ["C", "C", true],
  ["D", "C", false],
  ["B", "A", false],
  ["E", "E", true],
] as const)("grade %s where %s is required: %s", (grade, required, meets) => {
  expect(meetsGrade(grade, required)).toBe(meets);
});

test.each([
  ["ann@a.example", ["ANN@a.example"], true],
  ["ann@a.example", ["bob@a.example", "*@a.example"], true],
  ["ann@sub.a.example", ["*@*.a.example"], true],
  ["ann@a.example", ["ann+orders@a.example"], true],
  ["ann+evil@a.example", ["ann@a.example"], false],
  ["mallory@evil.example", ["ann@a.example", "*@a.example"], false],
  ["ann@a.example", [], false],
  [undefined, ["*@a.example"], false],
])("the sender %s among %j: %s", (from, expected, result) => {
  expect(isExpectedSender(from, expected)).toBe(result);
});
