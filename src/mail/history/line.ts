/** What the HTML structure says of a line, where it says anything. */
export type LineMark =
  | "quote" // inside a client's container of quoted mail
  | "attribution" // the client's own line above the quotation
  | "divider" // the client marks the start of the quoted mail here
  | "announced" // a header block that follows is the client's
  | "signature";

/** One line of a mail with what is needed to class it. */
export interface Line {
  /** As written, without trailing white space. */
  readonly text: string;
  /** Without quotation marks and emphasis, white space folded, at most {@link CLASSED_LENGTH} characters. */
  readonly body: string;
  /** How deep it is quoted: the number of `>` marks, or of quoting block quotes in HTML. */
  readonly depth: number;
  readonly mark?: LineMark;
}

/** Rules look at no more of a line than this; what mail programs generate is shorter. */
const CLASSED_LENGTH = 400;

/** Reads one line; `depth` and `mark` come from HTML and add to what the characters say. */
export function lineOf(raw: string, depth = 0, mark?: LineMark): Line {
  // RFC 3676 section 4.3: the space belongs to the signature separator
  const text = raw === "-- " ? raw : raw.trimEnd();
  const quote = quotePrefix(text);
  return {
    text,
    body: foldBody(
      text.length - quote.length > CLASSED_LENGTH
        ? text.slice(quote.length, quote.length + CLASSED_LENGTH)
        : text.slice(quote.length),
    ),
    depth: depth + quote.depth,
    ...(mark === undefined ? {} : { mark }),
  };
}

/** No one writes more lines than this; what lies beyond is one last line and follows the one before it. */
export const MOST_LINES = 6000;

export function linesOf(text: string): Line[] {
  const lines: Line[] = [];
  let at = 0;
  while (lines.length < MOST_LINES) {
    const end = lineEnd(text, at);
    lines.push(lineOf(text.slice(at, end)));
    if (end >= text.length) return lines;
    at = text.charCodeAt(end) === 0x0d && text.charCodeAt(end + 1) === 0x0a ? end + 2 : end + 1;
  }
  lines.push(lineOf(text.slice(at)));
  return lines;
}

function lineEnd(text: string, from: number): number {
  for (let i = from; i < text.length; i += 1) {
    const c = text.charCodeAt(i);
    if (c === 0x0a || c === 0x0d) return i;
  }
  return text.length;
}

export function isBlank(line: Line): boolean {
  return line.body === "";
}

/** The `>` marks at the start of a line, with the spaces between them (RFC 3676 section 4.5); `>From ` is mbox stuffing, not a quotation. */
export function quotePrefix(text: string): { depth: number; length: number } {
  let depth = 0;
  let length = 0;
  let i = 0;
  while (i < text.length) {
    const c = text.charCodeAt(i);
    if (c === 0x3e || c === 0xff1e) {
      depth += 1;
      length = i + 1;
    } else if (c !== 0x20 && c !== 0xa0 && c !== 0x09) break;
    i += 1;
  }
  if (depth === 0) return { depth: 0, length: 0 };
  return { depth, length };
}

const MARKS = /[\u00AD\u200B-\u200F\u202A-\u202E\u2060-\u2069\uFEFF]/g;

/** For comparison only: no emphasis around it, no invisible marks, single spaces. */
export function foldBody(text: string): string {
  let s = text
    .replace(MARKS, "")
    .replace(/[\s\u00A0\u3000]+/g, " ")
    .trim();
  if (s.includes("*")) s = s.replaceAll("*", "").trim();
  if (s.startsWith("_") && s.endsWith("_") && /[^_]/.test(s)) s = s.replace(/^_+|_+$/g, "").trim();
  return s;
}

const DIGIT_ZEROS = [0x660, 0x6f0, 0x966, 0x9e6, 0xe50, 0xff10];

/** Digits of other scripts as ASCII digits. */
export function asciiDigits(text: string): string {
  return text.replace(/[\u0660-\u0669\u06F0-\u06F9\u0966-\u096F\u09E6-\u09EF\u0E50-\u0E59\uFF10-\uFF19]/g, (c) => {
    const code = c.charCodeAt(0);
    const zero = DIGIT_ZEROS.findLast((z) => code >= z) ?? code;
    return String(code - zero);
  });
}
