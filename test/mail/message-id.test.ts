import { expect, test } from "vitest";
import { messageId, normalizeMessageId, parseMessageIds } from "../../src/mail/message-id.ts";

test("messageId puts brackets around, and the domain in lower case", () => {
  expect(messageId("t7.x", "A.Example")).toBe("<t7.x@a.example>");
});

test.each([
  ["a b", "a.example"],
  ["a", "a.example>\r\nX: y"],
  ["", "a.example"],
  ["a@b", "a.example"],
])("messageId refuses %j at %j", (left, domain) => {
  expect(() => messageId(left, domain)).toThrow(expect.objectContaining({ code: "INVALID_MESSAGE" }));
});

test.each([
  ["", []],
  ["<a@b>", ["<a@b>"]],
  ["<a@b> <c@d>", ["<a@b>", "<c@d>"]],
  ["<a@b><c@d>,<e@f>", ["<a@b>", "<c@d>", "<e@f>"]],
  ["<a@b> <a@b>", ["<a@b>"]],
  ["<a\r\n @b>", ["<a@b>"]],
  ["(a comment) <a@b> (another)", ["<a@b>"]],
  ["Your message of Tuesday <a@b>", ["<a@b>"]],
  ["user@host's message <a@b>", ["<a@b>"]],
  ["a@b", ["<a@b>"]],
  ["a@b c@d", ["<a@b>", "<c@d>"]],
  ["<broken <a@b>", ["<a@b>"]],
  ["<a@b> <never-closed@c", ["<a@b>"]],
  ["<no-at-sign>", ["<no-at-sign>"]],
  ["<>", []],
  ["words only", []],
  ["< a@b >", ["<a@b>"]],
  ["<ü@b>", ["<ü@b>"]],
  [`<${"ü".repeat(499)}>`, [`<${"ü".repeat(499)}>`]],
  [`<${"ü".repeat(500)}>`, []],
])("parseMessageIds(%j) is %j", (value, ids) => {
  expect(parseMessageIds(value)).toEqual(ids);
});

test.each([
  ["<A@B.Example>", "<a@b.example>"],
  ["a@b", "<a@b>"],
  ["<a@\r\n b>", "<a@b>"],
  ["<<a@b>>", "<a@b>"],
])("normalizeMessageId(%j) is %j", (id, normal) => {
  expect(normalizeMessageId(id)).toBe(normal);
});

test.each([
  ["open brackets", "<".repeat(1_000_000)],
  ["pairs", "<a@b>".repeat(300_000)],
  ["comments", "(".repeat(1_000_000)],
  ["bare ids", "a@b ".repeat(300_000)],
])("a hostile field of %s takes little time", (_, value) => {
  const start = performance.now();
  expect(parseMessageIds(value).length).toBeLessThanOrEqual(200);
  expect(performance.now() - start).toBeLessThan(500);
});
