import type { DeliveredMail, MailServer } from "../dev/index.ts";
import { EmailKitError } from "../errors.ts";
import { formatAddress, parseAddress } from "../mail/address.ts";
import type { MailAddress, MailMessage } from "../mail/message.ts";
import { parseMail } from "../mail/parse.ts";
import { searchableText } from "../mail/plain-text.ts";
import { replyReferences, replySubject } from "../mail/references.ts";
import { parseAccount } from "../accounts/parse-account.ts";
import { createSubmitter } from "../transport/smtp.ts";
import { escapeHtml, MAIL_PROGRAMS, type MailProgramName, type QuotedMail } from "./mail-program.ts";
import { encodeWords, renderPart, type Part } from "./mime.ts";

export interface ReplyOptions {
  /** Who answers: `person@b.example` or `Person <person@b.example>`. An account is made where there is none. */
  from: string | MailAddress;
  /** The mail that is answered: its bytes, as `server.mails` gives it, or parsed. */
  mail: Uint8Array | DeliveredMail | MailMessage;
  /** The answer, without history. */
  text: string;
  /** The answer as HTML. Default: the text. */
  html?: string;
  /** Whose manners the reply has. `plain` sends text only. Default: `gmail`. */
  client?: MailProgramName;
  /** Below the answer, above the history. Default: none. */
  signature?: string;
  /** Default: Reply-To of the mail, else its From. */
  to?: string | MailAddress | readonly (string | MailAddress)[];
  cc?: readonly (string | MailAddress)[];
  /** Default: the mail's subject after `Re:`. */
  subject?: string;
  /** Whether the mail is quoted below the answer. Default: `true`. */
  quote?: boolean;
  attachments?: readonly { filename: string; contentType: string; content: Uint8Array | string }[];
  /** More header fields, such as `{ "Auto-Submitted": "auto-replied" }`; an empty value takes a field of the reply out, such as `{ References: "" }`. */
  headers?: Readonly<Record<string, string>>;
  /** Default: the present. */
  date?: Date;
}

export interface SentReply {
  /** With angle brackets. */
  messageId: string;
  to: string[];
  raw: Uint8Array;
}

/**
 * Answers a mail as a person does with a mail program: to its Reply-To, in its conversation, with the history below. Submitted to the server over SMTP.
 * Throws `INVALID_MESSAGE` where the mail cannot be answered, or the error with which the server refused the reply.
 */
export async function replyAs(server: MailServer, options: ReplyOptions): Promise<SentReply> {
  const message = await readMail(options.mail);
  const from = parseAddress(options.from);
  const to = recipients(options, message);
  const cc = (options.cc ?? []).map(parseAddress);
  const reply = composeReply({ ...options, from, to, cc }, message);

  const account = server.account(from.address);
  const submitter = createSubmitter(parseAccount(account).smtp, { maxConnections: 1 });
  try {
    const envelope = { from: from.address, to: [...to, ...cc].map(({ address }) => address) };
    const result = await submitter.submit({ envelope, raw: reply.raw });
    if (result.kind !== "submitted") throw result.error;
    return { ...reply, to: to.map(({ address }) => address) };
  } finally {
    await submitter.close();
  }
}

async function readMail(mail: ReplyOptions["mail"]): Promise<MailMessage> {
  if (!(mail instanceof Uint8Array) && !("raw" in mail)) return mail;
  const raw = mail instanceof Uint8Array ? mail : mail.raw;
  const result = await parseMail(raw, { putAttachment: async () => "" });
  if (result.kind === "parsed") return result.message;
  throw new EmailKitError("INVALID_MESSAGE", `The mail cannot be answered: ${result.reason}`);
}

function recipients(options: ReplyOptions, message: MailMessage): MailAddress[] {
  if (options.to !== undefined) return [options.to].flat().map((address) => parseAddress(address));
  const to = message.replyTo.length > 0 ? message.replyTo : message.from ? [message.from] : [];
  if (to.length === 0) throw new EmailKitError("INVALID_MESSAGE", "The mail names nobody to answer. Set `to`.");
  return to;
}

