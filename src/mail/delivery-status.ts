import { isAddress } from "./address.ts";
import { isFromMailSystem } from "./bounce-signs.ts";
import { isPermanentFailure } from "./delivery-cause.ts";
import type { DeliveryAction, DeliveryRecipient, DeliveryStatus } from "./delivery-report.ts";
import { readHeaderFields } from "./header-fields.ts";
import type { MailHeader, MailMessage } from "./message.ts";
import { readNonStandardBounce, recipientsInText } from "./nonstandard-bounce.ts";
import { searchableText } from "./plain-text.ts";
import { readReturnedMail } from "./returned-mail.ts";

export type { DeliveryAction, DeliveryRecipient, DeliveryStatus, ReturnedMail } from "./delivery-report.ts";

const RECIPIENTS_LIMIT = 500;

/** Reads a delivery status notification; `undefined` where the mail is none. Some reports name no recipient that can be read: `recipients` is empty then. */
export function readDeliveryStatus(message: MailMessage): DeliveryStatus | undefined {
  const part = message.reports.find((report) => /^message\/(?:global-)?delivery-status$/.test(report.contentType));
  if (part === undefined || !isReport(message)) return readNonStandardBounce(message);
  const [perMessage, ...perRecipient] = fieldGroups(part.content);
  const text = searchableText(message);
  const named = perRecipient.flatMap((fields) => readRecipient(fields, text) ?? []).slice(0, RECIPIENTS_LIMIT);
  const status: DeliveryStatus = {
    recipients: named.length > 0 ? named : unnamedRecipients(message, perRecipient, text),
    original: readReturnedMail(message),
    standard: named.length > 0,
  };
  const reportingMta = typed(fieldOf(perMessage, "reporting-mta"));
  if (reportingMta !== undefined) status.reportingMta = reportingMta;
  const envelopeId = fieldOf(perMessage, "original-envelope-id");
  if (envelopeId !== undefined) status.originalEnvelopeId = envelopeId;
  return status;
}

/** A person who attaches the status of a bounce writes no report. */
function isReport(message: MailMessage): boolean {
  const type = message.headers.find((field) => field.name === "content-type")?.value ?? "";
  return /^\s*(?:multipart\/report|message\/)/i.test(type) || isFromMailSystem(message);
}

/** Where the fields name nobody by a mail address (X.400, a local program), the text says who, and they say what happened. */
function unnamedRecipients(message: MailMessage, groups: MailHeader[][], text: string): DeliveryRecipient[] {
  const [only, ...others] = groups.filter((fields) => fieldOf(fields, "action") !== undefined);
  const inText = recipientsInText(message);
  if (only === undefined || others.length > 0) return inText;
  return inText.flatMap(({ finalRecipient }) => readRecipient(only, text, finalRecipient) ?? []);
}

/** Groups of fields with empty lines between them (RFC 3464 section 2.1). The first is about the whole mail, where it names no recipient. */
function fieldGroups(content: string): MailHeader[][] {
  const groups = content
    .split(/\n[ \t]*\n/)
    .slice(0, RECIPIENTS_LIMIT + 1)
    .map((group) => readHeaderFields(group.replace(/^\s+/, "")))
    .filter((fields) => fields.length > 0);
  return groups.flatMap((fields, index) => separate(fields).filter((group) => index === 0 || group.length > 0));
}

const RECIPIENT_FIELD = /^(?:(?:final|original)-recipient|action|status|diagnostic-code|remote-mta)$/;

/**
 * Some programs leave the empty lines out: then a recipient begins with the first field about one, and the next where that field comes again. What stands
 * before the first, perhaps nothing, is returned first.
 */
