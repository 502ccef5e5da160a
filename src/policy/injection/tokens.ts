import { fold } from "./fold.ts";

/** A text as words in lower case, without accents, look-alikes, digits that stand for letters and invisible characters; each knows where it came from. */
export interface Tokens {
  count: number;
  /** The letters of all words, one after the other, as numbers and as text. */
  codes: Uint16Array;
  letters: string;
  /** Where the letters of each word begin and end in `codes`. */
  start: Uint32Array;
  end: Uint32Array;
  /** Where each word begins and ends in the source. */
  from: Uint32Array;
  to: Uint32Array;
  /** 1 where a word is the first of a sentence or line. */
  first: Uint8Array;
}

/** A word is cut here, so that one endless word costs no more than many short ones. */
const LONGEST_WORD = 64;
const LATIN = 1;
const OTHER_SCRIPT = 2;
const DIGIT = 4;

/** Splits a text into words, in one pass. Each Chinese, Japanese or Thai character is a word. */
export function tokenise(source: string): Tokens {
  const size = source.length;
  // At least as many as there are characters beyond ASCII.
  const other = Buffer.byteLength(source) - size;
  // Words of ASCII have a gap between them; each other character may be a word, and a ligature may become three letters.
  const most = (size >> 1) + other + 2;
  const tokens: Tokens = {
    count: 0,
    codes: new Uint16Array(size + other * 2 + 8),
    letters: "",
    start: new Uint32Array(most),
    end: new Uint32Array(most),
    from: new Uint32Array(most),
    to: new Uint32Array(most),
    first: new Uint8Array(most),
  };
  const { codes } = tokens;
  let length = 0;
  let begin = 0;
  let kinds = 0;
  let from = -1;
  let sentence = 1;
  const close = (to: number): void => {
    if (from >= 0) {
      if ((kinds & (LATIN | OTHER_SCRIPT)) === (LATIN | OTHER_SCRIPT)) unmix(codes, begin, length);
      if ((kinds & (LATIN | DIGIT)) === (LATIN | DIGIT)) unleet(codes, begin, length);
      const index = tokens.count++;
      tokens.start[index] = begin;
      tokens.end[index] = length;
      tokens.from[index] = from;
      tokens.to[index] = to;
      tokens.first[index] = sentence;
      sentence = 0;
    }
    begin = length;
    kinds = 0;
    from = -1;
  };
  for (let i = 0; i < size; i++) {
    const code = source.charCodeAt(i);
    const lower = code < 128 ? (ASCII[code] ?? 0) : 0;
    if (lower !== 0) {
      if (from < 0) from = i;
      // The rest of the word at once: most of a mail goes through here.
      const end = Math.min(size, i + LONGEST_WORD - (length - begin));
      let at = i;
      let next = length;
      let found = kinds;
      for (let letter = lower; letter !== 0;) {
        codes[next++] = letter;
        found |= letter < 58 ? DIGIT : LATIN;
        letter = ++at < end ? (ASCII[source.charCodeAt(at)] ?? 0) : 0;
      }
      length = next;
      kinds = found;
      i = at - 1;
      if (length - begin >= LONGEST_WORD) close(at);
    } else if (code < 128) {
      if (code === 39 && joins(codes, begin, length)) continue;
      close(i);
      if (code === 46 || code === 10 || code === 33 || code === 63 || code === 58 || code === 59) sentence = 1;
    } else {
      const point = source.codePointAt(i) ?? code;
      const folded = fold(point);
      const width = point > 0xffff ? 2 : 1;
      if (folded.kind === "letters") {
        if (folded.alone) close(i);
        if (from < 0) from = i;
        for (let k = 0; k < folded.codes.length; k++) codes[length++] = folded.codes[k] ?? 0;
        kinds |= folded.latin ? LATIN : OTHER_SCRIPT;
        if (folded.alone || length - begin >= LONGEST_WORD) close(i + width);
      } else if (folded.kind === "break") {
        if (!(folded.apostrophe && joins(codes, begin, length))) close(i);
        if (folded.sentence) sentence = 1;
      }
      i += width - 1;
    }
  }
  close(size);
  tokens.letters = Buffer.from(codes.buffer, 0, length * 2).toString("utf16le");
  return tokens;
}

/** An apostrophe inside a word joins it, as in "don't" and "I'm", but not behind an article: "l'assistant", "d'accord". */
function joins(codes: Uint16Array, begin: number, end: number): boolean {
  return end > begin + 1 || (end === begin + 1 && codes[begin] === LETTER_I);
}

const LETTER_I = 105;

/** Lower-case letters and digits of ASCII; 0 elsewhere. */
const ASCII = Uint8Array.from({ length: 128 }, (_, code) => {
  const char = String.fromCharCode(code);
  return /[a-zA-Z0-9_]/.test(char) ? char.toLowerCase().charCodeAt(0) : 0;
});

/** Letters of other scripts that look like Latin ones, in lower case. */
const LOOKALIKES = new Map(
  [..."аaеeоoрpсcуyхxіiјjѕsԁdһhкkмmтtвbнhгrпnɡgοoαaνvιiκkρpτtυuχxωwηnεeϲcոnօoսuցg".matchAll(/../gu)].map(([pair]) => [
    pair.charCodeAt(0),
    pair.charCodeAt(1),
  ]),
);

/** Only in words that mix scripts: a Russian word is no disguise. */
function unmix(codes: Uint16Array, begin: number, end: number): void {
  for (let i = begin; i < end; i++) codes[i] = LOOKALIKES.get(codes[i] ?? 0) ?? codes[i] ?? 0;
}

const LEET = new Map(
  Object.entries({ 0: "o", 1: "i", 3: "e", 4: "a", 5: "s", 7: "t", 8: "b" }).map(([digit, letter]) => [
    digit.charCodeAt(0),
    letter.charCodeAt(0),
  ]),
);

/** Digits that stand for letters: only in a word with at least two letters that does not end in its digits, as names and versions do. */
function unleet(codes: Uint16Array, begin: number, end: number): void {
  let letters = 0;
  let inside = false;
  for (let i = begin; i < end; i++) {
    const code = codes[i] ?? 0;
    if (code >= 97) letters++;
    else if (i + 1 < end && (codes[i + 1] ?? 0) >= 97) inside = true;
  }
  if (letters < 2 || !inside) return;
  for (let i = begin; i < end; i++) {
    const code = codes[i] ?? 0;
    if (code < 58) codes[i] = LEET.get(code) ?? code;
  }
}

/** A word's letters. */
export function wordAt(tokens: Tokens, index: number): string {
  return tokens.letters.slice(tokens.start[index], tokens.end[index]);
}
