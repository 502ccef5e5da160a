import { csvRow } from "../../src/audit/csv.ts";
import { mboxEntry } from "../../src/audit/mbox.ts";
import { plain } from "../../src/audit/trace.ts";
import { traceAsHtml } from "../../src/audit/trace-as-html.ts";
import { traceAsMermaid } from "../../src/audit/trace-as-mermaid.ts";
import { traceAsText } from "../../src/audit/trace-as-text.ts";
import { addressesIn, parseAddressList, splitAddress } from "../../src/dev/address.ts";
import { awayReply, correspondent, mayAnswer } from "../../src/dev/away.ts";
import { completeMail, rewriteMessageId } from "../../src/dev/delivery.ts";
import { headerFields, withoutFields } from "../../src/dev/header.ts";
import { bodyStructure } from "../../src/dev/imap/bodystructure.ts";
import { dayOfDateField, parseDateTime, parseDay } from "../../src/dev/imap/date.ts";
import { envelope } from "../../src/dev/imap/envelope.ts";
import { parseFetchItems } from "../../src/dev/imap/fetch.ts";
import { parseFlags } from "../../src/dev/imap/flags.ts";
import { decodeMailboxName, encodeMailboxName, matchesPattern } from "../../src/dev/imap/mailbox-name.ts";
import { mimeStructure, parseParameters, searchableText as searchedText } from "../../src/dev/imap/mime.ts";
import { parseSearch } from "../../src/dev/imap/search.ts";
import { parseSection, readSection } from "../../src/dev/imap/section.ts";
import { parseSequenceSet } from "../../src/dev/imap/sequence.ts";
import { octetsToText, tokenize } from "../../src/dev/imap/tokenizer.ts";
import type { AuditEvent } from "../../src/ledger/events.ts";
import { canonicalAddress, isAddress, matchesAddress, sameAddress, splitSubaddress } from "../../src/mail/address.ts";
import { parseAuthenticationResults } from "../../src/mail/authentication-results-field.ts";
import { readAuthentication } from "../../src/mail/authentication-results.ts";
import { readAutoSubmitted } from "../../src/mail/auto-submitted.ts";
import { asksForNoAnswer, isBounce, isFromMailSystem } from "../../src/mail/bounce-signs.ts";
import { classify, readHops } from "../../src/mail/classify.ts";
import { findBodyReferences, gatherSignals } from "../../src/mail/correlate.ts";
import { causeOf, isPermanentFailure } from "../../src/mail/delivery-cause.ts";
import { readDeliveryStatus } from "../../src/mail/delivery-status.ts";
import { readFeedbackReport } from "../../src/mail/feedback-report.ts";
import { decodeEncodedWords, decodeOctets, decodeWith, readHeaderFields } from "../../src/mail/header-fields.ts";
import { removeHiddenCharacters } from "../../src/mail/history/hidden-characters.ts";
import { normalizeMessageId, parseMessageIds } from "../../src/mail/message-id.ts";
import type { MailMessage } from "../../src/mail/message.ts";
import { scanMimeStructure } from "../../src/mail/mime-structure.ts";
import { readNonStandardBounce, recipientsInText } from "../../src/mail/nonstandard-bounce.ts";
import { searchableText } from "../../src/mail/plain-text.ts";
import { answerAddress, replyReferences, replySubject } from "../../src/mail/references.ts";
import { findTokens, verifyToken } from "../../src/mail/reply-token.ts";
import { readReturnDate } from "../../src/mail/return-date.ts";
import { readReturnedMail } from "../../src/mail/returned-mail.ts";
import { stripThreadHistory } from "../../src/mail/strip-thread-history.ts";
import { perhapsJson } from "../../src/mail/structured/attachments.ts";
import { parseStructuredReply } from "../../src/mail/structured-reply.ts";
import { textToHtml } from "../../src/mail/text-to-html.ts";
import { extractVerification } from "../../src/mail/verification.ts";
import { refusedAttachment } from "../../src/policy/attachments.ts";
import { scoreInjection } from "../../src/policy/injection-score.ts";
import { redact, reviewContent } from "../../src/policy/outbound-review.ts";
import { throttleOf } from "../../src/policy/throttle.ts";
import { mailboxError } from "../../src/transport/imap-error.ts";
import { createScrubber } from "../../src/transport/scrub.ts";
import { serverMessageIds } from "../../src/transport/server-message-ids.ts";
import { connectionError, outcomeOfFailure } from "../../src/transport/smtp-outcome.ts";