function separate(fields: MailHeader[]): MailHeader[][] {
  if (!fields.some(({ name }) => name.endsWith("-recipient") && RECIPIENT_FIELD.test(name))) return [fields];
  const groups: MailHeader[][] = [[]];
  for (const field of fields) {
    const group = groups.at(-1) ?? [];
    const first = groups.length === 1 && RECIPIENT_FIELD.test(field.name);
    const again = field.name === group[0]?.name || field.name === "final-recipient";
    if (first || (groups.length > 1 && again && group.some(({ name }) => name === field.name))) groups.push([field]);
    else group.push(field);
  }
  return groups;
}

function readRecipient(fields: MailHeader[], text: string, named?: string): DeliveryRecipient | undefined {
  const finalRecipient = addressOf(fieldOf(fields, "final-recipient"));
  const originalRecipient = addressOf(fieldOf(fields, "original-recipient"));
  const address = finalRecipient ?? originalRecipient ?? named;
  if (address === undefined) return undefined;
  const status = enhancedStatus(fieldOf(fields, "status"));
  const diagnosticCode = typed(fieldOf(fields, "diagnostic-code"));
  const action = actionOf(fieldOf(fields, "action"), status);
  const recipient: DeliveryRecipient = {
    finalRecipient: address,
    action,
    permanent: action === "failed" && isPermanentFailure(status, diagnosticCode ?? wordsAbout(address, text)),
  };
  if (originalRecipient !== undefined) recipient.originalRecipient = originalRecipient;
  if (status !== undefined) recipient.status = status;
  if (diagnosticCode !== undefined) recipient.diagnosticCode = diagnosticCode;
  const remoteMta = typed(fieldOf(fields, "remote-mta"));
  if (remoteMta !== undefined) recipient.remoteMta = remoteMta;
  return recipient;
}

/** What the part for people says after the address, where the part for programs gives no reason. */
function wordsAbout(address: string, text: string): string | undefined {
  const index = text.toLowerCase().indexOf(address.toLowerCase());
  return index < 0 ? undefined : text.slice(index + address.length, index + address.length + 600);
}

function fieldOf(fields: MailHeader[] | undefined, name: string): string | undefined {
  const value = fields?.find((field) => field.name === name)?.value.trim();
  return value === "" ? undefined : value;
}

/** Takes the type off a typed field such as `dns; mx.a.example` or `smtp; 550 no such user` (RFC 3464 section 2.1.2). */
function typed(value: string | undefined): string | undefined {
  const rest = value
    ?.replace(/^[\w.-]{1,40}\s*;\s*/, "")
    .replace(/\s+/g, " ")
    .trim();
  return rest === undefined || rest === "" ? undefined : rest.slice(0, 2000);
}

function addressOf(value: string | undefined): string | undefined {
  // `rfc822;` or `utf-8;` in front, angle brackets and comments around, `\x{FC}` for what is not ASCII (RFC 6533 section 3).
  const bare = typed(value)
    ?.replace(/\\x\{(10[0-9a-f]{4}|[0-9a-f]{2,5})\}/gi, (_, hex) => String.fromCodePoint(Number.parseInt(hex, 16)))
    .replace(/\([^()]*\)/g, "")
    .trim()
    .replace(/^<(.*)>$/, "$1")
    .trim();
  return bare !== undefined && isAddress(bare) ? bare : undefined;
}

function enhancedStatus(value: string | undefined): string | undefined {
  return /(?:^|[^\d.])([245]\.\d{1,3}\.\d{1,3})(?![\d.])/.exec(value ?? "")?.[1];
}

function actionOf(value: string | undefined, status: string | undefined): DeliveryAction {
  const word = /^[a-z]+/.exec(value?.toLowerCase() ?? "")?.[0];
  switch (word) {
    case "failed":
    case "delayed":
    case "delivered":
    case "relayed":
    case "expanded":
      return word;
    case "failure":
      return "failed";
    default:
      // Without a usable Action the class of the status is what is left (RFC 3463 section 3.1).
      return status?.startsWith("2") ? "delivered" : status?.startsWith("4") ? "delayed" : "failed";
  }
}
