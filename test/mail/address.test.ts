import { expect, test } from "vitest";
import {
  formatAddress,
  isAddress,
  matchesAddress,
  parseAddress,
  sameAddress,
  splitSubaddress,
  subaddress,
} from "../../src/mail/address.ts";

const long = "a".repeat(64);

test.each([
  ["desk@a.example", { address: "desk@a.example" }],
  ["  desk@A.Example ", { address: "desk@a.example" }],
  ["<desk@a.example>", { address: "desk@a.example" }],
  ["Desk <Desk@a.example>", { address: "Desk@a.example", name: "Desk" }],
  ['"Desk, \\"Sales\\"" <desk@a.example>', { address: "desk@a.example", name: 'Desk, "Sales"' }],
  ['"" <desk@a.example>', { address: "desk@a.example" }],
  ["Jürgen Groß <j@bücher.example>", { address: "j@xn--bcher-kva.example", name: "Jürgen Groß" }],
  ["jürgen@a.example", { address: "jürgen@a.example" }],
  ['"two words"@a.example', { address: '"two words"@a.example' }],
  ["desk@[127.0.0.1]", { address: "desk@[127.0.0.1]" }],
  ["desk@localhost", { address: "desk@localhost" }],
  [`${long}@a.example`, { address: `${long}@a.example` }],
])("parseAddress reads %j", (input, expected) => {
  expect(parseAddress(input)).toEqual(expected);
});

test.each([
  ["", "local@domain"],
  ["desk", "local@domain"],
  ["desk@", "local@domain"],
  ["@a.example", "local@domain"],
  ["desk@-a.example", "domain"],
  ["desk@a..example", "domain"],
  ["a@b.example, c@d.example", "single address"],
  ["a@b.example c@d.example", "single address"],
  ["a@b.example <c@d.example>", "single"],
  ["A, B <c@d.example>", "quotes"],
  ["<a@b.example> <c@d.example>", "single"],
  ["a b@c.example", "single address"],
  ["a..b@c.example", "single address"],
  ["desk@a.example\r\nBcc: x@y.example", "line breaks"],
  ["De\u0000sk <desk@a.example>", "control"],
  ["Desk\u2028 <desk@a.example>", "control"],
  [`${long}a@a.example`, "64 octets"],
  [`${"ü".repeat(33)}@a.example`, "64 octets"],
  [`a@${"b".repeat(60)}.${"c".repeat(60)}.${"d".repeat(60)}.${"e".repeat(60)}.${"f".repeat(20)}`, "domain"],
  ["\ud800@a.example", "half a character"],
])("parseAddress refuses %j and says what to do", (input, advice) => {
  expect(() => parseAddress(input)).toThrow(
    expect.objectContaining({ code: "INVALID_ADDRESS", message: expect.stringContaining(advice) }),
  );
});

test.each([
  [{ address: "desk@a.example", name: "Desk\nBcc: x@y.example" }],
  [{ address: "desk@a.example\r\nX: y" }],
  [{ address: "x@y.example, desk@a.example", name: "Desk" }],
])("parseAddress refuses the object %j", (input) => {
  expect(() => parseAddress(input)).toThrow(expect.objectContaining({ code: "INVALID_ADDRESS" }));
});

test.each([
  ["desk@a.example", "desk@a.example"],
  ["Desk <desk@a.example>", "Desk <desk@a.example>"],
  ['"Desk, Sales" <desk@a.example>', '"Desk, Sales" <desk@a.example>'],
  ['"a \\"b\\" \\\\" <desk@a.example>', '"a \\"b\\" \\\\" <desk@a.example>'],
])("formatAddress writes %j so that it reads the same again", (input, written) => {
  expect(formatAddress(parseAddress(input))).toBe(written);
  expect(parseAddress(written)).toEqual(parseAddress(input));
});

