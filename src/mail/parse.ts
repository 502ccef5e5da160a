import { parseAddressList } from "./address-list.ts";
import { decodeWith, rawHeaderFields, readHeaderFields } from "./header-fields.ts";
import type { MailAddress, MailAttachment, MailMessage, MailReportPart } from "./message.ts";
import { parseMessageIds } from "./message-id.ts";
import { decodeContent, decodeText } from "./mime-content.ts";
import { readMimeStructure, type MimeLimits, type MimePart } from "./mime-structure.ts";
import { textToHtml } from "./text-to-html.ts";

/** What a mail may ask of us. A mail beyond one of these is unreadable, except where it says otherwise. Defaults: {@link DEFAULT_PARSE_LIMITS}. */
export interface ParseLimits extends MimeLimits {
  /** Octets of the whole mail. */
  maxBytes: number;
  maxAttachments: number;
  /** Characters of `text` and of `html`, each; what is beyond is cut off. */
  maxTextLength: number;
}

export const DEFAULT_PARSE_LIMITS: ParseLimits = {
  maxBytes: 50 * 1024 * 1024,
  maxHeaderBytes: 256 * 1024,
  maxHeaderFields: 1000,
  maxDepth: 20,
  maxParts: 200,
  maxAttachments: 100,
  maxTextLength: 2 * 1024 * 1024,
};

export interface ParseOptions {
  /** Stores the content of an attachment, and resolves with its reference. A rejection rejects the parsing: the mail is not at fault. */
  putAttachment: (content: Uint8Array) => Promise<string>;
  limits?: Partial<ParseLimits>;
}

export type ParseResult = { kind: "parsed"; message: MailMessage } | { kind: "unreadable"; reason: string };

/**
 * Reads a mail (RFC 5322, MIME). Whatever the bytes are, the result is a value: `unreadable` where a limit is passed.
 * Nothing is made up: a mail with only HTML has no `text`, one without a usable From, or with two that differ, no `from`.
 */
export async function parseMail(raw: Uint8Array, options: ParseOptions): Promise<ParseResult> {
  const limits = { ...DEFAULT_PARSE_LIMITS, ...options.limits };
  if (raw.byteLength === 0) return { kind: "unreadable", reason: "no content" };
  if (raw.byteLength > limits.maxBytes) return { kind: "unreadable", reason: `larger than ${limits.maxBytes} octets` };
  const structure = readMimeStructure(raw, limits);
  if (structure.kind === "excess") return { kind: "unreadable", reason: structure.reason };

  const message = readFields(structure.header, limits);
  const body = structure.parts.filter((part, index) => isBody(part, index === 0));
  Object.assign(message, readText(body, limits.maxTextLength));
  const isReport = looksLikeReport(message, structure.parts);
  const attached: MimePart[] = [];
  for (const part of structure.parts.filter((one) => !body.includes(one))) {
    const { value: type } = part.contentType;
    if (MACHINE_PARTS.has(type) || (isReport && RETURNED_MAIL.has(type))) message.reports.push(reportPart(part));
    else attached.push(part);
  }
  if (attached.length > limits.maxAttachments) {
    return { kind: "unreadable", reason: `more than ${limits.maxAttachments} attachments` };
  }
  for (const part of attached) message.attachments.push(await attachmentOf(part, options.putAttachment));
  return { kind: "parsed", message };
}

function readFields(section: string, limits: ParseLimits): MailMessage {
  const headers = readHeaderFields(section, { maxFields: limits.maxHeaderFields });
  const first = (name: string) => headers.find((header) => header.name === name)?.value;
  const ids = (name: string) =>
    parseMessageIds(
      headers
        .filter((h) => h.name === name)
        .map((h) => h.value)
        .join(" "),
    );
  const message: MailMessage = {
    inReplyTo: ids("in-reply-to"),
    references: ids("references"),
    replyTo: addressesOf(section, "reply-to"),
    to: addressesOf(section, "to"),
    cc: addressesOf(section, "cc"),
    subject: first("subject") ?? "",
    headers,
    attachments: [],
    reports: [],
  };
  const messageId = parseMessageIds(first("message-id") ?? "")[0];
  if (messageId !== undefined) message.messageId = messageId;
  const from = onlyOne(addressesOf(section, "from"));
  if (from !== undefined) message.from = from;
  const sender = onlyOne(addressesOf(section, "sender"));
  if (sender !== undefined) message.sender = sender;
  const date = isoDate(first("date"));
  if (date !== undefined) message.date = date;
  return message;
}

function addressesOf(section: string, name: string): MailAddress[] {
  const addresses: MailAddress[] = [];
  for (const field of rawHeaderFields(section))
    if (field.name === name) addresses.push(...parseAddressList(field.value));
  return addresses;
}

/** RFC 5322 section 3.6.2 allows one author or a Sender beside several; two that differ are how one reader is shown another author than the next. */
function onlyOne(addresses: MailAddress[]): MailAddress | undefined {
  const [first] = addresses;
  const same = addresses.every((one) => one.address.toLowerCase() === first?.address.toLowerCase());
  return same ? first : undefined;
}

