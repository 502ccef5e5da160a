import type { MailAddress } from "../message.ts";
import { attributionAt } from "./attribution.ts";
import { bannerEnd, disclaimerAt, listFooterAt } from "./boilerplate.ts";
import { dividerAt } from "./divider.ts";
import { headerBlockAt, unknownHeaderBlock } from "./header-block.ts";
import { isBlank, type Line } from "./line.ts";
import { protectedLines } from "./protected-blocks.ts";
import { delimitedSignatureEnd, isMobileFooter, isSignatureDelimiter, senderSignatureStart } from "./signature.ts";

/** What a line is to the reader of the reply. */
export type Zone = "own" | "attribution" | "quote" | "signature" | "disclaimer";

/** How sure the strongest evidence of history is. */
export type Evidence = "none" | "weak" | "strong" | "fallback";

export interface Zoned {
  zones: Zone[];
  evidence: Evidence;
}

/** Assigns every line to a zone: history first, then what stands under and over the author's own text. */
export function zoneLines(
  lines: readonly Line[],
  sender?: MailAddress,
  covered?: readonly (Zone | undefined)[],
): Zoned {
  const zoned = zoneHistory(lines, sender, covered);
  zoneSegments(lines, zoned.zones, sender);
  return zoned;
}

function zoneHistory(
  lines: readonly Line[],
  sender: MailAddress | undefined,
  covered?: readonly (Zone | undefined)[],
): Zoned {
  const guarded = protectedLines(lines);
  const zones: Zone[] = lines.map((line, i) =>
    line.mark === "quote" || (line.depth > 0 && guarded[i] !== 1) ? "quote" : "own",
  );
  let evidence = (zones.includes("quote") ? "weak" : "none") as Evidence;
  let own = false;
  const lastCovered = covered?.lastIndexOf("quote") ?? -1;
  for (let i = 0; i < lines.length; i += 1) {
    const line = lines[i];
    const known = covered?.[i];
    if (known !== undefined) {
      zones[i] = known;
      if (known === "own") own = own || !(line === undefined || isBlank(line));
      else evidence = "strong";
      continue;
    }
    if (line === undefined || isBlank(line) || zones[i] === "quote" || guarded[i] === 1) {
      if (guarded[i] === 1) own = true;
      continue;
    }
    const start = historyStartAt(lines, i);
    if (start === undefined) {
      own = true;
      continue;
    }
    const next = nextFilled(lines, i + start.lines);
    const marked = next !== undefined && (zones[next] === "quote" || covered?.[next] === "quote");
    if (!marked && (!start.strong || (!own && isOf(start.from, sender)))) {
      if (start.from === "") own = true;
      else {
        zones.fill("attribution", i, i + start.lines);
        i += start.lines - 1;
      }
      continue;
    }
    zones.fill("attribution", i, i + start.lines);
    evidence = start.strong || evidence === "strong" ? "strong" : "weak";
    if (!marked && next !== undefined && next > lastCovered) {
      zones.fill("quote", next);
      return { zones, evidence };
    }
    i += start.lines - 1;
  }
  if (covered === undefined) absorbWrappedTails(lines, zones);
  return { zones, evidence };
}

interface HistoryStart {
  lines: number;
  strong: boolean;
  from: string;
}

/** What starts quoted mail at line `i`: a divider (with its header block), a header block, an attribution. */
function historyStartAt(lines: readonly Line[], i: number): HistoryStart | undefined {
  const line = lines[i];
  if (line === undefined) return undefined;
  const divider = dividerAt(lines, i);
  if (divider !== undefined) {
    const at = nextFilled(lines, i + divider.lines);
    const block = at === undefined ? undefined : headerBlockAt(lines, at, true);
    if (at === undefined || block === undefined) return { lines: divider.lines, strong: true, from: "" };
    return { lines: at + block.lines - i, strong: true, from: block.from };
  }
  const block = headerBlockAt(lines, i, line.mark === "divider" || line.mark === "announced");
  if (block !== undefined) return { lines: block.lines, strong: true, from: block.from };
  const unknown = line.mark === "announced" ? unknownHeaderBlock(lines, i) : 0;
  if (unknown > 0) return { lines: unknown, strong: true, from: "" };
  if (line.mark === "divider") return { lines: 1, strong: true, from: "" };
  const attribution = attributionAt(lines, i);
  return attribution === undefined ? undefined : { ...attribution, from: "" };
}

