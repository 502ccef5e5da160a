/** A text whose addresses and links no longer read as words, at the same offsets. */
export interface MaskedText {
  text: string;
  /** Where those begin whose domain is not one of the conversation. */
  foreign: number[];
}

const MOST = 5000;
const LONGEST_LOCAL = 64;
const LONGEST_REST = 200;

/** Puts one word in place of each mail address and link: what its name happens to say is no phrase of the mail. */
export function maskAddresses(text: string, known: readonly string[]): MaskedText {
  const homes = known.map((address) => address.slice(address.lastIndexOf("@") + 1).toLowerCase());
  const spans = [...mailAddresses(text), ...links(text)].toSorted((a, b) => a.from - b.from);
  const foreign: number[] = [];
  let out = "";
  let position = 0;
  for (const { from, to, host, word } of spans) {
    if (from < position) continue;
    const domain = host.toLowerCase().replace(/[.:]+$/, "");
    const own = homes.some((home) => domain === home || domain.endsWith(`.${home}`));
    if (domain.includes(".") && !own) foreign.push(from);
    out += text.slice(position, from) + (own ? "known" : word).slice(0, to - from).padEnd(to - from);
    position = to;
  }
  return { text: out + text.slice(position), foreign };
}

interface Span {
  from: number;
  to: number;
  host: string;
  word: "address" | "weblink";
}

function mailAddresses(text: string): Span[] {
  const found: Span[] = [];
  let free = 0;
  for (let at = text.indexOf("@"); at >= 0 && found.length < MOST; at = text.indexOf("@", at + 1)) {
    let from = at;
    while (from > free && at - from < LONGEST_LOCAL && isLocal(text.charCodeAt(from - 1))) from--;
    let to = at + 1;
    while (to - at < LONGEST_REST && isHost(text.charCodeAt(to))) to++;
    while (to > at + 1 && text.charCodeAt(to - 1) === DOT) to--;
    free = to;
    if (from < at && to > at + 1) found.push({ from, to, host: text.slice(at + 1, to), word: "address" });
  }
  return found;
}

const DOT = 46;

function isHost(code: number): boolean {
  return (
    (code >= 97 && code <= 122) ||
    (code >= 65 && code <= 90) ||
    (code >= 48 && code <= 57) ||
    code === 45 ||
    code === DOT
  );
}

function isLocal(code: number): boolean {
  return isHost(code) || code === 43 || code === 95 || code === 37;
}

function links(text: string): Span[] {
  const found: Span[] = [];
  for (let at = text.indexOf("://"); at >= 0 && found.length < MOST; at = text.indexOf("://", at + 3)) {
    const scheme = /[a-z]{1,10}$/i.exec(text.slice(Math.max(0, at - 10), at))?.[0] ?? "";
    const rest = /^[^\s"'<>)\]}，。]*/.exec(text.slice(at + 3, at + LONGEST_REST))?.[0] ?? "";
    const host = /^[^/?#]*/.exec(rest)?.[0] ?? "";
    if (host !== "") found.push({ from: at - scheme.length, to: at + 3 + rest.length, host, word: "weblink" });
  }
  return found;
}

/** Indices of the words that begin at the given offsets, both ascending. */
export function wordsAt(offsets: readonly number[], starts: Uint32Array, count: number): number[] {
  const found: number[] = [];
  let word = 0;
  for (const offset of offsets) {
    while (word < count && (starts[word] ?? 0) < offset) word++;
    if (word < count) found.push(word);
  }
  return found;
}
