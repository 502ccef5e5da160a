import { tokenise } from "./tokens.ts";

/** Words in a row that make two texts the same. */
const SHINGLE = 4;

/** A quotation with blanks in place of what the original says as well; offsets stay as they are. */
export function unknownParts(quoted: string, original: string | undefined): string {
  if (original === undefined || original.trim() === "") return quoted;
  const known = new Set<number>();
  eachShingle(original, (hash) => known.add(hash));
  const tokens = tokenise(quoted);
  const covered = new Uint8Array(tokens.count);
  eachShingle(quoted, (hash, index) => {
    if (known.has(hash)) covered.fill(1, index, index + SHINGLE);
  });
  let out = "";
  let position = 0;
  for (let i = 0; i < tokens.count; i++) {
    if (covered[i] === 0) continue;
    const from = tokens.from[i] ?? 0;
    const to = tokens.to[i] ?? 0;
    out += quoted.slice(position, from) + " ".repeat(to - from);
    position = to;
  }
  return out + quoted.slice(position);
}

function eachShingle(text: string, visit: (hash: number, index: number) => void): void {
  const tokens = tokenise(text);
  const words = new Int32Array(tokens.count);
  for (let i = 0; i < tokens.count; i++) {
    let hash = 0x811c9dc5;
    for (let at = tokens.start[i] ?? 0; at < (tokens.end[i] ?? 0); at++) {
      hash = Math.imul(hash ^ (tokens.codes[at] ?? 0), 0x01000193);
    }
    words[i] = hash;
  }
  for (let i = 0; i + SHINGLE <= tokens.count; i++) {
    let hash = 7;
    for (let at = i; at < i + SHINGLE; at++) hash = Math.imul(hash, 31) ^ Math.imul(words[at] ?? 0, 0x9e3779b1);
    visit(hash, i);
  }
}
