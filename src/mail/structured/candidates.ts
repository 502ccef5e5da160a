import type { ReplyParts } from "../strip-thread-history.ts";
import type { StructuredSource } from "./source.ts";
import { objectOf } from "./assemble.ts";
import { decisionOf } from "./decision.ts";
import { type FieldFound, type FieldsRead, readFields } from "./fields.ts";
import { findJson, type JsonFound } from "./json-sources.ts";
import { isRelated, shaped } from "./json-values.ts";
import { CONDITION_STARTS, CORRECTIONS, HEDGE_WORDS } from "../locale/decisions.ts";
import { anyOf, escapePattern, startsWithAny } from "../locale/match.ts";
import { type JsonSchema, foldName, propertiesOf, resolved, type SchemaProperty } from "./schema.ts";
import { readValue } from "./values.ts";

export interface Candidate {
  value: unknown;
  confidence: number;
}

/** What one place of a reply offers. `final`: what stands there is the answer, even where the schema refuses it. */
export type Finding =
  | { kind: "nothing"; final?: boolean }
  | { kind: "candidates"; source: StructuredSource; candidates: Candidate[]; final: boolean }
  | { kind: "ambiguous"; source: StructuredSource; reason: string; candidates: unknown[]; final: boolean }
  | {
      kind: "incomplete";
      source: StructuredSource;
      reason: string;
      missing: string[];
      candidate?: unknown;
      final: boolean;
    };

const NOTHING: Finding = { kind: "nothing" };
const LONGEST = 200_000;
const TAKEN_BACK = new RegExp(anyOf(CORRECTIONS), "iu");
const MAKES_CONDITION = startsWithAny(CONDITION_STARTS);
const HEDGES = new RegExp(`[?？؟]|${anyOf(HEDGE_WORDS)}`, "iu");

/** The findings in the author's own text and in forms filled in inside the quotation, the most trusted first. */
export function candidatesInText(parts: ReplyParts, schema: JsonSchema | undefined): Finding[] {
  const text = parts.text.slice(0, LONGEST).replace(/~~[^~\n]{1,400}~~/g, " ");
  const json = findJson(text).filter(({ read, start, end }) =>
    read.kind === "value" ? isRelated(read.value, schema) : namesProperty(text.slice(start, end), schema),
  );
  const rest = without(text, json);
  const findings = [jsonFinding(json, "fence", schema, text), jsonFinding(json, "object", schema, text)].map(
    (finding) => doubted(finding, rest),
  );
  if (schema === undefined) return findings;
  const properties = propertiesOf(schema);
  const fields = readFields(rest, properties, schema);
  const inWords = fields.found.length > 0 ? fields.rest : json.length > 0 ? rest : text;
  const words = wordsFinding(inWords, properties, schema);
  const lines = fieldsFinding(fields, properties, "fields");
  findings.push(doubted(fields.unread.length > 0 ? lines : completed(lines, words), fields.rest));
  findings.push(formFinding(parts, properties, schema));
  findings.push(words);
  return findings;
}

/** "Yes" above "amount: 250": the words decide the one thing that the lines leave out. */
function completed(finding: Finding, words: Finding): Finding {
  if (finding.kind !== "incomplete" || words.kind !== "candidates" || words.source !== "words") return finding;
  const [said] = words.candidates;
  const value = { ...(said!.value as object), ...(finding.candidate as object) };
  if (finding.missing.some((name) => !Object.hasOwn(value, name))) return finding;
  return { kind: "candidates", source: "fields", candidates: [{ value, confidence: said!.confidence }], final: true };
}

/** What stands beside the data takes it back or makes it depend on something: then a program cannot tell. */
function doubted(finding: Finding, rest: string): Finding {
  if (finding.kind !== "candidates") return finding;
  const reason = TAKEN_BACK.test(rest)
    ? "The words beside it correct something."
    : rest.split("\n").some((line) => MAKES_CONDITION(line.trim().toLowerCase()))
      ? "The words beside it make a condition."
      : undefined;
  if (reason === undefined) return finding;
  const { source, candidates } = finding;
  return { kind: "ambiguous", source, reason, candidates: candidates.map(({ value }) => value), final: true };
}

function without(text: string, json: readonly JsonFound[]): string {
  let rest = "";
  let at = 0;
  for (const found of json) {
    rest += `${text.slice(at, found.start)}\n`;
    at = found.end;
  }
  return (rest + text.slice(at)).replace(/^\s*(?:`{3}|~{3}).*$/gm, "");
}

/** Whether the line around the JSON, or the one that leads to it, calls it an example, negates it or asks. */
function isHedged(text: string, found: JsonFound): boolean {
  const before = text
    .slice(Math.max(0, found.start - 300), found.start)
    .replace(/[`~]{3}\w*\s*$/, "")
    .trimEnd();
  const after = text.slice(found.end, found.end + 300).split("\n")[0] ?? "";
  return HEDGES.test(before.slice(before.lastIndexOf("\n") + 1)) || HEDGES.test(after);
}

