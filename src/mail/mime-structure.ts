import { rawHeaderFields } from "./header-fields.ts";
import { parseParameterized, type Parameterized } from "./mime-parameters.ts";

export interface MimeLimits {
  /** Octets of the header section of the mail or of one part. */
  maxHeaderBytes: number;
  /** Header fields of the mail. */
  maxHeaderFields: number;
  /** Multiparts within multiparts. */
  maxDepth: number;
  /** Body parts, at every level. */
  maxParts: number;
}

/** A part that is no multipart. */
export interface MimePart {
  contentType: Parameterized;
  disposition: Parameterized;
  /** Content-Transfer-Encoding, in lower case. */
  encoding: string;
  /** Without angle brackets. */
  contentId?: string;
  /** The multiparts around it, outermost first: a number for each, and its subtype. */
  within: { id: number; subtype: string }[];
  /** The content as it stands in the mail. */
  body: Buffer;
}

export type MimeStructure =
  | { kind: "structure"; header: string; parts: MimePart[] }
  | { kind: "excess"; reason: string };

const LF = 10;
const CR = 13;
const DASH = 45;
/** RFC 2046 section 5.1.1 allows 70; some programs write more. */
const BOUNDARY_LIMIT = 1000;

interface Multipart {
  id: number;
  subtype: string;
  boundary: string;
}

/** Where the walk stands: in a header section, in the content of a part, or in what belongs to no part. */
type Place =
  | { kind: "header"; start: number; fields: number }
  | { kind: "content"; part: MimePart; start: number }
  | { kind: "between" };

interface Walk {
  bytes: Buffer;
  limits: MimeLimits;
  /** The open multiparts, outermost first, and at which level each boundary stands. */
  open: Multipart[];
  levels: Map<string, number>;
  place: Place;
  /** Header sections seen; the first is the mail's own. */
  sections: number;
  header: string;
  parts: MimePart[];
}

/**
 * Takes a mail apart (RFC 2046 section 5.1) in one pass over its lines, and stops as soon as a limit is passed. A delimiter is a whole line, looked up by
 * its text, so that the work for a line does not grow with the depth. An attached mail (`message/rfc822`) is one part, and is not looked into.
 */
export function readMimeStructure(raw: Uint8Array, limits: MimeLimits): MimeStructure {
  const bytes = Buffer.from(raw.buffer, raw.byteOffset, raw.byteLength);
  const walk: Walk = {
    bytes,
    limits,
    open: [],
    levels: new Map(),
    place: { kind: "header", start: 0, fields: 0 },
    sections: 0,
    header: "",
    parts: [],
  };
  let position = 0;
  while (position < bytes.length) {
    const newline = bytes.indexOf(LF, position);
    const next = newline < 0 ? bytes.length : newline + 1;
    let end = newline < 0 ? bytes.length : newline;
    if (end > position && bytes[end - 1] === CR) end--;
    const delimiter = walk.open.length > 0 ? delimiterAt(bytes, position, end, walk.levels) : undefined;
    const reason = delimiter ? onDelimiter(walk, delimiter, position, next) : onLine(walk, position, end, next);
    if (reason !== undefined) return { kind: "excess", reason };
    position = next;
  }
  const reason = walk.place.kind === "header" ? endHeader(walk, walk.place.start, bytes.length) : undefined;
  if (reason !== undefined) return { kind: "excess", reason };
  endContent(walk, bytes.length);
  return { kind: "structure", header: walk.header, parts: walk.parts };
}

/** What passes a limit comes back as the reason; so in the next two functions. */
function onDelimiter(
  walk: Walk,
  delimiter: { level: number; closing: boolean },
  position: number,
  next: number,
): string | undefined {
  // A part may be of headers alone.
  const reason = walk.place.kind === "header" ? endHeader(walk, walk.place.start, position) : undefined;
  if (reason !== undefined) return reason;
  endContent(walk, beforeLineEnd(walk.bytes, position));
  closeDownTo(walk, delimiter.closing ? delimiter.level : delimiter.level + 1);
  if (delimiter.closing) return undefined;
  if (walk.sections > walk.limits.maxParts) return `more than ${walk.limits.maxParts} parts`;
  walk.place = { kind: "header", start: next, fields: 0 };
  return undefined;
}

