import { expect, test } from "vitest";
import { createHash, randomBytes } from "node:crypto";
import { subaddress } from "../../src/mail/address.ts";
import { createToken, findTokens, TOKEN_PATTERN, taskRef, verifyToken } from "../../src/mail/reply-token.ts";

const key = Buffer.alloc(32, 7);
const taskId = "abcdefghijklmnopqrstuvwxyz234567";
const reply = createToken(key, { ledgerId: "ledger-1", taskId, purpose: "reply" });
const bounce = createToken(key, { ledgerId: "ledger-1", taskId, purpose: "bounce" });

test("a token is the same each time, and fits a local part", () => {
  expect(createToken(key, { ledgerId: "ledger-1", taskId, purpose: "reply" })).toBe(reply);
  expect(reply).toMatch(TOKEN_PATTERN);
  expect(reply.length).toBeLessThanOrEqual(40);
  expect(subaddress("twenty-six-octets-in-all-x@a.example", reply)).toContain(reply);
});

test("the format of tokens does not change: those in mails that are on their way must still be known", () => {
  expect(reply).toBe("rim2pabcdefghijklmnoprt3txnczibaisuzc");
});

test.each([
  ["as made", reply, { kind: "valid", purpose: "reply", taskRef: taskRef(taskId) }],
  ["in capitals", reply.toUpperCase(), { kind: "valid", purpose: "reply", taskRef: taskRef(taskId) }],
  ["for bounces", bounce, { kind: "valid", purpose: "bounce", taskRef: taskRef(taskId) }],
  ["with another purpose", `b${reply.slice(1)}`, { kind: "invalid" }],
  ["of another task", reply.slice(0, 5) + "bbbbbbbbbbbbbbbb" + reply.slice(21), { kind: "invalid" }],
  ["with the MAC of zeros", reply.slice(0, 21) + "a".repeat(16), { kind: "invalid" }],
  ["cut short", reply.slice(0, -1), { kind: "invalid" }],
  ["with more behind", `${reply}a`, { kind: "invalid" }],
  ["with a line break", `${reply}\n`, { kind: "invalid" }],
  ["that is empty", "", { kind: "invalid" }],
  ["of another ledger", createToken(key, { ledgerId: "ledger-2", taskId, purpose: "reply" }), { kind: "other-ledger" }],
])("a token %s", (_, token, verdict) => {
  expect(verifyToken(key, "ledger-1", token)).toEqual(verdict);
});

test("another key makes no valid token", () => {
  expect(verifyToken(Buffer.alloc(32, 8), "ledger-1", reply)).toEqual({ kind: "invalid" });
});

test("no character of a token can be changed", () => {
  for (let index = 0; index < reply.length; index++) {
    const changed = reply.slice(0, index) + (reply[index] === "c" ? "d" : "c") + reply.slice(index + 1);
    expect(verifyToken(key, "ledger-1", changed).kind, `at ${index}`).not.toBe("valid");
  }
});

test.each(["", "SHORT", "abcdefghijklmno", "0bcdefghijklmnop"])("a task id such as %j is refused", (id) => {
  expect(() => taskRef(id)).toThrow(expect.objectContaining({ code: "INVALID_MESSAGE" }));
});

test("a key that can be guessed is refused", () => {
  expect(() => createToken(Buffer.alloc(8), { ledgerId: "l", taskId, purpose: "reply" })).toThrow(
    expect.objectContaining({ code: "INVALID_CONFIG" }),
  );
});

test.each([
  ["a subaddress", `desk+${reply}@a.example`],
  ["a catch-all address", `<${reply}@a.example>`],
  ["a synthetic id", `<${reply.toUpperCase()}@a.example>`],
  ["a VERP address", `bounces+${reply}=x@a.example`],
])("findTokens finds it in %s", (_, text) => {
  expect(findTokens(text)).toEqual([reply]);
});

test.each([
  ["within a longer word", `x${reply}`],
  ["in a hash", createHash("sha256").update("x").digest("hex")],
  ["in base64", randomBytes(300).toString("base64").replace(/[+/]/g, "0")],
])("findTokens finds none %s", (_, text) => {
  expect(findTokens(text)).toEqual([]);
});

test.each([
  ["letters", "r".repeat(2_000_000)],
  ["tokens", `${"r".repeat(37)} `.repeat(50_000)],
  ["almost tokens", `${"r".repeat(36)} `.repeat(50_000)],
])("findTokens takes little time over %s", (_, text) => {
  const start = performance.now();
  expect(findTokens(text).length).toBeLessThanOrEqual(20);
  expect(performance.now() - start).toBeLessThan(500);
});
