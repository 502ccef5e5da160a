import { createHash } from "node:crypto";
import { readDeliveryStatus } from "./delivery-status.ts";
import { readFeedbackReport } from "./feedback-report.ts";
import type { MailHeader, MailMessage } from "./message.ts";
import { normalizeMessageId, parseMessageIds } from "./message-id.ts";
import { searchableText } from "./plain-text.ts";
import { findTokens, taskRef } from "./reply-token.ts";

/** A hint at the task that a mail answers. `where` is the header field (in lower case, `original …` in a returned mail) or `body`. */
export type Signal =
  /** Has the shape of a token; only `verifyToken` says whether it is one. */
  | { kind: "token"; token: string; where: string }
  | { kind: "message-id"; id: string; where: string }
  | { kind: "body-reference"; ref: string; where: string };

export interface SignalOptions {
  /** Most signals to give. Default: 100. */
  limit?: number;
}

/** Where the address at which a mail arrived can stand, the surest first; relays, forwarders and hosts each write another. */
const RECIPIENT_FIELDS = [
  "to",
  "cc",
  "delivered-to",
  "x-delivered-to",
  "envelope-to",
  "x-envelope-to",
  "x-original-to",
  "x-forwarded-to",
  "x-gm-original-to",
  "resent-to",
  "resent-cc",
  "apparently-to",
] as const;
const THREAD_FIELDS = ["references", "in-reply-to"] as const;
/** Outlook puts our id there when it puts another in its place. */
const ID_FIELDS = ["in-reply-to", "references", "x-microsoft-original-message-id"] as const;
/** The fields of a returned mail that we wrote ourselves. */
const ORIGINAL_TOKEN_FIELDS = ["reply-to", "references", "return-path", "x-envelope-from", "sender", "from"] as const;

/**
 * Everything in a mail that may say which task it belongs to, in order of trust: tokens in addresses, tokens in thread ids, thread ids, what a returned mail
 * carries, then the body. Nothing is verified here. Each signal is given once, at the first place where it was found.
 */
export function gatherSignals(message: MailMessage, options: SignalOptions = {}): Signal[] {
  const limit = options.limit ?? 100;
  const signals = new Map<string, Signal>();
  const add = (signal: Signal) => {
    const key = keyOf(signal);
    if (signals.size < limit && !signals.has(key)) signals.set(key, signal);
  };
  const addTokens = (text: string, where: string) => {
    for (const token of findTokens(text)) add({ kind: "token", token, where });
  };
  const addIds = (ids: readonly string[], where: string) => {
    for (const id of ids) add({ kind: "message-id", id, where });
  };

  for (const name of RECIPIENT_FIELDS) addTokens(valuesOf(message.headers, name), name);
  addTokens(receivedFor(message.headers), "received");
  for (const name of THREAD_FIELDS) addTokens(valuesOf(message.headers, name), name);
  for (const name of ID_FIELDS) addIds(parseMessageIds(valuesOf(message.headers, name)), name);

  const original = readDeliveryStatus(message)?.original ?? readFeedbackReport(message)?.original;
  if (original !== undefined) {
    for (const name of ORIGINAL_TOKEN_FIELDS) addTokens(valuesOf(original.headers, name), `original ${name}`);
    addIds(original.messageIds, "original message-id");
    addIds(parseMessageIds(valuesOf(original.headers, "references")), "original references");
  }
  for (const part of message.reports) {
    if (part.contentType === "message/disposition-notification") {
      addIds(parseMessageIds(/^original-message-id:(.*)$/im.exec(part.content)?.[1] ?? ""), "original message-id");
    }
  }

  for (const ref of findBodyReferences(message.subject)) add({ kind: "body-reference", ref, where: "subject" });
  const text = searchableText(message);
  addTokens(text, "body");
  for (const ref of findBodyReferences(text)) add({ kind: "body-reference", ref, where: "body" });
  return [...signals.values()];
}

function valuesOf(headers: readonly MailHeader[], name: string): string {
  return headers.flatMap((header) => (header.name === name ? header.value : [])).join("\n");
}

