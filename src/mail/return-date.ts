const MONTHS: Readonly<Record<string, number>> = {
  jan: 1,
  feb: 2,
  mar: 3,
  mär: 3,
  mrz: 3,
  apr: 4,
  avr: 4,
  abr: 4,
  may: 5,
  mai: 5,
  mei: 5,
  maj: 5,
  mag: 5,
  jun: 6,
  juin: 6,
  giu: 6,
  jul: 7,
  juil: 7,
  lug: 7,
  aug: 8,
  aoû: 8,
  ago: 8,
  sep: 9,
  set: 9,
  oct: 10,
  okt: 10,
  ott: 10,
  out: 10,
  nov: 11,
  dec: 12,
  dez: 12,
  déc: 12,
  dic: 12,
};
// "until", "back on", "return" in the languages of the common mail programs, then at most a few words before the date.
const KEYWORD =
  /\b(?:until|till|through|back|return(?:ing|s)?|available (?:again )?(?:from|on)|resume|bis|zur[üu]ck|wieder (?:ab|am|erreichbar)|ab dem|jusqu['’]au|retour|de retour|hasta|regres|vuelvo|fino al|torn|rientr|até|retorn|tot|terug|t\.o\.m)\b/giu;
const DAY = String.raw`(\d{1,2})(?:st|nd|rd|th|\.|er)?`;
const MONTH = String.raw`([a-zäéû]{3,9})\.?`;
const DATES: readonly [pattern: RegExp, order: "ymd" | "dmy" | "mdy"][] = [
  [/\b(20\d\d)-(\d{1,2})-(\d{1,2})\b/u, "ymd"],
  [new RegExp(String.raw`\b${DAY}\s+(?:of\s+|de\s+)?${MONTH}(?:,?\s+(?:de\s+)?(20\d\d))?(?!\w)`, "iu"), "dmy"],
  [new RegExp(String.raw`\b${MONTH}\s+${DAY}(?:,?\s+(20\d\d))?(?!\w)`, "iu"), "mdy"],
  // With dots the day comes first; with slashes nobody knows.
  [/\b(\d{1,2})\.\s?(\d{1,2})\.(?:\s?(20\d\d))?/u, "dmy"],
];
const DAY_MS = 86_400_000;
const WINDOW = 60;

/**
 * The day until which, or on which, an automatic answer says that its author is away or back: `YYYY-MM-DD`. Only where the text says it plainly, and within a
 * year after the mail's own date, which also gives the year where the text leaves it out.
 * @param sentAt ISO 8601; without it, only dates with a year are read.
 */
export function readReturnDate(text: string, sentAt: string | undefined): string | undefined {
  const head = text.slice(0, 8000);
  let tries = 0;
  for (const keyword of head.matchAll(KEYWORD)) {
    if (++tries > 20) break;
    const after = head.slice(keyword.index + keyword[0].length, keyword.index + keyword[0].length + WINDOW);
    let nearest: { index: number; day: string } | undefined;
    for (const [pattern, order] of DATES) {
      const match = pattern.exec(after);
      const day = match === null ? undefined : dayOf(match, order, sentAt);
      if (match !== null && day !== undefined && (nearest === undefined || match.index < nearest.index)) {
        nearest = { index: match.index, day };
      }
    }
    if (nearest !== undefined) return nearest.day;
  }
  return undefined;
}

function dayOf(match: RegExpExecArray, order: "ymd" | "dmy" | "mdy", sentAt: string | undefined): string | undefined {
  const [year, month, day] =
    order === "ymd"
      ? [match[1], match[2], match[3]]
      : order === "dmy"
        ? [match[3], match[2], match[1]]
        : [match[3], match[1], match[2]];
  const monthNumber = /^\d+$/.test(month ?? "") ? Number(month) : monthOf(month ?? "");
  if (monthNumber === undefined) return undefined;
  const sent = sentAt === undefined ? undefined : Date.parse(sentAt);
  if (year !== undefined) return checked(Number(year), monthNumber, Number(day), sent);
  if (sent === undefined) return undefined;
  const thisYear = new Date(sent).getUTCFullYear();
  return checked(thisYear, monthNumber, Number(day), sent) ?? checked(thisYear + 1, monthNumber, Number(day), sent);
}

function monthOf(word: string): number | undefined {
  const lower = word.toLowerCase();
  return MONTHS[lower.slice(0, 4)] ?? MONTHS[lower.slice(0, 3)];
}

function checked(year: number, month: number, day: number, sent: number | undefined): string | undefined {
  const date = new Date(Date.UTC(year, month - 1, day));
  if (date.getUTCMonth() !== month - 1 || date.getUTCDate() !== day) return undefined;
  if (sent !== undefined && (date.getTime() < sent - DAY_MS || date.getTime() > sent + 366 * DAY_MS)) return undefined;
  return date.toISOString().slice(0, 10);
}
