import { expect, test } from "vitest";
import { decodeMailboxName, encodeMailboxName, matchesPattern } from "../../../src/dev/imap/mailbox-name.ts";

test.each([
  ["Entwürfe", "Entw&APw-rfe"],
  ["R&D", "R&-D"],
  ["台北/日本語", "&U,BTFw-/&ZeVnLIqe-"],
  ["😀", "&2D3eAA-"],
])("%s is %s on the wire", (name, wire) => {
  expect(encodeMailboxName(name)).toBe(wire);
  expect(decodeMailboxName(wire)).toBe(name);
});

test("INBOX has no case, also as a parent", () => {
  expect(decodeMailboxName("inBox")).toBe("INBOX");
  expect(decodeMailboxName("inbox/Sub")).toBe("INBOX/Sub");
  expect(decodeMailboxName("inboxes")).toBe("inboxes");
});

test.each([
  ["*", "a/b", true],
  ["%", "a/b", false],
  ["%", "a", true],
  ["%/%", "a/b", true],
  ["a*", "a/b", true],
  ["a%b", "a/b", false],
  ["*b", "a/b", true],
  ["a", "ab", false],
  ["ab", "a", false],
  ["inbox", "INBOX", true],
  ["a.c", "abc", false],
  ["", "", true],
])("pattern %s, name %s: %s", (pattern, name, fits) => {
  expect(matchesPattern(pattern, name)).toBe(fits);
});
