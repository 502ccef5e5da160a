import type { Mail } from "../store.ts";
import { bodyStructure } from "./bodystructure.ts";
import { formatDateTime } from "./date.ts";
import { envelope } from "./envelope.ts";
import { mimeStructure } from "./mime.ts";
import { nstring, type Piece } from "./output.ts";
import { parseSection, readSection, type Section } from "./section.ts";
import type { Token } from "./tokenizer.ts";

/** One thing to fetch of each mail. */
export type FetchItem =
  | { kind: "uid" | "flags" | "internalDate" | "size" | "envelope" | "body" | "bodyStructure" | "modseq" }
  | { kind: "section"; name: string; section: Section; peek: boolean };

const MACROS: Record<string, string[]> = {
  ALL: ["FLAGS", "INTERNALDATE", "RFC822.SIZE", "ENVELOPE"],
  FAST: ["FLAGS", "INTERNALDATE", "RFC822.SIZE"],
  FULL: ["FLAGS", "INTERNALDATE", "RFC822.SIZE", "ENVELOPE", "BODY"],
};

const RFC822: Record<string, string> = { RFC822: "[]", "RFC822.HEADER": "[HEADER]", "RFC822.TEXT": "[TEXT]" };

const SIMPLE: Record<string, Exclude<FetchItem["kind"], "section">> = {
  UID: "uid",
  FLAGS: "flags",
  INTERNALDATE: "internalDate",
  "RFC822.SIZE": "size",
  ENVELOPE: "envelope",
  BODY: "body",
  BODYSTRUCTURE: "bodyStructure",
  MODSEQ: "modseq",
};

/** Reads the items of a FETCH. Throws a `SyntaxError`. */
export function parseFetchItems(token: Token): FetchItem[] {
  if (token.kind === "string") throw new SyntaxError("Bad fetch items");
  const names =
    token.kind === "atom"
      ? (MACROS[token.text.toUpperCase()] ?? [token.text])
      : token.items.map((item) => {
          if (item.kind !== "atom") throw new SyntaxError("Bad fetch items");
          return item.text;
        });
  if (names.length === 0) throw new SyntaxError("No fetch items");
  return names.map(parseFetchItem);
}

function parseFetchItem(name: string): FetchItem {
  const upper = name.toUpperCase();
  const simple = SIMPLE[upper];
  if (simple) return { kind: simple };
  const legacy = RFC822[upper];
  if (legacy) return { kind: "section", name: upper, section: parseSection(legacy), peek: upper === "RFC822.HEADER" };
  const body = /^BODY(\.PEEK)?(\[.*)$/is.exec(name);
  if (!body) throw new SyntaxError("Unknown fetch item");
  const section = parseSection(body[2] as string);
  return { kind: "section", name: `BODY${section.label}`, section, peek: body[1] !== undefined };
}

/** Whether fetching these marks a mail as seen. */
export function setsSeen(items: readonly FetchItem[]): boolean {
  return items.some((item) => item.kind === "section" && !item.peek);
}

/** The data of one mail, as it stands between the parentheses of a FETCH response. */
export function fetchData(mail: Mail, items: readonly FetchItem[]): Piece[] {
  const pieces: Piece[] = [];
  for (const [index, item] of items.entries()) {
    if (index > 0) pieces.push(" ");
    pieces.push(...fetchItem(mail, item));
  }
  return pieces;
}

const READERS: Record<Exclude<FetchItem["kind"], "section">, (mail: Mail) => Piece[]> = {
  uid: (mail) => [`UID ${mail.uid}`],
  flags: (mail) => [`FLAGS (${[...mail.flags].join(" ")})`],
  internalDate: (mail) => [`INTERNALDATE ${formatDateTime(mail.receivedAt)}`],
  size: (mail) => [`RFC822.SIZE ${mail.raw.length}`],
  modseq: (mail) => [`MODSEQ (${mail.modseq})`],
  envelope: (mail) => ["ENVELOPE ", ...envelope(mimeStructure(mail.raw).fields)],
  body: (mail) => ["BODY ", ...bodyStructure(mail.raw, mimeStructure(mail.raw), false)],
  bodyStructure: (mail) => ["BODYSTRUCTURE ", ...bodyStructure(mail.raw, mimeStructure(mail.raw), true)],
};

function fetchItem(mail: Mail, item: FetchItem): Piece[] {
  if (item.kind !== "section") return READERS[item.kind](mail);
  return [`${item.name} `, ...nstring(readSection(mail.raw, item.section))];
}
