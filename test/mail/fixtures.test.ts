import { readdirSync, readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { classify } from "../../src/mail/classify.ts";
import { gatherSignals, signalAlias, tokenAlias } from "../../src/mail/correlate.ts";
import type { MailMessage } from "../../src/mail/message.ts";
import { parseMail } from "../../src/mail/parse.ts";
import { verifyToken } from "../../src/mail/reply-token.ts";

// What each mail in test/fixtures/mail is taken for, and which task it is found to belong to.
const folder = new URL("../fixtures/mail/", import.meta.url);
const names = (ending: string) =>
  readdirSync(folder)
    .filter((file) => file.endsWith(ending))
    .map((file) => file.slice(0, -ending.length));
const mails = names(".eml");

const key = Buffer.alloc(32, 7);
const own = { isOwn: (id: string) => id === "<t.abcdefghijklmnop@a.example>", addresses: ["desk@a.example"] };

function correlated(message: MailMessage): string[] {
  return gatherSignals(message).map((signal) => {
    if (signal.kind !== "token") return `${signalAlias(signal)} (${signal.where})`;
    const verdict = verifyToken(key, "ledger-1", signal.token);
    return verdict.kind === "valid"
      ? `${verdict.purpose} ${tokenAlias(verdict.taskRef)} (${signal.where})`
      : `${verdict.kind} token (${signal.where})`;
  });
}

test("every mail has its expectation, and every expectation its mail", () => {
  expect(names(".json")).toEqual(mails);
  expect(mails.length).toBeGreaterThan(40);
});

test.each(mails)("%s", async (name) => {
  const result = await parseMail(readFileSync(new URL(`${name}.eml`, folder)), {
    putAttachment: (content) => Promise.resolve(`${content.byteLength} octets`),
  });
  if (result.kind !== "parsed") throw new Error(result.reason);
  const { from, subject, date, text, html, attachments } = result.message;
  const classification = classify(result.message, own);
  const shown = "report" in classification ? withoutHeaders(classification) : classification;
  const seen = {
    from,
    subject,
    date,
    text,
    html: html !== undefined,
    attachments,
    classification: shown,
    signals: correlated(result.message),
  };
  await expect(`${JSON.stringify(seen, undefined, 2)}\n`).toMatchFileSnapshot(new URL(`${name}.json`, folder).pathname);
});

function withoutHeaders<T extends { report: { original: { messageIds: string[]; headers: { name: string }[] } } }>(
  classification: T,
) {
  const { messageIds, headers } = classification.report.original;
  return {
    ...classification,
    report: {
      ...classification.report,
      original: { messageIds, headers: headers.map((header) => header.name).join(" ") },
    },
  };
}