/**
 * Everything that reads what others wrote, by the file that it is in. `text`: of any text · `mail`: of a mail that was parsed · `raw`: of a mail's bytes, in the
 * local mail server · `trace`: writes what others wrote for people or programs to read. What throws a SyntaxError by contract is allowed to.
 */
export const TEXT_PARSERS: Record<string, (text: string) => unknown> = {
  "mail/address": (text) => [
    isAddress(text) && canonicalAddress(text),
    matchesAddress("*@b.example", text),
    sameAddress(text, "Boss@b.example"),
    splitSubaddress(text),
  ],
  "mail/authentication-results-field": parseAuthenticationResults,
  "mail/correlate": findBodyReferences,
  "mail/delivery-cause": (text) => [causeOf(text), isPermanentFailure(text, text), isPermanentFailure(undefined, text)],
  "mail/header-fields": (text) => [readHeaderFields(text), decodeOctets(text)],
  "mail/header-fields (encoded words)": (text) => [
    decodeEncodedWords(text),
    decodeWith(text.slice(0, 20), Buffer.from(text)),
  ],
  "mail/history/hidden-characters": removeHiddenCharacters,
  "mail/message-id": (text) => parseMessageIds(text).map(normalizeMessageId),
  "mail/mime-structure": (text) => scanMimeStructure(Buffer.from(text)),
  "mail/nonstandard-bounce": (text) => [recipientsInText(messageOf(text)), readNonStandardBounce(messageOf(text))],
  "mail/plain-text": (text) => searchableText({ html: text }),
  "mail/references": replySubject,
  "mail/reply-token": (text) =>
    findTokens(text).map((token) => verifyToken(new Uint8Array(32), "abcdefghijklmnop", token)),
  "mail/return-date": (text) => [readReturnDate(text, "2026-01-05T00:00:00Z"), readReturnDate("tomorrow", text)],
  "mail/returned-mail": (text) => readReturnedMail(messageOf(text)),
  "mail/strip-thread-history (text)": (text) => stripThreadHistory({ text, original: text }),
  "mail/strip-thread-history (HTML)": (text) => stripThreadHistory({ html: text }),
  "mail/structured-reply": (text) =>
    parseStructuredReply({ parts: stripThreadHistory({ text }), attachments: [] }, SCHEMA),
  "mail/structured-reply (attachment)": (text) =>
    parseStructuredReply(
      { text: "", attachments: [{ filename: "a.json", contentType: "application/json", content: text }] },
      SCHEMA,
    ),
  "mail/structured/attachments": (text) => perhapsJson([{ filename: text, contentType: text, size: 1 }]),
  "mail/text-to-html": textToHtml,
  "mail/verification": (text) => extractVerification({ subject: text, text, html: text, date: text }),
  "policy/attachments": (text) => refusedAttachment([{ filename: text, contentType: text, size: 1 }], {}),
  "policy/injection-score (text)": (text) => {
    const short = text.slice(0, 1_000);
    return scoreInjection({ subject: short, text, quoted: short, original: short });
  },
  "policy/injection-score (HTML)": (text) => scoreInjection({ subject: "", text: "", html: text }),
  "policy/outbound-review": (text) => [reviewContent(contentOf(text), REVIEW, () => []), redact(text, () => [])],
  "policy/throttle": (text) => throttleOf({ enhancedStatus: text, diagnostic: text }),
  "transport/imap-error": (text) =>
    mailboxError({ message: text, responseText: text, response: text }, { ...SERVER, mailbox: "INBOX" }),
  "transport/scrub": (text) => createScrubber("desk", "password").scrub(text),
  "transport/server-message-ids": (text) => serverMessageIds(text, "mx.a.example"),
  "transport/smtp-outcome": (text) => {
    const failure = { message: text, response: text, recipient: text, code: "EENVELOPE", responseCode: 550 };
    return [
      outcomeOfFailure({ ...failure, rejectedErrors: [failure] }, true, SERVER),
      connectionError(failure, SERVER),
    ];
  },
  "dev/address": (text) => [addressesIn(text), parseAddressList(text), splitAddress(text)],
  "dev/imap/date": syntax((text) => [dayOfDateField(text), parseDay(text), parseDateTime(text)]),
  "dev/imap/fetch": syntax((text) => tokenize([text]).map(parseFetchItems)),
  "dev/imap/flags": syntax((text) => parseFlags(tokenize([text]))),
  "dev/imap/mailbox-name": (text) => [
    decodeMailboxName(text),
    encodeMailboxName(text),
    matchesPattern(text.slice(0, 200), "INBOX/a"),
  ],
  "dev/imap/mime (parameters)": parseParameters,
  "dev/imap/search": syntax((text) => parseSearch(tokenize([text]), { uids: [1, 2], now: 0 })),
  "dev/imap/section": syntax((text) => readSection(Buffer.from(text), parseSection(text))),
  "dev/imap/section (of a mail)": (text) => readSection(Buffer.from(text), parseSection("[1.1.MIME]")),
  "dev/imap/sequence": parseSequenceSet,
  "dev/imap/tokenizer": syntax((text) => tokenize([octetsToText(text)])),
};

