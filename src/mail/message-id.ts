import { EmailKitError } from "../errors.ts";

/** Octets: RFC 5322 section 2.1.1. */
const ID_LIMIT = 998;
const IDS_LIMIT = 200;
const VALUE_LIMIT = 65_536;

/** A Message-ID with its angle brackets (RFC 5322 section 3.6.4). Throws `INVALID_MESSAGE` where a part holds more than the characters of a dot-atom. */
export function messageId(left: string, domain: string): string {
  const atom = /^[A-Za-z0-9!#$%&'*+\-/=?^_`{|}~]+(?:\.[A-Za-z0-9!#$%&'*+\-/=?^_`{|}~]+)*$/;
  if (!atom.test(left) || !atom.test(domain)) {
    throw new EmailKitError(
      "INVALID_MESSAGE",
      `${JSON.stringify(`${left}@${domain}`.slice(0, 80))} cannot be a Message-ID; use letters, digits and dots.`,
    );
  }
  return `<${left}@${domain.toLowerCase()}>`;
}

/**
 * Reads the ids of a Message-ID, In-Reply-To or References field as mail programs really write them: in comments, folded in the middle,
 * without brackets, with words around. In the order of the field, each once, with brackets; at most 200, from the first 64 KiB.
 */
export function parseMessageIds(value: string): string[] {
  const input = value.length > VALUE_LIMIT ? value.slice(0, VALUE_LIMIT) : value;
  const ids = new Set<string>();
  let outside = "";
  let position = 0;
  while (position < input.length && ids.size < IDS_LIMIT) {
    const open = input.indexOf("<", position);
    const close = open < 0 ? -1 : input.indexOf(">", open + 1);
    if (close < 0) break;
    outside += ` ${input.slice(position, open)}`;
    // A `<` that was never closed, before the one that is.
    const start = input.lastIndexOf("<", close);
    const id = input.slice(start + 1, close).replace(/\s+/g, "");
    if (id !== "" && Buffer.byteLength(id) <= ID_LIMIT) ids.add(`<${id}>`);
    position = close + 1;
  }
  if (ids.size > 0) return [...ids];
  // RFC 822 allowed words in In-Reply-To, and some programs leave the brackets out: only what has an @ can be an id.
  outside += ` ${input.slice(position)}`;
  for (const word of outside.replace(/[()<>,;"]/g, " ").split(/\s+/)) {
    if (ids.size < IDS_LIMIT && Buffer.byteLength(word) <= ID_LIMIT && /^[^@]+@[^@]+$/.test(word)) ids.add(`<${word}>`);
  }
  return [...ids];
}

/** Whether an id can stand in a mail of ours: others write some that hold more than ASCII, or are longer than a line. */
export function isMessageId(id: string): boolean {
  return /^<[\x21-\x3b\x3d\x3f-\x7e]{1,995}>$/.test(id);
}

/**
 * The form in which ids are compared: with brackets, without white space, in lower case. RFC 5322 makes the left part case-sensitive; in practice relays
 * change the case of whole ids, and no two ids of one mailbox differ by case alone.
 */
export function normalizeMessageId(id: string): string {
  const bare = id.replace(/\s+/g, "").replace(/^<+/, "").replace(/>+$/, "");
  return `<${bare.toLowerCase()}>`;
}
