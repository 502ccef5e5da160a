import type { MailHeader } from "./message.ts";

export interface HeaderLimits {
  /** Fields beyond these are left out. */
  maxFields: number;
  /** Characters of one value; what is beyond is cut off. */
  maxValue: number;
}

const DEFAULT_LIMITS: HeaderLimits = { maxFields: 1000, maxValue: 65_536 };

/**
 * Fields in which RFC 2047 section 5 has no place for an encoded word, and which are believed: decoded, a reverse path of a sender's choice could
 * put words into what our own receiver wrote about it.
 */
const NEVER_ENCODED = new Set(
  "authentication-results arc-authentication-results arc-seal arc-message-signature dkim-signature received received-spf return-path message-id in-reply-to references".split(
    " ",
  ),
);

/**
 * Reads a header section (RFC 5322 section 2.2): unfolded, with encoded words decoded, in order, names in lower case. Ends at the first empty line.
 * @param section One character for each octet (`latin1`), or decoded text.
 */
export function readHeaderFields(section: string, limits: Partial<HeaderLimits> = {}): MailHeader[] {
  const { maxFields, maxValue } = { ...DEFAULT_LIMITS, ...limits };
  const fields: MailHeader[] = [];
  for (const { name, value } of rawHeaderFields(section)) {
    if (fields.length >= maxFields) break;
    const octets = decodeOctets(value.slice(0, maxValue));
    const decoded = NEVER_ENCODED.has(name) ? octets : decodeEncodedWords(octets);
    // An encoded word may hide a line break, which whoever quotes the value would send on.
    fields.push({ name, value: decoded.replace(/[\p{Cc}\u2028\u2029]+/gu, " ").trim() });
  }
  return fields;
}

/** The fields as they stand, unfolded but not decoded. */
export function* rawHeaderFields(section: string): Generator<MailHeader> {
  let name = "";
  let lines: string[] = [];
  let first = true;
  for (const line of linesOf(section)) {
    if (line === "") break;
    if (line.startsWith(" ") || line.startsWith("\t")) {
      // A line of white space alone is folding too (RFC 5322 section 4.2).
      if (name !== "") lines.push(line);
    } else {
      if (name !== "") yield { name, value: unfolded(lines) };
      const colon = line.indexOf(":");
      // Not a field: the `From ` line of an mbox, or garbage, whose continuation lines go with it.
      const isField = colon > 0 && !(first && /^>?From /.test(line));
      name = isField ? line.slice(0, colon).trimEnd().toLowerCase() : "";
      if (/[^\x21-\x7e]/.test(name)) name = "";
      lines = [line.slice(colon + 1)];
    }
    first = false;
  }
  if (name !== "") yield { name, value: unfolded(lines) };
}

function unfolded(lines: string[]): string {
  return lines.join("").replace(/\t/g, " ").trim();
}

function* linesOf(text: string): Generator<string> {
  let start = 0;
  while (start < text.length) {
    let end = text.indexOf("\n", start);
    if (end < 0) end = text.length;
    yield text.slice(start, end > start && text.charCodeAt(end - 1) === 13 ? end - 1 : end);
    start = end + 1;
  }
}

/** Octets that are no ASCII: UTF-8 (RFC 6532) where they are, else Windows-1252, which is what old programs sent. */
export function decodeOctets(value: string): string {
  // Beyond one octet it was decoded before.
  if (/^\p{ASCII}*$/u.test(value) || /[\u0100-\uffff]/.test(value)) return value;
  const octets = Buffer.from(value, "latin1");
  return decodeWith("utf-8", octets);
}

const ENCODED_WORD = /=\?([^?\s]{1,60})\?([bBqQ])\?([^?]{0,10000})\?=/g;

/** RFC 2047. Neighbouring words of one charset and encoding are decoded together, since many programs cut characters in half. */
export function decodeEncodedWords(value: string): string {
  if (!value.includes("=?")) return value;
  let out = "";
  let pending: { charset: string; octets: Buffer[] } | undefined;
  let position = 0;
  const flush = () => {
    if (pending) out += decodeWith(pending.charset, Buffer.concat(pending.octets));
    pending = undefined;
  };
  for (const match of value.matchAll(ENCODED_WORD)) {
    const between = value.slice(position, match.index);
    // White space between encoded words is not part of the text (RFC 2047 section 6.2).
    if (between.trim() !== "" || position === 0) {
      flush();
      out += between;
    }
    // A language may follow the charset (RFC 2231 section 5).
    const charset = (match[1] ?? "").split("*")[0]?.toLowerCase() ?? "";
    if (pending !== undefined && pending.charset !== charset) flush();
    pending ??= { charset, octets: [] };
    pending.octets.push(
      (match[2] ?? "").toLowerCase() === "b" ? Buffer.from(match[3] ?? "", "base64") : fromQ(match[3] ?? ""),
    );
    position = match.index + match[0].length;
  }
  flush();
  return out + value.slice(position);
}

/** RFC 2047 section 4.2. */
function fromQ(text: string): Buffer {
  const plain = text
    .replace(/_/g, " ")
    .replace(/=([0-9A-Fa-f]{2})/g, (_, hex: string) => String.fromCharCode(parseInt(hex, 16)));
  return Buffer.from(plain, "latin1");
}

/** Decodes octets; what the charset does not explain as UTF-8, or else as Windows-1252, which explains everything. */
export function decodeWith(charset: string, octets: Uint8Array): string {
  return (
    (isUtf8(charset) ? undefined : strictly(charset, octets, false)) ??
    strictly("utf-8", octets, true) ??
    new TextDecoder("windows-1252").decode(octets)
  );
}

function isUtf8(charset: string): boolean {
  // Many programs say ASCII, or nothing, of what is UTF-8.
  return /^["'\s]*(?:utf-?8|(?:us-)?ascii)?["'\s]*$/i.test(charset);
}

function strictly(charset: string, octets: Uint8Array, fatal: boolean): string | undefined {
  try {
    return new TextDecoder(charset, { fatal }).decode(octets);
  } catch {
    // No charset of the Encoding Standard, or octets that it does not allow.
    return undefined;
  }
}