function isoDate(value: string | undefined): string | undefined {
  if (value === undefined) return undefined;
  // Comments such as `(CEST)`, which RFC 5322 section 3.3 allows at the end.
  const date = new Date(
    value
      .slice(0, 200)
      .replace(/\([^()]*\)/g, " ")
      .trim(),
  );
  return Number.isNaN(date.getTime()) ? undefined : date.toISOString();
}

/** Whether a part is what the sender wrote, and not a file. A text with a filename is a file, except where the mail begins with it. */
function isBody(part: MimePart, isFirst: boolean): boolean {
  if (part.contentType.value !== "text/plain" && part.contentType.value !== "text/html") return false;
  const { value } = part.disposition;
  return (value === "" || value === "inline") && (isFirst || filenameOf(part) === undefined);
}

/**
 * The text and the HTML of a mail. Where a piece of HTML stands beside text that is no alternative to it, as behind a list's footer, the text alone would say
 * less than the mail: then all of it becomes HTML.
 */
function readText(body: readonly MimePart[], limit: number): Pick<MailMessage, "text" | "html"> {
  const isHtml = (part: MimePart) => part.contentType.value === "text/html";
  const alternativesWithText = new Set(body.filter((part) => !isHtml(part)).flatMap((part) => alternativesOf(part)));
  const lonelyHtml = body.some(
    (part) => isHtml(part) && !alternativesOf(part).some((id) => alternativesWithText.has(id)),
  );
  const texts = body.filter((part) => !isHtml(part)).map((part) => ({ part, content: decodeText(part) }));
  const said = texts.filter(({ content }) => content.trim() !== "");
  const join = (contents: string[]) =>
    contents
      .map((content, index) => (index < contents.length - 1 && !content.endsWith("\n") ? `${content}\n` : content))
      .join("")
      .slice(0, limit);
  if (!body.some(isHtml)) return texts.length === 0 ? {} : { text: join(texts.map(({ content }) => content)) };
  const html = body.flatMap((part) => {
    if (isHtml(part)) return decodeText(part);
    const content = said.find((one) => one.part === part)?.content;
    return content === undefined || alternativesOf(part).length > 0 ? [] : textToHtml(content);
  });
  return lonelyHtml || said.length === 0
    ? { html: join(html) }
    : { text: join(said.map(({ content }) => content)), html: join(html) };
}

function alternativesOf(part: MimePart): number[] {
  return part.within.filter(({ subtype }) => subtype === "alternative").map(({ id }) => id);
}

/** RFC 3464, 8098, 5965, 6522 and their forms for internationalised mail (RFC 6533): for programs, and never an attachment. */
const MACHINE_PARTS = new Set([
  "message/delivery-status",
  "message/global-delivery-status",
  "message/disposition-notification",
  "message/global-disposition-notification",
  "message/feedback-report",
  "text/rfc822-headers",
  "message/global-headers",
]);
const RETURNED_MAIL = new Set(["message/rfc822", "message/global", "message/partial"]);
/** Enough for the header of a returned mail and the beginning of its text. */
const REPORT_PART_LIMIT = 256 * 1024;

/** Whether the mail that it carries was returned to us, rather than forwarded by a person. */
function looksLikeReport(message: MailMessage, parts: readonly MimePart[]): boolean {
  if (parts.some((part) => MACHINE_PARTS.has(part.contentType.value))) return true;
  const has = (name: string, pattern: RegExp) =>
    message.headers.some((header) => header.name === name && pattern.test(header.value));
  return (
    has("content-type", /^multipart\/report\b/i) ||
    has("return-path", /^<\s*>/) ||
    has("x-failed-recipients", /@/) ||
    /^(?:mailer-daemon|postmaster)@/i.test(message.from?.address ?? "")
  );
}

function reportPart(part: MimePart): MailReportPart {
  const content = decodeWith("utf-8", decodeContent(part).subarray(0, REPORT_PART_LIMIT));
  return { contentType: part.contentType.value, content: content.replace(/\r\n?/g, "\n").replaceAll("\0", "") };
}

async function attachmentOf(part: MimePart, put: ParseOptions["putAttachment"]): Promise<MailAttachment> {
  const content = decodeContent(part);
  return {
    filename: safeFilename(part),
    contentType: part.contentType.value,
    size: content.byteLength,
    blob: await put(content),
    ...(part.contentId === undefined ? {} : { contentId: part.contentId }),
  };
}

function filenameOf(part: MimePart): string | undefined {
  return part.disposition.parameters.get("filename") ?? part.contentType.parameters.get("name");
}

/** A name without a path and without control or direction-changing characters, so that a program may show it as it is. */
function safeFilename(part: MimePart): string {
  const name = (filenameOf(part) ?? "")
    .replace(/[\p{Cc}\p{Cs}\u2028\u2029\u202a-\u202e\u2066-\u2069]/gu, "")
    .split(/[/\\]/)
    .at(-1)
    ?.trim()
    .slice(0, 200);
  if (name !== undefined && name !== "" && name !== "." && name !== "..") return name;
  if (RETURNED_MAIL.has(part.contentType.value)) return "message.eml";
  return part.contentType.value.startsWith("text/") ? "attachment.txt" : "attachment.bin";
}
