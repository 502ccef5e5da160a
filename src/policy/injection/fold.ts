/** What a character beyond ASCII counts as. */
export type Folded =
  | { kind: "letters"; codes: readonly number[]; latin: boolean; /** A word by itself. */ alone: boolean }
  | { kind: "break"; sentence: boolean; apostrophe: boolean }
  | { kind: "invisible" };

const INVISIBLE: Folded = { kind: "invisible" };
/** Of the Basic Multilingual Plane: an array, since mails in Chinese ask for every character. */
const cache: (Folded | undefined)[] = Array.from({ length: 65_536 });

/** A character in lower case without accents and compatibility forms (NFKD, Unicode TR 15). */
export function fold(point: number): Folded {
  // Tags and variation selectors come by the thousand where somebody hides a text in them.
  if (point >= 0xe0000 && point < 0xe0fff) return INVISIBLE;
  const known = cache[point];
  if (known !== undefined) return known;
  const folded = compute(String.fromCodePoint(point));
  if (point < cache.length) cache[point] = folded;
  return folded;
}

function compute(char: string): Folded {
  const bare = char
    .normalize("NFKD")
    .replace(/\p{M}+/gu, "")
    .normalize("NFC")
    .toLowerCase();
  if (bare === "" || /^(?:\p{Cf}|\u034F|[\u115F\u1160\u17B4\u17B5\u3164\uFFA0])+$/u.test(char)) return INVISIBLE;
  const letters = bare.replace(/[^\p{L}\p{N}]+/gu, "").slice(0, 3);
  if (letters === "") {
    return { kind: "break", sentence: /[。！？…\u2028\u2029।؟]/u.test(char), apostrophe: char === "’" || char === "ʼ" };
  }
  const codes = Array.from({ length: letters.length }, (_, i) => letters.charCodeAt(i));
  const alone = /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Thai}]/u.test(letters);
  return { kind: "letters", codes, latin: /^[a-z0-9]/.test(letters) || /\p{Script=Latin}/u.test(letters), alone };
}
