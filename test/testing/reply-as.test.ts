import { afterEach, beforeEach, expect, test } from "vitest";
import { parseMail } from "../../src/mail/parse.ts";
import { replyAs, startMailServer, type MailServer, type ReplyOptions } from "../../src/testing/index.ts";

let server: MailServer;
beforeEach(async () => {
  server = await startMailServer();
  server.account("desk@a.example");
});
afterEach(() => server.close());

const TASK = [
  "From: Desk Agent <desk@a.example>",
  "To: person@b.example",
  "Reply-To: Desk Agent <desk+tok123@a.example>",
  "Subject: =?utf-8?q?Pr=C3=BCfung?= of prices",
  "Date: Tue, 17 Nov 2026 10:12:00 +0000",
  "Message-ID: <task-1@a.example>",
  "References: <synthetic@a.example>",
  "Content-Type: text/plain; charset=utf-8",
  "",
  "Please look at the prices.",
  "",
  "> older line",
  "",
].join("\r\n");

async function answer(options: Partial<ReplyOptions> = {}) {
  const sent = await replyAs(server, {
    from: "Persön Müller <person@b.example>",
    mail: Buffer.from(TASK),
    text: "They are fine – 100 %.\nRegards",
    ...options,
  });
  const [mail] = server.mails("desk@a.example");
  const parsed = await parseMail(mail?.raw as Uint8Array, { putAttachment: async () => "" });
  if (parsed.kind !== "parsed") throw new Error(parsed.reason);
  return { sent, mail, message: parsed.message };
}

test("a reply goes to the Reply-To, in the conversation, from a person with a name", async () => {
  const { sent, mail, message } = await answer();
  expect(sent.to).toEqual(["desk+tok123@a.example"]);
  expect(mail?.header("delivered-to")).toBe("desk+tok123@a.example");
  expect(mail?.header("return-path")).toBe("<person@b.example>");
  expect(message.from).toEqual({ address: "person@b.example", name: "Persön Müller" });
  expect(message.subject).toBe("Re: Prüfung of prices");
  expect(message.inReplyTo).toEqual(["<task-1@a.example>"]);
  expect(message.references).toEqual(["<synthetic@a.example>", "<task-1@a.example>"]);
  expect(message.messageId).toBe(sent.messageId);
});

test("without a Reply-To it goes to the sender", async () => {
  const { sent } = await answer({ mail: Buffer.from(TASK.replace(/Reply-To: .*\r\n/, "")) });
  expect(sent.to).toEqual(["desk@a.example"]);
});

test.each([
  [
    "gmail",
    /\n\nOn Tue, Nov 17, 2026 at 10:12 AM Desk Agent <desk@a\.example> wrote:\n\n> Please look/,
    /class="gmail_quote/,
  ],
  [
    "outlook",
    /\n\n_{32}\nFrom: Desk Agent <desk@a\.example>\nSent: Tuesday, November 17, 2026 10:12 AM\nTo: person@b\.example\nSubject: Prüfung of prices\n\nPlease look/,
    /id="divRplyFwdMsg"/,
  ],
  [
    "apple",
    /\n\n> On Nov 17, 2026, at 10:12 AM, Desk Agent <desk@a\.example> wrote:\n> ?\n> Please look/,
    /<blockquote type="cite">/,
  ],
  ["thunderbird", /\n\nOn 11\/17\/26 10:12, Desk Agent wrote:\n> Please look/, /class="moz-cite-prefix"/],
  ["plain", /\n\nOn 2026-11-17, Desk Agent wrote:\n> Please look/, undefined],
] as const)("%s leaves its own marks around the history", async (client, text, html) => {
  const { message } = await answer({ client });
  expect(message.text).toMatch(/^They are fine – 100 %\.\nRegards\n/);
  expect(message.text).toMatch(text);
  if (html) {
    expect(message.html).toMatch(html);
    expect(message.html).toContain("They are fine – 100 %.<br>Regards");
    expect(message.html).toContain("Please look at the prices.");
  } else {
    expect(message.html).toBeUndefined();
  }
});

test("signature, attachments, extra fields and a missing history", async () => {
  const { mail, message } = await answer({
    signature: "Persön\nSales",
    quote: false,
    attachments: [{ filename: "préis.csv", contentType: "text/csv", content: "a;1\n" }],
    headers: { References: "", "Auto-Submitted": "auto-replied" },
  });
  expect(message.text?.trimEnd()).toBe("They are fine – 100 %.\nRegards\n\n-- \nPersön\nSales");
  expect(message.attachments).toMatchObject([{ filename: "préis.csv", contentType: "text/csv", size: 4 }]);
  expect(mail?.header("auto-submitted")).toBe("auto-replied");
  expect(mail?.header("references")).toBeUndefined();
});

test("a refused reply is an error, not silence", async () => {
  await expect(answer({ to: "refused@a.example" })).rejects.toMatchObject({ code: "SMTP_REFUSED" });
});

test("a mail that names nobody cannot be answered", async () => {
  await expect(answer({ mail: Buffer.from("Subject: x\r\n\r\nhello") })).rejects.toMatchObject({
    code: "INVALID_MESSAGE",
  });
});
