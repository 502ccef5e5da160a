import { isUtf8 } from "node:buffer";
import { Readable } from "node:stream";
import { MailParser, parseAddressHeader, type AttachmentStream, type MessageText } from "mailparser";
import { placeOf } from "../errors.ts";
import { isAddress, parseAddress } from "./address.ts";
import { decodeOctets, decodeWith, rawHeaderFields, readHeaderFields } from "./header-fields.ts";
import type { MailAddress, MailAttachment, MailMessage, MailReportPart } from "./message.ts";
import { parseMessageIds } from "./message-id.ts";
import { scanMimeStructure } from "./mime-structure.ts";

/** What a mail may ask of the parser. A mail beyond one of these is unreadable, except where it says otherwise. */
export interface ParseLimits {
  /** Octets of the whole mail. Default: 50 MiB. */
  maxBytes: number;
  /** Octets of the header section of the mail or of one part. Default: 256 KiB. */
  maxHeaderBytes: number;
  /** Header fields of the mail. Default: 1000. */
  maxHeaderFields: number;
  /** Multiparts within multiparts. Default: 20. */
  maxDepth: number;
  /** Body parts, at every level. Default: 200. */
  maxParts: number;
  /** Attachments. Default: 100. */
  maxAttachments: number;
  /** Characters of `text` and of `html`, each; what is beyond is cut off. Default: 2 Mi. */
  maxTextLength: number;
}

export const LARGEST_MAIL = 50 * 1024 * 1024;

