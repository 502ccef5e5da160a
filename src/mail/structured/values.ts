import { decisionOf } from "./decision.ts";
import { readDate } from "./dates.ts";
import { readNumber } from "./numbers.ts";
import { foldName, isObject, type JsonSchema, resolved } from "./schema.ts";

/** A value read from a person's words for a schema: one, none, or one that can be read in two ways. */
export type ReadValue = { kind: "value"; value: unknown } | { kind: "ambiguous"; why: string } | { kind: "none" };

const NONE: ReadValue = { kind: "none" };
const BLANK = /^(?:[-–—_.…\s]*|n\/a|tbd|\?+|<[^>]*>|\[\s*\]|\(\s*\))$/i;

/** Reads the text that stands for one property. */
export function readValue(raw: string, schema: JsonSchema, root: JsonSchema): ReadValue {
  const text = cleanValue(raw);
  if (BLANK.test(text)) return NONE;
  const type = resolved(schema, root);
  if (Array.isArray(type["enum"])) return readEnum(text, type["enum"]);
  switch (type["type"]) {
    case "boolean":
      return readBoolean(text);
    case "number":
    case "integer":
      return readNumber(text, type["type"] === "integer");
    case "array":
      return readList(text, isObject(type["items"]) ? type["items"] : {}, root);
    case "string":
      return readString(text, type);
    case "null":
      return NONE;
    default:
      return readUnion(text, type, root);
  }
}

/** What mail programs and people put around a value: emphasis, quotes, links written twice. */
export function cleanValue(raw: string): string {
  let text = raw.replaceAll("\u00A0", " ").trim();
  text = text.replace(/^([*_`]{1,3})(.*?)\1$/s, "$2").trim();
  text = text.replace(/(?<!\S)([^\s<>]{3,400})\s?<(?:mailto:)?\1\/?>/g, "$1");
  const quoted = /^(?:"(.*)"|“(.*)”|„(.*)[“”]|«\s?(.*?)\s?»|‘(.*)’|'(.*)')[.,;]?$/s.exec(text);
  const inner = quoted?.slice(1).find((group) => group !== undefined);
  return (inner === undefined || inner.includes('"') ? text : inner).trim();
}

function readEnum(text: string, options: readonly unknown[]): ReadValue {
  const folded = foldName(text);
  const exact = options.filter((option) => foldName(String(option)) === folded);
  if (exact.length === 1) return { kind: "value", value: exact[0] };
  if (exact.length > 1) {
    const same = exact.find((option) => String(option) === text);
    return same === undefined
      ? { kind: "ambiguous", why: `"${text}" stands for more than one choice` }
      : { kind: "value", value: same };
  }
  const ticked = /\[\s*x\s*\]\s*([\p{L}\p{N}_ -]+)/iu.exec(text)?.[1];
  if (ticked !== undefined) {
    const choice = options.filter((option) => foldName(String(option)) === foldName(ticked));
    if (choice.length === 1) return { kind: "value", value: choice[0] };
  }
  const plain = text.replace(/^(?:the |die |der |das |le |la |el )|[.!]+$/giu, "").trim();
  const again = options.filter((option) => foldName(String(option)) === foldName(plain));
  return again.length === 1 && !/\b(?:not|nicht|no|non|pas)\b/i.test(text) ? { kind: "value", value: again[0] } : NONE;
}

function readBoolean(text: string): ReadValue {
  if (/^\[\s*[xX✓✔]\s*\]$/.test(text) || text === "1" || text === "x" || text === "✓")
    return { kind: "value", value: true };
  if (text === "0") return { kind: "value", value: false };
  const boxes = [...text.matchAll(/\[\s*([xX✓✔]?)\s*\]\s*([\p{L}]+)/gu)];
  if (boxes.length > 1) {
    const ticked = boxes.filter((box) => box[1] !== "");
    return ticked.length === 1 ? readBoolean(ticked[0]?.[2] ?? "") : NONE;
  }
  const decision = decisionOf(text);
  if (decision.kind === "yes") return { kind: "value", value: true };
  if (decision.kind === "no") return { kind: "value", value: false };
  return decision.kind === "both" ? { kind: "ambiguous", why: `"${text}" says both` } : NONE;
}

function readString(text: string, type: JsonSchema): ReadValue {
  const format = type["format"];
  if (format === "date") return readDate(text);
  if (format === "email") return matched(/[^\s<>(),;:]+@[^\s<>(),;:]+\.[^\s<>(),;:.]+/, text);
  if (format === "uri" || format === "url") return matched(/https?:\/\/[^\s<>"()[\]]+[^\s<>"()[\].,;:!?]/, text);
  return { kind: "value", value: text.replace(/\s*\n\s*/g, " ") };
}

function matched(pattern: RegExp, text: string): ReadValue {
  const all = [...new Set(text.match(new RegExp(pattern.source, "g")) ?? [])];
  if (all.length > 1) return { kind: "ambiguous", why: `"${text}" holds more than one` };
  return all[0] === undefined ? NONE : { kind: "value", value: all[0] };
}

/** List items by lines or semicolons, else by commas; numbers with decimal commas need lines or semicolons. */
function readList(text: string, items: JsonSchema, root: JsonSchema): ReadValue {
  const type = resolved(items, root)["type"];
  if (type === "object" || type === "array") return NONE;
  const parts = splitList(text, type === "number" || type === "integer");
  if (parts === undefined) return { kind: "ambiguous", why: `"${text}" can be split in more than one way` };
  const values: unknown[] = [];
  for (const part of parts) {
    const read = readValue(part, items, root);
    if (read.kind !== "value") return read;
    values.push(read.value);
  }
  return values.length === 0 ? NONE : { kind: "value", value: values };
}

function splitList(text: string, numeric: boolean): string[] | undefined {
  const inner = text.replace(/^\[(.*)\]$/s, "$1");
  const trim = (parts: string[]): string[] =>
    parts.map((part) => part.replace(/^\s*(?:[-*•·]|\d{1,2}[.)])\s+/, "").trim()).filter((part) => part !== "");
  if (inner.includes("\n")) return trim(inner.split("\n"));
  if (inner.includes(";")) return trim(inner.split(";"));
  if (numeric && /\d,\d/.test(inner)) return /, /.test(inner) ? trim(inner.split(/,\s+/)) : undefined;
  return trim(inner.split(/,(?!\d{3}\b)\s*|\s+(?:and|und|et|y|e|en|och|og|i|и)\s+/));
}

function readUnion(text: string, type: JsonSchema, root: JsonSchema): ReadValue {
  const options = [type["anyOf"], type["oneOf"]].flatMap((list) => (Array.isArray(list) ? (list as unknown[]) : []));
  const types = Array.isArray(type["type"]) ? (type["type"] as unknown[]).map((t) => ({ ...type, type: t })) : [];
  const values = [...options, ...types]
    .filter(isObject)
    .map((option) => readValue(text, option, root))
    .filter((read) => read.kind === "value");
  const distinct = [...new Map(values.map((read) => [JSON.stringify(read.value), read])).values()];
  if (distinct.length > 1) return { kind: "ambiguous", why: `"${text}" can be read in more than one way` };
  return distinct[0] ?? NONE;
}
