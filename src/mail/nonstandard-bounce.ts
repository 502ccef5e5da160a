import { isAddress, sameAddress } from "./address.ts";
import { DELAYED_ABROAD, isBounce } from "./bounce-signs.ts";
import { causeOf, isPermanentFailure } from "./delivery-cause.ts";
import type { DeliveryAction, DeliveryRecipient, DeliveryStatus, ReturnedMail } from "./delivery-report.ts";
import type { MailMessage } from "./message.ts";
import { searchableText } from "./plain-text.ts";
import { readReturnedMail } from "./returned-mail.ts";

const TEXT_LIMIT = 65_536;
const RECIPIENTS_LIMIT = 50;

/**
 * Makes a delivery report out of the text of a bounce that has no RFC 3464 part. It takes several signs at once to be one: who sent it, what it says, and whom
 * it names; a person who writes about a bounce, or an automatic answer with an empty reverse path, is none.
 */
export function readNonStandardBounce(message: MailMessage): DeliveryStatus | undefined {
  const text = searchableText(message).slice(0, TEXT_LIMIT);
  const report = beforeReturnedMail(text);
  if (!isBounce(message, report)) return undefined;
  const original = readReturnedMail(message);
  const recipients = failedRecipients(message, report, original);
  return { recipients, original, standard: false };
}

/** The recipients that a report names in its header or its text, for reports whose own part names none. */
export function recipientsInText(message: MailMessage): DeliveryRecipient[] {
  const original = readReturnedMail(message);
  const report = beforeReturnedMail(searchableText(message).slice(0, TEXT_LIMIT));
  return failedRecipients(message, report, original);
}

