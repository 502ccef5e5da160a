import { BANNER_STARTS, DISCLAIMER_STARTS, DISCLAIMER_WORDS, LIST_FOOTERS } from "../locale/boilerplate.ts";
import { startsWithAny } from "../locale/match.ts";
import { isRule } from "./divider.ts";
import { isBlank, type Line } from "./line.ts";

const DISCLAIMER = startsWithAny(DISCLAIMER_STARTS);
const BANNER = startsWithAny(BANNER_STARTS);
const LIST = startsWithAny(LIST_FOOTERS);
const DECORATION = /^(?:[\s*_=~#<>|!\u26A0\u{1F6D1}\u{1F6A8}-]|\uFE0F)+/u;
const BANNER_WORDS =
  /\b(?:links?|attachments?|sender|organi[sz]ation|click|anhänge|absender|pièces jointes|expéditeur|enlaces|remitente|allegati|mittente|bijlagen|afzender|aka\.ms)\b/i;
const LONGEST_BANNER = 6;

/** Where the banner ends (exclusive) that a gateway put on top of the mail at line `i`, if there is one. */
export function bannerEnd(lines: readonly Line[], i: number): number | undefined {
  const first = lines[i];
  if (first === undefined || !BANNER(lowerOf(first)) || first.body.length > 390) return undefined;
  const bracketed = /^[\s*]*\[[^\]]{2,60}\][\s*]*$/.test(first.body);
  if (
    !bracketed &&
    !BANNER_WORDS.test(first.body) &&
    first.body.length > 40 &&
    !BANNER_WORDS.test(lines[i + 1]?.body ?? "")
  )
    return undefined;
  let end = i + 1;
  while (end < lines.length && end < i + LONGEST_BANNER) {
    const line = lines[end];
    const before = lines[end - 1]?.body ?? "";
    const goesOn = before.length >= 50 && !/[.!?*\]]$/.test(before);
    if (line === undefined || isBlank(line) || !(goesOn || BANNER_WORDS.test(line.body) || isRule(line.body))) break;
    end += 1;
  }
  return end;
}

/** Whether a confidentiality notice starts at line `i`. */
export function disclaimerAt(lines: readonly Line[], i: number): boolean {
  const first = lines[i];
  if (first === undefined || !DISCLAIMER(lowerOf(first))) return false;
  let text = "";
  for (let k = i; k < lines.length && k < i + 12 && text.length < 900; k += 1) text += ` ${lines[k]?.body ?? ""}`;
  const lower = text.toLowerCase().slice(lowerOf(first).length > 24 ? 0 : lowerOf(first).length + 1);
  return DISCLAIMER_WORDS.some((word) => lower.includes(word));
}

/** Whether the footer of a mailing list starts at line `i`. */
export function listFooterAt(lines: readonly Line[], i: number): boolean {
  const line = lines[i];
  if (line === undefined || isBlank(line)) return false;
  if (LIST(line.body.toLowerCase())) return true;
  if (!/^_{30,}$/.test(line.body)) return false;
  const next = lines[i + 1]?.body.toLowerCase() ?? "";
  return next.includes("mailing list") || next.includes("@") || (lines[i + 2]?.body.includes("listinfo") ?? false);
}

function lowerOf(line: Line): string {
  return line.body.replace(DECORATION, "").toLowerCase();
}