function onLine(walk: Walk, position: number, end: number, next: number): string | undefined {
  const { bytes, limits, place } = walk;
  if (place.kind !== "header") return undefined;
  if (next - place.start > limits.maxHeaderBytes) return `a header section larger than ${limits.maxHeaderBytes} octets`;
  if (end === position) return endHeader(walk, place.start, next);
  const folded = bytes[position] === 32 || bytes[position] === 9;
  if (!folded && ++place.fields > limits.maxHeaderFields) return `more than ${limits.maxHeaderFields} header fields`;
  return undefined;
}

function endHeader(walk: Walk, start: number, end: number): string | undefined {
  const section = walk.bytes.toString("latin1", start, end);
  if (walk.sections++ === 0) walk.header = section;
  const opened = openPart(section, walk.open, walk.sections);
  if (!("boundary" in opened)) {
    walk.parts.push(opened);
    walk.place = { kind: "content", part: opened, start: end };
    return undefined;
  }
  walk.place = { kind: "between" };
  walk.levels.set(opened.boundary, walk.open.length);
  walk.open.push(opened);
  return walk.open.length > walk.limits.maxDepth ? `parts nested deeper than ${walk.limits.maxDepth}` : undefined;
}

function endContent(walk: Walk, end: number): void {
  const { place } = walk;
  if (place.kind === "content") place.part.body = walk.bytes.subarray(place.start, Math.max(place.start, end));
  walk.place = { kind: "between" };
}

function closeDownTo({ open, levels }: Walk, level: number): void {
  for (const { boundary } of open.splice(level)) {
    // The same boundary may stand on an outer level too, where a hostile mail put it.
    const outer = open.findLastIndex((one) => one.boundary === boundary);
    if (outer < 0) levels.delete(boundary);
    else levels.set(boundary, outer);
  }
}

function openPart(section: string, open: readonly Multipart[], id: number): Multipart | MimePart {
  const fields = new Map<string, string>();
  for (const { name, value } of rawHeaderFields(section)) {
    // The first of several is the one that counts.
    if (!fields.has(name)) fields.set(name, value);
  }
  const inDigest = open.at(-1)?.subtype === "digest";
  // RFC 2045 section 5.2 and RFC 2046 section 5.1.5; what is no type at all is text too.
  const contentType = parseParameterized(fields.get("content-type") ?? "");
  if (!/^[^\s/]+\/[^\s/]+$/.test(contentType.value)) contentType.value = inDigest ? "message/rfc822" : "text/plain";
  if (contentType.value.startsWith("multipart/")) {
    const boundary = contentType.parameters.get("boundary")?.trimEnd() ?? "";
    if (boundary !== "" && boundary.length <= BOUNDARY_LIMIT)
      return { id, subtype: contentType.value.slice(10), boundary };
    // Without a boundary nothing can be taken apart, and nothing shall be lost.
    contentType.value = "text/plain";
  }
  const contentId = /<([^<>\s]{1,500})>/.exec(fields.get("content-id") ?? "")?.[1];
  return {
    contentType,
    disposition: parseParameterized(fields.get("content-disposition") ?? ""),
    encoding: parseParameterized(fields.get("content-transfer-encoding") ?? "").value,
    ...(contentId === undefined ? {} : { contentId }),
    within: open.map(({ id, subtype }) => ({ id, subtype })),
    body: Buffer.alloc(0),
  };
}

/** The line break before a delimiter belongs to the delimiter (RFC 2046 section 5.1.1). */
function beforeLineEnd(bytes: Buffer, position: number): number {
  if (bytes[position - 1] !== LF) return position;
  return bytes[position - 2] === CR ? position - 2 : position - 1;
}

function delimiterAt(
  bytes: Buffer,
  start: number,
  end: number,
  levels: ReadonlyMap<string, number>,
): { level: number; closing: boolean } | undefined {
  if (bytes[start] !== DASH || bytes[start + 1] !== DASH || end - start > BOUNDARY_LIMIT + 1002) return undefined;
  const rest = bytes.toString("latin1", start + 2, end).trimEnd();
  const level = levels.get(rest);
  if (level !== undefined) return { level, closing: false };
  const closed = rest.endsWith("--") ? levels.get(rest.slice(0, -2)) : undefined;
  return closed === undefined ? undefined : { level: closed, closing: true };
}