/** Whether damaged JSON is about what the schema asks for. */
function namesProperty(text: string, schema: JsonSchema | undefined): boolean {
  if (schema === undefined) return true;
  const known = new Set(propertiesOf(schema).flatMap(({ path }) => path.map(foldName)));
  return (
    known.size === 0 ||
    Array.from(text.slice(0, 4000).matchAll(/([\p{L}_$][\p{L}\p{N}_$ -]{0,40})["”“’']?\s{0,4}[:：]/gu)).some((match) =>
      known.has(foldName(match[1] ?? "")),
    )
  );
}

function jsonFinding(
  json: readonly JsonFound[],
  source: "fence" | "object",
  schema: JsonSchema | undefined,
  text: string,
): Finding {
  const here = json.filter((found) => found.source === source);
  if (here.length === 0) return NOTHING;
  if (here.some((found) => found.read.kind === "truncated")) {
    return {
      kind: "incomplete",
      source,
      reason: "The JSON breaks off before it is complete.",
      missing: [],
      final: true,
    };
  }
  if (here.some((found) => found.read.kind === "error")) {
    return {
      kind: "incomplete",
      source,
      reason: "The JSON cannot be read without guessing.",
      missing: [],
      final: true,
    };
  }
  const doubted = here.find((found) => isHedged(text, found));
  if (doubted?.read.kind === "value") {
    return {
      kind: "ambiguous",
      source,
      reason: "The words around the JSON question it.",
      candidates: [doubted.read.value],
      final: true,
    };
  }
  const candidates = here.flatMap((found) =>
    found.read.kind === "value"
      ? [
          {
            value: schema === undefined ? found.read.value : shaped(found.read.value, schema, schema),
            confidence: found.read.repaired ? 0.9 : source === "fence" ? 0.97 : 0.95,
          },
        ]
      : [],
  );
  return { kind: "candidates", source, candidates, final: true };
}

function fieldsFinding(read: FieldsRead, properties: readonly SchemaProperty[], source: "fields" | "form"): Finding {
  if (read.found.length === 0 && read.unread.length === 0) return NOTHING;
  const doubled = read.found.find((field, i) =>
    read.found.some((other, k) => k !== i && other.property === field.property),
  );
  if (doubled !== undefined) {
    return {
      kind: "ambiguous",
      source,
      reason: `"${doubled.property.path.join(".")}" is given more than once, with different values.`,
      candidates: read.found.map(({ value }) => value),
      final: true,
    };
  }
  const unread = read.unread.find(({ property }) => !read.found.some((field) => field.property === property));
  const value = objectOf(read.found);
  if (unread?.ambiguous === true)
    return { kind: "ambiguous", source, reason: unread.why, candidates: [value], final: true };
  const missing = missingOf(read.found, properties);
  if (unread !== undefined)
    return {
      kind: "incomplete",
      source,
      reason: `${unread.property.path.join(".")}: ${unread.why}.`,
      missing: missing.length > 0 ? missing : [unread.property.path.join(".")],
      candidate: value,
      final: true,
    };
  if (missing.length > 0)
    return {
      kind: "incomplete",
      source,
      reason: `Missing: ${missing.join(", ")}.`,
      missing,
      candidate: value,
      final: true,
    };
  return {
    kind: "candidates",
    source,
    candidates: [{ value, confidence: source === "fields" ? 0.9 : 0.8 }],
    final: true,
  };
}

function missingOf(found: readonly FieldFound[], properties: readonly SchemaProperty[]): string[] {
  return properties
    .filter((property) => property.required && !found.some((field) => field.property === property))
    .map((property) => property.path.join("."));
}

/** A form of which the person filled in the lines: told apart from the template by the known original alone. */
function formFinding(parts: ReplyParts, properties: readonly SchemaProperty[], schema: JsonSchema): Finding {
  if (parts.method !== "original" || parts.inline.length === 0) return NOTHING;
  const answered = parts.inline.map(({ quote, answer }) => `${lastLine(quote)} ${answer}`).join("\n");
  const read = readFields(answered, properties, schema);
  return read.found.length === 0 ? NOTHING : fieldsFinding(read, properties, "form");
}

function lastLine(text: string): string {
  return text.trim().split("\n").at(-1) ?? "";
}

/** A whole reply of a few words: the decision that an object's one open question or a scalar schema asks for. */
function wordsFinding(text: string, properties: readonly SchemaProperty[], schema: JsonSchema): Finding {
  const asked = questionOf(properties, schema);
  if (asked === undefined || text.trim() === "") return NOTHING;
  const answer = answerOf(text, asked.schema, schema);
  if (answer === undefined) return NOTHING;
  if (answer.kind === "ambiguous")
    return { kind: "ambiguous", source: "words", reason: answer.reason, candidates: [], final: true };
  if (answer.source === "words" && namesNumber(text, asked.path, properties))
    return {
      kind: "ambiguous",
      source: "words",
      reason: "It names a number: write it on a line of its own, after the name of what it is for.",
      candidates: [],
      final: true,
    };
  const value =
    asked.path.length === 0
      ? answer.value
      : objectOf([
          {
            property: { path: asked.path, names: [], schema: asked.schema, required: true },
            raw: text,
            value: answer.value,
          },
        ]);
  return {
    kind: "candidates",
    source: answer.source,
    candidates: [{ value, confidence: answer.confidence }],
    final: true,
  };
}

/** "Approved with 250", where an amount may be given beside the approval: what is approved is not for a program to tell. */
function namesNumber(text: string, asked: readonly string[], properties: readonly SchemaProperty[]): boolean {
  const others = properties.filter(({ path }) => path.join(".") !== asked.join("."));
  const isNumber = others.some(({ schema }) => schema["type"] === "number" || schema["type"] === "integer");
  return isNumber && /\d/.test(text.replaceAll(/[+-]1\b/g, ""));
}

type WordAnswer =
  | { kind: "value"; value: unknown; source: "words" | "text"; confidence: number }
  | { kind: "ambiguous"; reason: string };

function answerOf(text: string, type: JsonSchema, root: JsonSchema): WordAnswer | undefined {
  const options = type["enum"];
  if (type["type"] === "boolean" || Array.isArray(options)) {
    const choice = Array.isArray(options) ? choiceOf(text, options) : undefined;
    if (choice !== undefined) return choice;
    const decision = decisionOf(text);
    if (decision.kind === "both") return { kind: "ambiguous", reason: "The reply says both yes and no." };
    if (decision.kind === "open" && decision.why !== "unclear")
      return { kind: "ambiguous", reason: `The reply leaves it open (${decision.why}).` };
    if (decision.kind !== "yes" && decision.kind !== "no") return undefined;
    if (!Array.isArray(options))
      return { kind: "value", value: decision.kind === "yes", source: "words", confidence: decision.confidence };
    const meant = options.filter(
      (option) => decisionOf(String(option).replaceAll(/[_-]/g, " ")).kind === decision.kind,
    );
    return meant.length === 1
      ? { kind: "value", value: meant[0], source: "words", confidence: decision.confidence }
      : undefined;
  }
  if (type["type"] === "string" && type["format"] === undefined && type["pattern"] === undefined)
    return { kind: "value", value: text.trim(), source: "text", confidence: 0.7 };
  if (text.trim().length > 80) return undefined;
  const read = readValue(text, type, root);
  if (read.kind === "ambiguous") return { kind: "ambiguous", reason: read.why };
  return read.kind === "value" ? { kind: "value", value: read.value, source: "words", confidence: 0.8 } : undefined;
}

/** One of the schema's choices, named in a reply that says little else. */
function choiceOf(text: string, options: readonly unknown[]): WordAnswer | undefined {
  const said = ` ${plainWords(text)} `;
  const names = options.map((option) =>
    typeof option === "string" || typeof option === "number" ? plainWords(String(option)) : "",
  );
  const named = names.filter((name) => name !== "" && said.includes(` ${name} `));
  const outermost = named.filter((name) => !named.some((other) => other !== name && other.includes(name)));
  if (outermost.length > 1)
    return { kind: "ambiguous", reason: `The reply names more than one choice: ${outermost.join(", ")}.` };
  const [only] = outermost;
  if (only === undefined || said.trim().split(" ").length > 8) return undefined;
  const value = options[names.indexOf(only)];
  const choice = decisionOf(only).kind;
  const meant = decisionOf(choice === "yes" || choice === "no" ? text : withYes(text, only)).kind;
  const wanted = choice === "no" ? "no" : "yes";
  return meant === wanted ? { kind: "value", value, source: "words", confidence: 0.85 } : undefined;
}

/** The text with its choice replaced by a plain yes: what remains may negate it, ask, or make conditions. */
function withYes(text: string, name: string): string {
  const pattern = name.split(" ").map(escapePattern).join("[^\\p{L}\\p{N}]{1,4}");
  return text.replace(new RegExp(pattern, "iu"), "yes");
}

function plainWords(text: string): string {
  return text
    .toLowerCase()
    .replace(/[^\p{L}\p{N}]+/gu, " ")
    .trim();
}

/** The one thing that a reply in words can answer: the schema itself, or its only required property. */
function questionOf(
  properties: readonly SchemaProperty[],
  schema: JsonSchema,
): { path: readonly string[]; schema: JsonSchema } | undefined {
  const type = resolved(schema, schema);
  if (properties.length === 0)
    return type["type"] === "object" || type["type"] === "array" ? undefined : { path: [], schema: type };
  const required = properties.filter((property) => property.required);
  const [only] = required.length === 1 ? required : required.length === 0 && properties.length === 1 ? properties : [];
  if (only === undefined || only.path.length > 1) return undefined;
  const free = only.schema["type"] === "string" && !Array.isArray(only.schema["enum"]);
  return free && !FREE_TEXT.has(only.names[0] ?? "") ? undefined : { path: only.path, schema: only.schema };
}

/** Properties that want whatever the person says. */
const FREE_TEXT: ReadonlySet<string> = new Set([
  "answer",
  "text",
  "comment",
  "comments",
  "message",
  "reply",
  "response",
  "feedback",
  "note",
  "notes",
  "body",
  "content",
  "opinion",
  "summary",
]);
