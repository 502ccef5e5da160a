import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { isAddress } from "../../src/mail/address.ts";
import type { MailMessage } from "../../src/mail/message.ts";
import { parseMail } from "../../src/mail/parse.ts";
import { hostileMail } from "./hostile-mail.ts";
import { MAIL_PARSERS, RAW_PARSERS } from "./parsers.ts";
import { eachRun, timeout } from "./runs.ts";
import { replyTexts } from "./seeds.ts";

const FIXTURES = join(import.meta.dirname, "../fixtures/mail");
const mails = readdirSync(FIXTURES)
  .filter((file) => file.endsWith(".eml"))
  .toSorted()
  .map((file) => readFileSync(join(FIXTURES, file), "latin1"));

test(
  "damaged mails are read or refused, and never throw",
  async () => {
    const kinds = { parsed: 0, unreadable: 0, attachments: 0, reports: 0 };
    await eachRun(200, async (random) => {
      const raw = hostileMail(random, mails, replyTexts);
      const parsed = await parseMail(raw, {
        putAttachment: async () => "0",
        ...(random.chance(0.1) && { limits: { maxHeaderFields: 5, maxParts: 2, maxAttachments: 0 } }),
      });
      kinds[parsed.kind] += 1;
      if (parsed.kind === "unreadable") {
        // Limits are refusals; what the parser itself throws is a mistake, though it holds up no mail.
        if ("error" in parsed) throw parsed.error;
        return expect(parsed.reason).not.toBe("");
      }
      const { message } = parsed;
      kinds.attachments += message.attachments.length;
      kinds.reports += message.reports.length;
      expectSound(message);
      for (const [name, read] of Object.entries(MAIL_PARSERS)) await told(name, () => read(message));
    });
    if (process.env["FUZZ_RUNS"] === undefined) expect(Math.min(...Object.values(kinds))).toBeGreaterThan(10);
  },
  timeout,
);

test(
  "damaged mails: the local mail server passes them on, and shows them",
  async () => {
    await eachRun(1_000, async (random) => {
      const raw = hostileMail(random, mails, replyTexts);
      for (const [name, read] of Object.entries(RAW_PARSERS)) await told(name, () => read(raw));
    });
  },
  timeout,
);

async function told(name: string, work: () => unknown): Promise<void> {
  try {
    await work();
  } catch (cause) {
    throw new Error(`${name}: ${String(cause)}`, { cause });
  }
}

/** What everything behind the parser relies on. */
function expectSound({ from, to, cc, replyTo, subject, headers, attachments, date, ...rest }: MailMessage): void {
  for (const { address, name = "" } of [...(from ? [from] : []), ...to, ...cc, ...replyTo]) {
    expect(isAddress(address), address).toBe(true);
    expect(name).not.toMatch(/\p{Cc}/u);
  }
  for (const { name, value } of headers) {
    expect(name).toMatch(/^[!-9;-~]+$/);
    expect(value).not.toMatch(/[\0\r\n]/);
  }
  expect(subject).not.toMatch(/[\0\r\n]/);
  for (const { filename, contentType, size } of attachments) {
    expect(filename).toMatch(/^[^/\\\p{Cc}\p{Cs}]+$/u);
    expect(contentType).toMatch(/^[!-.0-~]+\/[!-.0-~]+$/);
    expect(size).toBeGreaterThanOrEqual(0);
  }
  if (date !== undefined) expect(new Date(date).toISOString()).toBe(date);
  for (const id of [...rest.references, ...rest.inReplyTo, ...(rest.messageId ? [rest.messageId] : [])])
    expect(id).toMatch(/^<[^<>\s]+>$/);
  expect(rest.text ?? "").toBeTypeOf("string");
}
