import { createHash, createHmac, timingSafeEqual } from "node:crypto";
import { EmailKitError } from "../errors.ts";

/** `reply`: in Reply-To and the synthetic id. `bounce`: in the envelope sender (VERP). */
export type TokenPurpose = "reply" | "bounce";

export type TokenVerdict =
  | { kind: "valid"; purpose: TokenPurpose; taskRef: string }
  /** Well formed, but made by another ledger: not ours to judge, nor to answer. */
  | { kind: "other-ledger" }
  | { kind: "invalid" };

const PURPOSE_LETTERS = { reply: "r", bounce: "b" } as const satisfies Record<TokenPurpose, string>;
const TAG_LENGTH = 4;
const TASK_REF_LENGTH = 16;
/** 16 base32 characters are 80 bits, the least that RFC 2104 section 5 allows of a truncated MAC. */
const MAC_LENGTH = 16;
const TOKEN_LENGTH = 1 + TAG_LENGTH + TASK_REF_LENGTH + MAC_LENGTH;
const BASE32 = "abcdefghijklmnopqrstuvwxyz234567";
const TOKENS_LIMIT = 20;
const TEXT_LIMIT = 1_048_576;

/** A whole token: purpose, ledger tag, task reference, MAC. In base32 (RFC 4648) of either case, since relays change the case of local parts. */
export const TOKEN_PATTERN = new RegExp(`^[rb][a-z2-7]{${TOKEN_LENGTH - 1}}$`, "i");
const TOKEN_IN_TEXT = new RegExp(`(?<![a-z0-9])[rb][a-z2-7]{${TOKEN_LENGTH - 1}}(?![a-z0-9])`, "gi");
const SUBADDRESS_OR_TOKEN = new RegExp(`\\+?${TOKEN_IN_TEXT.source}`, "gi");

/**
 * A token of 37 characters that names a task and can only be made with `key`. Throws `INVALID_CONFIG` for a key under 16 octets, and
 * `INVALID_MESSAGE` for a task id that is no lower-case base32 of 16 characters or more.
 */
export function createToken(
  key: Uint8Array,
  task: { ledgerId: string; taskId: string; purpose: TokenPurpose },
): string {
  const ref = taskRef(task.taskId);
  return `${PURPOSE_LETTERS[task.purpose]}${ledgerTag(task.ledgerId)}${ref}${mac(key, task.purpose, task.ledgerId, ref)}`;
}

/** Judges a token in constant time over the MAC, in whatever case it comes. */
export function verifyToken(key: Uint8Array, ledgerId: string, token: string): TokenVerdict {
  if (!TOKEN_PATTERN.test(token)) return { kind: "invalid" };
  const lower = token.toLowerCase();
  const ref = lower.slice(1 + TAG_LENGTH, 1 + TAG_LENGTH + TASK_REF_LENGTH);
  if (lower.slice(1, 1 + TAG_LENGTH) !== ledgerTag(ledgerId)) return { kind: "other-ledger" };
  const purpose: TokenPurpose = lower.startsWith(PURPOSE_LETTERS.reply) ? "reply" : "bounce";
  const given = Buffer.from(lower.slice(-MAC_LENGTH));
  const expected = Buffer.from(mac(key, purpose, ledgerId, ref));
  return timingSafeEqual(given, expected) ? { kind: "valid", purpose, taskRef: ref } : { kind: "invalid" };
}

/** The part of a task id that a token carries; the ledger stores it beside the task. */
export function taskRef(taskId: string): string {
  const ref = taskId.slice(0, TASK_REF_LENGTH);
  if (!/^[a-z2-7]{16}$/.test(ref)) {
    throw new EmailKitError("INVALID_MESSAGE", "A task id must be lower-case base32 of at least 16 characters.");
  }
  return ref;
}

/** Everything in a text that has the shape of a token, in lower case, each once: at most 20, from the first MiB. */
export function findTokens(text: string): string[] {
  const found = new Set<string>();
  for (const match of text.slice(0, TEXT_LIMIT).matchAll(TOKEN_IN_TEXT)) {
    found.add(match[0].toLowerCase());
    if (found.size >= TOKENS_LIMIT) break;
  }
  return [...found];
}

/** A text in which every token is taken out of its address: `desk+token@a.example` is `desk@a.example` then. */
export function withoutTokens(text: string): string {
  return text.replace(SUBADDRESS_OR_TOKEN, (found) => (found.startsWith("+") ? "" : "…"));
}

function ledgerTag(ledgerId: string): string {
  return base32(createHash("sha256").update(`langgraph-email ledger\0${ledgerId}`).digest()).slice(0, TAG_LENGTH);
}

function mac(key: Uint8Array, purpose: TokenPurpose, ledgerId: string, ref: string): string {
  if (key.byteLength < 16) {
    throw new EmailKitError("INVALID_CONFIG", "The key for reply tokens is too short; give at least 16 random octets.");
  }
  const bound = `langgraph-email token\0${purpose}\0${ref}\0${ledgerId}`;
  return base32(createHmac("sha256", key).update(bound).digest()).slice(0, MAC_LENGTH);
}

/** RFC 4648 section 6, in lower case and without padding. */
function base32(bytes: Uint8Array): string {
  let out = "";
  let buffer = 0;
  let bits = 0;
  for (const byte of bytes) {
    buffer = ((buffer << 8) | byte) & 0xffff;
    bits += 8;
    while (bits >= 5) {
      bits -= 5;
      out += BASE32[(buffer >>> bits) & 31];
    }
  }
  return bits > 0 ? out + BASE32[(buffer << (5 - bits)) & 31] : out;
}
