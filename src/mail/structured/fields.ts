import { decisionOf } from "./decision.ts";
import { foldName, type JsonSchema, type SchemaProperty } from "./schema.ts";
import { cleanValue, readValue } from "./values.ts";

/** A value that the text gives for a property. */
export interface FieldFound {
  property: SchemaProperty;
  raw: string;
  value: unknown;
}

export interface FieldsRead {
  /** What is neither a key nor a value. */
  rest: string;
  found: FieldFound[];
  /** Properties that are named with something that is no value for them. */
  unread: { property: SchemaProperty; raw: string; why: string; ambiguous: boolean }[];
}

interface Entry {
  property: SchemaProperty;
  raw: string[];
}

const BULLET = /^[\s>]*(?:[-*•·▪‣–—]\s+|\(?\d{1,2}[.)]\s+|\|\s*|#{1,4}\s+)?/;
const LONGEST_KEY = 60;
const MOST_LINES = 5000;
const LONGEST_VALUE = 4000;

/** Reads `key: value` lines, bullets and table rows whose keys are the schema's properties. */
export function readFields(text: string, properties: readonly SchemaProperty[], root: JsonSchema): FieldsRead {
  const byName = namesOf(properties);
  const { entries, rest } = entriesOf(tablesAsLines(text, byName), byName);
  const result: FieldsRead = { rest: [rest, ...unusedLines(entries)].join("\n"), found: [], unread: [] };
  const done = new Map<SchemaProperty, Set<string>>();
  const named = new Set(entries.map(({ property }) => property));
  const again = asidesOf(rest, byName).filter(({ property }) => named.has(property));
  for (const { property, raw } of [...entries, ...again]) {
    const text = valueText(raw, property).replace(/^\([^()]{0,80}\)\s+(?=\S)/, "");
    if (isTemplate(text) || (!property.required && /^(?:[-–—]+|n\/a)$/i.test(text))) continue;
    const read = readValue(text, property.schema, root);
    if (read.kind === "value") {
      const seen = done.get(property) ?? new Set<string>();
      const key = JSON.stringify(read.value);
      if (!seen.has(key)) result.found.push({ property, raw: text, value: read.value });
      done.set(property, seen.add(key));
    } else if (cleanValue(text) !== "") {
      result.unread.push({
        property,
        raw: text,
        ambiguous: read.kind === "ambiguous",
        why: read.kind === "ambiguous" ? read.why : `"${text.slice(0, 80)}" is no value for it`,
      });
    }
  }
  return result;
}

function namesOf(properties: readonly SchemaProperty[]): Map<string, SchemaProperty> {
  const byName = new Map<string, SchemaProperty>();
  const shared = new Set<string>();
  for (const property of properties) {
    for (const name of property.names) {
      const other = byName.get(name);
      if (other !== undefined && other.path.length === property.path.length) shared.add(name);
      if (other === undefined || other.path.length > property.path.length) byName.set(name, property);
    }
  }
  for (const name of shared) byName.delete(name);
  return byName;
}

const SEPARATOR_ROW = /^[\s|:+=-]*-{2,}[\s|:+=-]*$/;

/** A table whose first row names the properties, as `key: value` lines; rows that only draw lines are left out. */
function tablesAsLines(text: string, byName: ReadonlyMap<string, SchemaProperty>): string {
  const out: string[] = [];
  let header: string[] | undefined;
  for (const line of text.split("\n", MOST_LINES)) {
    if (line.includes("|") && SEPARATOR_ROW.test(line)) continue;
    const cells = cellsOf(line);
    if (header !== undefined && cells.length === header.length) {
      out.push(...cells.map((cell, i) => `${header?.[i] ?? ""}: ${cell}`));
      continue;
    }
    header = cells.length > 1 && cells.every((cell) => byName.has(foldName(cell))) ? cells : undefined;
    if (header === undefined) out.push(line);
  }
  return out.join("\n");
}

function cellsOf(line: string): string[] {
  if (line.length > LONGEST_VALUE || !/[|\t]/.test(line)) return [];
  const inner = line.trim().replace(/^\|/, "").replace(/\|$/, "");
  return inner.split(inner.includes("|") ? "|" : "\t").map((cell) => cell.replaceAll("*", "").trim());
}

/** "Sorry, quantity: 5": a property that is named again within a line. */
function asidesOf(rest: string, byName: ReadonlyMap<string, SchemaProperty>): Entry[] {
  return rest.split("\n").flatMap((line) => {
    const [, words = "", value = ""] = /^([^:=：]{1,80})[:=：]\s*(.{1,200})/u.exec(line) ?? [];
    const name = words.trim().split(/\s+/).slice(-3);
    const property = [3, 2, 1].map((n) => byName.get(foldName(name.slice(-n).join(" ")))).find((found) => found);
    return property === undefined ? [] : [{ property, raw: [value] }];
  });
}

function entriesOf(text: string, byName: ReadonlyMap<string, SchemaProperty>): { entries: Entry[]; rest: string } {
  const entries: Entry[] = [];
  const rest: string[] = [];
  let open: Entry | undefined;
  for (const line of text.split("\n", MOST_LINES)) {
    const pieces = piecesOf(line.slice(0, LONGEST_VALUE), byName);
    for (const piece of pieces) {
      if (piece.property !== undefined) {
        open = { property: piece.property, raw: [piece.text] };
        entries.push(open);
      } else if (piece.text.trim() === "" || looksLikeKey(piece.text)) {
        if (open !== undefined && (open.raw.join("").trim() !== "" || looksLikeKey(piece.text))) open = undefined;
        rest.push(piece.text);
      } else if (open === undefined) rest.push(piece.text);
      else open.raw.push(piece.text);
    }
  }
  return { entries, rest: rest.join("\n") };
}

/** A line is one entry, or several ("approved: yes, comment: fine"), or goes on with the entry above. */
function piecesOf(
  line: string,
  byName: ReadonlyMap<string, SchemaProperty>,
): { property?: SchemaProperty; text: string }[] {
  const first = entryOf(line, byName);
  if (first === undefined) return [{ text: line }];
  const pieces: { property?: SchemaProperty; text: string }[] = [];
  let current = first;
  for (;;) {
    const next = splitAt(current.text, byName);
    if (next === undefined) {
      pieces.push(current);
      return pieces;
    }
    pieces.push({ property: current.property, text: current.text.slice(0, next.at) });
    current = next.entry;
  }
}

function splitAt(
  text: string,
  byName: ReadonlyMap<string, SchemaProperty>,
): { at: number; entry: { property: SchemaProperty; text: string } } | undefined {
  for (const match of text.slice(0, 600).matchAll(/[,;|/]\s*(?=[\p{L}*_"])/gu)) {
    const rest = text.slice(match.index + match[0].length);
    if (!/^[\p{L}\p{N} _*"'-]{1,40}[:=：]/u.test(rest)) continue;
    const entry = entryOf(rest, byName);
    if (entry !== undefined) return { at: match.index, entry };
  }
  return undefined;
}

function entryOf(
  line: string,
  byName: ReadonlyMap<string, SchemaProperty>,
): { property: SchemaProperty; text: string } | undefined {
  const body = line.replaceAll("\u00A0", " ").replace(BULLET, "");
  for (const match of body.slice(0, LONGEST_KEY).matchAll(/\s*(?:[:：=]|\t|\||\s[-–—]{1,2}>?(?=\s)|=>|->|→)\s*/g)) {
    const key = body
      .slice(0, match.index)
      .replace(/^[*_`"“'\s]+|[*_`"”'\s]+$/g, "")
      .replace(/\s*\([^)]{0,40}\)$/, "");
    const property = byName.get(foldName(key));
    if (property !== undefined)
      return {
        property,
        text: body
          .slice(match.index + match[0].length)
          .replace(/^[*_]{1,2}(?=\s)/, "")
          .replace(/\s*\|\s*$/, "")
          .trim(),
      };
    if (match[0].includes(":")) return undefined;
  }
  return undefined;
}

/** "Something else: …" ends a value that runs over lines. */
function looksLikeKey(line: string): boolean {
  return /^[\s>*•-]*[\p{L}][\p{L}\p{N} _-]{0,30}[:：=]\s/u.test(`${line} `) && !/^[\s>*•-]*https?:/.test(line);
}

/** What follows the value of a number, a date or a choice is no part of it. */
function unusedLines(entries: readonly Entry[]): string[] {
  return entries.flatMap(({ property, raw }) => {
    if (runsOver(property)) return [];
    const first = raw.findIndex((line) => line.trim() !== "");
    return raw.slice(first + 1);
  });
}

function runsOver({ schema }: SchemaProperty): boolean {
  return schema["type"] === "array" || (schema["type"] === "string" && !Array.isArray(schema["enum"]));
}

/** Only text and lists run over several lines; for anything else the first filled line is the value. */
function valueText(raw: readonly string[], property: SchemaProperty): string {
  const type = property.schema["type"];
  const lines = raw.map((line) => line.trim()).filter((line) => line !== "");
  if (type === "array") return lines.join("\n");
  // "approved: yes" and below it "but only if …"
  const decision = type === "boolean" && lines.length > 1 ? decisionOf(lines.join(" ")) : undefined;
  if (decision?.kind === "both" || (decision?.kind === "open" && decision.why !== "unclear")) return lines.join(" ");
  return runsOver(property) ? lines.join("\n") : (lines[0] ?? "");
}

/** The description of a form ("(yes or no)", "<number>", "yes / no", "____") that nobody filled in. */
function isTemplate(text: string): boolean {
  const t = text.trim();
  if (t === "" || /^(?:\([^)]*\)|<[^>]*>|\{[^}]*\}|\[[^\]]*\]|_{2,}|\.{3,})$/.test(t))
    return !/^\[\s*[xX✓✔]\s*\]$/.test(t) && !/^\[.*[,\d"].*\]$/.test(t);
  return /^\(?(?:yes|ja|oui|sí|si|true|approve|approved)\s*(?:\/|\||or|oder|ou|o)\s*(?:no|nein|non|false|reject|rejected)\)?\.?$/i.test(
    t,
  );
}
