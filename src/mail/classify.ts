import { sameAddress, splitSubaddress } from "./address.ts";
import { readAutoSubmitted } from "./auto-submitted.ts";
import { readDeliveryStatus, type DeliveryStatus } from "./delivery-status.ts";
import { readFeedbackReport, type FeedbackReport } from "./feedback-report.ts";
import { readHeaderFields } from "./header-fields.ts";
import type { MailMessage } from "./message.ts";
import { parseMessageIds } from "./message-id.ts";
import { searchableText } from "./plain-text.ts";
import { readReturnDate } from "./return-date.ts";

/** The header field by which agents of this kit know each other's mail: `task`, `reply`, …, perhaps with parameters. */
export const KIT_HEADER = "X-LangGraph-Email";

/** What a mail is, before it is asked what it says. Only `agent` and `person` can be an answer. */
export type Classification =
  | { kind: "delivery-status"; report: DeliveryStatus }
  /** A complaint (RFC 5965): stop writing to that address. */
  | { kind: "feedback-report"; report: FeedbackReport }
  /** What this agent sent itself, come back: a copy, or a loop. */
  | { kind: "own" }
  /** A receipt (RFC 8098). `disposition`: `displayed`, `deleted`, … */
  | { kind: "disposition-notification"; disposition: string; originalMessageIds: string[] }
  /** Another agent of this kit; `role` is the first word of its {@link KIT_HEADER}. */
  | { kind: "agent"; role: string }
  /**
   * Written by a program in answer, and not the answer waited for. `sign` is the field or the subject that gave it away: a mail with
   * `auto-submitted: auto-generated` may still be an agent of another make. `returnsAt` is a day, `YYYY-MM-DD`.
   */
  | { kind: "auto-reply"; sign: string; returnsAt?: string }
  | { kind: "bulk"; sign: string }
  | { kind: "person" };

export interface OwnMail {
  /** Whether this agent has sent a mail of that id. */
  isOwn: (messageId: string) => boolean;
  /** The addresses that this agent sends from. */
  addresses: readonly string[];
}

/**
 * Says what a mail is. The order matters: a bounce is also automatic, and our own agent's reply too. X-Auto-Response-Suppress asks us not to answer
 * automatically, and says nothing about the mail itself.
 */
export function classify(message: MailMessage, own: OwnMail): Classification {
  const delivery = readDeliveryStatus(message);
  if (delivery !== undefined) return { kind: "delivery-status", report: delivery };
  const feedback = readFeedbackReport(message);
  if (feedback !== undefined) return { kind: "feedback-report", report: feedback };
  if (isOwn(message, own)) return { kind: "own" };
  const receipt = readDisposition(message);
  if (receipt !== undefined) return receipt;
  const role = headerOf(message, KIT_HEADER.toLowerCase());
  if (role !== undefined) return { kind: "agent", role: /^[\w-]{1,40}/.exec(role)?.[0].toLowerCase() ?? "" };
  const automatic = signOfAutoReply(message);
  if (automatic !== undefined) {
    const returnsAt = readReturnDate(`${message.subject}\n${searchableText(message)}`, message.date);
    return returnsAt === undefined
      ? { kind: "auto-reply", sign: automatic }
      : { kind: "auto-reply", sign: automatic, returnsAt };
  }
  const bulk = signOfBulk(message);
  return bulk === undefined ? { kind: "person" } : { kind: "bulk", sign: bulk };
}

/** The {@link KIT_HEADER} of a task that was asked in consequence of `hops` others, each a mail that asked for the next one. */
export function taskHeader(hops: number): string {
  return hops === 0 ? "task" : `task; hops=${hops}`;
}

/** How many mails before this one asked for it, as far as it says. */
export function readHops(message: Pick<MailMessage, "headers">): number {
  const field = message.headers.find(({ name }) => name === KIT_HEADER.toLowerCase());
  return Number(/;\s*hops=(\d{1,4})\b/i.exec(field?.value ?? "")?.[1] ?? 0);
}

function headerOf(message: MailMessage, name: string): string | undefined {
  return message.headers.find((header) => header.name === name)?.value.trim();
}

function isOwn(message: MailMessage, own: OwnMail): boolean {
  if (message.messageId !== undefined && own.isOwn(message.messageId)) return true;
  const from = message.from?.address;
  return (
    from !== undefined &&
    own.addresses.some((address) => sameAddress(splitSubaddress(from).base, splitSubaddress(address).base))
  );
}