// Where the report ends and the mail that it returns begins.
const RETURNED_MAIL_MARK =
  /^(?:[-=_*>\s#]{0,40}(?:(?:below this line is|here is|this is|following is|attached is|included is) (?:a |the )?(?:copy|headers?|original)|(?:start of )?(?:the )?(?:original|unsent|undelivered|returned|rejected|failed) (?:message|mail|e-?mail)(?: (?:follows|header|text|attached|begins|below|is|information|headers follow))?|message (?:header|text|contents?|body|headers?) (?:follows?|for|is)|(?:the )?(?:first|headers?) .{0,40}(?:of (?:the|your) (?:original )?message|follow)|ursprüngliche nachricht|message d'origine|mensaje original)[^@\n]{0,100}|(?:return-path|received):\s.*)$/imu;

function beforeReturnedMail(text: string): string {
  const mark = RETURNED_MAIL_MARK.exec(text);
  // Some reports begin with their own header or heading; what is left has to say something.
  return mark === null || mark.index < 20 ? text : text.slice(0, mark.index);
}

const ADDRESS = /[a-z0-9!#$%&'*+\-/=?^_`{|}~.]{1,64}@[a-z0-9](?:[a-z0-9-]{0,62}\.){1,8}[a-z0-9-]{2,63}/giu;
const DELAYED =
  /\bdelay(?:ed)? (?:mail|\d)|\((?:delay|still being retried)\)|(?:has been|was|is) delayed|not (?:yet )?(?:been )?delivered (?:yet|after)|will (?:continue|keep|be retried|retry|try again)|still (?:trying|being|undelivered|in the queue)|delivery attempts will|this is a warning|no action is required|wird (?:weiter|erneut) versucht|not yet been delivered|do not need to resend|being retried|transient non-fatal/i;
const GIVEN_UP =
  /giv(?:en|ing) up|permanent (?:fatal )?error|failed permanently|will not be retried|retry time(?:out)? exceeded|has expired/i;

const SUCCEEDED =
  /^(?:delivered|relayed|zugestellt|weitergeleitet|remis|entregado|consegnato)\s?:|(?:has been|was|were) delivered to the following|\((?:success|relay)\)|^success(?:ful)?\b|(?<!not (?:been )?)successfully (?:been )?(?:delivered|relayed)/i;

function failedRecipients(message: MailMessage, report: string, original: ReturnedMail): DeliveryRecipient[] {
  const own = [message.from, message.sender, ...message.to, ...message.replyTo].flatMap((one) => one?.address ?? []);
  const originalTo = original.headers.find((field) => field.name === "to")?.value;
  const found = new Map<string, number>();
  const add = (written: string, index: number): boolean => {
    const address = withoutMarks(written);
    if (found.size >= RECIPIENTS_LIMIT || !isAddress(address) || /^(?:mailer-daemon|postmaster)@/i.test(address))
      return false;
    if (own.some((one) => sameAddress(one, address)) || original.messageIds.includes(`<${address}>`)) return false;
    if (![...found.keys()].some((known) => sameAddress(known, address))) found.set(address, index);
    return true;
  };
  for (const field of message.headers) {
    if (!/^x-(?:failed-recipients?|rcpt-to|actual-recipient)$/.test(field.name)) continue;
    for (const [address] of field.value.slice(0, 10_000).matchAll(ADDRESS))
      add(address, Math.max(0, report.indexOf(address)));
  }
  for (const pattern of TELLING_LINES) {
    if (found.size > 0) break;
    for (const match of report.matchAll(pattern)) add(match[1] ?? "", match.index);
  }
  for (const text of [report, originalTo ?? ""]) {
    if (found.size > 0) break;
    for (const match of text.matchAll(ADDRESS)) if (add(match[0], match.index)) break;
  }
  return [...found].map(([address, index]) => describe(address, index, report, message.subject));
}

function withoutMarks(address: string): string {
  return address.replace(/^['.]+|['.]+$/g, "");
}

// Chinese, Japanese and Korean stand next to an address without a space.
const A = String.raw`<?"?'?(?:mailto:|rfc822;\s*|smtp:)?([^\s<>"';:,()：；，（）\p{sc=Han}\p{sc=Hira}\p{sc=Kana}\p{sc=Hang}]{1,64}@[^\s<>"'\x60;:,()=?*|：；，。（）]{1,253})'?"?>?`;
/** The ways in which reports set the address off from their text. The most exact first; the first that finds any is believed. */
const TELLING_LINES: readonly RegExp[] = [
  // On a line of its own, perhaps with the reason behind it: qmail, Postfix, Exim, sendmail, Gmail.
  new RegExp(String.raw`^[ \t>*•-]{0,12}${A}[ \t]{0,4}[:.]?[ \t]*$`, "gimu"),
  new RegExp(String.raw`^[ \t>*•-]{0,12}<([^\s<>]{1,64}@[^\s<>]{1,253})>[ \t]{0,4}[:.(]`, "gimu"),
  new RegExp(String.raw`^[ \t>*•-]{0,12}${A}[ \t]{0,4}(?:[:(]|\.\.\.|-{1,3} |on \d)`, "gimu"),
  // What was said in the SMTP session.
  new RegExp(String.raw`rcpt to:\s{0,3}${A}(?:[\s.]|$)`, "gimu"),
  new RegExp(
    String.raw`(?:recipients?|final-recipient|original-recipient|e-?mail address(?:es)?|address(?:es)?|addressee|users?|mailbox|account|intended for|sent to|delivered? to|deliver (?:your )?(?:message|mail|e-?mail) to|message to|mail to|unknown (?:user|recipient)|empfänger|adresse|destinataire|destinatario)[ \t]{0,4}(?:\(s\))?[ \t]{0,4}[:=]?\s{0,6}${A}(?:[\s.,:;)]|$)`,
    "gimu",
  ),
  new RegExp(String.raw`\b[45]\d\d[ -](?:#?[45]\.\d{1,3}\.\d{1,3}[ -])?[^\n@]{0,60}?${A}(?:[\s.,:;)]|$)`, "gimu"),
];

function describe(address: string, index: number, report: string, subject: string): DeliveryRecipient {
  const start = report.lastIndexOf("\n", Math.max(0, index - 1)) + 1;
  const around = report.slice(start, start + 1500);
  const whole = `${subject}\n${report}`;
  const diagnostic = diagnosticLine(around) ?? diagnosticLine(report);
  const words = [diagnostic, around, whole].find((text) => text !== undefined && causeOf(text)) ?? diagnostic ?? around;
  const cause = causeOf(words);
  const written = /(?:^|[^\d.])#?([45]\.\d{1,3}\.\d{1,3})(?![\d.])/.exec(diagnostic ?? around)?.[1];
  const action = actionOf(whole);
  const status = written ?? (action === "delivered" ? "2.0.0" : cause?.status);
  const recipient: DeliveryRecipient = {
    finalRecipient: address,
    action,
    permanent: action === "failed" && isPermanentFailure(written, words),
  };
  if (status !== undefined) recipient.status = status;
  if (diagnostic !== undefined) recipient.diagnosticCode = diagnostic;
  return recipient;
}

function actionOf(report: string): DeliveryAction {
  const opening = report.slice(0, 600);
  if (SUCCEEDED.test(opening)) return "delivered";
  return (DELAYED.test(report) || DELAYED_ABROAD.test(opening)) && !GIVEN_UP.test(report) ? "delayed" : "failed";
}

/** The first line with a reply code (RFC 5321 section 4.2) or an enhanced status, and the line after it. */
function diagnosticLine(text: string): string | undefined {
  const match = /^.*(?:\b[45][0-5]\d[ -]|(?:^|[^\d.])[45]\.\d{1,3}\.\d{1,3}(?![\d.])).*(?:\n[ \t]*\S.*)?/m.exec(
    text.slice(0, 8000),
  );
  const line = match?.[0].replace(/\s+/g, " ").trim();
  return line === undefined || line === "" ? undefined : line.slice(0, 500);
}
