import { maskAddresses, wordsAt } from "./addresses.ts";
import { commandsIn } from "./commands.ts";
import { disguisedTexts } from "./disguise.ts";
import { type Hail, hailsIn } from "./hail.ts";
import { type Finding, lexicalFindings } from "./lexical.ts";
import { type Concept, FOR_RULES_ONLY } from "./lexicon.ts";
import { type Hit, matchLexicon } from "./lexicon-match.ts";
import { type CompiledModel, surestWindow } from "./model.ts";
import { weighReported } from "./reported.ts";
import { structuralFindings } from "./structure.ts";
import { type Tokens, tokenise } from "./tokens.ts";

export interface ReadingContext {
  model: CompiledModel;
  toolNames: readonly string[];
  threadAddresses: readonly string[];
}

/** What the model's surest window counts for beside the rules. */
const MODEL_WEIGHT = 0.36;
/** Below this the model says nothing worth a reason. */
const MODEL_FLOOR = 0.2;
const HIDDEN_WORD = 0.32;
/** Where people talk about machines, show what software writes, or tell what was said elsewhere. */
const TOLD_OF: ReadonlySet<Concept> = new Set(["talk", "manual", "stage", "papers"]);
/** That a text is disguised counts for little by itself: keys and signatures are encoded too. What it says then counts for more. */
const DISGUISE = { weight: 0.1, factor: 1.3 };

/** A long text is read in parts of so many characters, which overlap: what one part is full of hides nothing in the next. */
const PART = 60_000;
const OVERLAP = 1_000;
/** Signs that stand so far apart, in characters, are none of the same thing. */
const NEAR = 2_000;

/** Everything that speaks for an injection in one text. `unshown`: a text that no reader sees, where a call to a machine or to secrecy says enough. */
export function findingsIn(text: string, context: ReadingContext, unshown = false): Finding[] {
  if (text.length <= PART) return findingsInPart(text, context, unshown);
  const found: Finding[] = [];
  for (let from = 0; ;) {
    const to = endOfPart(text, from);
    for (const { span, ...finding } of findingsInPart(text.slice(from, to), context, unshown)) {
      found.push({ ...finding, span: [span[0] + from, span[1] + from] });
    }
    if (to === text.length) return found;
    from = to - OVERLAP;
  }
}

/** Not within a word, where there is a space to be found. */
function endOfPart(text: string, from: number): number {
  if (from + PART >= text.length) return text.length;
  const space = text.lastIndexOf(" ", from + PART);
  return space > from + PART / 2 ? space : from + PART;
}

function findingsInPart(text: string, context: ReadingContext, unshown: boolean): Finding[] {
  const { tokens, found, spoken } = plainFindings(text, context);
  if (unshown && spoken) found.push({ rule: "hidden-word", weight: HIDDEN_WORD, span: [0, text.length] });
  found.push(...invisibleFindings(text));
  for (const disguised of disguisedTexts(text, tokens)) {
    const inner = combined(plainFindings(disguised.text, context).found);
    const weight = Math.min(0.95, DISGUISE.weight + inner * DISGUISE.factor);
    if (inner > MODEL_FLOOR) found.push({ rule: `disguised-${disguised.rule}`, weight, span: disguised.span });
  }
  return found;
}

function plainFindings(text: string, context: ReadingContext): { tokens: Tokens; found: Finding[]; spoken: boolean } {
  const masked = maskAddresses(text, context.threadAddresses);
  const tokens = tokenise(masked.text);
  const hits = matchLexicon(tokens, context.toolNames);
  const foreign = wordsAt(masked.foreign, tokens.from, tokens.count);
  const hails = hailsIn(masked.text, tokens, hits);
  const spokenTo = hails.filter(({ clue }) => isSpokenTo(clue)).map(({ to }) => to);
  const commands = commandsIn(tokens, hits, spokenTo);
  const found = [
    ...structuralFindings(text),
    ...lexicalFindings(tokens, hits, hails, commands, foreign),
    ...modelFinding(context.model, tokens, hits),
  ];
  const talk = hits.filter(({ concept }) => TOLD_OF.has(concept)).map(({ from }) => tokens.from[from] ?? 0);
  const spoken =
    hails.some(({ clue }) => clue === "reader" || clue.startsWith("hailed")) ||
    hits.some(({ concept }) => concept === "reading" || concept === "secrecy");
  return { tokens, found: weighReported(text, found, talk), spoken };
}

function isSpokenTo(clue: Hail["clue"]): boolean {
  return clue === "reader" || clue === "whichever" || clue === "hailed" || clue === "hailed-ai";
}

function modelFinding(model: CompiledModel, tokens: Tokens, hits: readonly Hit[]): Finding[] {
  const seen = hits.filter(({ concept }) => !FOR_RULES_ONLY.has(concept));
  const surest = surestWindow(model, tokens, seen);
  if (surest === undefined || surest.probability < MODEL_FLOOR) return [];
  const span: [number, number] = [tokens.from[surest.from] ?? 0, tokens.to[surest.to] ?? 0];
  return [{ rule: "model", weight: surest.probability * MODEL_WEIGHT, span }];
}

const INVISIBLE: readonly { rule: string; pattern: RegExp; weight: number }[] = [
  // Flags of England, Scotland and Wales are spelt in tags behind a black flag.
  { rule: "unicode-tags", pattern: /(?<!\u{1F3F4}[\u{E0020}-\u{E007F}]{0,6})[\u{E0020}-\u{E007E}]{4,}/gu, weight: 0.8 },
  { rule: "zero-width-run", pattern: /(?:[\u200B\u200C\u2060\uFEFF]|\u200D|[\u{E0100}-\u{E01EF}]){8,}/gu, weight: 0.4 },
  { rule: "zero-width-in-word", pattern: /(?:[A-Za-z][\u200B\u2060\uFEFF\u200C\u200D]){3,64}[A-Za-z]/gu, weight: 0.4 },
  { rule: "bidirectional-override", pattern: /[\u202D\u202E][^\u202C\n]{6,400}/gu, weight: 0.3 },
];
/** One character of each of them, or the first half of one: most mails have none. */
const UNSEEN = /[\u200B-\u200D\u202D\u202E\u2060\uFEFF\uDB40]/;

function invisibleFindings(text: string): Finding[] {
  if (!UNSEEN.test(text)) return [];
  return INVISIBLE.flatMap(({ rule, pattern, weight }) =>
    [...text.matchAll(pattern)].slice(0, 5).map((match): Finding => ({
      rule,
      weight,
      span: [match.index, match.index + match[0].length],
    })),
  );
}

/** Of signs near each other, each rule counts once, at its surest, and independent ones add up as probabilities do; the place where they say most decides. */
export function combined(findings: readonly Finding[]): number {
  const inOrder = findings.toSorted((a, b) => a.span[0] - b.span[0]);
  let most = 0;
  for (const [first, { span }] of inOrder.entries()) {
    const surest = new Map<string, number>();
    for (let i = first; i < inOrder.length; i++) {
      const { rule, weight, span: other } = inOrder[i]!;
      if (other[0] > span[0] + NEAR) break;
      surest.set(rule, Math.max(weight, surest.get(rule) ?? 0));
    }
    const innocent = [...surest.values()].reduce((product, weight) => product * (1 - weight), 1);
    most = Math.max(most, 1 - innocent);
  }
  return most;
}