/** Everything that looks at a mail before anybody has said that it is harmless. */
export const MAIL_PARSERS: Record<string, (message: MailMessage) => unknown> = {
  "mail/auto-submitted": readAutoSubmitted,
  "mail/authentication-results": (message) => readAuthentication(message, ["a.example", "mx"]),
  "mail/classify": (message) => [
    classify(message, { addresses: ["desk@a.example"], isOwn: () => false }),
    readHops(message),
  ],
  "mail/bounce-signs": (message) => [
    isBounce(message, message.text ?? ""),
    isFromMailSystem(message),
    asksForNoAnswer(message),
  ],
  "mail/correlate": gatherSignals,
  "mail/delivery-status": readDeliveryStatus,
  "mail/feedback-report": readFeedbackReport,
  "mail/nonstandard-bounce": (message) => [readNonStandardBounce(message), recipientsInText(message)],
  "mail/plain-text": searchableText,
  "mail/references": (message) => [
    message.messageId && replyReferences(message),
    answerAddress(message),
    replySubject(message.subject),
  ],
  "mail/returned-mail": readReturnedMail,
  "mail/strip-thread-history": (message) => stripThreadHistory(message),
  "mail/structured-reply": ({ text = "", html = "" }) => parseStructuredReply({ text, html }, SCHEMA),
  "mail/verification": extractVerification,
  "policy/attachments": ({ attachments }) => refusedAttachment(attachments, { allow: ["image/*"], maxBytes: 10 }),
  "policy/injection-score": ({ subject, text = "", html }) => {
    const parts = stripThreadHistory({ text, ...(html !== undefined && { html }) });
    return scoreInjection({ subject, ...parts, hidden: parts.removedHidden, ...(html !== undefined && { html }) });
  },
};

