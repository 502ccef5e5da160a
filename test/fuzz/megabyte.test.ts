import { describe, expect, it } from "vitest";
import { TEXT_PARSERS } from "./parsers.ts";

const SIZE = 1_000_000;
const many = (piece: string) => piece.repeat(Math.ceil(SIZE / piece.length));
/** What makes a parser that looks back or ahead too often take minutes. */
const HOSTILE: Record<string, string> = {
  "open brackets": many("<"),
  "open comments": many("("),
  quotes: many('"'),
  backslashes: many("\\"),
  spaces: many(" "),
  "line ends": many("\r\n"),
  "folded lines": many("\r\n "),
  "quoted lines": many("> "),
  "encoded words": many("=?utf-8?q?a?="),
  "unfinished encoded words": many("=?utf-8?q?"),
  "addresses without an end": many("a@"),
  subaddresses: many("desk+"),
  digits: many("1"),
  dates: many("1.1.2026 "),
  semicolons: many("dmarc=pass; "),
  "tags without an end": many("<a "),
  "nested tags": many("<div>"),
  entities: many("&#x41;"),
  "unfinished entities": many("&#"),
  braces: many("{"),
  "reply headers": many("On Mon, "),
  "header lines": many("From: a\n"),
  dashes: many("-- \n"),
  colons: many("a: "),
  "combining marks": many("a\u0301"),
  "hidden characters": many("a\u200B"),
  "status codes": many("5.1.1 "),
};

/** The local mail server is for tests, and its commands are as long as its limit of a line: but it reads fields of mails. */
const PARSERS = Object.entries(TEXT_PARSERS).filter(([name]) => !/^dev\/(?!imap\/mime)/.test(name));

describe("a megabyte made to take long", () => {
  it.each(PARSERS)("takes %s no time to speak of", async (_name, parse) => {
    const slow: string[] = [];
    for (const [what, text] of Object.entries(HOSTILE)) {
      const start = process.cpuUsage();
      await parse(text);
      const ms = process.cpuUsage(start).user / 1000;
      if (ms > 2_000) slow.push(`${what}: ${Math.round(ms)} ms`);
    }
    expect(slow).toEqual([]);
  });
});
