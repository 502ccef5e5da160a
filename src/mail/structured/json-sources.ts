import { type JsonRead, readJson } from "./json-syntax.ts";

/** A JSON value found in a text. */
export interface JsonFound {
  source: "fence" | "object";
  read: JsonRead;
  /** Where it stands in the text. */
  start: number;
  end: number;
}

const MOST_TRIES = 64;

/** JSON values in code fences, and objects (or lists) that stand in the text; truncated ones included. */
export function findJson(text: string): JsonFound[] {
  const found: JsonFound[] = [];
  let from = 0;
  for (let tries = 0; tries < MOST_TRIES; tries += 1) {
    const at = nextOpener(text, from);
    if (at < 0) return found;
    const read = readJson(text, at);
    if (read.kind === "value") {
      found.push({ source: isFenced(text, at) ? "fence" : "object", read, start: at, end: read.end });
      from = read.end;
    } else if (read.kind === "truncated") {
      if (looksLikeJson(text, at))
        found.push({ source: isFenced(text, at) ? "fence" : "object", read, start: at, end: text.length });
      return found;
    } else {
      if (looksLikeJson(text, at))
        found.push({ source: isFenced(text, at) ? "fence" : "object", read, start: at, end: blockEnd(text, read.at) });
      from = Math.max(at + 1, read.at);
    }
  }
  return found;
}

/** What cannot be read is not read otherwise either: up to its closing bracket, or the end of its paragraph. */
function blockEnd(text: string, from: number): number {
  const paragraph = text.indexOf("\n\n", from);
  const end = paragraph < 0 ? text.length : paragraph;
  const bracket = text.lastIndexOf("}", end);
  return bracket >= from ? bracket + 1 : end;
}

/** An object anywhere; a list only where it opens a line, as `[1]` in prose is a reference. */
function nextOpener(text: string, from: number): number {
  for (let i = from; i < text.length; i += 1) {
    const c = text.charCodeAt(i);
    if (c === 0x7b) return i;
    if (c === 0x5b && /(?:^|\n)[ \t\u00A0]*$/.test(text.slice(Math.max(0, i - 40), i))) return i;
  }
  return -1;
}

function looksLikeJson(text: string, at: number): boolean {
  return /^[{[][\s\u00A0]*(?:["“”„'‘’{[\]}]|[\p{L}_$][\p{L}\p{N}_$]*\s*[:：]|-?\d)/u.test(text.slice(at, at + 200));
}

function isFenced(text: string, at: number): boolean {
  return /(?:`{3}|~{3})[ \t]*\w*\s*$/.test(text.slice(Math.max(0, at - 40), at));
}