test.each([
  ["Desk@A.example", "desk@a.EXAMPLE", true],
  ["desk@bücher.example", "desk@xn--bcher-kva.example", true],
  ["desk@a.example.", "desk@a.example", true],
  ['"desk"@a.example', "desk@a.example", true],
  ['"de\\sk"@a.example', "desk@a.example", true],
  ['"de sk"@a.example', "desk@a.example", false],
  ["des\u212a@a.example", "desk@a.example", false],
  ["desk@\uff41.example", "desk@a.example", false],
  ["desk@a\u200b.example", "desk@a.example", false],
  ["desk@a.example", "desk+x@a.example", false],
  ["desk@a.example", "desk@b.example", false],
])("sameAddress(%j, %j) is %j", (a, b, same) => {
  expect(sameAddress(a, b)).toBe(same);
});

test.each([
  ["desk@a.example", "t7", "desk+t7@a.example"],
  ["desk+team@a.example", "t7", "desk+team+t7@a.example"],
  ['"two words"@a.example', "t7", '"two words+t7"@a.example'],
])("subaddress(%j, %j) is %j, and comes apart again", (address, detail, extended) => {
  expect(subaddress(address, detail)).toBe(extended);
  expect(splitSubaddress(extended).detail).toMatch(new RegExp(`${detail}$`));
});

test.each([
  [`${"a".repeat(60)}@a.example`, "abcd"],
  ["desk@a.example", "a b"],
  ["desk@a.example", "x@evil.example"],
  ["desk@a.example", ""],
  ["desk@a.example", "a\r\nb"],
])("subaddress refuses %j with %j", (address, detail) => {
  expect(() => subaddress(address, detail)).toThrow(expect.objectContaining({ code: "INVALID_ADDRESS" }));
});

test.each([
  ["desk@a.example", { base: "desk@a.example" }],
  ["desk+t7@a.example", { base: "desk@a.example", detail: "t7" }],
  ["desk+a+b@a.example", { base: "desk@a.example", detail: "a+b" }],
  ["desk+@a.example", { base: "desk@a.example", detail: "" }],
  ["+desk@a.example", { base: "+desk@a.example" }],
  ['"two words+t7"@a.example', { base: '"two words"@a.example', detail: "t7" }],
  ["nobody", { base: "nobody" }],
])("splitSubaddress(%j) is %j", (address, expected) => {
  expect(splitSubaddress(address)).toEqual(expected);
});

test.each([
  ["desk@a.example", "Desk@A.example", true],
  ["*@a.example", "desk@a.example", true],
  ["*@A.EXAMPLE", "desk@a.example", true],
  ["*@a.example", "desk@sub.a.example", false],
  ["*@a.example", "desk@evila.example", false],
  ["*@*.a.example", "desk@sub.a.example", true],
  ["*@*.a.example", "desk@deep.sub.a.example", true],
  ["*@*.a.example", "desk@a.example", false],
  ["*@*.a.example", "desk@evila.example", false],
  ["*", "desk@a.example", false],
  ["*@*", "desk@a.example", false],
  ["*@*.", "desk@a.example.", false],
  ["d*@a.example", "desk@a.example", false],
  ["*@a.example", "@a.example.evil.example", false],
  ["a.example", "a.example", false],
  ["*@bücher.example", "desk@xn--bcher-kva.example", true],
  ["*@bücher.example", "desk@bücher.example/b.example", false],
])("matchesAddress(%j, %j) is %j", (pattern, address, matches) => {
  expect(matchesAddress(pattern, address)).toBe(matches);
});

test.each([
  ["desk@a.example", true],
  ["Desk <desk@a.example>", false],
  [" desk@a.example", false],
  ["desk", false],
  ["desk@a.example?b.example", false],
  ["desk@bücher.example/b.example", false],
  ["desk@bücher.example#>", false],
  ["desk\u2028@a.example", false],
  ["\u3000desk@a.example", false],
])("isAddress(%j) is %j", (value, expected) => {
  expect(isAddress(value)).toBe(expected);
});