function isOf(from: string, sender: MailAddress | undefined): boolean {
  return sender !== undefined && from.toLowerCase().includes(sender.address.toLowerCase());
}

function nextFilled(lines: readonly Line[], from: number): number | undefined {
  for (let k = from; k < lines.length; k += 1) {
    const line = lines[k];
    if (line !== undefined && !isBlank(line)) return k;
  }
  return undefined;
}

const WRAP_COLUMN = 66;

/** A long quoted line that was wrapped on the way leaves its last words without a mark, between two quoted lines. */
function absorbWrappedTails(lines: readonly Line[], zones: Zone[]): void {
  for (let i = 1; i + 1 < lines.length; i += 1) {
    const line = lines[i];
    const before = lines[i - 1];
    if (line === undefined || before === undefined || zones[i] !== "own" || isBlank(line)) continue;
    if (zones[i - 1] !== "quote" || zones[i + 1] !== "quote" || before.depth === 0) continue;
    const next = lines[i + 1];
    if (next === undefined || isBlank(next) || before.text.length < WRAP_COLUMN || line.text.length > 24) continue;
    if (/^[\p{Ll}\p{N}(<]/u.test(line.body) && !/[.!?]$/.test(before.body)) zones[i] = "quote";
  }
}

/** Between stretches of history: banners on top, signatures, footers and notices below. */
function zoneSegments(lines: readonly Line[], zones: Zone[], sender: MailAddress | undefined): void {
  let start = 0;
  let first = true;
  while (start < lines.length) {
    if (zones[start] !== "own") {
      start += 1;
      continue;
    }
    let end = start;
    while (end < lines.length && zones[end] === "own") end += 1;
    if (lines.slice(start, end).some((line) => !isBlank(line))) {
      zoneSegment(lines, zones, start, end, first, sender);
      first = false;
    }
    start = end;
  }
}

function zoneSegment(
  lines: readonly Line[],
  zones: Zone[],
  start: number,
  end: number,
  first: boolean,
  sender: MailAddress | undefined,
): void {
  const guarded = protectedLines(lines.slice(start, end));
  let top = start;
  if (first) top = zoneBanners(lines, zones, start, end);
  let bottom = end;
  for (let i = top; i < bottom; i += 1) {
    const line = lines[i];
    if (line === undefined || isBlank(line) || guarded[i - start] === 1) continue;
    const opens = i === top || isBlank(lines[i - 1] as Line) || (lines[i - 1]?.body.length ?? 0) < 60;
    if (opens && bannerAbove(lines, zones, i, bottom)) {
      zones.fill("disclaimer", i, bottom);
      bottom = i;
    } else if (opens && i > top && (disclaimerAt(lines, i) || listFooterAt(lines, i))) {
      zones.fill("disclaimer", i, bottom);
      bottom = i;
    } else if (line.mark === "signature") {
      zones.fill("signature", i, bottom);
      bottom = splitDisclaimer(lines, zones, i, bottom);
    } else if (isSignatureDelimiter(line) && delimitedSignatureEnd(lines, i, bottom) !== undefined) {
      zones.fill("signature", i, bottom);
      splitDisclaimer(lines, zones, i + 1, bottom);
      bottom = i;
    } else if (isMobileFooter(line)) {
      zones[i] = "signature";
    }
  }
  const signature = senderSignatureStart(lines, top, bottom, sender);
  if (signature !== undefined && signature > top) zones.fill("signature", signature, bottom);
}

function zoneBanners(lines: readonly Line[], zones: Zone[], start: number, end: number): number {
  let top = start;
  for (;;) {
    const at = nextFilled(lines, top);
    if (at === undefined || at >= end) return top;
    const after = bannerEnd(lines, at);
    if (after === undefined || after > end) return top;
    zones.fill("disclaimer", top, after);
    top = after;
  }
}

/** A gateway put its banner on top of the mail that is quoted below. */
function bannerAbove(lines: readonly Line[], zones: readonly Zone[], i: number, end: number): boolean {
  const after = bannerEnd(lines, i);
  if (after === undefined) return false;
  const next = nextFilled(lines, after);
  return next !== undefined && next >= end && zones[next] === "quote";
}

function splitDisclaimer(lines: readonly Line[], zones: Zone[], from: number, end: number): number {
  for (let i = from; i < end; i += 1) {
    if (disclaimerAt(lines, i) || listFooterAt(lines, i)) {
      zones.fill("disclaimer", i, end);
      break;
    }
  }
  return from;
}
