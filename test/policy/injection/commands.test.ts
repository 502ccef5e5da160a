import { describe, expect, it } from "vitest";
import { commandsIn } from "../../../src/policy/injection/commands.ts";
import { matchLexicon } from "../../../src/policy/injection/lexicon-match.ts";
import { tokenise, wordAt } from "../../../src/policy/injection/tokens.ts";

const ordered = (text: string, spokenTo: readonly number[] = []) => {
  const tokens = tokenise(text);
  return commandsIn(tokens, matchLexicon(tokens), spokenTo).map((at) => wordAt(tokens, at));
};

describe("commandsIn", () => {
  it("hears an order where a sentence begins, and behind a request", () => {
    expect(ordered("Tag the crate. It is full. Kindly tip it over, and please sort it.")).toEqual(["tip"]);
    expect(ordered("Withdraw the bid.\nPost the parcel.")).toEqual(["withdraw", "post"]);
  });

  it("takes the same words amid a sentence for what they are", () => {
    expect(ordered("The post was late, and her move to grant it was a surprise.")).toEqual([]);
  });

  it("hears an order within a few words of a machine that is spoken to", () => {
    expect(ordered("Bots of our guests vote for the blue one.")).toEqual([]);
    expect(ordered("Bots of our guests vote for the blue one.", [0])).toEqual(["vote"]);
  });
});
