import { expect, test } from "vitest";
import { readMimeStructure } from "../../src/mail/mime-structure.ts";

const limits = { maxHeaderBytes: 1000, maxHeaderFields: 20, maxDepth: 3, maxParts: 5 };

function parts(raw: string) {
  const structure = readMimeStructure(Buffer.from(raw, "latin1"), limits);
  if (structure.kind === "excess") return structure.reason;
  return structure.parts.map(
    (part) =>
      `${[...part.within.map(({ subtype }) => subtype), part.contentType.value].join(" > ")}: ${part.body.toString("latin1")}`,
  );
}

const mixed = "Content-Type: multipart/mixed; boundary=b\r\n\r\n";

test.each<[string, string, string[]]>([
  ["no header", "\r\nHi", ["text/plain: Hi"]],
  ["no body", "Subject: x\r\n", ["text/plain: "]],
  [
    "a whole mail",
    `${mixed}preamble\r\n--b\r\n\r\none\r\n--b\r\nContent-Type: text/html\r\n\r\ntwo\r\n--b--\r\nepilogue`,
    ["mixed > text/plain: one", "mixed > text/html: two"],
  ],
  ["bare LF", `${mixed}--b\r\n\r\none\r\n--b--`.replaceAll("\r\n", "\n"), ["mixed > text/plain: one"]],
  ["white space behind a delimiter", `${mixed}--b \t\r\n\r\none\r\n--b-- \r\n`, ["mixed > text/plain: one"]],
  ["a boundary that begins like another", `${mixed}--bb\r\n--b\r\n\r\n--bc\r\n--b--`, ["mixed > text/plain: --bc"]],
  ["no final boundary", `${mixed}--b\r\n\r\none\r\n`, ["mixed > text/plain: one\r\n"]],
  [
    "a part of headers alone",
    `${mixed}--b\r\nContent-Type: text/html\r\n--b\r\n\r\ntwo\r\n--b--`,
    ["mixed > text/html: ", "mixed > text/plain: two"],
  ],
  [
    "an inner multipart that is never closed",
    `${mixed}--b\r\nContent-Type: multipart/alternative; boundary=c\r\n\r\n--c\r\n\r\none\r\n--b\r\n\r\ntwo\r\n--b--`,
    ["mixed > alternative > text/plain: one", "mixed > text/plain: two"],
  ],
  ["parts behind the end", `${mixed}--b\r\n\r\none\r\n--b--\r\n--b\r\n\r\ntwo`, ["mixed > text/plain: one"]],
  [
    "a multipart without a boundary",
    "Content-Type: multipart/mixed\r\n\r\n--b\r\n\r\nHi",
    ["text/plain: --b\r\n\r\nHi"],
  ],
  [
    "an attached mail",
    `${mixed}--b\r\nContent-Type: message/rfc822\r\n\r\nContent-Type: multipart/mixed; boundary=c\r\n\r\n--c\r\n\r\nHi\r\n--b--`,
    ["mixed > message/rfc822: Content-Type: multipart/mixed; boundary=c\r\n\r\n--c\r\n\r\nHi"],
  ],
  [
    "a digest",
    "Content-Type: multipart/digest; boundary=b\r\n\r\n--b\r\n\r\nSubject: x\r\n--b--",
    ["digest > message/rfc822: Subject: x"],
  ],
  ["no usable type", "Content-Type: text\r\n\r\nHi", ["text/plain: Hi"]],
  ["two types", "Content-Type: text/html\r\nContent-Type: text/plain\r\n\r\nHi", ["text/html: Hi"]],
  ["no part at all", `${mixed}nothing`, []],
])("%s", (_, raw, expected) => {
  expect(parts(raw)).toEqual(expected);
});

test.each<[string, string, string]>([
  ["a long header", `X: ${"x".repeat(1000)}\r\n\r\n`, "header section"],
  ["a header in one line that never ends", "x".repeat(1001), "header section"],
  ["many fields", "X: y\r\n".repeat(21), "20 header fields"],
  ["many parts", `${mixed}${"--b\r\n\r\n".repeat(6)}`, "5 parts"],
  [
    "depth",
    `${["a", "b", "c", "d"].map((name) => `Content-Type: multipart/mixed; boundary=${name}\r\n\r\n--${name}\r\n`).join("")}\r\n`,
    "deeper than 3",
  ],
])("%s is too much", (_, raw, reason) => {
  expect(parts(raw)).toContain(reason);
});

test("parts at the limits are read", () => {
  expect(parts(`${mixed}${"--b\r\n\r\n\r\n".repeat(5)}`)).toHaveLength(5);
});
