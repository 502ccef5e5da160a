/** One Authentication-Results field (RFC 8601 section 2.2). */
export interface AuthenticationResultsField {
  /** In lower case; `""` where the field has none, as Exchange Online writes it. */
  authservId: string;
  results: MethodResult[];
}

export interface MethodResult {
  /** In lower case, without its version. */
  method: string;
  /** In lower case. */
  result: string;
  /** `ptype.property` in lower case to its value as written; the first of equal names counts. */
  properties: Map<string, string>;
}

const LONGEST = 16_384;
// RFC 8601 section 2.2: a method and its version, or `ptype.property`, then `=` and a value: a word, a quoted string, or an address whose local part is one.
const PAIR = /\s*([a-z0-9_][a-z0-9_.-]*)(?:\s*\/\s*(\d+))?\s*=\s*((?:"(?:[^"\\]|\\.)*"|[^\s;"])+)/iy;
const IDENTIFIER = /^\s*(?:"((?:[^"\\]|\\.)*)"|([^\s;"=]+))(?:\s+(\d+))?\s*$/;

/** Reads one unfolded field. `undefined` for what is no such field, or one of a version other than 1 (RFC 8601 section 2.3). */
export function parseAuthenticationResults(value: string): AuthenticationResultsField | undefined {
  if (value.length > LONGEST) return undefined;
  const plain = withoutComments(value);
  if (plain === undefined) return undefined;
  const [head = "", ...rest] = splitOutsideQuotes(plain);
  const identifier = IDENTIFIER.exec(head);
  if (identifier !== null) {
    if (identifier[3] !== undefined && identifier[3] !== "1") return undefined;
    const authservId = (identifier[1]?.replace(/\\(.)/g, "$1") ?? identifier[2] ?? "").toLowerCase();
    return { authservId, results: rest.flatMap(readResult) };
  }
  return /^\s*[a-z0-9-]+\s*=/i.test(head)
    ? { authservId: "", results: [head, ...rest].flatMap(readResult) }
    : undefined;
}

/** RFC 8601 section 2.2, `resinfo`. Property pairs are read only where their name has a type, so that nothing else passes for a method. */
function readResult(text: string): MethodResult[] {
  const pattern = new RegExp(PAIR);
  const first = pattern.exec(text);
  const [, method = "", version = "1"] = first ?? [];
  if (first === null || version !== "1" || method.includes(".")) return [];
  const properties = new Map<string, string>();
  for (let pair = pattern.exec(text); pair !== null; pair = pattern.exec(text)) {
    const name = pair[1]?.toLowerCase() ?? "";
    if (name.includes(".") && !properties.has(name)) properties.set(name, valueOf(pair));
  }
  return [{ method: method.toLowerCase(), result: valueOf(first).toLowerCase(), properties }];
}

function valueOf(pair: RegExpExecArray): string {
  return (pair[3] ?? "").replace(/"((?:[^"\\]|\\.)*)"/g, (_, text: string) => text.replace(/\\(.)/g, "$1"));
}

/** RFC 5322 section 3.2.2: comments nest, and a quoted string holds none. `undefined` where one is not closed. */
function withoutComments(value: string): string | undefined {
  let out = "";
  let depth = 0;
  let quoted = false;
  for (let i = 0; i < value.length; i++) {
    const char = value[i] ?? "";
    if (char === "\\" && (depth > 0 || quoted)) {
      if (depth === 0) out += char + (value[i + 1] ?? "");
      i++;
    } else if (depth === 0 && char === '"') {
      quoted = !quoted;
      out += char;
    } else if (!quoted && char === "(") {
      depth++;
    } else if (!quoted && char === ")" && depth > 0) {
      depth--;
      if (depth === 0) out += " ";
    } else if (depth === 0) {
      out += char;
    }
  }
  return depth > 0 || quoted ? undefined : out;
}

function splitOutsideQuotes(text: string): string[] {
  const parts: string[] = [];
  let start = 0;
  let quoted = false;
  for (let i = 0; i < text.length; i++) {
    const char = text[i];
    if (char === "\\" && quoted) i++;
    else if (char === '"') quoted = !quoted;
    else if (char === ";" && !quoted) {
      parts.push(text.slice(start, i));
      start = i + 1;
    }
  }
  parts.push(text.slice(start));
  return parts;
}
