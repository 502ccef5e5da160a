import { damaged, hostileText } from "./hostile-text.ts";
import type { Random } from "./runs.ts";

const BOUNDARIES = ["b", "bb", "b--", "--b", "b b", "=_b", "b;c", "b\\c", "__proto__", "", " ", "x".repeat(200)];
const CHARSETS = [
  "utf-8",
  "UTF8",
  "utf-7",
  "utf-16",
  "utf-16le",
  "utf-32",
  "iso-2022-jp",
  "iso-2022-kr",
  "iso-8859-8-i",
  "ks_c_5601-1987",
  "hz-gb-2312",
  "gb18030",
  "big5-hkscs",
  "windows-1252",
  "x-user-defined",
  "unknown-8bit",
  "replacement",
  "cp850",
  "base64",
  "hex",
  "constructor",
  "__proto__",
  "",
  "utf-8''x",
  "'\"",
];
const ENCODINGS = ["7bit", "8bit", "binary", "base64", "BASE64 ", "quoted-printable", "x-uuencode", "constructor", ""];
const TYPES = [
  "text/plain",
  "text/html",
  "text/calendar",
  "text/x-amp-html",
  "text/rfc822-headers",
  "text",
  "text/",
  "/plain",
  "TEXT/PLAIN",
  "application/json",
  "application/octet-stream",
  "application/pdf",
  "application/ms-tnef",
  "message/rfc822",
  "message/global",
  "message/partial",
  "message/external-body",
  "message/delivery-status",
  "message/global-delivery-status",
  "message/disposition-notification",
  "message/feedback-report",
  "multipart/mixed",
  "constructor",
  "__proto__/__proto__",
  "",
  '"text/plain"',
];
const MULTIPARTS = ["mixed", "alternative", "related", "report", "digest", "signed", "encrypted", "form-data", ""];
const FIELDS = [
  "From",
  "Sender",
  "Reply-To",
  "To",
  "Cc",
  "Bcc",
  "Delivered-To",
  "Resent-To",
  "Return-Path",
  "Apparently-To",
  "X-Original-To",
  "X-Failed-Recipients",
  "X-Forwarded-To",
  "Envelope-To",
  "Disposition-Notification-To",
  "Subject",
  "Date",
  "Message-ID",
  "In-Reply-To",
  "References",
  "X-Microsoft-Original-Message-ID",
  "Received",
  "Authentication-Results",
  "ARC-Authentication-Results",
  "Received-SPF",
  "DKIM-Signature",
  "ARC-Seal",
  "Auto-Submitted",
  "X-Auto-Response-Suppress",
  "Precedence",
  "List-Id",
  "List-Unsubscribe",
  "Feedback-ID",
  "X-LangGraph-Email",
  "X-Autoreply",
  "X-Autorespond",
  "X-MS-Exchange-Inbox-Rules-Loop",
  "Content-Language",
  "Content-Type",
  "Content-Transfer-Encoding",
  "Content-Disposition",
  "Content-ID",
  "MIME-Version",
  "Expires",
  "__proto__",
  "constructor",
  "hasOwnProperty",
  "toString",
  "X-",
  "",
  " ",
  "a b",
  "X-Überraschung",
];
const ADDRESSES = [
  "desk@a.example",
  "desk+rabcdefgh@a.example",
  "Boss <boss@b.example>",
  '"a\\"b" <boss@b.example>',
  "MAILER-DAEMON@b.example",
  "<>",
  "<<boss@b.example>>",
  "group: a@b.example, c@d.example;",
  "undisclosed-recipients:;",
  "a@b@c.example",
  "a@[IPv6:::1]",
  "a@xn--a",
  "ä@ö.example",
  "a@b.example (comment (nested) \\) )",
  "=?utf-8?q?boss=40b.example?= <mallory@evil.example>",
  "a@b.example/?#",
  "@route.example:a@b.example",
  `${"a".repeat(70)}@b.example`,
  "__proto__@constructor",
];
const VALUES = [
  "<id@a.example>",
  "<id@a.example> <other@b.example>",
  "Re: Re: AW: Please approve",
  "Mon, 05 Jan 2026 10:00:00 +0000",
  "Mon, 05 Jan 2026 10:00:00 +9999 (CEST)",
  "auto-replied; x=y",
  "auto-generated",
  "bulk",
  "a.example; dmarc=pass header.from=b.example",
  "a.example 1; spf=fail (x) smtp.mailfrom=b; dkim=pass header.d=b.example",
  "from x (y [1.2.3.4]) by a.example with ESMTPS id 1 for <desk@a.example>; Mon, 05 Jan 2026 10:00:00 +0000",
  "task; hops=1",
  "task; hops=99999999999999999999",
  "answer",
];

