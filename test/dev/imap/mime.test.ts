import { expect, test } from "vitest";
import { mimeStructure, parseParameters, searchableText } from "../../../src/dev/imap/mime.ts";

const crlf = (...lines: string[]) => Buffer.from(lines.join("\r\n"));

test("the line break before a delimiter belongs to the delimiter; what only looks like one does not count", () => {
  const raw = crlf(
    'Content-Type: multipart/mixed; boundary="b"',
    "",
    "--b",
    "",
    "one",
    "--bb",
    "x --b",
    "--b  ",
    "",
    "two",
    "",
    "--b--",
    "--b",
    "",
    "after the end",
  );
  const { parts } = mimeStructure(raw);
  expect(parts.map(({ bodyStart, end }) => raw.toString("utf8", bodyStart, end))).toEqual([
    "one\r\n--bb\r\nx --b",
    "two\r\n",
  ]);
});

test("a multipart without its parts is text; one without an end keeps its last part", () => {
  expect(mimeStructure(crlf("Content-Type: multipart/mixed", "", "x"))).toMatchObject({ type: "text", parts: [] });
  const open = mimeStructure(crlf("Content-Type: multipart/mixed; boundary=b", "", "--b", "", "x"));
  expect(open.parts).toHaveLength(1);
});

test("parts of a digest are mails unless they say otherwise; a broken type is text", () => {
  const digest = mimeStructure(
    crlf("Content-Type: multipart/digest; boundary=b", "", "--b", "", "Subject: in", "", "x", "--b--"),
  );
  expect(digest.parts[0]?.message?.fields[0]?.value).toBe("in");
  expect(mimeStructure(crlf("Content-Type: nonsense", "", "x"))).toMatchObject({ type: "text", subtype: "plain" });
});

test("depth and number of parts have a limit", () => {
  const nested = Array.from(
    { length: 100 },
    (_, depth) => `Content-Type: multipart/mixed; boundary=b${depth}\r\n\r\n--b${depth}\r\n`,
  );
  let depth = 0;
  for (let part = mimeStructure(Buffer.from(nested.join(""))); part.parts[0]; part = part.parts[0]) depth += 1;
  expect(depth).toBeLessThanOrEqual(20);
  const many = crlf("Content-Type: multipart/mixed; boundary=b", "", ..."--b\r\n\r\nx\r\n".repeat(5000).split("\r\n"));
  expect(mimeStructure(many).parts.length).toBeLessThanOrEqual(2000);
});

test("parameters: quoted, escaped, bare, with a comment after the value", () => {
  expect(parseParameters('text/plain (really); charset=utf-8;name="a \\"b\\"; c"; x = y')).toEqual({
    value: "text/plain",
    parameters: [
      ["charset", "utf-8"],
      ["name", 'a "b"; c'],
      ["x", "y"],
    ],
  });
});

test("text is searched decoded, in its character set", () => {
  const latin = Buffer.concat([
    crlf("Content-Type: text/plain; charset=iso-8859-1", "", ""),
    Buffer.from("Gr\u00fc\u00dfe", "latin1"),
  ]);
  expect(searchableText(latin)).toBe("Grüße");
  const base64 = crlf(
    "Content-Type: text/html; charset=utf-8",
    "Content-Transfer-Encoding: base64",
    "",
    "R3LDvMOfZQ==",
  );
  expect(searchableText(base64)).toBe("Grüße");
  expect(searchableText(crlf("Content-Type: image/png", "", "Gruss"))).toBe("");
});
