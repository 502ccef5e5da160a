import { decodeEncodedWords, decodeOctets, decodeWith } from "./header-fields.ts";

/** A field such as Content-Type: a value and its parameters (RFC 2045 section 5.1). */
export interface Parameterized {
  /** In lower case. */
  value: string;
  /** By name in lower case, decoded. The first of several counts. */
  parameters: Map<string, string>;
}

const PARAMETERS_LIMIT = 200;

/** Reads a field with parameters, in quotes or not, with comments, in pieces and with a charset (RFC 2231), or in the encoded words that many programs put there. */
export function parseParameterized(field: string): Parameterized {
  const [first = "", ...rest] = splitAtSemicolons(field);
  const parameters = new Map<string, string>();
  const pieces = new Map<string, { index: number; encoded: boolean; text: string }[]>();
  for (const one of rest.slice(0, PARAMETERS_LIMIT)) {
    const equals = one.indexOf("=");
    const match = /^([^*\s]+)(?:\*(\d{1,3}))?(\*)?$/.exec(equals < 0 ? "" : one.slice(0, equals).trim().toLowerCase());
    const name = match?.[1];
    if (name === undefined) continue;
    const text = one.slice(equals + 1).trim();
    if (match?.[2] === undefined && match?.[3] === undefined) {
      if (!parameters.has(name)) parameters.set(name, decodeEncodedWords(decodeOctets(text)));
    } else {
      const list = pieces.get(name) ?? [];
      pieces.set(name, list);
      list.push({ index: Number(match[2] ?? 0), encoded: match[3] !== undefined, text });
    }
  }
  // The form with a charset is the better one where both are there (RFC 5987 section 4.2 says so for the web).
  for (const [name, list] of pieces) parameters.set(name, joined(list));
  return { value: first.trim().toLowerCase(), parameters };
}

/** RFC 2231 sections 3 and 4: `charset'language'percent-encoded`, in numbered pieces. */
function joined(pieces: { index: number; encoded: boolean; text: string }[]): string {
  const inOrder = pieces.toSorted((a, b) => a.index - b.index);
  const charset = inOrder[0]?.encoded === true ? /^([^']{0,60})'[^']{0,60}'/.exec(inOrder[0].text) : null;
  const octets = inOrder.map(({ encoded, text }, position) => {
    const own = position === 0 && charset !== null ? text.slice(charset[0].length) : text;
    const plain = encoded
      ? own.replace(/%([0-9a-f]{2})/gi, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)))
      : own;
    return Buffer.from(plain, "latin1");
  });
  return decodeWith(charset?.[1] ?? "utf-8", Buffer.concat(octets));
}

/** Splits at the semicolons outside quotes, and takes quotes and comments away. */
function splitAtSemicolons(field: string): string[] {
  const items: string[] = [];
  let item = "";
  let depth = 0;
  let quoted = false;
  for (let index = 0; index < field.length; index++) {
    const char = field[index] ?? "";
    if (quoted || depth > 0) {
      if (char === "\\") {
        index++;
        if (quoted) item += field[index] ?? "";
      } else if (quoted) {
        if (char === '"') quoted = false;
        else item += char;
      } else if (char === "(") depth++;
      else if (char === ")") depth--;
    } else if (char === '"') quoted = true;
    else if (char === "(") depth = 1;
    else if (char === ";") {
      items.push(item);
      item = "";
    } else item += char;
  }
  items.push(item);
  return items;
}
