import { randomBytes, randomUUID } from "node:crypto";
import type { MailAddress } from "../mail/message.ts";

export type MailProgramName = "gmail" | "outlook" | "apple" | "thunderbird" | "plain";

/** What a reply quotes. */
export interface QuotedMail {
  messageId?: string;
  from: MailAddress;
  to: string;
  subject: string;
  date: Date;
  text: string;
  html: string;
}

/** How a mail program writes a reply: what stands around the answer, and how it names itself. */
export interface MailProgram {
  /** The whole text; `answer` has its signature already. */
  text(answer: string, quoted: QuotedMail): string;
  /** The whole HTML; `undefined` where the program writes none. */
  html?(answer: string, quoted: QuotedMail): string;
  messageId(domain: string): string;
  boundary(): string;
  fields: readonly string[];
}

const hex = (bytes: number) => randomBytes(bytes).toString("hex");

/** Dates as these programs show them: in English, and here in UTC. */
function showDate(date: Date, options: Intl.DateTimeFormatOptions): string {
  // ICU puts a narrow space before AM and PM; so do the programs, but not in their plain text.
  return date.toLocaleString("en-US", { timeZone: "UTC", ...options }).replaceAll("\u202f", " ");
}

const WEEKDAY_DATE = { weekday: "short", year: "numeric", month: "short", day: "numeric" } as const;
const LONG_DATE = { weekday: "long", year: "numeric", month: "long", day: "numeric" } as const;
const CLOCK = { hour: "numeric", minute: "2-digit" } as const;

const nameOf = (address: MailAddress) => address.name ?? address.address;
const nameAndAddress = (address: MailAddress) =>
  address.name ? `${address.name} <${address.address}>` : `<${address.address}>`;