function readDisposition(message: MailMessage): Classification | undefined {
  const part = message.reports.find((report) =>
    /^message\/(?:global-)?disposition-notification$/.test(report.contentType),
  );
  if (part === undefined) return undefined;
  const fields = readHeaderFields(part.content.replace(/^\s+/, ""));
  const value = (name: string) => fields.find((field) => field.name === name)?.value ?? "";
  // `manual-action/MDN-sent-manually; displayed/error` (RFC 8098 section 3.2.6).
  const disposition = /;\s*([\w-]{1,40})/.exec(value("disposition"))?.[1]?.toLowerCase() ?? "unknown";
  return {
    kind: "disposition-notification",
    disposition,
    originalMessageIds: parseMessageIds(value("original-message-id")),
  };
}

// Fields of responders that came before RFC 3834, or ignore it.
const RESPONDER_FIELDS: readonly [name: string, value: RegExp][] = [
  ["x-autoreply", /^(?!no\b)/i],
  ["x-autorespond", /^(?!no\b)/i],
  ["x-autoresponder", /^(?!no\b)/i],
  ["x-auto-reply-from", /./],
  ["x-autoreply-from", /./],
  ["x-mail-autoreply", /^(?!no\b)/i],
  ["x-autogenerated", /^(?:reply|forward|group)/i],
  ["x-apple-action", /^vacation/i],
  ["x-precedence", /^auto[_-]?reply/i],
  ["precedence", /^auto[_-]?reply/i],
  ["x-ms-exchange-generated-message-source", /(?:mailbox rules|out ?of ?office)/i],
  ["x-ms-exchange-inbox-rules-loop", /./],
  // The reports of DMARC (RFC 7489 section 7.2.1.1).
  ["subject", /^report domain: .{1,300}\bsubmitter: /i],
];
// Exchange and Outlook write no field, but always the same words; a colon follows where they stand before the old subject.
const RESPONDER_SUBJECT =
  /^(?:automatic reply\s*:|auto(?:matic)?[- ]?(?:reply|response|answer)(?:\s*:|$)|out of (?:the )?office(?:\s*:|\b.{0,20}$|\s+auto)|ooo\s*:|(?:i am |i'm )?(?:currently )?(?:on )?vacation(?:\s*:|\s+(?:reply|notice|message)|$)|autoreply\s*:|automatische antwort\s*:|abwesenheits?(?:notiz|nachricht|meldung|assistent)|abwesend\s*:|réponse automatique\s*:|absence du bureau|respuesta automática\s*:|fuera de (?:la )?oficina|risposta automatica\s*:|fuori sede|fuori ufficio|resposta automática\s*:|ausência temporária|automatisch antwoord\s*:|afwezig(?:heid)?|autosvar\s*:|automatiskt svar\s*:|automatisk svar\s*:|automaattinen vastaus\s*:|autoodpowiedź\s*:|odpowiedź automatyczna\s*:|automatická odpověď\s*:|автоответ\s*:|автоматический ответ\s*:|автоматична відповідь\s*:|автоматичен отговор\s*:|automatikus válasz\s*:|răspuns automat\s*:|otomatik yanıt\s*:|automatski odgovor\s*:|samodejni odgovor\s*:|αυτόματη απάντηση\s*:|מענה אוטומטי\s*:|رد تلقائي\s*:|poza biurem|nieobecność|不在通知|自[动動](?:答复|回复|回覆|返信|応答)|자동 ?회신|부재 ?중)/iu;

function signOfAutoReply(message: MailMessage): string | undefined {
  const declared = readAutoSubmitted(message);
  if (declared !== undefined && declared !== "no") return `auto-submitted: ${declared}`;
  for (const [name, pattern] of RESPONDER_FIELDS) {
    const value = headerOf(message, name);
    if (value !== undefined && pattern.test(value)) return name;
  }
  // RFC 6522: only programs write reports, of whatever kind.
  if (/^multipart\/report\b/i.test(headerOf(message, "content-type") ?? "")) return "multipart/report";
  return RESPONDER_SUBJECT.test(message.subject.trim()) ? "subject" : undefined;
}

function signOfBulk(message: MailMessage): string | undefined {
  if (headerOf(message, "list-id") !== undefined) return "list-id";
  if (headerOf(message, "list-unsubscribe") !== undefined) return "list-unsubscribe";
  return /^(?:bulk|list|junk)\b/i.test(headerOf(message, "precedence") ?? "") ? "precedence" : undefined;
}