/** RFC 2231, with its gaps, doubles and mixtures. */
function parameters(random: Random, name: string): string {
  const value = () => random.pick(["a.txt", "../../etc/passwd", "con.pdf.exe", hostileText(random, 3), "%41%zz", "b"]);
  const forms = [
    () => `${name}=${value()}`,
    () => `${name}="${value()}"`,
    () => `${name}*=${random.pick(CHARSETS)}'${random.pick(["", "en"])}'${value()}`,
    () => `${name}*${random.pick(["0", "1", "2", "00", "99999", "-1", "x", "__proto__"])}=${value()}`,
    () => `${name}*${random.below(4)}*=${random.pick(["", "utf-8''", "utf-16''"])}%C3${value()}`,
    () => `${random.pick(["__proto__", "constructor", "", "charset"])}=${value()}`,
  ];
  return random.some(4, () => `;${random.pick(["", " ", "\r\n\t"])}${random.pick(forms)()}`).join("");
}

function contentType(random: Random): string {
  const charset = random.chance(0.6) ? `; charset=${random.pick(['"', ""])}${random.pick(CHARSETS)}` : "";
  const flowed = random.chance(0.2) ? "; format=flowed; delsp=yes" : "";
  return `${random.pick(TYPES)}${charset}${flowed}${parameters(random, "name")}`;
}

function valueOf(random: Random, name: string): string {
  if (random.chance(0.2)) return hostileText(random);
  if (/^content-type/i.test(name)) return contentType(random);
  if (/^content-transfer/i.test(name)) return random.pick(ENCODINGS);
  if (/^content-disp/i.test(name))
    return `${random.pick(["attachment", "inline", "", "constructor"])}${parameters(random, "filename")}`;
  if (random.chance(0.1)) return longId(random);
  if (random.chance(0.5)) return random.some(4, () => random.pick(ADDRESSES)).join(random.pick([", ", ",", ";", " "]));
  return random.pick(VALUES);
}

/** As long as a line may be, and nothing in it that could be compressed. */
function longId(random: Random): string {
  const characters = Array.from({ length: 100 + random.below(890) }, () => 0x4e00 + random.below(0x5000));
  return Buffer.from(`<${String.fromCharCode(...characters)}@b.example>`).toString("latin1");
}

function field(random: Random, name: string, lineEnd: string): string {
  const colon = random.pick([": ", ": ", ":", " : ", ":\r\n ", ""]);
  return `${name}${colon}${valueOf(random, name)}${lineEnd}`;
}

function content(random: Random, texts: readonly string[]): Buffer {
  const text = random.pick([
    () => random.pick(texts),
    () => hostileText(random),
    () => "Final-Recipient: rfc822; boss@b.example\r\nAction: failed\r\nStatus: 5.1.1\r\n",
    () => "Feedback-Type: abuse\r\nUser-Agent: x\r\nVersion: 1\r\n",
    () => '{"approved": true, "__proto__": {"x": 1}}',
    () => "",
  ])();
  const bytes = Buffer.from(text, random.pick(["utf8", "latin1", "utf16le"]));
  return random.chance(0.15) ? Buffer.concat([Buffer.from([0xff, 0xfe, 0, 0xd8, 0x1b, 0x24, 0x42]), bytes]) : bytes;
}

