import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it, test } from "vitest";
import { isAddress, matchesAddress, splitSubaddress } from "../../src/mail/address.ts";
import { parseAuthenticationResults } from "../../src/mail/authentication-results-field.ts";
import { readAuthentication } from "../../src/mail/authentication-results.ts";
import { classify } from "../../src/mail/classify.ts";
import { findBodyReferences, gatherSignals } from "../../src/mail/correlate.ts";
import { causeOf } from "../../src/mail/delivery-cause.ts";
import { readDeliveryStatus } from "../../src/mail/delivery-status.ts";
import { readFeedbackReport } from "../../src/mail/feedback-report.ts";
import { decodeEncodedWords, decodeOctets, readHeaderFields } from "../../src/mail/header-fields.ts";
import { parseMessageIds } from "../../src/mail/message-id.ts";
import type { MailMessage } from "../../src/mail/message.ts";
import { scanMimeStructure } from "../../src/mail/mime-structure.ts";
import { readNonStandardBounce, recipientsInText } from "../../src/mail/nonstandard-bounce.ts";
import { parseMail } from "../../src/mail/parse.ts";
import { searchableText } from "../../src/mail/plain-text.ts";
import { replySubject } from "../../src/mail/references.ts";
import { findTokens, verifyToken } from "../../src/mail/reply-token.ts";
import { readReturnDate } from "../../src/mail/return-date.ts";
import { readReturnedMail } from "../../src/mail/returned-mail.ts";
import { stripThreadHistory } from "../../src/mail/strip-thread-history.ts";
import { parseStructuredReply } from "../../src/mail/structured-reply.ts";
import { extractVerification } from "../../src/mail/verification.ts";
import { scoreInjection } from "../../src/policy/injection-score.ts";
import { randomOf } from "../support/mail-soup.ts";

// Whole mails, damaged at random, through everything that reads them: for two seconds; FUZZ_MS for longer, FUZZ_SEED to see a failure again.
const SEED = Number(process.env["FUZZ_SEED"] ?? 4711);
const BUDGET_MS = Number(process.env["FUZZ_MS"] ?? 2_000);
const FIXTURES = join(import.meta.dirname, "../fixtures/mail");
const mails = readdirSync(FIXTURES)
  .filter((file) => file.endsWith(".eml"))
  .toSorted()
  .map((file) => readFileSync(join(FIXTURES, file), "latin1"));
const PIECES = [
  "\r\n",
  "\n",
  "\r\n\r\n",
  "\0",
  ":",
  ";",
  "<",
  ">",
  '"',
  "(",
  "=?utf-8?q?",
  "?=",
  "--",
  "\xFF",
  "%00",
  "=",
];
const PIECES_OF_HEADERS = [
  "\r\nContent-Type: multipart/mixed; boundary=b\r\n",
  "\r\nAuthentication-Results: mx; dmarc=",
];

function damaged(random: () => number): Uint8Array {
  const pick = <T>(list: readonly T[]): T => list[Math.floor(random() * list.length)]!;
  let text = pick(mails);
  for (let times = Math.floor(random() * 8); times >= 0; times -= 1) {
    const at = Math.floor(random() * text.length);
    const to = Math.min(text.length, at + Math.floor(random() * 80));
    const instead = [
      pick(PIECES),
      pick(PIECES_OF_HEADERS),
      text.slice(at, to).repeat(3),
      pick(mails).slice(at, to),
      "",
    ];
    text = text.slice(0, at) + pick(instead) + text.slice(random() < 0.5 ? at : to);
  }
  return Buffer.from(text, "latin1");
}

/** Everything that looks at a mail before anybody has said that it is harmless. */
function readAll(message: MailMessage): void {
  classify(message, { addresses: ["desk@a.example"], isOwn: () => false });
  gatherSignals(message);
  readAuthentication(message, ["mx"]);
  readDeliveryStatus(message);
  readNonStandardBounce(message);
  recipientsInText(message);
  readFeedbackReport(message);
  readReturnedMail(message);
  replySubject(message.subject);
  const { subject, text = "", html } = message;
  const parts = stripThreadHistory({ text, ...(html !== undefined && { html }), headers: message.headers });
  scoreInjection({
    subject,
    text: parts.text,
    quoted: parts.quoted,
    hidden: parts.removedHidden,
    ...(html && { html }),
  });
  extractVerification({ subject, text, ...(html !== undefined && { html }) });
}

