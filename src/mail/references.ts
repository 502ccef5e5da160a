import { isMessageId } from "./message-id.ts";
import type { MailMessage } from "./message.ts";

/** Ids in References; RFC 5322 sets no limit, but header fields of many kilobytes are refused or cut by relays. */
const REFERENCES_LIMIT = 20;

/**
 * In-Reply-To and References of an answer to `message` (RFC 5322 section 3.6.4). Long chains keep their first id, in which our own synthetic id stands, and the last ones.
 * `inReplyTo` is left out where the mail has no Message-ID that can be written again; the chain goes on all the same.
 */
export function replyReferences(message: Pick<MailMessage, "messageId" | "references" | "inReplyTo">): {
  inReplyTo?: string;
  references: string[];
} {
  // "If the parent has no References but an In-Reply-To with a single id, then that" (section 3.6.4).
  const chain =
    message.references.length > 0 || message.inReplyTo.length !== 1 ? message.references : message.inReplyTo;
  const own = message.messageId !== undefined && isMessageId(message.messageId) ? message.messageId : undefined;
  const known = chain.filter((id) => id !== own && isMessageId(id));
  const all = [...new Set(own === undefined ? known : [...known, own])];
  const references =
    all.length <= REFERENCES_LIMIT ? all : [...all.slice(0, 1), ...all.slice(all.length - REFERENCES_LIMIT + 1)];
  return own === undefined ? { references } : { inReplyTo: own, references };
}

// What mail programs put before the subject of an answer, by language; `[2]` and full-width colons as in Outlook and Chinese programs.
const REPLY_PREFIX =
  /^\s*(?:re|aw|sv|antw|vs|odp|r|rif|res|ynt|回复|回覆|答复)\s*(?:\[\d{1,3}\]|\(\d{1,3}\))?\s*[:：]\s*/iu;

/** Where an answer goes: From, or the Reply-To of the same mailbox or domain, as another one would let a forged mail send it anywhere. Undefined without From. */
export function answerAddress({ from, replyTo }: Pick<MailMessage, "from" | "replyTo">): string | undefined {
  const [wanted] = replyTo;
  if (!from || !wanted) return from?.address;
  const domain = (address: string) => address.split("@")[1]!.toLowerCase();
  return domain(wanted.address) === domain(from.address) ? wanted.address : from.address;
}

/** `Re: ` before the subject, once, whatever prefixes of answers stood there. */
export function replySubject(subject: string): string {
  let rest = subject.trim();
  for (let count = 0; count < 20; count++) {
    const prefix = REPLY_PREFIX.exec(rest);
    if (prefix === null) break;
    rest = rest.slice(prefix[0].length);
  }
  return rest === "" ? "Re:" : `Re: ${rest}`;
}
