import type { StandardSchemaV1 } from "@standard-schema/spec";
import type { ReplyParts } from "./strip-thread-history.ts";
import { stripThreadHistory } from "./strip-thread-history.ts";
import { attachedJson } from "./structured/attachments.ts";
import { candidatesInText, type Candidate, type Finding } from "./structured/candidates.ts";
import { sameJson } from "./structured/assemble.ts";
import { inputJsonSchema, type JsonSchema, type SchemaIssue, validate, type Validated } from "./structured/schema.ts";

import type { StructuredAttachment, StructuredSource } from "./structured/source.ts";

export type { StructuredAttachment, StructuredSource } from "./structured/source.ts";
export { inputJsonSchema, type JsonSchema, type SchemaIssue } from "./structured/schema.ts";

/** What a reply says, as the schema wants it. Only `parsed` may be acted on. */
export type StructuredReply<T> =
  /** `input` is what stood in the reply, before the schema's transforms. */
  | { kind: "parsed"; data: T; input: unknown; source: StructuredSource; confidence: number }
  /** There is an answer, and the schema refuses it. */
  | { kind: "invalid"; issues: SchemaIssue[]; candidate?: unknown; source: StructuredSource }
  /** It can be read in more than one way. */
  | { kind: "ambiguous"; reason: string; candidates: unknown[] }
  /** It breaks off, or says only a part. */
  | { kind: "incomplete"; reason: string; missing: string[]; candidate?: unknown }
  /** It says nothing that the schema asks for. */
  | { kind: "none"; reason: string };

/** A reply: taken apart already, or as text and HTML. */
export interface StructuredMail {
  parts?: ReplyParts;
  text?: string;
  html?: string;
  /** The text of the mail that this one answers, where it is known. */
  original?: string;
  attachments?: readonly StructuredAttachment[];
}

export interface StructuredOptions {
  /**
   * The last resort for what words alone do not tell: gets the author's text, answers with a value or undefined.
   * What it answers is validated like everything else. Default: none.
   */
  model?: (text: string, schema: JsonSchema | undefined) => Promise<unknown>;
}

export type StructuredOutput<S> = S extends StandardSchemaV1 ? StandardSchemaV1.InferOutput<S> : unknown;

/**
 * Reads data from a reply: a JSON attachment, a fence, an object in the text, `key: value` lines, a form filled in
 * inside the quotation, words of decision. Repairs syntax, never meaning; nothing is returned as parsed that the
 * schema has not accepted.
 */
export async function parseStructuredReply<S extends StandardSchemaV1 | JsonSchema>(
  mail: StructuredMail,
  schema: S,
  options: StructuredOptions = {},
): Promise<StructuredReply<StructuredOutput<S>>> {
  const json = inputJsonSchema(schema);
  const parts = mail.parts ?? stripThreadHistory(mail);
  const findings: Finding[] = [attachedJson(mail.attachments ?? [], json), ...candidatesInText(parts, json)];
  let refused: StructuredReply<never> | undefined;
  for (const finding of findings) {
    const settled = await settle(finding, schema);
    if (settled === undefined) continue;
    if (settled.kind === "parsed") {
      const against = contradiction(settled.input, settled.source, findings);
      if (refused !== undefined && settled.source !== "form") return refused;
      return against ?? (settled as StructuredReply<StructuredOutput<S>>);
    }
    if (finding.final) return settled;
    refused ??= settled;
  }
  return (
    (await askModel(options, parts.text, json, schema)) ??
    refused ?? { kind: "none", reason: "The reply holds nothing that was asked for." }
  );
}

async function settle(
  finding: Finding,
  schema: StandardSchemaV1 | JsonSchema,
): Promise<StructuredReply<unknown> | undefined> {
  if (finding.kind === "nothing") return undefined;
  if (finding.kind === "ambiguous")
    return { kind: "ambiguous", reason: finding.reason, candidates: finding.candidates };
  if (finding.kind === "incomplete")
    return {
      kind: "incomplete",
      reason: finding.reason,
      missing: finding.missing,
      ...(finding.candidate === undefined ? {} : { candidate: finding.candidate }),
    };
  const results: { candidate: Candidate; result: Validated }[] = [];
  for (const candidate of finding.candidates)
    results.push({ candidate, result: await validate(schema, candidate.value) });
  const valid = results.filter(({ result }) => result.ok);
  const [first] = valid;
  if (first === undefined || !first.result.ok) {
    const worst = results.at(-1);
    if (worst === undefined || worst.result.ok) return undefined;
    return { kind: "invalid", issues: worst.result.issues, candidate: worst.candidate.value, source: finding.source };
  }
  if (
    valid.some(({ candidate }) => !sameJson(candidate.value, first.candidate.value)) ||
    (finding.source !== "attachment" && valid.length < results.length)
  ) {
    return {
      kind: "ambiguous",
      reason: "The reply holds different answers.",
      candidates: results.map(({ candidate }) => candidate.value),
    };
  }
  return {
    kind: "parsed",
    data: first.result.value,
    input: first.candidate.value,
    source: finding.source,
    confidence: first.candidate.confidence,
  };
}

/** A less trusted part of the same reply that says the opposite: then nobody knows. */
function contradiction(
  input: unknown,
  source: StructuredSource,
  findings: readonly Finding[],
): StructuredReply<never> | undefined {
  for (const finding of findings) {
    if (finding.kind === "nothing" || finding.kind === "ambiguous") continue;
    if (finding.source === source || finding.source === "form" || finding.source === "text") continue;
    // A part of an answer can contradict too: an object, and below it "quantity: 5"
    const others = finding.kind === "candidates" ? finding.candidates : [{ value: finding.candidate ?? input }];
    for (const candidate of others) {
      if (conflicts(input, candidate.value))
        return {
          kind: "ambiguous",
          reason: "The reply says different things in different places.",
          candidates: [input, candidate.value],
        };
    }
  }
  for (const finding of findings) {
    if (
      finding.kind === "ambiguous" &&
      finding.source !== source &&
      finding.source !== "form" &&
      finding.source !== "words"
    )
      return { kind: "ambiguous", reason: finding.reason, candidates: [input, ...finding.candidates] };
  }
  return undefined;
}

function conflicts(a: unknown, b: unknown): boolean {
  if (
    typeof a !== "object" ||
    a === null ||
    typeof b !== "object" ||
    b === null ||
    Array.isArray(a) ||
    Array.isArray(b)
  )
    return !sameJson(a, b);
  return Object.entries(b).some(
    ([key, value]) => Object.hasOwn(a, key) && typeof value !== "string" && !sameJson((a as JsonSchema)[key], value),
  );
}

async function askModel<S extends StandardSchemaV1 | JsonSchema>(
  options: StructuredOptions,
  text: string,
  json: JsonSchema | undefined,
  schema: S,
): Promise<StructuredReply<StructuredOutput<S>> | undefined> {
  if (options.model === undefined || text === "") return undefined;
  const input = await options.model(text, json);
  if (input === undefined) return undefined;
  const result = await validate(schema, input);
  if (!result.ok) return { kind: "invalid", issues: result.issues, candidate: input, source: "model" };
  return { kind: "parsed", data: result.value as StructuredOutput<S>, input, source: "model", confidence: 0.6 };
}
