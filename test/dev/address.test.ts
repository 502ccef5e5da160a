import { expect, test } from "vitest";
import { accountAddress, addressesIn, parseAddressList, splitAddress } from "../../src/dev/address.ts";

test.each([
  ["Desk@A.Example", { local: "Desk", domain: "a.example" }],
  ["desk+a+b@a.example", { local: "desk", subaddress: "a+b", domain: "a.example" }],
  ["+desk@a.example", { local: "+desk", domain: "a.example" }],
  ['"a@b"@c.example', { local: '"a@b"', domain: "c.example" }],
  ["desk", undefined],
  ["@a.example", undefined],
  ["desk@", undefined],
])("splits %s", (address, parts) => {
  expect(splitAddress(address)).toEqual(parts);
});

test("an account is known by its address without case and subaddress", () => {
  expect(accountAddress("Desk+Token@A.example")).toBe("desk@a.example");
});

test("reads address lists: names, comments, groups, quoted local parts, and garbage", () => {
  expect(addressesIn('"Last, First" <a@b.example>, (c, d) plain@b.example (x), <c@d.example>')).toEqual([
    "a@b.example",
    "plain@b.example",
    "c@d.example",
  ]);
  expect(parseAddressList('Team: "a \\"b\\"" <a@b>, c@d;, "q q"@e')).toEqual([
    { kind: "groupStart", name: "Team" },
    { kind: "mailbox", name: 'a "b"', address: "a@b" },
    { kind: "mailbox", address: "c@d" },
    { kind: "groupEnd" },
    { kind: "mailbox", address: '"q q"@e' },
  ]);
  expect(parseAddressList("<a@b")).toEqual([{ kind: "mailbox", address: "a@b" }]);
  expect(parseAddressList('"open')).toEqual([{ kind: "mailbox", address: "open" }]);
  expect(parseAddressList("(((")).toEqual([]);
});
