import { isAddress, parseAddress } from "./address.ts";
import { decodeEncodedWords, decodeOctets } from "./header-fields.ts";
import type { MailAddress } from "./message.ts";

const ADDRESSES_LIMIT = 1000;
const FIELD_LIMIT = 262_144;

interface Entry {
  /** The text outside brackets, with its quotes. */
  spec: string;
  /** The same to be shown: without quotes and comments. */
  display: string;
  comment: string;
  angle?: string;
}

/**
 * Reads an address field (RFC 5322 section 3.4) as mail programs write it, undecoded: groups are taken apart, what names no address is left out. An encoded word is
 * decoded last and only in names, so that it cannot smuggle in another address. At most 1000, from the first 256 KiB.
 */
export function parseAddressList(field: string): MailAddress[] {
  const addresses: MailAddress[] = [];
  for (const entry of entriesOf(field.slice(0, FIELD_LIMIT))) {
    const address = addressOf(entry);
    if (address !== undefined) addresses.push(address);
    if (addresses.length >= ADDRESSES_LIMIT) break;
  }
  return addresses;
}

function* entriesOf(field: string): Generator<Entry> {
  let entry = emptyEntry();
  let index = 0;
  while (index < field.length) {
    const char = field[index] ?? "";
    if (char === '"') {
      const { text, next } = quoted(field, index);
      entry.spec += field.slice(index, next);
      entry.display += text;
      index = next;
    } else if (char === "(") {
      const next = afterComment(field, index);
      entry.comment += field.slice(index + 1, next - 1);
      index = next;
    } else if (char === "<") {
      // A second address in one entry is one more address: whoever takes the other one shall not be surprised.
      if (entry.angle !== undefined) {
        yield entry;
        entry = emptyEntry();
      }
      const next = afterAngle(field, index);
      entry.angle = field.slice(index + 1, next).replace(/>$/, "");
      index = next;
    } else {
      index++;
      if (char === "," || char === ";") {
        yield entry;
        entry = emptyEntry();
      } else if (char === ":") entry = emptyEntry();
      else {
        entry.spec += char;
        entry.display += char;
      }
    }
  }
  yield entry;
}

function emptyEntry(): Entry {
  return { spec: "", display: "", comment: "" };
}

function addressOf(entry: Entry): MailAddress | undefined {
  // `@relay.example:ann@b.example` is a route of old (RFC 5322 section 4.4).
  const written = (entry.angle ?? entry.spec)
    .trim()
    .replace(/^@[^:]{1,1000}:/, "")
    .replace(/\s*([@.])\s*/g, "$1");
  if (!isAddress(written)) return undefined;
  const { address } = parseAddress(written);
  const shown = entry.angle === undefined ? entry.comment : entry.display.trim() || entry.comment;
  const name = decodeEncodedWords(decodeOctets(shown))
    .replace(/[\p{Cc}\u2028\u2029\s]+/gu, " ")
    .trim();
  // Some programs repeat the address as the name.
  return name === "" || name.toLowerCase() === address.toLowerCase() ? { address } : { address, name };
}

function quoted(field: string, start: number): { text: string; next: number } {
  let text = "";
  let index = start + 1;
  for (; index < field.length && field[index] !== '"'; index++) {
    if (field[index] === "\\") index++;
    text += field[index] ?? "";
  }
  return { text, next: Math.min(index + 1, field.length) };
}

function afterComment(field: string, start: number): number {
  let depth = 0;
  let index = start;
  for (; index < field.length; index++) {
    const char = field[index];
    if (char === "\\") index++;
    else if (char === "(") depth++;
    else if (char === ")" && --depth === 0) return index + 1;
  }
  return field.length + 1;
}

function afterAngle(field: string, start: number): number {
  for (let index = start + 1; index < field.length; index++) {
    if (field[index] === '"') index = quoted(field, index).next - 1;
    else if (field[index] === ">") return index + 1;
  }
  return field.length;
}
