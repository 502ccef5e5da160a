/** What a mail's bytes ask of a parser, found in one pass without building anything. */
export interface MimeStructure {
  /** Octets before the first empty line. */
  headerBytes: number;
  /** Header fields of the mail itself. */
  headerFields: number;
  /** Octets of the largest header section of a part. */
  partHeaderBytes: number;
  /** Multiparts within multiparts; 0 where there is none. */
  depth: number;
  /** Body parts, at every level. */
  parts: number;
}

const LF = 10;
const CR = 13;
const DASH = 45;
/** RFC 2046 section 5.1.1 allows 70; some programs write more. */
const BOUNDARY_LIMIT = 1000;
/** Where counting stops: no caller allows as much, and the work for each line grows with it. */
const DEPTH_LIMIT = 200;

/** Counts in linear time what RFC 2046 section 5.1 would make of the bytes. Boundaries are told apart by their whole line, so that one is never the prefix of another. */
export function scanMimeStructure(raw: Uint8Array): MimeStructure {
  const bytes = Buffer.from(raw.buffer, raw.byteOffset, raw.byteLength);
  const found: MimeStructure = { headerBytes: 0, headerFields: 0, partHeaderBytes: 0, depth: 0, parts: 0 };
  /** The open multiparts, outermost first, and where each boundary stands among them. */
  const open: string[] = [];
  const levels = new Map<string, number>();
  let section: { start: number; contentType: string; collecting: boolean; root: boolean } | undefined = {
    start: 0,
    contentType: "",
    collecting: false,
    root: true,
  };
  const closeDownTo = (level: number) => {
    for (const boundary of open.splice(level)) {
      // The same boundary may stand on an outer level too, where a hostile mail put it.
      const outer = open.lastIndexOf(boundary);
      if (outer < 0) levels.delete(boundary);
      else levels.set(boundary, outer);
    }
  };

  let position = 0;
  while (position < bytes.length) {
    const newline = bytes.indexOf(LF, position);
    const next = newline < 0 ? bytes.length : newline + 1;
    let end = newline < 0 ? bytes.length : newline;
    while (end > position && bytes[end - 1] === CR) end--;

    const delimiter = open.length > 0 ? delimiterAt(bytes, position, end, levels) : undefined;
    if (delimiter) {
      closeDownTo(delimiter.closing ? delimiter.level : delimiter.level + 1);
      section = undefined;
      if (!delimiter.closing) {
        found.parts++;
        section = { start: next, contentType: "", collecting: false, root: false };
      }
    } else if (section) {
      const size = next - section.start;
      if (section.root) found.headerBytes = size;
      else found.partHeaderBytes = Math.max(found.partHeaderBytes, size);
      if (end === position) {
        const boundary = boundaryOf(section.contentType);
        if (boundary !== undefined) {
          levels.set(boundary, open.length);
          open.push(boundary);
          found.depth = Math.max(found.depth, open.length);
          if (found.depth > DEPTH_LIMIT) return found;
        }
        section = undefined;
      } else readHeaderLine(bytes, position, end, section, found);
    }
    position = next;
  }
  return found;
}

function readHeaderLine(
  bytes: Buffer,
  start: number,
  end: number,
  section: { contentType: string; collecting: boolean; root: boolean },
  found: MimeStructure,
): void {
  const folded = bytes[start] === 32 || bytes[start] === 9;
  if (!folded) {
    if (section.root) found.headerFields++;
    // The first Content-Type is the one that counts.
    section.collecting =
      section.contentType === "" &&
      /^content-type[ \t]*:/i.test(bytes.toString("latin1", start, Math.min(end, start + 40)));
  }
  if (section.collecting && section.contentType.length < 16_384) {
    section.contentType += `${bytes.toString("latin1", start, Math.min(end, start + 8192))} `;
  }
}

function boundaryOf(contentType: string): string | undefined {
  if (!/^content-type[ \t]*:\s*multipart\//i.test(contentType)) return undefined;
  const match = /[;\s]boundary\*?0?\*?\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s;]+))/i.exec(contentType);
  const boundary = match?.[1]?.replace(/\\(.)/g, "$1") ?? match?.[2];
  return boundary === undefined || boundary === "" || boundary.length > BOUNDARY_LIMIT ? undefined : boundary;
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
