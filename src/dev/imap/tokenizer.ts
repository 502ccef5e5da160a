import type { CommandChunk } from "./reader.ts";

/** An argument of a command (RFC 9051 section 4). Text holds one character an octet. */
export type Token =
  | { kind: "atom"; text: string }
  | { kind: "string"; text: string; bytes: Buffer; literal: boolean }
  | { kind: "list"; items: Token[] };

const MAX_DEPTH = 32;

/** Reads a command's arguments. Throws a `SyntaxError` on what is no command. */
export function tokenize(chunks: readonly CommandChunk[]): Token[] {
  const root: Token[] = [];
  const open: Token[][] = [root];
  const top = () => open[open.length - 1] as Token[];
  /** A part of `BODY[…]` that goes on after a literal. */
  for (const chunk of chunks) {
    if (typeof chunk !== "string") {
      top().push({ kind: "string", text: chunk.toString("latin1"), bytes: chunk, literal: true });
      continue;
    }
    let at = 0;
    while (at < chunk.length) {
      const char = chunk.charAt(at);
      if (char === " ") {
        at += 1;
      } else if (char === "(") {
        if (open.length >= MAX_DEPTH) throw new SyntaxError("Nested too deeply");
        const items: Token[] = [];
        top().push({ kind: "list", items });
        open.push(items);
        at += 1;
      } else if (char === ")") {
        if (open.length === 1) throw new SyntaxError("Unexpected )");
        open.pop();
        at += 1;
      } else if (char === '"') {
        const { text, end } = readQuoted(chunk, at);
        top().push({ kind: "string", text, bytes: Buffer.from(text, "latin1"), literal: false });
        at = end;
      } else {
        const end = endOfAtom(chunk, at);
        top().push({ kind: "atom", text: chunk.slice(at, end) });
        at = end;
      }
    }
  }
  if (open.length > 1) throw new SyntaxError("Missing )");
  return root;
}

function readQuoted(line: string, start: number): { text: string; end: number } {
  let text = "";
  for (let at = start + 1; at < line.length; at += 1) {
    const char = line.charAt(at);
    if (char === '"') return { text, end: at + 1 };
    if (char === "\\") at += 1;
    text += line.charAt(at);
  }
  throw new SyntaxError("Missing quote");
}

/** An atom ends at a space or parenthesis, except inside the brackets of `BODY[HEADER.FIELDS (From To)]`. */
function endOfAtom(line: string, start: number): number {
  let bracketed = false;
  for (let at = start; at < line.length; at += 1) {
    const char = line.charAt(at);
    if (char < " " || char === "\x7f") throw new SyntaxError("Control character");
    if (char === "[") bracketed = true;
    else if (char === "]") bracketed = false;
    else if (!bracketed && (char === " " || char === "(" || char === ")" || char === '"' || char === "{")) {
      if (at === start) throw new SyntaxError(`Unexpected ${char}`);
      return at;
    }
  }
  if (bracketed) throw new SyntaxError("Missing ]");
  return line.length;
}

/** Takes tokens one by one, and throws a `SyntaxError` where another kind stands. */
export type Arguments = ReturnType<typeof readArguments>;

export function readArguments(tokens: readonly Token[]) {
  let at = 0;
  const next = (what: string): Token => {
    const token = tokens[at];
    if (!token) throw new SyntaxError(`Missing ${what}`);
    at += 1;
    return token;
  };
  return {
    more: () => at < tokens.length,
    peek: () => tokens[at],
    next,
    end(): void {
      if (at < tokens.length) throw new SyntaxError("Too many arguments");
    },
    atom(what: string): string {
      const token = next(what);
      if (token.kind !== "atom") throw new SyntaxError(`${what} must be an atom`);
      return token.text;
    },
    /** An atom, a quoted string or a literal, as text of one character an octet. */
    astring(what: string): string {
      const token = next(what);
      if (token.kind === "list") throw new SyntaxError(`${what} must be a string`);
      return token.text;
    },
    list(what: string): Token[] {
      const token = next(what);
      if (token.kind !== "list") throw new SyntaxError(`${what} must be a list`);
      return token.items;
    },
    literal(what: string): Buffer {
      const token = next(what);
      if (token.kind !== "string" || !token.literal) throw new SyntaxError(`${what} must be a literal`);
      return token.bytes;
    },
    rest: () => tokens.slice(at),
  };
}

/** Text of one character an octet, read as UTF-8 where it is, else as it stands. */
export function octetsToText(text: string): string {
  // oxlint-disable-next-line no-control-regex
  if (/^[\x00-\x7f]*$/.test(text)) return text;
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(Buffer.from(text, "latin1"));
  } catch {
    return text;
  }
}