function encoded(random: Random, bytes: Buffer): string {
  const as = random.pick([
    () => bytes.toString("latin1"),
    () => bytes.toString("base64").replace(/.{76}/g, "$&\r\n"),
    () => bytes.toString("base64").slice(0, -random.below(4)),
    () => bytes.toString("latin1").replace(/[^ -<>-~]/g, (c) => `=${c.charCodeAt(0).toString(16).padStart(2, "0")}`),
    () => `begin 644 a.txt\r\n#${bytes.toString("base64")}\r\nend\r\n`,
  ]);
  return as();
}

function entity(random: Random, texts: readonly string[], depth: number, fields: readonly string[]): string {
  const lineEnd = random.pick(["\r\n", "\r\n", "\r\n", "\n", "\r"]);
  const multipart = depth < 5 && random.chance(0.5 / (1 + depth / 2));
  const boundary = random.pick(BOUNDARIES);
  const names = [...fields, ...random.some(5, () => random.pick(FIELDS))];
  if (random.chance(0.7)) names.push("Content-Type", "Content-Transfer-Encoding");
  if (random.chance(0.3)) names.push("Content-Disposition");
  const head = names.map((name) => field(random, name, lineEnd)).join("");
  if (!multipart) return `${head}${lineEnd}${encoded(random, content(random, texts))}${lineEnd}`;
  const quote = random.pick(['"', "", "'"]);
  const named = random.pick(["boundary", "boundary", "boundary*", "boundary*0", "BOUNDARY"]);
  const type = `Content-Type: multipart/${random.pick(MULTIPARTS)}; ${named}=${quote}${boundary}${quote}${lineEnd}`;
  const part = () => `--${boundary}${random.pick(["", " ", "\t"])}${lineEnd}${entity(random, texts, depth + 1, [])}`;
  const close = random.pick([`--${boundary}--`, `--${boundary}--`, `--${boundary}-`, ""]);
  return `${head}${type}${lineEnd}${random.pick(["", "preamble"])}${lineEnd}${random.some(5, part).join("")}${close}${lineEnd}`;
}

/** A mail from nothing, or one of `mails` damaged: in its bytes, or in its header section field by field. */
export function hostileMail(random: Random, mails: readonly string[], texts: readonly string[]): Buffer {
  const kind = random();
  if (kind < 0.4) {
    const common = ["From", "To", "Subject", "Message-ID", "Date"].filter(() => random.chance(0.8));
    const mail = entity(random, texts, 0, common);
    return Buffer.from(random.chance(0.2) ? damaged(random, mail) : mail, "latin1");
  }
  const mail = random.pick(mails);
  if (kind < 0.7) return Buffer.from(damaged(random, mail, mails), "latin1");
  const [section = "", ...rest] = mail.split(/\r?\n\r?\n/);
  const fields = section.split(/\r?\n(?![ \t])/);
  for (let times = 1 + random.below(5); times > 0; times -= 1) {
    const at = random.below(fields.length);
    const name = fields[at]?.split(":")[0] ?? "";
    const change = random.pick([
      () => fields.splice(at, 1),
      () => fields.splice(at, 0, fields[at] ?? ""),
      () => fields.splice(at, 1, field(random, name, "")),
      () => fields.splice(at, 0, field(random, random.pick(FIELDS), "")),
      () => fields.splice(at, 1, (fields[at] ?? "").replace(/charset="?[\w-]+/i, `charset="${random.pick(CHARSETS)}`)),
      () => fields.splice(at, 1, (fields[at] ?? "").replace(/ /g, random.pick(["\r\n ", "\t", "  "]))),
    ]);
    change();
  }
  const lineEnd = random.pick(["\r\n", "\r\n", "\n", "\r"]);
  return Buffer.from(`${fields.join(lineEnd)}${lineEnd}${lineEnd}${rest.join("\r\n\r\n")}`, "latin1");
}
