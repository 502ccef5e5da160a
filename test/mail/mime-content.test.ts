import { expect, test } from "vitest";
import { decodeContent, decodeText } from "../../src/mail/mime-content.ts";
import { parseParameterized } from "../../src/mail/mime-parameters.ts";
import type { MimePart } from "../../src/mail/mime-structure.ts";

const part = (body: string, encoding: string, contentType = "text/plain"): MimePart => ({
  contentType: parseParameterized(contentType),
  disposition: parseParameterized(""),
  encoding,
  within: [],
  body: Buffer.from(body, "latin1"),
});

test.each([
  ["a=3Db", "a=b"],
  ["a=3db", "a=b"],
  ["soft=\r\nbreak", "softbreak"],
  ["soft= \t\r\nbreak", "softbreak"],
  ["soft=\nbreak", "softbreak"],
  ["end=", "end"],
  ["a=b=zz=4", "a=b=zz=4"],
  ["=E4=\r\n=F6", "\xe4\xf6"],
])("quoted-printable %j is %j", (body, content) => {
  expect(decodeContent(part(body, "quoted-printable")).toString("latin1")).toBe(content);
});

test.each([
  ["SGVsbG8=", "Hello"],
  ["SGVs\r\nbG8=\r\n", "Hello"],
  ["SGVsbG8", "Hello"],
  ["!!SGVs*bG8=", "Hello"],
  ["", ""],
])("base64 %j is %j", (body, content) => {
  expect(decodeContent(part(body, "base64")).toString("latin1")).toBe(content);
});

test.each(["7bit", "8bit", "binary", "", "x-uuencode"])("%j leaves the octets as they are", (encoding) => {
  expect(decodeContent(part("a=3D\r\n\xff\0", encoding)).toString("latin1")).toBe("a=3D\r\n\xff\0");
});

test("a text has LF for line breaks, and no NUL", () => {
  expect(decodeText(part("a\r\nb\rc\nd\0e", ""))).toBe("a\nb\nc\nde");
});

const flowed = (body: string, delsp = "") =>
  decodeText(part(body.replaceAll("\n", "\r\n"), "", `text/plain; format=flowed${delsp}`));

test.each([
  ["one \ntwo\nthree", "one two\nthree"],
  ["> one \n> two\n>> three \n> four", "> one two\n>> three \n> four"],
  [" > not quoted\n From here", "> not quoted\nFrom here"],
  ["text \n-- \nAnn", "text \n-- \nAnn"],
  ["one \n\ntwo", "one \n\ntwo"],
  ["", ""],
])("the flowed text %j is %j", (body, text) => {
  expect(flowed(body)).toBe(text);
});

test("delsp=yes takes the space at the end of the line away", () => {
  expect(flowed("日 \n本".replace("日", "a").replace("本", "b"), "; delsp=yes")).toBe("ab");
});

test.each(["=", "=3", "= ", "=\r\n", "=3D"])("a hostile quoted-printable body of %j takes little time", (piece) => {
  const start = performance.now();
  decodeContent(part(piece.repeat(1_000_000 / piece.length), "quoted-printable"));
  expect(performance.now() - start).toBeLessThan(1000);
});