export function escapeHtml(text: string): string {
  return text.replace(/[&<>"]/g, (char) => ({ "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;" })[char] ?? char);
}

function quoteLines(text: string): string {
  return text
    .replace(/\n+$/, "")
    .split("\n")
    .map((line) => (line === "" || line.startsWith(">") ? `>${line}` : `> ${line}`))
    .join("\n");
}

/** Gmail breaks its attribution at 78 characters. */
function wrapAttribution(line: string): string {
  if (line.length <= 78) return line;
  const at = line.lastIndexOf(" ", 78);
  return `${line.slice(0, at)}\n${line.slice(at + 1)}`;
}

const gmail: MailProgram = {
  text(answer, quoted) {
    const on = `On ${showDate(quoted.date, WEEKDAY_DATE)} at ${showDate(quoted.date, CLOCK)}`;
    return `${answer}\n\n${wrapAttribution(`${on} ${nameAndAddress(quoted.from)} wrote:`)}\n\n${quoteLines(quoted.text)}\n`;
  },
  html(answer, quoted) {
    const on = `On ${showDate(quoted.date, WEEKDAY_DATE)} at ${showDate(quoted.date, CLOCK)}`;
    const { name, address } = quoted.from;
    const link = `&lt;<a href="mailto:${escapeHtml(address)}">${escapeHtml(address)}</a>&gt;`;
    const who = `${name ? `${escapeHtml(name)} ` : ""}${link}`;
    return (
      `<div dir="ltr">${answer}</div><br><div class="gmail_quote gmail_quote_container"><div dir="ltr" class="gmail_attr">${on} ${who} wrote:<br></div>` +
      `<blockquote class="gmail_quote" style="margin:0px 0px 0px 0.8ex;border-left:1px solid rgb(204,204,204);padding-left:1ex">${quoted.html}</blockquote></div>\n`
    );
  },
  messageId: () => `<CA${randomBytes(30).toString("base64url")}@mail.gmail.com>`,
  boundary: () => `000000000000${hex(8)}`,
  fields: [],
};

const outlook: MailProgram = {
  text(answer, quoted) {
    const head = [
      `From: ${nameAndAddress(quoted.from)}`,
      `Sent: ${showDate(quoted.date, { ...LONG_DATE, ...CLOCK }).replace(" at ", " ")}`,
      `To: ${quoted.to}`,
      `Subject: ${quoted.subject}`,
    ];
    return `${answer}\n\n${"_".repeat(32)}\n${head.join("\n")}\n\n${quoted.text}\n`;
  },
  html(answer, quoted) {
    const sent = showDate(quoted.date, { ...LONG_DATE, ...CLOCK }).replace(" at ", " ");
    const head = [
      `<b>From:</b> ${escapeHtml(nameAndAddress(quoted.from))}`,
      `<b>Sent:</b> ${sent}`,
      `<b>To:</b> ${escapeHtml(quoted.to)}`,
      `<b>Subject:</b> ${escapeHtml(quoted.subject)}`,
    ];
    return (
      `<html><head><meta http-equiv="Content-Type" content="text/html; charset=utf-8"></head><body dir="ltr">` +
      `<div class="elementToProof" style="font-family: Aptos, Calibri, sans-serif; font-size: 12pt;">${answer}</div>` +
      `<div id="appendonsend"></div><hr style="display:inline-block;width:98%" tabindex="-1">` +
      `<div id="divRplyFwdMsg" dir="ltr"><font face="Calibri, sans-serif" style="font-size:11pt" color="#000000">${head.join("<br>")}</font><div>&nbsp;</div></div>` +
      `<div>${quoted.html}</div></body></html>\n`
    );
  },
  messageId: () =>
    `<${hex(5).toUpperCase()}MB${hex(2).toUpperCase()}${hex(12).toUpperCase()}@AM0PR01MB0001.eurprd01.prod.outlook.com>`,
  boundary: () => `_000_${hex(16).toUpperCase()}AM0PR01MB0001eurp_`,
  fields: ["Accept-Language: en-US", "Content-Language: en-US", "X-MS-Has-Attach:"],
};

const apple: MailProgram = {
  text(answer, quoted) {
    const on = `On ${showDate(quoted.date, { dateStyle: "medium" })}, at ${showDate(quoted.date, CLOCK)}`;
    return `${answer}\n\n> ${on}, ${nameAndAddress(quoted.from)} wrote:\n> \n${quoteLines(quoted.text)}\n`;
  },
  html(answer, quoted) {
    const on = `On ${showDate(quoted.date, { dateStyle: "medium" })}, at ${showDate(quoted.date, CLOCK)}`;
    return (
      `<html><head><meta http-equiv="content-type" content="text/html; charset=utf-8"></head><body dir="auto">${answer}` +
      `<div dir="ltr"><br><blockquote type="cite">${on}, ${escapeHtml(nameAndAddress(quoted.from))} wrote:<br><br></blockquote></div>` +
      `<blockquote type="cite"><div dir="ltr">${quoted.html}</div></blockquote></body></html>\n`
    );
  },
  messageId: (domain) => `<${randomUUID().toUpperCase()}@${domain}>`,
  boundary: () => `Apple-Mail-${randomUUID().toUpperCase()}`,
  fields: ["X-Mailer: iPhone Mail (22G86)"],
};

const thunderbird: MailProgram = {
  text(answer, quoted) {
    return `${answer}\n\n${thunderbirdAttribution(quoted)}\n${quoteLines(quoted.text)}\n`;
  },
  html(answer, quoted) {
    const cite = quoted.messageId ? ` cite="mid:${escapeHtml(quoted.messageId.replace(/^<|>$/g, ""))}"` : "";
    return (
      `<!DOCTYPE html>\n<html>\n  <head>\n    <meta http-equiv="Content-Type" content="text/html; charset=UTF-8">\n  </head>\n  <body>\n` +
      `    <p>${answer}</p>\n    <div class="moz-cite-prefix">${escapeHtml(thunderbirdAttribution(quoted))}<br>\n    </div>\n` +
      `    <blockquote type="cite"${cite}>${quoted.html}</blockquote>\n  </body>\n</html>\n`
    );
  },
  messageId: (domain) => `<${randomUUID()}@${domain}>`,
  boundary: () => `------------${randomBytes(18).toString("base64url").replace(/[_-]/g, "0")}`,
  fields: ["User-Agent: Mozilla Thunderbird", "Content-Language: en-US"],
};

function thunderbirdAttribution({ date, from }: QuotedMail): string {
  const day = showDate(date, { dateStyle: "short" });
  return `On ${day} ${showDate(date, { hour: "2-digit", minute: "2-digit", hour12: false })}, ${nameOf(from)} wrote:`;
}

const plain: MailProgram = {
  text: (answer, quoted) =>
    `${answer}\n\nOn ${quoted.date.toISOString().slice(0, 10)}, ${nameOf(quoted.from)} wrote:\n${quoteLines(quoted.text)}\n`,
  messageId: (domain) => `<${hex(8)}@${domain}>`,
  boundary: () => `=_${hex(12)}`,
  fields: [],
};

export const MAIL_PROGRAMS: Readonly<Record<MailProgramName, MailProgram>> = {
  gmail,
  outlook,
  apple,
  thunderbird,
  plain,
};