const DEFAULT_PARSE_LIMITS: ParseLimits = {
  maxBytes: LARGEST_MAIL,
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

/** `error`: what the parser threw, where it gave up. That is a mistake of the parser's, whatever the mail is; the reason names its place, and nothing of the mail. */
export type ParseResult =
  | { kind: "parsed"; message: MailMessage }
  | { kind: "unreadable"; reason: string; error?: unknown };

/**
 * Reads a mail (RFC 5322, MIME). Whatever the bytes are, the result is a value: `unreadable` with the reason where a limit is passed or the parser gives up.
 * Nothing is made up: a mail with only HTML has no `text`, one without a usable From, or with two that differ, no `from`.
 */
export async function parseMail(raw: Uint8Array, options: ParseOptions): Promise<ParseResult> {
  try {
    return await readMail(raw, options);
  } catch (error) {
    if (error instanceof NotStored) throw error.cause;
    return { kind: "unreadable", reason: `The parser gave up: ${placeOf(error)}`, error };
  }
}

async function readMail(raw: Uint8Array, options: ParseOptions): Promise<ParseResult> {
  const limits = { ...DEFAULT_PARSE_LIMITS, ...options.limits };
  const excess = findExcess(raw, limits);
  if (excess !== undefined) return { kind: "unreadable", reason: excess };

  const put = async (content: Uint8Array) => {
    try {
      return await options.putAttachment(content);
    } catch (cause) {
      throw new NotStored("An attachment could not be stored.", { cause });
    }
  };
  const body = await readBody(raw, limits, put);
  if (body.attachments.length > limits.maxAttachments) {
    return { kind: "unreadable", reason: `more than ${limits.maxAttachments} attachments` };
  }

  const section = Buffer.from(raw.buffer, raw.byteOffset, raw.byteLength).toString(
    "latin1",
    0,
    limits.maxHeaderBytes + 4,
  );
  const message = readFields(section, limits);
  const isReport = looksLikeReport(message, body.attachments);
  for (const part of body.attachments) {
    const machine = MACHINE_PARTS.has(part.contentType);
    if (machine || (isReport && RETURNED_MAIL.has(part.contentType))) message.reports.push(reportPart(part));
    if (!machine && !(message.reports.length > 0 && RETURNED_MAIL.has(part.contentType))) {
      message.attachments.push(attachmentOf(part, part.blob ?? (await put(part.content))));
    }
  }
  if (body.text !== undefined) message.text = body.text.slice(0, limits.maxTextLength);
  if (body.html !== undefined) message.html = body.html.slice(0, limits.maxTextLength);
  return { kind: "parsed", message };
}

function findExcess(raw: Uint8Array, limits: ParseLimits): string | undefined {
  if (raw.byteLength === 0) return "no content";
  if (raw.byteLength > limits.maxBytes) return `larger than ${limits.maxBytes} octets`;
  const structure = scanMimeStructure(raw);
  if (Math.max(structure.headerBytes, structure.partHeaderBytes) > limits.maxHeaderBytes) {
    return `a header section larger than ${limits.maxHeaderBytes} octets`;
  }
  if (structure.headerFields > limits.maxHeaderFields) return `more than ${limits.maxHeaderFields} header fields`;
  if (structure.depth > limits.maxDepth) return `parts nested deeper than ${limits.maxDepth}`;
  if (structure.parts > limits.maxParts) return `more than ${limits.maxParts} parts`;
  return undefined;
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

const ADDRESSES_LIMIT = 1000;

/** From the undecoded field: what an encoded word decodes to is a name, and never a second address. */
function addressesOf(section: string, name: string): MailAddress[] {
  const addresses: MailAddress[] = [];
  for (const field of rawHeaderFields(section)) {
    if (field.name !== name) continue;
    const value = decodeOctets(field.value.slice(0, 65_536));
    for (const entry of parseAddressHeader(value, { flatten: true, decodePunycode: false }).value) {
      if (addresses.length >= ADDRESSES_LIMIT) return addresses;
      if (entry.address === undefined || !isAddress(entry.address)) continue;
      const { address } = parseAddress(entry.address);
      const display = entry.name.replace(/[\p{Cc}\u2028\u2029]+/gu, " ").trim();
      addresses.push(display === "" ? { address } : { address, name: display });
    }
  }
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

interface BodyPart {
  contentType: string;
  filename?: string;
  contentId?: string;
  /** In octets. */
  size: number;
  /** Empty where it is stored already. */
  content: Buffer;
  blob?: string;
}

/** That the content of an attachment could not be stored says nothing about the mail. */
class NotStored extends Error {}

interface MimeBody {
  text?: string;
  html?: string;
  attachments: BodyPart[];
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

/** As many octets of the mail are decoded at a time. */
const PIECE = 256 * 1024;

function* piecesOf(bytes: Buffer): Generator<Buffer> {
  for (let start = 0; start < bytes.length; start += PIECE) yield bytes.subarray(start, start + PIECE);
}

/** An attachment is stored as soon as it is decoded, and the next one is decoded when it is: one at a time is held. */
function readBody(raw: Uint8Array, limits: ParseLimits, put: ParseOptions["putAttachment"]): Promise<MimeBody> {
  return new Promise((resolve, reject) => {
    const body: MimeBody = { attachments: [] };
    const kept: Promise<void>[] = [];
    const keep = async (data: AttachmentStream) => {
      const part = await partOf(data);
      body.attachments.push(part);
      // What may be a part of a report is looked at first; and of a mail with too many, no more is kept than of others.
      const later = MACHINE_PARTS.has(part.contentType) || RETURNED_MAIL.has(part.contentType);
      if (!later && body.attachments.length <= limits.maxAttachments) {
        part.blob = await put(part.content);
        part.content = Buffer.alloc(0);
      }
      data.release?.();
    };
    const parser = new MailParser({
      skipHtmlToText: true,
      skipTextToHtml: true,
      skipTextLinks: true,
      skipImageLinks: true,
      keepDeliveryStatus: true,
      // An attached mail stays an attachment: its text is not what this sender wrote.
      ignoreEmbedded: true,
      checksumAlgo: false,
      maxHeadSize: limits.maxHeaderBytes + 1024,
      maxChildNodes: limits.maxParts + 1,
    });
    parser.on("error", reject);
    // It calls this in events of its streams, where what a header makes it throw would end the process.
    const inner = parser as unknown as { readData: () => void };
    const readData = inner.readData.bind(parser);
    inner.readData = () => {
      try {
        readData();
      } catch (error) {
        reject(error);
      }
    };
    parser.on("data", (data: AttachmentStream | MessageText) => {
      if (data.type === "text") {
        // The parser writes an empty text where there is HTML alone.
        if (data.text !== undefined && (data.text.trim() !== "" || data.html === undefined)) body.text = data.text;
        if (data.html !== undefined) body.html = data.html;
        return;
      }
      kept.push(keep(data).catch(reject));
    });
    // It ends without waiting for an attachment that nothing follows.
    parser.on("end", () => void Promise.all(kept).then(() => resolve(body)));
    Readable.from(piecesOf(inUtf8(raw)), { highWaterMark: 1 }).pipe(parser);
  });
}

/** Old programs send 8-bit text without a word about its charset; the parser would take it for UTF-8 whatever it is. */
function inUtf8(raw: Uint8Array): Buffer {
  const bytes = Buffer.from(raw.buffer, raw.byteOffset, raw.byteLength);
  if (isUtf8(bytes) || /^content-type[ \t]*:/im.test(bytes.toString("latin1"))) return bytes;
  return Buffer.from(decodeWith("utf-8", bytes));
}

async function partOf(data: AttachmentStream): Promise<BodyPart> {
  const content = Buffer.concat(await data.content.toArray());
  return {
    contentType: declaredType(data),
    ...(data.filename ? { filename: data.filename } : {}),
    ...(data.cid ? { contentId: data.cid } : {}),
    size: content.byteLength,
    content,
  };
}

/** As the part says, where the parser would guess from the filename. It gives `false` for the type of a part that states two, the first of them empty. */
function declaredType(part: AttachmentStream): string {
  const field = part.headers.get("content-type");
  const declared = typeof field === "object" && "value" in field && typeof field.value === "string" ? field.value : "";
  const type = (declared || part.contentType || "").split(";")[0]?.trim().toLowerCase() ?? "";
  return /^[!-.0-~]+\/[!-.0-~]+$/.test(type) ? type : "application/octet-stream";
}

/** Whether the mail that it carries was returned to us, rather than forwarded by a person. */
function looksLikeReport(message: MailMessage, parts: BodyPart[]): boolean {
  if (parts.some((part) => MACHINE_PARTS.has(part.contentType))) return true;
  const has = (name: string, pattern: RegExp) =>
    message.headers.some((header) => header.name === name && pattern.test(header.value));
  return (
    has("content-type", /^multipart\/report\b/i) ||
    has("return-path", /^<\s*>/) ||
    has("x-failed-recipients", /@/) ||
    /^(?:mailer-daemon|postmaster)@/i.test(message.from?.address ?? "")
  );
}

function reportPart(part: BodyPart): MailReportPart {
  const content = part.content.subarray(0, REPORT_PART_LIMIT);
  const utf8 = content.toString("utf8");
  return {
    contentType: part.contentType,
    content: (utf8.includes("\ufffd") ? content.toString("latin1") : utf8).replace(/\r\n?/g, "\n"),
  };
}

function attachmentOf(part: BodyPart, blob: string): MailAttachment {
  return {
    filename: safeFilename(part),
    contentType: part.contentType,
    size: part.size,
    blob,
    ...(part.contentId === undefined ? {} : { contentId: part.contentId }),
  };
}

/** A name without a path, without characters that cannot be seen or change its direction, and without those that Windows reads as more than a name: it may be shown, and written, as it is. */
function safeFilename(part: BodyPart): string {
  const name = (part.filename ?? "")
    .replace(/[\p{Cc}\p{Cs}\u00ad\u200b\u200e\u200f\u2028-\u202e\u2060\u2066-\u2069\ufeff]/gu, "")
    .split(/[/\\]/)
    .at(-1)
    ?.replace(/[<>:"|?*]/g, "_")
    .trim()
    .replace(/^(?=(?:con|prn|aux|nul|com\d|lpt\d)(?:\.|$))/i, "_")
    .slice(0, 200);
  if (name !== undefined && name !== "" && name !== "." && name !== "..") return name;
  if (RETURNED_MAIL.has(part.contentType)) return "message.eml";
  return part.contentType.startsWith("text/") ? "attachment.txt" : "attachment.bin";
}
