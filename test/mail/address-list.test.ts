import { expect, test } from "vitest";
import { parseAddressList } from "../../src/mail/address-list.ts";

const list = (field: string) =>
  parseAddressList(field).map(({ address, name }) => (name === undefined ? address : `${name} <${address}>`));

test.each([
  ["", []],
  ["ann@b.example", ["ann@b.example"]],
  ["ann@B.example , <bob@b.example>,", ["ann@b.example", "bob@b.example"]],
  ["Ann Weber <ann@b.example>", ["Ann Weber <ann@b.example>"]],
  ["Ann  Weber<ann@b.example>", ["Ann Weber <ann@b.example>"]],
  ['"Weber, Ann" <ann@b.example>', ["Weber, Ann <ann@b.example>"]],
  ['"Ann \\"A\\" Weber" <ann@b.example>', ['Ann "A" Weber <ann@b.example>']],
  ["ann@b.example (Ann Weber)", ["Ann Weber <ann@b.example>"]],
  ["(a (nested) comment) ann@b.example", ["a (nested) comment <ann@b.example>"]],
  ["Ann (Weber) <ann@b.example>", ["Ann <ann@b.example>"]],
  ['"ann@b.example" <ann@b.example>', ["ann@b.example"]],
  ['"two words"@b.example', ['"two words"@b.example']],
  ['<"a>b"@b.example>', ['"a>b"@b.example']],
  [
    "team: ann@b.example, Bob <bob@b.example>; carol@b.example",
    ["ann@b.example", "Bob <bob@b.example>", "carol@b.example"],
  ],
  ["undisclosed-recipients:;", []],
  ["<@relay.example,@r2.example:ann@b.example>", ["ann@b.example"]],
  ["ann @ b . example", ["ann@b.example"]],
  ["ann@b.example; bob@b.example", ["ann@b.example", "bob@b.example"]],
  ["Ann <ann@b.example> <bob@b.example>", ["Ann <ann@b.example>", "bob@b.example"]],
  ["Ann <ann@b.example", ["Ann <ann@b.example>"]],
  ["Ann, ann@b.example", ["ann@b.example"]],
  ["not an address", []],
  ["<>", []],
  ["MAILER-DAEMON (Mail Delivery System)", []],
  ['"never closed <ann@b.example>', []],
  ["=?utf-8?Q?J=C3=BCrgen?= <j@b.example>", ["Jürgen <j@b.example>"]],
  ["J\xfcrgen <j@b.example>", ["Jürgen <j@b.example>"]],
  ['"=?utf-8?Q?J=C3=BCrgen?=" <j@b.example>', ["Jürgen <j@b.example>"]],
  ["=?utf-8?Q?ann=40b=2Eexample=2C_x?= <mallory@evil.example>", ["ann@b.example, x <mallory@evil.example>"]],
  ["=?utf-8?Q?=3Cann=40b=2Eexample=3E?=", []],
  ["=?utf-8?Q?a=0D=0Ab?= <j@b.example>", ["a b <j@b.example>"]],
  ["ann@bücher.example", ["ann@xn--bcher-kva.example"]],
])("%j names %j", (field, expected) => {
  expect(list(field)).toEqual(expected);
});

test("at most 1000 addresses", () => {
  expect(parseAddressList("a@b.example,".repeat(2000))).toHaveLength(1000);
});

test.each(['"', "<", "(", ",", ":", "\\", "a@", "<a@b.example> ", "((a) "])(
  "a hostile field of %j takes little time",
  (piece) => {
    const start = performance.now();
    parseAddressList(piece.repeat(250_000 / piece.length));
    expect(performance.now() - start).toBeLessThan(500);
  },
);
