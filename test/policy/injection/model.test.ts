import { describe, expect, it } from "vitest";
import { MODEL } from "../../../src/policy/injection/model-data.ts";
import { compileModel, surestWindow } from "../../../src/policy/injection/model.ts";
import { matchLexicon } from "../../../src/policy/injection/lexicon-match.ts";
import { tokenise, wordAt } from "../../../src/policy/injection/tokens.ts";

const words = (text: string) => {
  const tokens = tokenise(text);
  return Array.from({ length: tokens.count }, (_, i) => wordAt(tokens, i));
};
const concepts = (text: string) => matchLexicon(tokenise(text)).map(({ concept }) => concept);

describe("tokenise", () => {
  it.each([
    ["Don't PANIC, Ünïcode!", ["dont", "panic", "unicode"]],
    ["1gn0re pr3vious h264 gpt4", ["ignore", "previous", "h264", "gpt4"]],
    ["ign\u200Bore \uFB01le", ["ignore", "file"]],
    ["ѕуstеm система", ["system", "система"]],
    ["忽略它 ok", ["忽", "略", "它", "ok"]],
    ["ｉｇｎｏｒｅ", ["ignore"]],
  ])("%s", (text, expected) => {
    expect(words(text)).toEqual(expected);
  });

  it("knows where each word came from", () => {
    const text = "Hi!  Tschüß, Ann";
    const tokens = tokenise(text);
    expect(Array.from({ length: tokens.count }, (_, i) => text.slice(tokens.from[i], tokens.to[i]))).toEqual([
      "Hi",
      "Tschüß",
      "Ann",
    ]);
  });
});

describe("matchLexicon", () => {
  it("finds phrases and stems, in several languages", () => {
    expect(concepts("Ignoring the rules")).toContain("override");
    expect(concepts("vergiss die Anweisungen")).toEqual(expect.arrayContaining(["override", "rules"]));
    expect(concepts("the system prompt")).toContain("insides");
    expect(concepts("从现在开始")).toContain("newtask");
    expect(concepts("a walk in the park")).toEqual([]);
  });
});

describe("model", () => {
  it("adds the weights of what a window holds", () => {
    const model = compileModel({
      scale: 10,
      bias: -20,
      weights: { "30": "ignore instru|@override @rules", "-5": "ignore the" },
    });
    const probability = (text: string) => {
      const tokens = tokenise(text);
      return surestWindow(model, tokens, matchLexicon(tokens))?.probability ?? 0;
    };
    expect(probability("hello there")).toBeCloseTo(1 / (1 + Math.exp(2)));
    expect(probability("ignore instructions")).toBeCloseTo(1 / (1 + Math.exp(-4)));
    expect(probability("ignore the instructions")).toBeCloseTo(1 / (1 + Math.exp(-0.5)));
  });

  it("fits into eight bits and 300 kB", () => {
    const weights = Object.keys(MODEL.weights).map(Number);
    expect(weights.every((weight) => Number.isInteger(weight) && Math.abs(weight) <= 127)).toBe(true);
    expect(JSON.stringify(MODEL).length).toBeLessThan(300_000);
  });
});
