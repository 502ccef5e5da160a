/** Text without the characters that no reader sees, and what was taken out that could carry a message. */
export interface VisibleText {
  text: string;
  /** Hidden messages, decoded where they are Unicode tags; never mere formatting marks. */
  removed: string[];
}

const SUSPECT =
  /(?:\u034F|[\u00AD\u061C\u115F\u1160\u17B4\u17B5\u180E\u200B-\u200F\u202A-\u202E\u2060-\u206F\u3164\uFEFF\uFFA0\u{E0000}-\u{E01EF}])/u;
const LATIN = /[A-Za-z0-9\u00C0-\u024F]/;
const BLACK_FLAG = 0x1f3f4;
/** A run shorter than this is a formatting mark of a mail program, not a message. */
const RUN = 4;
/** Single invisible characters are ordinary (soft hyphens, word joiners); this many in one mail split words on purpose. */
const SCATTERED = 12;

/** Removes zero-width and tag characters and BiDi controls; joiners stay where a script or an emoji needs them. */
export function removeHiddenCharacters(input: string): VisibleText {
  if (!SUSPECT.test(input)) return { text: input, removed: [] };
  const out: string[] = [];
  const removed: string[] = [];
  let run = "";
  let overrides = false;
  let scattered = 0;
  let kept = 0;
  let previous = "";
  let inFlag = false;
  const flush = (end: number): void => {
    if (end > kept) out.push(input.slice(kept, end));
  };
  const endRun = (): void => {
    if (run.length >= RUN) removed.push(describeRun(run));
    else if (LATIN.test(previous)) scattered += run.length;
    run = "";
  };
  for (let i = 0; i < input.length;) {
    const code = input.codePointAt(i) ?? 0;
    const width = code > 0xffff ? 2 : 1;
    const hidden = isHidden(code);
    inFlag = code === BLACK_FLAG || (inFlag && code >= 0xe0020 && code <= 0xe007f);
    if (!hidden || inFlag || (isJoiner(code) && !betweenLatin(previous, input[i + 1] ?? ""))) {
      if (run !== "") endRun();
      previous = input[i] ?? "";
    } else {
      flush(i);
      kept = i + width;
      if (code === 0x202d || code === 0x202e) overrides = true;
      run += String.fromCodePoint(code);
    }
    i += width;
  }
  endRun();
  flush(input.length);
  if (scattered >= SCATTERED) removed.push(`[${scattered} zero-width characters]`);
  if (overrides) removed.push("[bidirectional override]");
  return { text: out.join(""), removed };
}

function isJoiner(code: number): boolean {
  return code === 0x200c || code === 0x200d;
}

function betweenLatin(before: string, after: string): boolean {
  return LATIN.test(before) || LATIN.test(after);
}

function isHidden(code: number): boolean {
  if (code < 0xad) return false;
  return (
    code === 0xad ||
    code === 0x34f ||
    code === 0x61c ||
    code === 0x115f ||
    code === 0x1160 ||
    code === 0x17b4 ||
    code === 0x17b5 ||
    code === 0x180e ||
    (code >= 0x200b && code <= 0x200f) ||
    (code >= 0x202a && code <= 0x202e) ||
    (code >= 0x2060 && code <= 0x206f) ||
    code === 0x3164 ||
    code === 0xfeff ||
    code === 0xffa0 ||
    (code >= 0xe0000 && code <= 0xe01ef)
  );
}

/** Unicode tags and the supplementary variation selectors spell ASCII; anything else is only counted. */
function describeRun(run: string): string {
  let text = "";
  let other = 0;
  for (const character of run) {
    const code = character.codePointAt(0) ?? 0;
    if (code >= 0xe0020 && code < 0xe007f) text += String.fromCharCode(code - 0xe0000);
    else if (code >= 0xe0100 && code <= 0xe01ef) text += printable(code - 0xe0100 + 16);
    else other += 1;
  }
  return text.trim() === "" ? `[${other} zero-width characters]` : text;
}

function printable(code: number): string {
  return code >= 0x20 && code < 0x7f ? String.fromCharCode(code) : "";
}
