import { bodyOffset, headerFields } from "../header.ts";
import { mimeStructure, type MimePart } from "./mime.ts";

type SectionPart =
  | { kind: "all" }
  | { kind: "header" }
  | { kind: "text" }
  | { kind: "mime" }
  | { kind: "fields"; names: ReadonlySet<string>; except: boolean };

/** What `BODY[…]<…>` asks for (RFC 9051 section 6.4.5). */
export interface Section {
  /** As the client wrote it, to be repeated in the answer. */
  label: string;
  path: number[];
  what: SectionPart;
  partial?: { offset: number; length: number };
}

/** Reads what stands between the brackets, and after them. Throws a `SyntaxError`. */
export function parseSection(text: string): Section {
  const match = /^\[([^\]]*)\](?:<(\d{1,10})\.([1-9]\d{0,9})>)?$/s.exec(text);
  if (!match) throw new SyntaxError("Bad section");
  const [, inner = "", offset, length] = match;
  const [, numbers = "", rest = ""] = /^((?:[1-9]\d{0,4})(?:\.[1-9]\d{0,4})*)?\.?(.*)$/s.exec(inner) ?? [];
  const path = numbers ? numbers.split(".").map(Number) : [];
  const what = parseWhat(rest.trim(), path.length > 0);
  return {
    label: `[${inner.toUpperCase()}]${offset === undefined ? "" : `<${offset}>`}`,
    path,
    what,
    ...(offset === undefined ? {} : { partial: { offset: Number(offset), length: Number(length) } }),
  };
}

function parseWhat(text: string, inPart: boolean): SectionPart {
  const upper = text.toUpperCase();
  if (upper === "") return { kind: "all" };
  if (upper === "HEADER") return { kind: "header" };
  if (upper === "TEXT") return { kind: "text" };
  if (upper === "MIME" && inPart) return { kind: "mime" };
  const fields = /^HEADER\.FIELDS(\.NOT)?\s*\(([^()]+)\)$/.exec(upper);
  if (!fields) throw new SyntaxError("Bad section");
  const names = (fields[2] as string)
    .split(/\s+/)
    .filter(Boolean)
    .map((name) => name.replaceAll('"', "").toLowerCase());
  return { kind: "fields", names: new Set(names), except: fields[1] !== undefined };
}

/** The bytes that the section names; `undefined` where the mail has no such part. */
export function readSection(raw: Buffer, section: Section): Buffer | undefined {
  const whole = wholeSection(raw, section);
  if (!whole || !section.partial) return whole;
  const { offset, length } = section.partial;
  return whole.subarray(offset, offset + length);
}

function wholeSection(raw: Buffer, { path, what }: Section): Buffer | undefined {
  if (path.length === 0) {
    if (what.kind === "all") return raw;
    const bodyStart = bodyOffset(raw);
    if (what.kind === "header") return raw.subarray(0, bodyStart);
    if (what.kind === "text") return raw.subarray(bodyStart);
    return what.kind === "fields" ? pickFields(raw, 0, bodyStart, what) : undefined;
  }
  const part = findPart(mimeStructure(raw), path);
  if (!part) return undefined;
  if (what.kind === "all") return raw.subarray(part.bodyStart, part.end);
  if (what.kind === "mime") return raw.subarray(part.start, part.bodyStart);
  const message = part.message;
  if (!message) return undefined;
  if (what.kind === "header") return raw.subarray(message.start, message.bodyStart);
  if (what.kind === "text") return raw.subarray(message.bodyStart, message.end);
  return pickFields(raw, message.start, message.bodyStart, what);
}

/** Part 1 of a mail that is no multipart is its body. */
function findPart(root: MimePart, path: readonly number[]): MimePart | undefined {
  let part: MimePart | undefined = root;
  for (const [index, number] of path.entries()) {
    // Below the first number, a mail within the mail is looked through.
    if (index > 0 && part.message) part = part.message;
    else if (index > 0 && part.parts.length === 0) return undefined;
    if (part.parts.length > 0) part = part.parts[number - 1];
    else if (number !== 1) return undefined;
    if (!part) return undefined;
  }
  return part;
}

function pickFields(
  raw: Buffer,
  start: number,
  end: number,
  what: { names: ReadonlySet<string>; except: boolean },
): Buffer {
  const picked = headerFields(raw, start, end)
    .filter((field) => what.names.has(field.name) !== what.except)
    .map((field) => raw.subarray(field.start, field.end));
  return Buffer.concat([...picked, Buffer.from("\r\n")]);
}
