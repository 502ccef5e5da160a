import { describe, expect, it } from "vitest";
import { matchLexicon } from "../../../src/policy/injection/lexicon-match.ts";
import { tokenise, wordAt } from "../../../src/policy/injection/tokens.ts";

const phrases = (text: string, concept: string) => {
  const tokens = tokenise(text);
  return matchLexicon(tokens)
    .filter((hit) => hit.concept === concept)
    .map(({ from, to }) => Array.from({ length: to - from + 1 }, (_, i) => wordAt(tokens, from + i)).join(" "));
};

describe("matchLexicon", () => {
  it("reads a choice of words, with and without what may be left out", () => {
    expect(phrases("The holder of this mailbox, and of the account.", "owner")).toEqual(["holder of this mailbox"]);
    expect(phrases("Mark it as read. Mark as read.", "mailbox")).toEqual(["mark it as read", "mark as read"]);
  });

  it("reads any ending behind a stem, in the middle of a phrase too", () => {
    expect(phrases("Instructions and prompts", "rules")).toEqual(["instructions", "prompts"]);
  });

  it("takes the longest phrase of a concept, and none across the end of a sentence", () => {
    expect(phrases("without her knowing", "silence")).toEqual(["without her knowing"]);
    expect(phrases("We went without. Her knowing smile!", "silence")).toEqual([]);
  });

  it("knows tools by the names that it is given", () => {
    const tokens = tokenise("call book_table now");
    expect(matchLexicon(tokens, ["book_table"]).map(({ concept }) => concept)).toContain("tool");
  });
});
