import { expect, it } from "vitest";
import { firstNotAllowed } from "../../src/policy/allowlist.ts";

it.each<[string, readonly string[] | undefined, string[], string | undefined]>([
  ["anyone, by default", undefined, [], undefined],
  ["only whom the list names", ["*@corp.example"], [], "x@else.example"],
  ["whom it names by address", ["*@corp.example", "x@else.example"], [], undefined],
  [
    "nobody who is denied, though allowed",
    ["*@corp.example", "x@else.example"],
    ["ceo@corp.example"],
    "ceo@corp.example",
  ],
  ["nobody, with an empty list", [], [], "ann@corp.example"],
])("an agent may mail %s", (_, allow, deny, refused) => {
  const addresses = ["ann@corp.example", "ceo@corp.example", "x@else.example"];
  expect(firstNotAllowed({ allow, deny }, addresses)).toBe(refused);
});

it("an address in quotes is the mailbox that it is without", () => {
  const list = { allow: ["*@b.example"], deny: ["board@b.example"] };
  for (const address of ['"board"@b.example', '"bo\\ard"@b.example', '"board+x"@b.example']) {
    expect(firstNotAllowed(list, [address])).toBe(address);
  }
});

it("a subaddress counts as the mailbox that it is of", () => {
  expect(firstNotAllowed({ allow: ["ann@corp.example"], deny: [] }, ["ann+work@corp.example"])).toBe(undefined);
  expect(firstNotAllowed({ allow: undefined, deny: ["ann@corp.example"] }, ["ann+work@corp.example"])).toBe(
    "ann+work@corp.example",
  );
  expect(firstNotAllowed({ allow: ["ann+work@corp.example"], deny: [] }, ["ann@corp.example"])).toBe(
    "ann@corp.example",
  );
});
