import { expect, test } from "vitest";
import { scanMimeStructure } from "../../src/mail/mime-structure.ts";

const scan = (raw: string) => scanMimeStructure(Buffer.from(raw, "latin1"));
const mixed = "Content-Type: multipart/mixed; boundary=b\r\n\r\n";

test.each<[string, string, number, number]>([
  ["no header", "\r\nHi", 0, 0],
  ["two parts", `${mixed}preamble\r\n--b\r\n\r\none\r\n--b\r\n\r\ntwo\r\n--b--\r\nepilogue`, 2, 1],
  ["bare LF", `${mixed}--b\r\n\r\none\r\n--b--`.replaceAll("\r\n", "\n"), 1, 1],
  ["white space behind a delimiter", `${mixed}--b \t\r\n\r\none\r\n--b-- \r\n`, 1, 1],
  ["a boundary that begins like another", `${mixed}--bb\r\n--b\r\n\r\n--bc\r\n--b--`, 1, 1],
  ["no final boundary", `${mixed}--b\r\n\r\none\r\n`, 1, 1],
  [
    "an inner multipart that is never closed",
    `${mixed}--b\r\nContent-Type: multipart/alternative; boundary=c\r\n\r\n--c\r\n\r\none\r\n--b\r\n\r\ntwo\r\n--b--`,
    3,
    2,
  ],
  ["a multipart without a boundary", "Content-Type: multipart/mixed\r\n\r\n--b\r\n\r\nHi", 0, 0],
  ["no part at all", `${mixed}nothing`, 0, 1],
])("%s", (_, raw, parts, depth) => {
  expect(scan(raw)).toMatchObject({ parts, depth });
});

test("measures the header sections", () => {
  const raw = `X: 1\r\nY: 2\r\n folded\r\n${mixed}--b\r\nX: ${"x".repeat(500)}\r\n\r\n`;
  expect(scan(raw)).toMatchObject({ headerFields: 3, partHeaderBytes: 507 });
});

test("stops counting at a depth that nobody allows", () => {
  const raw = Array.from(
    { length: 5_000 },
    (_, level) => `Content-Type: multipart/mixed; boundary=b${level}\r\n\r\n--b${level}\r\n`,
  ).join("");
  expect(scan(raw).depth).toBe(201);
});