test("damaged mails are read or refused, and never throw", async () => {
  const random = randomOf(SEED);
  const end = performance.now() + BUDGET_MS;
  let read = 0;
  for (let run = 0; performance.now() < end; run += 1) {
    const raw = damaged(random);
    const what = `run ${run} of seed ${SEED}`;
    const start = process.cpuUsage();
    const parsed = await parseMail(raw, { putAttachment: async () => "0" });
    if (parsed.kind === "parsed") {
      expect(() => readAll(parsed.message), what).not.toThrow();
      read += 1;
    } else expect(parsed.reason, what).not.toBe("");
    expect(process.cpuUsage(start).user / 1000, what).toBeLessThan(1_000);
  }
  expect(read).toBeGreaterThan(20);
});

const SIZE = 1_000_000;
const many = (piece: string) => piece.repeat(Math.ceil(SIZE / piece.length));
/** What makes a parser that looks back or ahead too often take minutes. */
const HOSTILE: Record<string, string> = {
  "open brackets": many("<"),
  "open comments": many("("),
  quotes: many('"'),
  backslashes: many("\\"),
  spaces: many(" "),
  "line ends": many("\r\n"),
  "folded lines": many("\r\n "),
  "quoted lines": many("> "),
  "encoded words": many("=?utf-8?q?a?="),
  "unfinished encoded words": many("=?utf-8?q?"),
  "addresses without an end": many("a@"),
  subaddresses: many("desk+"),
  digits: many("1"),
  dates: many("1.1.2026 "),
  semicolons: many("dmarc=pass; "),
  "tags without an end": many("<a "),
  "nested tags": many("<div>"),
  entities: many("&#x41;"),
  "unfinished entities": many("&#"),
  braces: many("{"),
  "reply headers": many("On Mon, "),
  "header lines": many("From: a\n"),
  dashes: many("-- \n"),
  colons: many("a: "),
  "combining marks": many("a\u0301"),
  "hidden characters": many("a\u200B"),
  "status codes": many("5.1.1 "),
};
const schema = { type: "object", properties: { approved: { type: "boolean" } }, required: ["approved"] };
const message = (text: string): MailMessage => ({
  headers: readHeaderFields(`Subject: ${text.slice(0, 10_000)}\r\nX-Failed-Recipients: ${text.slice(0, 10_000)}`),
  from: { address: "mailer-daemon@b.example" },
  to: [],
  cc: [],
  replyTo: [],
  references: [],
  inReplyTo: [],
  subject: text,
  text,
  attachments: [],
  reports: [],
});
const PARSERS: Record<string, (text: string) => unknown> = {
  "header fields": readHeaderFields,
  "encoded words": decodeEncodedWords,
  octets: decodeOctets,
  "message ids": parseMessageIds,
  "an address": isAddress,
  "an address and a pattern": (text) => matchesAddress("*@b.example", text),
  subaddresses: splitSubaddress,
  "Authentication-Results": parseAuthenticationResults,
  tokens: (text) => findTokens(text).map((token) => verifyToken(new Uint8Array(32), "abcdefghijklmnop", token)),
  "body references": findBodyReferences,
  "return dates": (text) => readReturnDate(text, "2026-01-05T00:00:00Z"),
  "delivery causes": causeOf,
  "the MIME structure": (text) => scanMimeStructure(Buffer.from(text)),
  "recipients in a bounce": (text) => recipientsInText(message(text)),
  "bounces without a standard": (text) => readNonStandardBounce(message(text)),
  "the returned mail": (text) => readReturnedMail(message(text)),
  "the text of HTML": (text) => searchableText({ html: text }),
  "history of text": (text) => stripThreadHistory({ text }),
  "history of HTML": (text) => stripThreadHistory({ html: text }),
  "structured replies": (text) =>
    parseStructuredReply({ parts: stripThreadHistory({ text }), attachments: [] }, schema),
  "codes and links": (text) => extractVerification({ subject: text, text, html: text }),
  "the injection score of text": (text) => scoreInjection({ subject: "", text }),
  "the injection score of HTML": (text) => scoreInjection({ subject: "", text: "", html: text }),
};

describe("a megabyte made to take long", () => {
  it.each(Object.keys(PARSERS))("takes %s no time to speak of", async (name) => {
    const slow: string[] = [];
    for (const [what, text] of Object.entries(HOSTILE)) {
      const start = process.cpuUsage();
      await PARSERS[name]!(text);
      const ms = process.cpuUsage(start).user / 1000;
      if (ms > 2_000) slow.push(`${what}: ${Math.round(ms)} ms`);
    }
    expect(slow).toEqual([]);
  });
});
