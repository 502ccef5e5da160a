import type { Token } from "./tokenizer.ts";

const SYSTEM = ["\\Answered", "\\Flagged", "\\Deleted", "\\Seen", "\\Draft"];
const MAX_FLAGS = 100;

/** The flags of a list, system flags in their own spelling. Throws a `SyntaxError`. */
export function parseFlags(tokens: readonly Token[]): string[] {
  if (tokens.length > MAX_FLAGS) throw new SyntaxError("Too many flags");
  const flags = tokens.map((token) => {
    if (token.kind !== "atom") throw new SyntaxError("Bad flag");
    if (!token.text.startsWith("\\")) {
      if (!/^[^\s(){%*"\\\]]{1,100}$/.test(token.text)) throw new SyntaxError("Bad flag");
      return token.text;
    }
    return SYSTEM.find((flag) => flag.toLowerCase() === token.text.toLowerCase());
  });
  // \Recent is the server's to give, and other system flags mean nothing here.
  return [...new Set(flags.filter((flag) => flag !== undefined))];
}
