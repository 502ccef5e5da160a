/** A piece of an outgoing mail as a detector sees it. */
export interface ReviewedText {
  /** Where it stands: `subject`, `body`, `html`, `attachment report.csv`. */
  where: string;
  text: string;
}

/** What a detector found: `start` and `end` in the text, and as much of it as may be shown. */
export interface Match {
  rule: string;
  start: number;
  end: number;
  excerpt: string;
}

/** The text as its reader sees it: typographic spaces and dashes and wide signs as the plain ones, and without what cannot be seen. */
export function asRead(text: string): string {
  return text
    .replace(/[\u00ad\u061c\u180e\u200b-\u200f\u202a-\u202e\u2060-\u2064\ufeff]/g, "")
    .replace(/[\u00a0\u2000-\u200a\u202f\u205f\u3000]/g, " ")
    .replace(/[\u2010-\u2015\u2212]/g, "-")
    .replace(/[\uff01-\uff5e]/g, (wide) => String.fromCharCode(wide.charCodeAt(0) - 0xfee0));
}

const SHOWN_BEFORE = 4;

/** The first characters of a secret: enough to find it by, too few to use. */
export function maskSecret(value: string): string {
  return `${value.slice(0, Math.min(SHOWN_BEFORE, Math.floor(value.length / 4)))}… (${value.length} characters)`;
}

/** As receipts show it: the last four. */
export function maskNumber(value: string): string {
  return `…${value.replace(/[^0-9a-z]/gi, "").slice(-4)}`;
}

/** The words before a number on its line: what it is called. */
export function labelBefore(text: string, start: number, length = 40): string {
  return (
    text
      .slice(Math.max(0, start - length), start)
      .split(/[\r\n]/)
      .at(-1) ?? ""
  );
}

/** Where web addresses stand: tokens in links are made to be mailed. */
export function urlSpans(text: string): [start: number, end: number][] {
  return Array.from(text.matchAll(/\bhttps?:\/\/[^\s<>"']+/gi), ({ index, 0: url }) => [index, index + url.length]);
}

export function isInside(spans: readonly [number, number][], at: number): boolean {
  return spans.some(([start, end]) => at >= start && at < end);
}
