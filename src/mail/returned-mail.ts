import type { ReturnedMail } from "./delivery-report.ts";
import { readHeaderFields } from "./header-fields.ts";
import type { MailHeader, MailMessage } from "./message.ts";
import { parseMessageIds } from "./message-id.ts";
import { searchableText } from "./plain-text.ts";

const SEARCH_LIMIT = 262_144;
const IDS_LIMIT = 20;

/** The header of the mail that a report returns (RFC 6522 section 3, or written into its text), and the ids by which to find it. */
export function readReturnedMail(message: MailMessage): ReturnedMail {
  const part = message.reports.find((report) =>
    /^(?:message\/(?:rfc822|global|partial|global-headers)|text\/rfc822-headers)$/.test(report.contentType),
  );
  const headers =
    part === undefined ? headersInText(searchableText(message)) : readHeaderFields(part.content.replace(/^\s+/, ""));
  const ids = new Set<string>();
  for (const field of headers) {
    if (field.name === "message-id") for (const id of parseMessageIds(field.value)) ids.add(id);
  }
  // Exim and some others name the mail in the header of the report itself.
  for (const id of [...message.inReplyTo, ...message.references]) ids.add(id);
  if (ids.size === 0) for (const id of idsInText(searchableText(message))) ids.add(id);
  if (message.messageId !== undefined) ids.delete(message.messageId);
  return { messageIds: [...ids].slice(0, IDS_LIMIT), headers };
}

// Fields that stand in a header section and hardly in a sentence.
const HEADER_LINE =
  /^(?:return-path|received|message-id|mime-version|date|from|to|subject|x-[\w-]{1,60}|content-type|dkim-signature):/i;

/** A header section in the text: at least three fields in a row, one of which only a mail program writes. */
function headersInText(text: string): MailHeader[] {
  const lines = text.slice(0, SEARCH_LIMIT).split("\n");
  for (let start = 0; start < lines.length; start++) {
    const indent = /^[>|\s]*/.exec(lines[start] ?? "")?.[0].length ?? 0;
    if (!HEADER_LINE.test((lines[start] ?? "").slice(indent))) continue;
    let end = start;
    while (end < lines.length && (lines[end] ?? "").slice(indent).trim() !== "") end++;
    const block = lines.slice(start, end).map((line) => line.slice(indent).trimEnd());
    const headers = readHeaderFields(block.join("\n"), { maxFields: 300 });
    const names = new Set(headers.map((header) => header.name));
    const technical = ["received", "message-id", "mime-version", "return-path"].some((name) => names.has(name));
    if (technical && names.size >= 3) return headers;
    // Fields that wrote no header section are not looked at twice.
    start = end;
  }
  return [];
}

/** `Message-ID: <…>` anywhere in the text, in the words of the programs that translate it. */
function idsInText(text: string): string[] {
  const pattern =
    /message[- ]?id(?:entifier)?(?: is| was)?[ \t]{0,8}[:=]?[\s>]{0,20}(<[^<>\s]{1,500}@[^<>\s]{1,253}>)/gi;
  return [...text.slice(0, SEARCH_LIMIT).matchAll(pattern)].slice(0, IDS_LIMIT).flatMap((match) => match[1] ?? []);
}
