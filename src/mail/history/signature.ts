import type { MailAddress } from "../message.ts";
import { SIGN_OFFS } from "../locale/boilerplate.ts";
import { phrasesOf, startsWithAny } from "../locale/match.ts";
import { BREVITY, MOBILE_DEVICES, MOBILE_FOOTER_ENDS, MOBILE_FOOTERS } from "../locale/mobile-footers.ts";
import { disclaimerAt, listFooterAt } from "./boilerplate.ts";
import { isBlank, type Line } from "./line.ts";

const FOOTER_START = startsWithAny(phrasesOf(MOBILE_FOOTERS));
const LONGEST_FOOTER = 110;
const LONGEST_SIGNATURE_LINES = 16;
const PROSE = 140;

/** The separator of a signature (RFC 3676 section 4.3), with the forms that editors and mail programs make of it. */
export function isSignatureDelimiter(line: Line): boolean {
  const text = line.text.trim();
  return /^(?:--|\*-- ?\*|—|--&nbsp;|- -|__|___+|-- ?\u00A0)$/.test(text);
}

/** A line that a phone or app put under the mail. */
export function isMobileFooter(line: Line): boolean {
  const body = line.body
    .replace(/\]\([^()]{0,200}\)|<?https?:\/\/[^\s<>]{1,300}>?/g, " ")
    .replace(/[[\] ]+/g, " ")
    .trim();
  if (body.length > LONGEST_FOOTER || body.length < 6) return false;
  const lower = body.toLowerCase().replace(/^[(<"“-]+ ?/, "");
  const plain = lower.replace(/[.!)\]>"”]+$/, "");
  if (BREVITY.some((phrase) => plain === phrase || (plain.startsWith(phrase) && plain.length < phrase.length + 30)))
    return true;
  const starts = FOOTER_START(lower);
  const ends = MOBILE_FOOTER_ENDS.some((end) => lower.endsWith(end));
  if (!starts && !ends) return false;
  return MOBILE_DEVICES.some((device) => lower.includes(device)) && sentenceCount(body) <= 2;
}

/** Where a signature block after a delimiter at `i` ends (exclusive), or undefined where what follows is prose. */
export function delimitedSignatureEnd(lines: readonly Line[], i: number, end: number): number | undefined {
  const standard = lines[i]?.text === "-- ";
  let count = 0;
  for (let k = i + 1; k < end; k += 1) {
    const line = lines[k];
    if (line === undefined || isBlank(line)) continue;
    if (count === 0 && isSignatureDelimiter(line)) return undefined;
    count += 1;
    if (count > LONGEST_SIGNATURE_LINES * (standard ? 3 : 1)) return undefined;
    if (disclaimerAt(lines, k) || listFooterAt(lines, k)) return end;
    if (!standard && isProse(line.body)) return undefined;
  }
  return end;
}

function isProse(body: string): boolean {
  return body.length > 80 && sentenceCount(body) > (body.length > PROSE ? 1 : 2);
}

export function isSignOff(body: string): boolean {
  return SIGN_OFF_SET.has(body.toLowerCase().replace(/[,.!;:，、。\s]+$/, ""));
}

const SIGN_OFF_SET: ReadonlySet<string> = new Set(SIGN_OFFS);

/**
 * Where the signature of a known sender starts in the lines before `end`: the sender's name alone on a line, with
 * contact details below. A bare "Thanks, Bob" is the author's own and stays.
 */
export function senderSignatureStart(
  lines: readonly Line[],
  start: number,
  end: number,
  sender: MailAddress | undefined,
): number | undefined {
  const from = Math.max(start, end - 24);
  for (let i = from; i < end; i += 1) {
    const line = lines[i];
    if (line === undefined || isBlank(line) || line.body.length > 80) continue;
    const named = sender !== undefined && isNameOf(line.body, sender);
    const closing = i > start ? previousFilled(lines, start, i) : undefined;
    const afterSignOff = closing !== undefined && isSignOff(lines[closing]?.body ?? "");
    if (!named && !(afterSignOff && looksLikeName(line.body))) continue;
    if (contactLines(lines, i + 1, end) < (named ? 1 : 2)) continue;
    return afterSignOff && closing !== undefined ? closing : i;
  }
  return undefined;
}

function previousFilled(lines: readonly Line[], start: number, i: number): number | undefined {
  for (let k = i - 1; k >= Math.max(start, i - 3); k -= 1) {
    const line = lines[k];
    if (line !== undefined && !isBlank(line)) return k;
  }
  return undefined;
}

function isNameOf(body: string, sender: MailAddress): boolean {
  const folded = nameWords(body);
  if (folded.length === 0 || folded.length > 6) return false;
  const known = new Set(
    [...nameWords(sender.name ?? ""), ...nameWords(sender.address.split("@")[0] ?? "")].filter((w) => w.length > 1),
  );
  const hits = folded.filter((word) => known.has(word)).length;
  return hits >= 1 && hits >= folded.length - 1;
}

function nameWords(text: string): string[] {
  return text
    .toLowerCase()
    .normalize("NFKD")
    .replace(/\p{M}/gu, "")
    .split(/[^\p{L}]+/u)
    .filter((w) => w !== "");
}

function looksLikeName(body: string): boolean {
  return /^(?:\p{Lu}[\p{L}'’.-]*)(?: \p{L}[\p{L}'’.-]*){0,4}$/u.test(body);
}

const PHONE = /(?:\+|\(0|\b0|tel|phone|mobile|fax|t:|m:|p:)[\d\s().:/+-]{6,}/i;
const CONTACT =
  /@[\w.-]+\.\w{2,}|https?:\/\/|www\.|linkedin|twitter\.com|\b(?:gmbh|inc|ltd|llc|s\.a\.|ag|bv|ab|oy|corp|sarl|srl|plc|s\.r\.o)\b/i;
const ROLE =
  /\b(?:manager|director|engineer|head of|ceo|cto|cfo|coo|developer|consultant|sales|assistant|officer|founder|partner|president|lead|analyst|coordinator|leiter|geschäftsführer|abteilung|directeur|responsable|gerente|ingénieur|ingegnere|dipl)\b/i;

/** How many lines up to `end` hold contact details, or 0 where there is prose among them. */
function contactLines(lines: readonly Line[], from: number, end: number): number {
  let contacts = 0;
  let filled = 0;
  for (let k = from; k < end; k += 1) {
    const line = lines[k];
    if (line === undefined || isBlank(line)) continue;
    filled += 1;
    if (PHONE.test(line.body) || CONTACT.test(line.body) || ROLE.test(line.body)) contacts += 1;
    else if (line.body.length > PROSE || (/[.!?]$/.test(line.body) && line.body.split(" ").length > 7)) return 0;
  }
  return filled <= LONGEST_SIGNATURE_LINES ? contacts : 0;
}

function sentenceCount(text: string): number {
  return text.split(/[.!?。！？](?:\s|$)/).filter((s) => s.trim() !== "").length;
}
