import { createHash } from "node:crypto";
import DKIM from "nodemailer/lib/dkim";
import MailComposer from "nodemailer/lib/mail-composer";
import { EmailKitError } from "../errors.ts";
import { parseAddress } from "./address.ts";
import { isMessageId } from "./message-id.ts";
import type { MailAddress } from "./message.ts";
import { textToHtml } from "./text-to-html.ts";

const DEFAULT_MAX_BYTES = 10 * 1024 * 1024;

export interface ComposeAttachment {
  filename: string;
  /** Such as `application/pdf`. Attached mails and multiparts travel as `application/octet-stream`, since they may not be encoded (RFC 2046 section 5.2.1). */
  contentType: string;
  /** A string is sent as UTF-8. */
  content: Uint8Array | string;
}

/** What a domain signs its mail with (RFC 6376): the name of the public key in the DNS, `selector._domainkey.domain`, and the private key. */
export interface DkimKey {
  domain: string;
  /** Such as `mail2026`. */
  selector: string;
  /** RSA, in PEM. */
  privateKey: string;
}

export interface ComposeInput {
  /** With angle brackets. */
  messageId: string;
  date: Date;
  from: string | MailAddress;
  to: readonly (string | MailAddress)[];
  cc?: readonly (string | MailAddress)[];
  replyTo?: string | MailAddress;
  subject: string;
  text: string;
  /** Default: the text, escaped, in paragraphs. */
  html?: string;
  inReplyTo?: string;
  references?: readonly string[];
  attachments?: readonly ComposeAttachment[];
  /** RFC 3834. Left out, the mail claims to come from a person. */
  autoSubmitted?: "auto-generated" | "auto-replied";
  /** Further fields. Those that this function writes itself are refused. */
  headers?: Readonly<Record<string, string>>;
  /** Signs the mail, rsa-sha256 and relaxed. Default: no signature. */
  dkim?: DkimKey;
  /** Of the finished mail, in octets. Default: 10 MiB. */
  maxBytes?: number;
}

/**
 * Writes a mail (RFC 5322, MIME). The same input gives the same bytes, so that a retry sends what was sent before.
 * There is no Bcc: who else gets the mail is the envelope's matter. Throws `INVALID_ADDRESS`, `INVALID_MESSAGE` (with the field that is at fault) and `MESSAGE_TOO_LARGE`.
 */
export async function composeMail(input: ComposeInput): Promise<Uint8Array> {
  const maxBytes = input.maxBytes ?? DEFAULT_MAX_BYTES;
  const attachments = (input.attachments ?? []).map(checkAttachment);
  const parts = [input.text, input.html ?? "", ...attachments.map((attachment) => attachment.content)];
  const estimate = parts.reduce((sum, part) => sum + Buffer.byteLength(part), 0);
  // Before the work of encoding, which only makes it longer.
  if (estimate > maxBytes) throw tooLarge(estimate, maxBytes);

  const text = crlf(checkBody("text", input.text));
  const html = input.html === undefined ? crlf(textToHtml(input.text)) : crlf(checkBody("html", input.html));
  const names = new Map(Object.keys(input.headers ?? {}).map((name) => [name.toLowerCase(), name]));
  const composer = new MailComposer({
    messageId: checkMessageId("messageId", input.messageId),
    date: checkDate(input.date),
    from: parseAddress(input.from),
    to: checkRecipients(input.to),
    cc: (input.cc ?? []).map((address) => parseAddress(address)),
    replyTo: input.replyTo === undefined ? undefined : parseAddress(input.replyTo),
    subject: checkLine("subject", input.subject),
    inReplyTo: input.inReplyTo === undefined ? undefined : checkMessageId("inReplyTo", input.inReplyTo),
    references: input.references?.map((id, index) => checkMessageId(`references[${index}]`, id)),
    // nodemailer leaves out a part that is empty.
    text: text === "" ? "\r\n" : text,
    html: html === "" ? "<p></p>\r\n" : html,
    attachments,
    headers: extraHeaders(input),
    // nodemailer would write X-LangGraph-Email as X-Langgraph-Email.
    normalizeHeaderKey: (key) => names.get(key.toLowerCase()) ?? key,
    boundaryPrefix: "=_",
    baseBoundary: boundaryOf(input.messageId, parts),
    newline: "win",
    disableFileAccess: true,
    disableUrlAccess: true,
  });
  const built = await composer.compile().build();
  const raw = input.dkim ? await sign(built, input.dkim) : built;
  if (raw.byteLength > maxBytes) throw tooLarge(raw.byteLength, maxBytes);
  checkLineLengths(raw);
  return new Uint8Array(raw);
}

async function sign(raw: Buffer, { domain, selector, privateKey }: DkimKey): Promise<Buffer> {
  const signer = new DKIM({ domainName: domain, keySelector: selector, privateKey });
  const signed = Buffer.concat((await signer.sign(raw).toArray()) as Buffer[]);
  // A key that cannot sign is left out without a word.
  if (!signed.subarray(0, 15).equals(Buffer.from("DKIM-Signature:"))) {
    throw invalid("dkim", "has a private key that cannot sign; give an RSA key in PEM");
  }
  return signed;
}

const CONTROL = /[\p{Cc}\u2028\u2029]/u;

/** Fields that are written from the other inputs, that the transport writes, or that would change the meaning of the body. */
const OWN_FIELDS = new Set(
  "from sender to cc bcc reply-to subject date message-id in-reply-to references mime-version return-path received auto-submitted x-auto-response-suppress".split(
    " ",
  ),
);

