import { decodeWith } from "../../mail/header-fields.ts";
import { bodyOffset, fieldValue, headerFields, type HeaderField } from "../header.ts";

/** A MIME entity (RFC 2045) by its place in the mail's bytes. */
export interface MimePart {
  start: number;
  bodyStart: number;
  end: number;
  fields: HeaderField[];
  /** In lower case, such as `text`, `plain`. */
  type: string;
  subtype: string;
  parameters: [name: string, value: string][];
  /** In lower case. */
  encoding: string;
  /** Parts of a multipart. */
  parts: MimePart[];
  /** The mail in a `message/rfc822`. */
  message?: MimePart;
}

const MAX_DEPTH = 20;
const MAX_PARTS = 2000;

const cache = new WeakMap<Buffer, MimePart>();

/** The mail's structure. Kept as long as the bytes are. */
export function mimeStructure(raw: Buffer): MimePart {
  let root = cache.get(raw);
  if (!root) {
    root = parsePart(raw, { start: 0, end: raw.length, depth: 0, budget: { parts: MAX_PARTS }, inDigest: false });
    cache.set(raw, root);
  }
  return root;
}

interface PartContext {
  start: number;
  end: number;
  depth: number;
  budget: { parts: number };
  inDigest: boolean;
}

function parsePart(raw: Buffer, context: PartContext): MimePart {
  const { start, end, depth, budget } = context;
  const bodyStart = bodyOffset(raw, start, end);
  const fields = headerFields(raw, start, bodyStart);
  // RFC 2046 section 5.1.5: in a digest, a part without a type is a mail.
  const fallback = context.inDigest ? "message/rfc822" : "text/plain; charset=us-ascii";
  let content = parseParameters(fieldValue(fields, "content-type") ?? fallback);
  if (!/^[^\s/]+\/[^\s/]+$/.test(content.value)) content = parseParameters("text/plain; charset=us-ascii");
  const [type = "text", subtype = "plain"] = content.value.toLowerCase().split("/");
  const encoding = (fieldValue(fields, "content-transfer-encoding") ?? "7bit").toLowerCase().trim();
  const part: MimePart = {
    start,
    bodyStart,
    end,
    fields,
    type,
    subtype,
    parameters: content.parameters,
    encoding,
    parts: [],
  };
  if (depth >= MAX_DEPTH) return part;
  if (type === "multipart") {
    const boundary = content.parameters.find(([name]) => name.toLowerCase() === "boundary")?.[1];
    for (const range of boundary ? splitParts(raw, bodyStart, end, boundary) : []) {
      if (budget.parts <= 0) break;
      budget.parts -= 1;
      part.parts.push(parsePart(raw, { ...range, depth: depth + 1, budget, inDigest: subtype === "digest" }));
    }
    // A multipart that holds nothing is of no type that a client could show.
    if (part.parts.length === 0) Object.assign(part, { type: "text", subtype: "plain" });
  } else if (
    type === "message" &&
    subtype === "rfc822" &&
    (encoding === "7bit" || encoding === "8bit" || encoding === "binary")
  ) {
    part.message = parsePart(raw, { start: bodyStart, end, depth: depth + 1, budget, inDigest: false });
  }
  return part;
}

/** RFC 2046 section 5.1.1: the line break before a delimiter belongs to the delimiter. */
function splitParts(raw: Buffer, start: number, end: number, boundary: string): { start: number; end: number }[] {
  const delimiter = Buffer.from(`--${boundary}`);
  const ranges: { start: number; end: number }[] = [];
  let partStart = -1;
  for (
    let at = raw.indexOf(delimiter, start);
    at >= 0 && at < end;
    at = raw.indexOf(delimiter, at + delimiter.length)
  ) {
    if (at > start && raw[at - 1] !== 0x0a) continue;
    const after = at + delimiter.length;
    const lineEnd = raw.indexOf(0x0a, after);
    const closing = raw[after] === 0x2d && raw[after + 1] === 0x2d;
    const tail = raw.toString("latin1", closing ? after + 2 : after, lineEnd < 0 ? end : lineEnd);
    if (tail.trim() !== "") continue;
    if (partStart >= 0) {
      const contentEnd = raw[at - 2] === 0x0d ? at - 2 : at - 1;
      ranges.push({ start: partStart, end: Math.max(partStart, contentEnd) });
    }
    partStart = lineEnd < 0 ? end : lineEnd + 1;
    if (closing) return ranges;
  }
  if (partStart >= 0 && partStart < end) ranges.push({ start: partStart, end });
  return ranges;
}

/** More is no field that a mail program writes. */
const LONGEST_FIELD = 8192;

/** `value; name=value; name="value"` (RFC 2045 section 5.1). */
export function parseParameters(text: string): { value: string; parameters: [name: string, value: string][] } {
  const [, value = "", rest = ""] = /^([^;]*)(.*)$/s.exec(text.slice(0, LONGEST_FIELD)) ?? [];
  const parameters: [string, string][] = [];
  for (const match of rest.matchAll(/;\s*([^\s=;"]+)\s*=\s*(?:"((?:\\.|[^"\\])*)"|([^\s;]*))/gs)) {
    parameters.push([
      match[1] as string,
      match[2] === undefined ? (match[3] ?? "") : match[2].replace(/\\(.)/gs, "$1"),
    ]);
  }
  return { value: value.replace(/\([^)]*\)/g, "").trim(), parameters };
}

/** All text of the mail's text parts, decoded; what SEARCH BODY looks through. */
export function searchableText(raw: Buffer, part: MimePart = mimeStructure(raw)): string {
  if (part.message)
    return `${raw.toString("utf8", part.message.start, part.message.bodyStart)}\n${searchableText(raw, part.message)}`;
  if (part.parts.length > 0) return part.parts.map((child) => searchableText(raw, child)).join("\n");
  if (part.type !== "text" && part.type !== "message") return "";
  const body = raw.subarray(part.bodyStart, part.end);
  const bytes =
    part.encoding === "base64"
      ? Buffer.from(body.toString("latin1"), "base64")
      : part.encoding === "quoted-printable"
        ? decodeQuotedPrintable(body.toString("latin1"))
        : body;
  const charset = part.parameters.find(([name]) => name.toLowerCase() === "charset")?.[1] ?? "utf-8";
  return decodeWith(charset, bytes);
}

/** Quoted-printable (RFC 2045 section 6.7), without its soft line breaks. */
function decodeQuotedPrintable(text: string): Buffer {
  return Buffer.from(
    text
      .replace(/=[ \t]*\r?\n/g, "")
      .replace(/=([0-9a-f]{2})/gi, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16))),
    "latin1",
  );
}
