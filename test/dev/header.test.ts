import { expect, test } from "vitest";
import { bodyOffset, fieldValue, headerFields, replaceFields, withoutFields } from "../../src/dev/header.ts";

const MAIL = Buffer.from("A: 1\r\nB: two\r\n  lines\r\nno field\r\na: ü\r\n\r\nA: body");

test("finds the body, also with bare line feeds and with none", () => {
  expect(MAIL.subarray(bodyOffset(MAIL)).toString()).toBe("A: body");
  expect(bodyOffset(Buffer.from("A: 1\n\nx"))).toBe(6);
  expect(bodyOffset(Buffer.from("A: 1"))).toBe(4);
  expect(bodyOffset(Buffer.from("\r\nx"))).toBe(2);
});

test("reads fields: unfolded, the topmost first, nothing of the body", () => {
  expect(headerFields(MAIL).map(({ name, value }) => [name, value])).toEqual([
    ["a", "1"],
    ["b", "two  lines"],
    ["a", "ü"],
  ]);
  expect(fieldValue(headerFields(MAIL), "a")).toBe("1");
});

test("takes fields out and replaces them, and leaves every other byte", () => {
  expect(withoutFields(MAIL, ({ name }) => name === "a").toString()).toBe(
    "B: two\r\n  lines\r\nno field\r\n\r\nA: body",
  );
  expect(replaceFields(MAIL, ({ name }) => (name === "b" ? "C: 3\r\n" : undefined)).toString()).toBe(
    "A: 1\r\nC: 3\r\nno field\r\na: ü\r\n\r\nA: body",
  );
  expect(withoutFields(MAIL, () => false)).toBe(MAIL);
});