/** What the local mail server makes of the bytes that it is handed. */
export const RAW_PARSERS: Record<string, (raw: Buffer) => unknown> = {
  "dev/away": (raw) => [
    awayReply(raw, { from: "a@a.example", to: "b@b.example", now: 0, hostname: "h", id: "1" }),
    correspondent(raw),
    mayAnswer(raw, "a@a.example"),
  ],
  "dev/delivery": (raw) => [
    completeMail(raw, { now: 0, queueId: "1", hostname: "h" }),
    rewriteMessageId(raw, "<a@b.example>"),
  ],
  "dev/header": (raw) => [headerFields(raw), withoutFields(raw, ({ name }) => name === "to")],
  "dev/imap/bodystructure": (raw) => bodyStructure(raw, mimeStructure(raw), true),
  "dev/imap/envelope": (raw) => envelope(headerFields(raw)),
  "dev/imap/mime": searchedText,
  "dev/imap/section": (raw) =>
    ["[]", "[HEADER]", "[1]", "[1.MIME]", "[2.1.TEXT]<3.5>", "[HEADER.FIELDS (From __proto__)]"].map((section) =>
      readSection(raw, parseSection(section)),
    ),
};

/** What shows to people, or hands to other programs, what strangers wrote. */
export const RENDERERS: Record<string, (event: AuditEvent) => string> = {
  "audit/csv": csvRow,
  "audit/mbox": ({ subject = "", from, at }) =>
    Buffer.from(mboxEntry(Buffer.from(subject), { from, at })).toString("latin1"),
  "audit/trace": ({ subject = "" }) => plain(subject),
  "audit/trace-as-html": (event) => traceAsHtml({ threadId: event.threadId ?? "", events: [event] }),
  "audit/trace-as-mermaid": (event) => traceAsMermaid({ threadId: "t", events: [event] }),
  "audit/trace-as-text": (event) => traceAsText({ threadId: event.threadId ?? "", events: [event] }),
};

/** The other files of the same folders, and why nothing that others wrote is read there by itself. */
export const NO_PARSERS: Record<string, string> = {
  "mail/parse": "fuzzed with whole mails",
  "mail/clarification mail/compose mail/request-data mail/reply-form mail/reply-schema mail/hash-id": "write mails",
  "mail/delivery-report mail/message mail/index policy/inbound": "types and names",
  "policy/allowlist policy/permission": "compare addresses (mail/address)",
  "policy/assurance policy/reputation policy/warm-up policy/budget policy/review-policy":
    "decide on numbers, grades and options",
  "transport/smtp transport/tls transport/mailauth transport/wait transport/transport": "hand over to libraries",
  "transport/imap transport/mailbox-pass transport/mailbox-session transport/mailbox-watch transport/octet-budget":
    "count uids and octets",
  "dev/accounts dev/certificate dev/faults dev/format-date dev/index dev/journal dev/listen dev/magic":
    "the operator's own words",
  "dev/delivered-mail dev/report dev/server dev/smtp dev/store dev/transfer": "pass on (dev/header, dev/delivery)",
  "dev/imap/dialogue dev/imap/output dev/imap/reader dev/imap/selected dev/imap/server dev/imap/session":
    "fuzzed with whole dialogues",
  "audit/export audit/follow audit/forget audit/verify": "read the ledger",
};

const SCHEMA = {
  type: "object",
  properties: {
    approved: { type: "boolean" },
    quantity: { type: "integer" },
    price: { type: "number" },
    due: { type: "string", format: "date" },
    kind: { enum: ["a", "b"] },
    items: { type: "array", items: { type: "object", properties: { name: { type: "string" } } } },
  },
  required: ["approved"],
};
const SERVER = { host: "mx.a.example", port: 587, user: "desk", scrub: (text: string) => text };
const REVIEW = {
  secrets: "refuse",
  personalData: "hold",
  links: { max: 3, domains: ["a.example"], verdict: "hold" },
  attachments: { verdict: "hold" },
} as const;

function contentOf(text: string) {
  const attachments = [{ filename: text.slice(0, 100), contentType: "text/html", content: text }];
  return { subject: text, body: text, html: text, attachments };
}

function messageOf(text: string): MailMessage {
  return {
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
  };
}

function syntax(parse: (text: string) => unknown): (text: string) => unknown {
  return (text) => {
    try {
      return parse(text);
    } catch (error) {
      if (error instanceof SyntaxError) return undefined;
      throw error;
    }
  };
}