function extraHeaders(input: ComposeInput): { key: string; value: string }[] {
  const fields: { key: string; value: string }[] = [];
  for (const [name, value] of Object.entries(input.headers ?? {})) {
    // RFC 5322 section 2.2.
    if (!/^[\x21-\x39\x3b-\x7e]{1,76}$/.test(name))
      throw invalid(`headers[${JSON.stringify(name.slice(0, 80))}]`, "is no name of a header field");
    if (OWN_FIELDS.has(name.toLowerCase()) || /^(?:content|resent)-/i.test(name)) {
      throw invalid(`headers[${JSON.stringify(name)}]`, "is written from the other inputs and cannot be set here");
    }
    fields.push({ key: name, value: checkLine(`headers[${JSON.stringify(name)}]`, value) });
  }
  if (input.autoSubmitted !== undefined) {
    fields.push({ key: "Auto-Submitted", value: input.autoSubmitted });
    // Asks Exchange not to answer by itself. Whoever is asked for something may say that they are away: a notice of absence is worth knowing.
    const suppressed = input.autoSubmitted === "auto-generated" ? "DR, RN, NRN, AutoReply" : "All";
    fields.push({ key: "X-Auto-Response-Suppress", value: suppressed });
  }
  return fields;
}

function checkAttachment(attachment: ComposeAttachment, index: number) {
  const field = `attachments[${index}]`;
  const filename = checkLine(`${field}.filename`, attachment.filename);
  if (filename.trim() === "") throw invalid(`${field}.filename`, "is empty");
  const type = checkLine(`${field}.contentType`, attachment.contentType).trim().toLowerCase();
  // RFC 2045 section 5.1, parameters as tokens or quoted strings.
  if (
    !/^[!#$%&'*+.^_`{|}~0-9a-z-]+\/[!#$%&'*+.^_`{|}~0-9a-z-]+(?:\s*;\s*[!#$%&'*+.^_`{|}~0-9a-z-]+=(?:[!#$%&'*+.^_`{|}~0-9a-z-]+|"[^"\\]*"))*$/.test(
      type,
    )
  ) {
    throw invalid(`${field}.contentType`, "is no media type such as application/pdf");
  }
  const content =
    typeof attachment.content === "string" ? Buffer.from(attachment.content) : Buffer.from(attachment.content);
  return {
    filename,
    contentType: /^(?:message|multipart)\//.test(type) ? "application/octet-stream" : type,
    contentDisposition: "attachment",
    contentTransferEncoding: "base64",
    content,
  };
}

function checkRecipients(to: ComposeInput["to"]): MailAddress[] {
  if (to.length === 0) throw invalid("to", "names nobody; give at least one address");
  return to.map((address) => parseAddress(address));
}

function checkDate(date: Date): Date {
  if (Number.isNaN(date.getTime())) throw invalid("date", "is no valid date");
  return date;
}

function checkMessageId(field: string, id: string): string {
  if (!isMessageId(id)) {
    throw invalid(field, "is no message id; write it with angle brackets and without spaces");
  }
  return id;
}

function checkLine(field: string, value: string): string {
  if (typeof value !== "string") throw invalid(field, "is no string");
  if (CONTROL.test(value)) throw invalid(field, "holds a line break or another control character; remove it");
  return value;
}

function checkBody(field: string, value: string): string {
  if (typeof value !== "string") throw invalid(field, "is no string");
  // RFC 5321 section 4.5.2 and RFC 2045 section 2.7: a NUL is allowed in no mail, and some scanners stop at one.
  if (value.includes("\0")) throw invalid(field, "holds a NUL character; remove it");
  return value;
}

function crlf(text: string): string {
  return text.replace(/\r\n|\r|\n/g, "\r\n");
}

/** RFC 5322 section 2.1.1. Only what cannot be folded gets as long: one word in a header field. */
function checkLineLengths(raw: Buffer): void {
  let start = 0;
  while (start < raw.length) {
    const newline = raw.indexOf("\r\n", start);
    const end = newline < 0 ? raw.length : newline;
    if (end - start > 998) {
      // The word may stand on a line of its own, below its field's name.
      const lines = raw.toString("latin1", Math.max(0, start - 1000), start + 80).split("\r\n");
      const name = lines.findLast((line) => /^[!-9;-~]+:/.test(line))?.split(":")[0] ?? "header";
      throw invalid(name, "holds a word longer than the 998 octets of a line; shorten it");
    }
    start = end + 2;
  }
}

/** Of all that is in the parts, so that no part can hold its own boundary. */
function boundaryOf(messageId: string, parts: readonly (string | Uint8Array)[]): string {
  const hash = createHash("sha256").update(messageId);
  for (const part of parts) hash.update(`\0${Buffer.byteLength(part)}\0`).update(part);
  return hash.digest("hex").slice(0, 32);
}

function invalid(field: string, problem: string): EmailKitError {
  return new EmailKitError("INVALID_MESSAGE", `The mail's ${field} ${problem}.`);
}

function tooLarge(size: number, maxBytes: number): EmailKitError {
  return new EmailKitError(
    "MESSAGE_TOO_LARGE",
    `The mail has ${size} octets and may have ${maxBytes}. Send less, or a link to the content, or raise maxBytes.`,
  );
}