// One for the server that took the mail in, one each for a filter and for the delivery to the mailbox.
const OWN_HOPS = 3;

/** `for <address>` as our own servers wrote it (RFC 5321 section 4.4): the fields further down were written by others. */
function receivedFor(headers: readonly MailHeader[]): string {
  const received = headers.filter((header) => header.name === "received").slice(0, OWN_HOPS);
  return received
    .map(({ value }) => /\bfor\s{1,10}<?([^\s<>;]{1,320})>?/i.exec(value.slice(0, 4000))?.[1] ?? "")
    .join("\n");
}

function keyOf(signal: Signal): string {
  return signal.kind === "token" ? signal.token : signalAlias(signal);
}

// Without i, l, o and u, so that a reference that was copied by hand can be read back.
const REFERENCE_ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz";
const REFERENCE_LENGTH = 12;
const REFERENCES_LIMIT = 20;

/** The short reference of a task for the last line of its mails: `abcd-efgh-jkmn`, 60 bits, always the same for a task. It ties a mail to a task, and proves nothing. */
export function bodyReference(taskId: string): string {
  const digest = createHash("sha256").update(`langgraph-email reference\0${taskId}`).digest();
  const characters = Array.from({ length: REFERENCE_LENGTH }, (_, index) => {
    // Five bits each, from twelve octets: simple, and as even as the hash.
    return REFERENCE_ALPHABET[(digest[index] ?? 0) & 31];
  }).join("");
  return grouped(characters);
}

/** `Ref: abcd-efgh-jkmn`, as it stands in a mail. */
export function referenceLine(taskId: string): string {
  return `Ref: ${bodyReference(taskId)}`;
}

/** The references in a text, in any case, quoted, wrapped, with other dashes or none. Each once, at most 20. */
export function findBodyReferences(text: string): string[] {
  const found = new Set<string>();
  for (const match of text.matchAll(/(?<![a-z0-9])ref(?:erence)?[*_\s]{0,3}[:：]/giu)) {
    const start = match.index + match[0].length;
    // Quoting marks, line breaks, emphasis and invisible characters may stand anywhere between.
    const compact = text.slice(start, start + 120).replace(/[\s>|*_\u00a0\u00ad\u200b-\u200d\u2060\ufeff]+/g, "");
    const groups = /^([0-9a-z]{4})[-\u2010-\u2015\u2212]?([0-9a-z]{4})[-\u2010-\u2015\u2212]?([0-9a-z]{4})/i.exec(
      compact,
    );
    const ref = groups === null ? undefined : normalReference(`${groups[1]}${groups[2]}${groups[3]}`);
    if (ref !== undefined) found.add(ref);
    if (found.size >= REFERENCES_LIMIT) break;
  }
  return [...found];
}

function normalReference(characters: string): string | undefined {
  const plain = characters.toLowerCase().replace(/[il]/g, "1").replace(/o/g, "0");
  // The alphabet has no u.
  return plain.includes("u") ? undefined : grouped(plain);
}

function grouped(characters: string): string {
  return [characters.slice(0, 4), characters.slice(4, 8), characters.slice(8, 12)].join("-");
}

/** The keys under which the ledger finds a task again; {@link signalAlias} and {@link tokenAlias} give the same key for what came in. */
export function taskAliases(task: { messageId: string; syntheticId?: string; taskId: string }): string[] {
  const ids = [task.messageId, ...(task.syntheticId === undefined ? [] : [task.syntheticId])];
  return [tokenAlias(taskRef(task.taskId)), ...ids.map(normalizeMessageId), `ref:${bodyReference(task.taskId)}`];
}

/** The key for a token that was verified. */
export function tokenAlias(ref: string): string {
  return `task:${ref}`;
}

export function signalAlias(signal: Exclude<Signal, { kind: "token" }>): string {
  return signal.kind === "message-id" ? normalizeMessageId(signal.id) : `ref:${signal.ref}`;
}
