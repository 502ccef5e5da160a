import { expect, test } from "vitest";
import { octetsToText, readArguments, tokenize } from "../../../src/dev/imap/tokenizer.ts";

const atom = (text: string) => ({ kind: "atom", text });

test("atoms, strings, literals and lists", () => {
  expect(tokenize(['a LOGIN "x \\"y\\\\" ', Buffer.from("l i t"), " (b (c))"])).toEqual([
    atom("a"),
    atom("LOGIN"),
    expect.objectContaining({ kind: "string", text: 'x "y\\', literal: false }),
    expect.objectContaining({ kind: "string", text: "l i t", literal: true }),
    { kind: "list", items: [atom("b"), { kind: "list", items: [atom("c")] }] },
  ]);
});

test("a section is one atom, with its spaces, parentheses and partial", () => {
  expect(tokenize(["(BODY.PEEK[HEADER.FIELDS (FROM TO)]<0.10> UID)"])).toEqual([
    { kind: "list", items: [atom("BODY.PEEK[HEADER.FIELDS (FROM TO)]<0.10>"), atom("UID")] },
  ]);
});

test.each(["(", ")", '"open', "a\u0000b", "BODY[", "{3", "a {", "(".repeat(40)])("%j is no command", (line) => {
  expect(() => tokenize([line])).toThrow(SyntaxError);
});

test("arguments are taken in order, each of its kind", () => {
  const args = readArguments(tokenize(['tag "quoted" (x)']));
  expect(args.atom("tag")).toBe("tag");
  expect(() => args.list("list")).toThrow("list must be a list");
  expect(args.more()).toBe(true);
  expect(() => readArguments(tokenize(["a b"])).end()).toThrow("Too many arguments");
  expect(() => readArguments([]).next("mailbox")).toThrow("Missing mailbox");
  expect(() => readArguments(tokenize(['"x"'])).literal("mail")).toThrow("mail must be a literal");
});

test("octets are UTF-8 where they can be", () => {
  expect(octetsToText(Buffer.from("Grüße").toString("latin1"))).toBe("Grüße");
  expect(octetsToText("Gr\u00fc")).toBe("Grü");
});