/** The reply's bytes. */
function composeReply(
  options: Omit<ReplyOptions, "from" | "to" | "cc"> & { from: MailAddress; to: MailAddress[]; cc: MailAddress[] },
  message: MailMessage,
): { messageId: string; raw: Uint8Array } {
  const { from, to, cc, client = "gmail", date = new Date() } = options;
  const program = MAIL_PROGRAMS[client];
  const messageId = program.messageId(from.address.split("@").at(-1) ?? "localhost");
  const { inReplyTo, references } = replyReferences(message);
  const fields = new Map<string, string>([
    ["From", addressField([from])],
    ["To", addressField(to)],
    ...(cc.length > 0 ? [["Cc", addressField(cc)] as const] : []),
    ["Subject", encodeWords(options.subject ?? replySubject(message.subject))],
    ["Date", date.toUTCString().replace("GMT", "+0000")],
    ["Message-ID", messageId],
    ...(inReplyTo ? [["In-Reply-To", inReplyTo] as const] : []),
    ...(references.length > 0 ? [["References", references.join("\r\n ")] as const] : []),
  ]);
  for (const [name, value] of Object.entries(options.headers ?? {})) {
    const known = [...fields.keys()].find((field) => field.toLowerCase() === name.toLowerCase()) ?? name;
    if (value === "") fields.delete(known);
    else fields.set(known, encodeWords(value));
  }
  const head = [
    ...[...fields].map(([name, value]) => `${name}: ${value}`),
    ...program.fields,
    "MIME-Version: 1.0",
  ].join("\r\n");
  const raw = Buffer.from(`${head}\r\n${renderPart(replyBody(options, message))}`);
  return { messageId, raw };
}

function addressField(addresses: readonly MailAddress[]): string {
  const ascii = (address: MailAddress) =>
    address.name && /[^\x20-\x7e]/.test(address.name)
      ? `${encodeWords(address.name)} <${address.address}>`
      : formatAddress(address);
  return addresses.map(ascii).join(",\r\n ");
}

function replyBody(
  options: Pick<ReplyOptions, "text" | "html" | "client" | "signature" | "quote" | "attachments">,
  message: MailMessage,
): Part {
  const program = MAIL_PROGRAMS[options.client ?? "gmail"];
  const { signature, quote = true } = options;
  const signed =
    signature === undefined
      ? options.text
      : `${options.text}\n\n${options.client === "apple" ? "" : "-- \n"}${signature}`;
  const quoted = quotedMail(message);
  const text: Part = { kind: "text", subtype: "plain", text: quote ? program.text(signed, quoted) : `${signed}\n` };
  let body: Part = text;
  if (program.html) {
    const answer =
      (options.html ?? textToHtml(options.text)) + (signature === undefined ? "" : signatureHtml(signature));
    const html: Part = {
      kind: "text",
      subtype: "html",
      text: quote ? program.html(answer, quoted) : `<div>${answer}</div>\n`,
    };
    body = { kind: "multipart", subtype: "alternative", boundary: program.boundary(), parts: [text, html] };
  }
  const attachments = options.attachments ?? [];
  if (attachments.length === 0) return body;
  const parts: Part[] = attachments.map(({ content, ...rest }) => ({
    kind: "attachment",
    ...rest,
    content: typeof content === "string" ? Buffer.from(content) : content,
  }));
  return { kind: "multipart", subtype: "mixed", boundary: program.boundary(), parts: [body, ...parts] };
}

function quotedMail(message: MailMessage): QuotedMail {
  const text = (message.text ?? searchableText(message)).replace(/\r\n/g, "\n").trimEnd();
  return {
    ...(message.messageId ? { messageId: message.messageId } : {}),
    from: message.from ?? { address: "unknown@invalid" },
    to: message.to.map(({ address }) => address).join("; "),
    subject: message.subject,
    date: message.date ? new Date(message.date) : new Date(0),
    text,
    // A program quotes what stands in the body, not the document around it.
    html: message.html ? message.html.replace(/^[^]*?<body[^>]*>|<\/body>[^]*$/gi, "") : textToHtml(text),
  };
}

function signatureHtml(signature: string): string {
  return `<br><br><div class="gmail_signature">${textToHtml(signature)}</div>`;
}

function textToHtml(text: string): string {
  return escapeHtml(text).replace(/\r?\n/g, "<br>");
}
