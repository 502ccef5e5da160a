import { expect, test } from "vitest";
import { decodeEncodedWords, readHeaderFields } from "../../src/mail/header-fields.ts";

const value = (section: string) => readHeaderFields(section)[0]?.value;

test("fields come in order, names in lower case, up to the first empty line", () => {
  expect(readHeaderFields("B: 1\r\nA : 2\nb: 3\r\n\r\nC: 4")).toEqual([
    { name: "b", value: "1" },
    { name: "a", value: "2" },
    { name: "b", value: "3" },
  ]);
});

test.each([
  ["the line of an mbox", "From ann@b.example Mon Mar  2\r\nA: 1"],
  ["a line without a colon", "nonsense\r\n with a fold\r\nA: 1"],
  ["a name with a space in it", "No Name: x\r\nA: 1"],
  ["a name of other letters", "Größe: x\r\nA: 1"],
  ["a colon alone", ": x\r\nA: 1"],
  ["a fold of nothing", " x\r\nA: 1"],
])("%s is no field", (_, section) => {
  expect(readHeaderFields(section)).toEqual([{ name: "a", value: "1" }]);
});

test.each([
  ["A: one\r\n two\r\n\tthree", "one two three"],
  ["A:\r\n one", "one"],
  ["A: one\r\n \r\n two", "one  two"],
  ["A: Gr\xc3\xbc\xc3\x9fe", "Grüße"],
  ["A: Gr\xfc\xdfe", "Grüße"],
  ["A: 12 \x80", "12 €"],
  ["A: Größe – 日本", "Größe – 日本"],
  ["A: a\0b\x07c", "a b c"],
  ["A: =?utf-8?Q?a=0D=0ABcc:_x?=", "a Bcc: x"],
])("%j has the value %j", (section, expected) => {
  expect(value(section)).toBe(expected);
});

test.each([
  ["=?utf-8?Q?Gr=C3=BC=C3=9Fe?=", "Grüße"],
  ["=?UTF-8?b?R3LDvMOfZQ==?=", "Grüße"],
  ["=?iso-8859-1?q?Gr=FC=DFe_an_alle?=", "Grüße an alle"],
  ["=?utf-8*de?Q?Gr=C3=BC=C3=9Fe?=", "Grüße"],
  ["=?utf-8?Q?one?= =?utf-8?Q?two?=", "onetwo"],
  ["=?utf-8?Q?one?=\r\n =?iso-8859-1?Q?=FC?=", "oneü"],
  ["=?utf-8?B?w7w=?= and =?utf-8?B?w58=?=", "ü and ß"],
  ["=?utf-8?Q?=C3?= =?utf-8?Q?=BC?=", "ü"],
  ["=?iso-2022-jp?B?GyRCRnxLXBsoQg==?=", "日本"],
  ["=?no-such-charset?Q?Gr=C3=BC?=", "Grü"],
  ["=?utf-8?Q?never ends", "=?utf-8?Q?never ends"],
  ["=?utf-8?X?a?=", "=?utf-8?X?a?="],
  ["a=?b", "a=?b"],
  ["before =?utf-8?Q?=C3=BC?= after", "before ü after"],
])("the encoded words %j say %j", (encoded, decoded) => {
  expect(decodeEncodedWords(encoded)).toBe(decoded);
});

test("what is beyond the limits is left out", () => {
  const fields = readHeaderFields("A: 12345\r\n".repeat(10), { maxFields: 3, maxValue: 4 });
  expect(fields).toEqual(Array.from({ length: 3 }, () => ({ name: "a", value: "1234" })));
});

test("what our receiver wrote is not decoded: a sender's reverse path must not speak in its name", () => {
  const value = "mx.a.example; spf=pass smtp.mailfrom==?utf-8?q?x=3Bdmarc=3Dpass_a=3Db?=@evil.example";
  expect(readHeaderFields(`Authentication-Results: ${value}\r\n\r\n`)).toEqual([
    { name: "authentication-results", value },
  ]);
});
