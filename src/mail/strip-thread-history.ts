import { renderHtml } from "./html/render.ts";
import { removeHiddenCharacters } from "./history/hidden-characters.ts";
import { matchOriginal } from "./history/known-original.ts";
import { type Line, lineOf, linesOf } from "./history/line.ts";
import { type Assembled, assemble } from "./history/reply-parts.ts";
import { type Evidence, zoneLines } from "./history/zones.ts";
import type { MailAddress, MailHeader } from "./message.ts";

/** A reply, taken apart. Nothing is dropped silently: every visible line is in one of the parts. */
export interface ReplyParts {
  /** What the author wrote. */
  text: string;
  /** History: quoted or forwarded mail, with the lines that introduce it. */
  quoted: string;
  /** Signature, and the footers of phones and apps. */
  signature: string;
  /** Confidentiality notices, banners of gateways, footers of lists. */
  disclaimer: string;
  /** Answers that stand between quoted lines or inside a quoted form, each with what it answers. */
  inline: { quote: string; answer: string }[];
  /** Text that no reader sees (hidden by styles or by its characters); it is in none of the parts. */
  removedHidden: string[];
  /** How the history was told: by the known original, by HTML structure, by the lines of the text; or there was none. */
  method: "original" | "html" | "text" | "none";
  /** 0 to 1. Below 0.5 the parts should be looked at by someone. */
  confidence: number;
}

export interface StripInput {
  text?: string;
  html?: string;
  headers?: readonly MailHeader[];
  /** Who wrote the mail: helps to tell the signature. */
  sender?: MailAddress;
  /** The text of the mail that this one answers, where it is known: what of it comes back is history. */
  original?: string;
}

interface Reading extends Assembled {
  evidence: Evidence;
  byOriginal: boolean;
}

/**
 * Parts what the author of a reply wrote from quoted history, signature and boilerplate. Never throws; linear in the
 * size of its input.
 */
export function stripThreadHistory(input: StripInput): ReplyParts {
  const removedHidden: string[] = [];
  const visible = (text: string): string => {
    const result = removeHiddenCharacters(text);
    removedHidden.push(...result.removed);
    return result.text;
  };
  const original = input.original === undefined ? undefined : removeHiddenCharacters(input.original).text;
  const plain =
    input.text === undefined || input.text.trim() === ""
      ? undefined
      : read(linesOf(visible(input.text)), input.sender, original);
  let markup: Reading | undefined;
  if (input.html !== undefined && input.html.trim() !== "") {
    const rendered = renderHtml(visible(input.html));
    removedHidden.push(...rendered.hidden);
    markup = read(rendered.lines, input.sender, original);
  }
  const chosen = choose(plain, markup);
  if (chosen === undefined)
    return {
      text: "",
      quoted: "",
      signature: "",
      disclaimer: "",
      inline: [],
      removedHidden,
      method: "none",
      confidence: 1,
    };
  const { evidence, byOriginal, ...parts } = chosen;
  const method = byOriginal ? "original" : evidence === "none" ? "none" : chosen === markup ? "html" : "text";
  return {
    ...parts,
    removedHidden: [...new Set(removedHidden)],
    method,
    confidence: confidenceOf(chosen, chosen === plain ? markup : plain),
  };
}

function read(lines: readonly Line[], sender: MailAddress | undefined, original: string | undefined): Reading {
  const coverage = original === undefined ? undefined : matchOriginal(lines, original);
  const zoned = zoneLines(lines, sender, coverage?.zones);
  const parts = assemble(lines, zoned.zones, coverage);
  if (parts.text !== "" || coverage !== undefined)
    return { ...parts, evidence: zoned.evidence, byOriginal: coverage !== undefined };
  return withoutStructure(lines, sender) ?? { ...parts, evidence: zoned.evidence, byOriginal: false };
}

/**
 * Nothing was left: some clients wrap the author's own words in their container of quoted mail. Read again without
 * what the structure says; marks that the lines themselves bear stay.
 */
function withoutStructure(lines: readonly Line[], sender: MailAddress | undefined): Reading | undefined {
  if (!lines.some((line) => line.mark === "quote")) return undefined;
  const bare = lines.map((line) => (line.mark === "quote" ? { ...lineOf(line.text), depth: line.depth } : line));
  const zoned = zoneLines(bare, sender);
  const parts = assemble(bare, zoned.zones);
  return parts.text === "" ? undefined : { ...parts, evidence: "fallback", byOriginal: false };
}

/** The text part is what the author's program says in plain words; the HTML part knows more where the text bears no marks. */
function choose(plain: Reading | undefined, markup: Reading | undefined): Reading | undefined {
  if (plain === undefined || markup === undefined) return plain ?? markup;
  const a = lettersOf(plain.text);
  const b = lettersOf(markup.text);
  if (a === b) return plain;
  if (a === "" && plain.evidence === "none") return markup;
  if (b === "") return plain;
  if (plain.byOriginal !== markup.byOriginal) return plain.byOriginal ? plain : markup;
  if (a.length > b.length && (markup.evidence === "strong" || a.startsWith(b)))
    return markup.evidence === "none" ? plain : markup;
  if (a === "" && markup.evidence !== "none") return markup;
  return plain;
}

function confidenceOf(chosen: Reading, other: Reading | undefined): number {
  const base = chosen.byOriginal ? 0.97 : { none: 0.9, strong: 0.93, weak: 0.75, fallback: 0.35 }[chosen.evidence];
  if (other === undefined || lettersOf(other.text) === lettersOf(chosen.text)) return base;
  return base * 0.8;
}

function lettersOf(text: string): string {
  return text.toLowerCase().replace(/[^\p{L}\p{N}]+/gu, "");
}
