import { COURTESY, DECISIONS, type DecisionWords, SIGNS } from "../locale/decisions.ts";
import { anyOf } from "../locale/match.ts";
import { isSignOff } from "../history/signature.ts";

/** What a short answer in words decides. */
export type Decision =
  | { kind: "yes" | "no"; confidence: number }
  /** Both are said. */
  | { kind: "both" }
  /** It depends, it is a question, it comes later, it is unsure: no decision. */
  | { kind: "open"; why: "condition" | "question" | "later" | "unclear" }
  | { kind: "silent" };

/** Longer answers are not told by their words. */
const MOST_WORDS = 14;
/** How many words may be neither decision nor courtesy, beside a word that decides and beside a mere "yes". */
const MOST_OTHER = { strong: 5, weak: 1 };

type Class = "approve" | "reject" | "yes" | "no" | "later" | "negation" | "condition" | "neutral";

interface Lexicon {
  classes: ReadonlyMap<string, Class>;
  pattern: RegExp;
}

const LEXICONS: readonly Lexicon[] = Object.values(DECISIONS).map(lexiconOf);
const SPACELESS = /[\u3040-\u30FF\u3400-\u9FFF]/;
const WORD = /[\p{L}\p{M}\p{N}'’]+/gu;
const GREETING =
  /^(?:hi|hello|dear|hey|good (?:morning|afternoon|evening)|hallo|liebe[rs]?|sehr geehrte[rs]?|guten (?:tag|morgen)|moin|servus|bonjour|bonsoir|cher|chère|salut|hola|buenos días|buenas tardes|estimad[oa]s?|ciao|buongiorno|gentile|olá|bom dia|boa tarde|prezad[oa]s?|hej|hei|beste|geachte|goedemorgen|dzień dobry|cześć|szanown[yai]|dobrý den|здравствуйте|добрый день|привет|доброго дня|merhaba|sayın|您好|你好|שלום|مرحبا|السلام عليكم)(?=$|[\s,!.])[^.!?\n]{0,40}$/iu;

/** Reads approve, reject, yes, no and later from a whole short answer; anything that makes it uncertain leaves it open. */
export function decisionOf(text: string): Decision {
  const body = essence(text);
  if (body === "") return { kind: "silent" };
  const sign = signOf(body);
  const words = body.replace(/[\u{1F3FB}-\u{1F3FF}]/gu, "");
  const count = wordCount(words);
  if (count === 0) return sign === undefined ? { kind: "silent" } : { kind: sign, confidence: 0.85 };
  if (count > MOST_WORDS) return { kind: "open", why: "unclear" };
  const readings = LEXICONS.map((lexicon) => readWith(lexicon, words));
  const decided = combine(readings);
  if (sign === undefined || decided.kind === "silent")
    return decided.kind === "silent" && sign !== undefined && count <= 3 ? { kind: sign, confidence: 0.7 } : decided;
  if (decided.kind === "yes" || decided.kind === "no") return decided.kind === sign ? decided : { kind: "both" };
  return decided;
}

/** The answer without greeting, closing, name and sentences of mere courtesy. */
function essence(text: string): string {
  const lines = text
    .normalize("NFC")
    .replaceAll("’", "'")
    .replace(/~~[^~]{0,400}~~/g, " ")
    .split("\n")
    .map((line) => line.replace(/^[\s>*•·-]+(?=\p{L})/u, "").trim())
    .filter((line) => line !== "");
  if (lines.length > 1 && GREETING.test(lines[0] ?? "")) lines.shift();
  const closing = lines.findIndex((line, i) => i > 0 && isSignOff(line) && lines.length - i <= 3);
  const kept = closing > 0 ? lines.slice(0, closing) : lines;
  // "si" without its accent is yes where it stands alone, and if before a sentence
  let body = kept
    .join("\n")
    .toLowerCase()
    .replace(/^si(?=\s*(?:[,.!]|$))/, "sí");
  for (const courtesy of COURTESY) {
    const at = body.indexOf(courtesy);
    if (at > 0) body = body.slice(0, at) + body.slice(sentenceEnd(body, at));
  }
  return body.trim();
}

function sentenceEnd(text: string, from: number): number {
  for (let i = from; i < text.length; i += 1) if (".!?\n".includes(text[i] ?? "")) return i + 1;
  return text.length;
}

function signOf(body: string): "yes" | "no" | undefined {
  const yes = SIGNS.yes.some((sign) => body.includes(sign));
  const no = SIGNS.no.some((sign) => (sign === "-1" ? /(?:^|\s)-1(?:\s|$)/.test(body) : body.includes(sign)));
  if (yes === no) return undefined;
  return yes ? "yes" : "no";
}

interface Reading {
  /** Undefined where the language has no say in it. */
  decision: Decision | undefined;
  /** Words that the language does not know. */
  unknown: number;
}

function readWith(lexicon: Lexicon, body: string): Reading {
  const found = classesIn(lexicon, body);
  const classed = found.classes;
  const has = (...kinds: Class[]): boolean => classed.some((c) => kinds.includes(c.kind));
  const unknown = found.unknown;
  if (!has("approve", "reject", "yes", "no"))
    return { decision: has("later") ? { kind: "open", why: "later" } : undefined, unknown };
  if (/[?？؟]/.test(body)) return { decision: { kind: "open", why: "question" }, unknown };
  if (has("later")) return { decision: { kind: "open", why: "later" }, unknown };
  if (has("condition")) return { decision: { kind: "open", why: "condition" }, unknown };
  const negated = has("negation");
  const yes = has("approve", "yes");
  const no = has("reject", "no");
  if (negated) {
    // "I do not approve" is a no; "not rejected", "yes, I don't mind" are not for a program to tell
    const refusal = has("approve") && !has("reject", "yes") && negationPrecedes(classed, body);
    return {
      decision: refusal && unknown <= 2 ? { kind: "no", confidence: 0.75 } : { kind: "open", why: "unclear" },
      unknown,
    };
  }
  if (yes && no) return { decision: { kind: "both" }, unknown };
  const strong = has("approve", "reject");
  if (unknown > (strong ? MOST_OTHER.strong : MOST_OTHER.weak))
    return { decision: { kind: "open", why: "unclear" }, unknown };
  if (!strong && unknown > 0 && SOMETHING_ELSE.test(body)) return { decision: undefined, unknown };
  if (strong && !opens(classed, body)) return { decision: { kind: "open", why: "unclear" }, unknown };
  return {
    decision: { kind: yes ? "yes" : "no", confidence: strong ? 0.9 - unknown * 0.03 : 0.85 - unknown * 0.1 },
    unknown,
  };
}

interface Classed {
  kind: Class;
  start: number;
  end: number;
}

function classesIn(lexicon: Lexicon, body: string): { classes: Classed[]; unknown: number } {
  const classes: Classed[] = [];
  let unknown = 0;
  let at = 0;
  for (const match of body.matchAll(lexicon.pattern)) {
    const kind = lexicon.classes.get(match[0]);
    if (kind === undefined) continue;
    unknown += wordCount(body.slice(at, match.index));
    at = match.index + match[0].length;
    classes.push({ kind, start: match.index, end: at });
  }
  return { classes, unknown: unknown + wordCount(body.slice(at)) };
}

/** "The approved budget" speaks of something that was decided. */
/** "The weather is fine": what is fine is named, and it is not what was asked. */
const SOMETHING_ELSE =
  /^(?:the|my|our|their|his|her|der|die|mein|meine|unser|unsere|le|la|les|mon|ma|notre|el|los|las|mi|nuestro|nuestra)\s+\p{L}+\s+\p{L}+\s+\p{L}/iu;
const DETERMINER = /(?<!\p{L})(?:the|an|your|our|their|any)\s+$/iu;

/** The word that decides opens a clause, but for pronouns and courtesies: "the approved list" decides nothing. */
function opens(classed: readonly Classed[], body: string): boolean {
  return classed.some((c, i) => {
    if (c.kind !== "approve" && c.kind !== "reject") return false;
    if (!body.slice(c.start, c.end).includes(" ") && DETERMINER.test(body.slice(0, c.start))) return false;
    let k = i;
    let start = c.start;
    while (k > 0) {
      const before = classed[k - 1];
      if (before === undefined || wordCount(body.slice(before.end, start)) > 0) break;
      start = before.start;
      k -= 1;
    }
    const rest = body.slice(0, start);
    return rest.trim() === "" || /[.!,;:\n–—-]\s*$/.test(rest) || wordCount(rest) <= 2;
  });
}

/** "I do not approve" in one clause; "can't complain, approved" is none of it. */
function negationPrecedes(classed: readonly Classed[], body: string): boolean {
  const negation = classed.find((c) => c.kind === "negation");
  const approve = classed.find((c) => c.kind === "approve");
  if (negation === undefined || approve === undefined || classed.filter((c) => c.kind === "negation").length > 2)
    return false;
  const between = negation.end <= approve.start ? body.slice(negation.end, approve.start) : "";
  return negation.start < approve.start && !/[.,;:!?、。，\n–—]/.test(between) && wordCount(between) <= 4;
}

/** Languages share words; what one of them leaves open stays open, unless another knows the sentence better. */
function combine(readings: readonly Reading[]): Decision {
  const decided = readings.filter((r) => r.decision !== undefined);
  if (decided.length === 0) return { kind: "silent" };
  const fewest = Math.min(...decided.map((r) => r.unknown));
  const best = decided.filter((r) => r.unknown === fewest);
  const kinds = new Set(best.map((r) => r.decision?.kind));
  const open = best.find((r) => r.decision?.kind === "open") ?? best.find((r) => r.decision?.kind === "both");
  if (open?.decision !== undefined) return open.decision;
  const first = best[0]?.decision;
  return kinds.size === 1 && first !== undefined ? first : { kind: "both" };
}

function lexiconOf(words: DecisionWords): Lexicon {
  const classes = new Map<string, Class>();
  for (const kind of ["neutral", "negation", "condition", "later", "no", "yes", "reject", "approve"] as const) {
    for (const word of words[kind]) if (word.trim() !== "") classes.set(word.toLowerCase(), kind);
  }
  return { classes, pattern: new RegExp(anyOf([...classes.keys()]), "giu") };
}

/** Words; in scripts without spaces, two characters count as one. */
function wordCount(text: string): number {
  let count = 0;
  for (const match of text.matchAll(WORD)) {
    const word = match[0];
    if (/^['’]+$/.test(word)) continue;
    count += SPACELESS.test(word) ? Math.ceil(word.length / 2) : 1;
  }
  return count;
}
