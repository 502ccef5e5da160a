import { sameAddress } from "./address.ts";
import { readAutoSubmitted } from "./auto-submitted.ts";
import type { MailMessage } from "./message.ts";
import { readReturnedMail } from "./returned-mail.ts";

/** Names that only mail systems take. */
const PROGRAM_LOCAL_PART =
  /^(?:m(?:ail(?:er)?)?-?daemon|double-bounce|mmdf|uucp|microsoftexchange[0-9a-f]{32})(?:$|[-+=_.@\s(])/i;
const DAEMON_NAME =
  /mail(?:er)?[ -]?(?:delivery|daemon|administrator|system|router)|delivery (?:sub)?system|postmaster|internet mail (?:delivery|service)|system administrator|mail (?:deliver|gateway|transfer)|microsoft (?:exchange|outlook)/i;
/** Names that mail systems take, and others too. */
const ROBOT_LOCAL_PART =
  /^(?:mail(?:er)?[-_.]?(?:delivery|system|robot|admin)|(?:bounce|delivery|undeliver)[a-z-]*|listserv-?owner|smtpd?|no-?reply|administrator|root)(?:[-+=_.].*)?$/i;

// At the start of the subject: an answer to a bounce begins otherwise.
const BOUNCE_SUBJECT =
  /^\W*(?:(?:\[.{0,30}\]|warning|error|notice|attention)\W+)?(?:undeliver|undelivered|returned mail|return(?:ed|ing)? (?:to sender|message|e-?mail)|failure notice|mail (?:delivery|system|status|could not)|(?:mail|message|e-?mail)(?: could)? not (?:be )?deliver|(?:message|e-?mail|mail)[ -](?:delivery|undeliver)|deliver(?:y|ing)[ -](?:status|fail|error|problem|notification|report|has failed|unsuccessful|temporarily|delay|attempt|(?:of )?.{0,20}(?:failed|delayed))|delayed|delivery|user unknown|unknown (?:user|recipient|address)|non[ -]?deliver|nd[nr]\b|mail returned|returned:|success(?:ful)?(?:ly)? (?:mail )?deliver|non remis|nicht zustellbar|unzustellbar|zustellung|fehlgeschlagen|message non|[ée]chec|notification d|mensaje no|no se (?:ha )?pudo|devuelto|mancata consegna|impossibile|messaggio non|could ?n[o']t (?:send|deliver)|cannot (?:send|deliver)|can'?t deliver|unable to (?:deliver|send)|failed (?:mail|delivery|to deliver|message)|problems? (?:delivering|with)|nondeliverable|rejected(?: mail|:)|(?:\w{1,20} )?bounced?(?: mail| message|:)|配信|未達|送信)/iu;
const BOUNCE_BODY =
  /could ?n[o'’]t be (?:delivered|sent)|could not be (?:delivered|sent|reached)|(?:was|were|has|have|been) ?n[o'’]t (?:been )?delivered|wasn'?t delivered|(?:un|not )deliver(?:able|ed)|permanent (?:fatal )?(?:error|failure)|unable to deliver|(?:did|does) not reach|(?:cannot|can ?not|could not|couldn'?t|not able to) (?:be )?(?:deliver|send|reach|relay)|(?:mail|message)\b.{0,60}(?:was|been|were) (?:blocked|rejected|refused|stopped|bounced)|deliver(?:y|ing)(?: of| to|ed)?.{0,60}(?:fail|stopped|error|unsuccessful|delayed|suspend|problem|expired|not (?:possible|complete))|fail(?:ed|ure|ing)?.{0,40}(?:deliver|recipient|to send)|returned (?:to sender|mail|message|below|without)|message (?:you sent|that you sent).{0,80}(?:fail|not|error)|transcript of session|following (?:address|recipient|error|user|message|mail)|no such (?:user|mailbox|recipient|account|address)|user unknown|unknown (?:user|recipient|local)|mailbox (?:is )?(?:full|unavailable|not found|unknown)|unrouteable|this is a warning message|error(?: message)? (?:from|returned by) (?:remote|the)|remote (?:host|server) (?:said|returned|refused)|host .{1,80} said:|nicht (?:zugestellt|ausgeliefert)|zustellung|non (?:è stat[oa]|ha potuto|[ée]t[ée]|remis|distribu)|no (?:se pudo|ha podido|pudo ser) entreg|n['’]a pas pu|配信でき|届け|送信できま/imu;

/** How a mail system says in another language that it could not deliver, in subjects and in texts. */
const NOT_DELIVERED = new RegExp(
  [
    String.raw`(?:übermittlung|zustellung).{0,60}fehlgeschlagen|zustell(?:ungs)?fehler|nicht (?:zugestellt|zustellbar|ausgeliefert|übermittelt)|unzustellbar`,
    String.raw`n['’](?:a|ont) pas pu|non (?:remis|distribu)|échec (?:de|d['’])`,
    String.raw`no (?:se (?:ha )?(?:pudo|podido|puede)|ha(?:n)? podido|pudo ser|ha sido|fue) .{0,20}(?:entreg|enviar)|no entregado|mensaje devuelto`,
    String.raw`não (?:foi|pôde|pode|é possível).{0,30}entreg|não entregue|falha na entrega|mensagem devolvida`,
    String.raw`(?:non|impossibile|mancat).{0,25}(?:recapit|consegn)`,
    String.raw`(?:niet|kon|kan) .{0,30}(?:bezorgd|afgeleverd)|onbestelbaar|onbezorg|levering.{0,20}mislukt`,
    String.raw`nie .{0,30}(?:dostarcz|doręcz)|niedostarcz|niedoręcz`,
    String.raw`(?:inte|ikke|ej) .{0,25}lever|(?:ei|epäonnis).{0,30}toimit|toimit.{0,30}epäonnis`,
    String.raw`(?:nelze|nebyl|nepodařilo|nemohl).{0,30}doruč|nedoruč|nem .{0,25}kézbesít|kézbesít.{0,20}(?:nem|sikertelen)`,
    String.raw`teslim edil(?:em|mey)|iletil(?:em|mey)|nu (?:a|au) putut fi livrat|δεν .{0,30}παραδ`,
    String.raw`не .{0,40}(?:достав|отправлен)|недостав`,
    String.raw`(?:配信|配送|送信|送達|届け?).{0,12}(?:でき|不能|エラー|失敗|ません)|不達|未達`,
    String.raw`반송|(?:발송|전송|배달|전달).{0,12}(?:실패|못|않)`,
    String.raw`退信|退回|(?:无法|未能|不能|無法).{0,8}(?:送达|送達|投递|投遞|发送|發送|傳送|寄送)|(?:投递|投遞|发送|發送|傳送|寄送)失[败敗]`,
  ].join("|"),
  "iu",
);
/** How a mail system says in another language that it is still trying. */
export const DELAYED_ABROAD =
  /verzöger|retard|pas encore été|retras|in ritardo|atrasad|vertraag|opóźni|försen|forsink|viivästy|zpožd|задерж|отложен|遅延|延迟|延遲|지연|gecik/iu;
/** How mail programs begin the subject of an answer, or of a mail that is passed on. */
const ANSWER_SUBJECT =
  /^\W*(?:re|aw|antw|antwort|sv|vs|rif|r|res|odp|ynt|fwd?|wg|tr|rv|enc|i|回复|回覆|答复|转发|轉寄|返信|転送|답장|전달)\s{0,3}(?:\[\d{1,3}\]\s{0,3})?[:：]/iu;
/** Subjects that are also those of parcels and of people. */
const LOOSE_SUBJECT =
  /^\W*(?:delivery|delayed|notification d|notice|zustellung|fehlgeschlagen|message non|[ée]chec|problems?|rejected|attention|impossibile)(?! (?:has )?(?:status|fail|has failed|unsuccessful))/iu;
/** A refusing server's code: enough beside a daemon's name, and not beside a person's. */
const REFUSAL_CODE = /(?:^|[^\d.])[45]\.\d\.\d{1,3}(?![\d.])|\b(?:4[25]\d|55\d)[ -](?![kmgt]i?b\b)/i;
/** Subjects of absence notices, which Exchange sends with an empty reverse path. */
const NOTICE_SUBJECT =
  /^(?:automatic reply|auto(?:matische antwort|-?reply|-?response)|out of (?:the )?office|vacation|abwesen|respuesta autom|r[ée]ponse autom|risposta autom)/iu;

/** Whether a mail is a bounce by who sent it and what it says, `report` being its text before the mail that it returns. */
export function isBounce(message: MailMessage, report: string): boolean {
  const type = headerOf(message, "content-type");
  if (/^multipart\/report\b/i.test(type)) return /report-type\s*=\s*"?(?:global-)?delivery-status/i.test(type);
  const subject = isBounceSubject(message.subject);
  const line = report.replace(/[\s>]+/g, " ");
  const refused = REFUSAL_CODE.test(line);
  const body = BOUNCE_BODY.test(line) || NOT_DELIVERED.test(line);
  if (headerOf(message, "x-failed-recipients").includes("@")) return subject || body;
  const path = reversePathOf(message);
  const author = authorOf(message);
  if (NOTICE_SUBJECT.test(message.subject.trim())) return author !== "other" && path === "empty" && subject && body;
  const returned = hasReturnedMail(message);
  switch (author) {
    case "program":
      return subject || body || refused || returned || namesAnother(message, report);
    case "role":
      if (path === "given") return subject && (body || refused || returned);
      return (
        subject ||
        ((path === "empty" || !ANSWER_SUBJECT.test(message.subject)) &&
          (body || refused || DELAYED_ABROAD.test(message.subject)))
      );
    case "named":
      return (subject || path === "empty") && (body || refused) && (returned || namesAnother(message, report));
    case "other":
      break;
  }
  // Parcel services, shops and trackers write the same words: they name no mailbox but their own, or do not say which mail they mean.
  if (!subject || LOOSE_SUBJECT.test(message.subject) || headerOf(message, "list-id") !== "") return false;
  const robot = ROBOT_LOCAL_PART.test(localPartOf(message)) || (readAutoSubmitted(message) ?? "no") !== "no";
  if (path === "empty" && (refused || (body && namesAnother(message, report, domainOf(message))))) return true;
  return body && (path === "empty" || returned || robot) && refersToMail(message);
}

/** Whether a mail system seems to have sent it, rather than a person who attaches what a mail system wrote. */
export function isFromMailSystem(message: MailMessage): boolean {
  const path = reversePathOf(message);
  return authorOf(message) !== "other" || path === "empty" || (path === "unknown" && isBounceSubject(message.subject));
}

/** RFC 3834 section 2: what came with an empty reverse path, or from a mail system, is answered by nobody. */
export function asksForNoAnswer(message: MailMessage): boolean {
  return reversePathOf(message) === "empty" || authorOf(message) === "program";
}

function isBounceSubject(subject: string): boolean {
  return BOUNCE_SUBJECT.test(subject.trim()) || (NOT_DELIVERED.test(subject) && !ANSWER_SUBJECT.test(subject));
}

/** RFC 5321 section 4.5.5: reports have an empty reverse path, for which some servers write a name. Not every mailbox says what it was. */
function reversePathOf(message: MailMessage): "empty" | "given" | "unknown" {
  const path = headerOf(message, "return-path").trim();
  if (path === "") return "unknown";
  return /^<?\s*(?:>|mailer-daemon\b)/i.test(path) ? "empty" : "given";
}

/** `program`: nobody but a mail system has that address. `role`: a person may answer from it. `named`: only the display name says so, which anybody can write. */
function authorOf(message: MailMessage): "program" | "role" | "named" | "other" {
  const local = localPartOf(message);
  const author = message.from ?? message.sender;
  // `From: MAILER-DAEMON (Mail Delivery System)`, `From: <>` and the like name no usable address.
  const name = author === undefined ? headerOf(message, "from").trim() : (author.name ?? "");
  if (PROGRAM_LOCAL_PART.test(author === undefined ? name : local) || /^<\s*@?\s*>$/.test(name)) return "program";
  if (author === undefined && DAEMON_NAME.test(name)) return "program";
  if (/^post[-_]?master(?:[-+=_.].*)?$/i.test(local)) return "role";
  return DAEMON_NAME.test(`${name} ${local}`) ? "named" : "other";
}

/** Whether the text has the address of somebody who is neither its author nor its reader, and not of the domain `but`. */
function namesAnother(message: MailMessage, report: string, but?: string): boolean {
  const known = [message.from, message.sender, ...message.replyTo, ...message.to, ...message.cc];
  return [...report.matchAll(/[^\s<>"'()[\]:;,=]{1,64}@[a-z0-9.-]{1,253}[a-z0-9]/giu)].some(
    ([address]) =>
      (but === undefined || !address.toLowerCase().endsWith(`@${but}`)) &&
      !known.some((one) => one !== undefined && sameAddress(one.address, address)),
  );
}

function refersToMail(message: MailMessage): boolean {
  const { messageIds, headers } = readReturnedMail(message);
  return messageIds.length > 0 || headers.length > 0;
}

/** In lower case. */
function domainOf(message: MailMessage): string | undefined {
  return (message.from ?? message.sender)?.address.split("@").at(-1)?.toLowerCase();
}

function localPartOf(message: MailMessage): string {
  const address = (message.from ?? message.sender)?.address ?? "";
  return address.slice(0, Math.max(0, address.lastIndexOf("@")));
}

function hasReturnedMail(message: MailMessage): boolean {
  return message.reports.some(
    (part) => part.contentType.startsWith("message/") || part.contentType === "text/rfc822-headers",
  );
}

function headerOf(message: MailMessage, name: string): string {
  return message.headers.find((field) => field.name === name)?.value ?? "";
}
