import { createTransport, type Transporter } from "nodemailer";
import { afterEach, beforeEach, expect, test } from "vitest";
import { startMailServer, type DeliveredMail, type MailServer } from "../../src/dev/index.ts";
import { classify } from "../../src/mail/classify.ts";
import { parseMail } from "../../src/mail/parse.ts";

let server: MailServer;
let transport: Transporter;
beforeEach(async () => {
  server = await startMailServer({ magic: { delayMs: 40, slowMs: 150 }, domains: ["a.example", "b.example"] });
  const { smtp } = server.account("desk@a.example");
  transport = createTransport({ url: smtp, ignoreTLS: true });
});
afterEach(async () => {
  transport.close();
  await server.close();
});

const send = (to: string, more: object = {}) =>
  transport.sendMail({
    from: "desk@a.example",
    to,
    envelope: { from: "desk+bounce.77@a.example", to },
    subject: "Task",
    text: "Body text",
    messageId: "<task-7@a.example>",
    ...more,
  });

async function parsed(mail: DeliveredMail) {
  const result = await parseMail(mail.raw, { putAttachment: async () => "" });
  if (result.kind !== "parsed") throw new Error(result.reason);
  return result.message;
}

const arrivals = () => server.mails("desk@a.example").length;

test.each([
  ["refused@a.example", 550, "5.1.1"],
  ["refused+x@other.example", 550, "5.1.1"],
  ["temporary@a.example", 451, "4.3.0"],
  ["nobody@a.example", 550, "5.1.1"],
])("%s is refused at RCPT with %i %s", async (to, responseCode, status) => {
  await expect(send(to)).rejects.toMatchObject({ responseCode, response: expect.stringContaining(status) as string });
});

test("greylisted@ refuses the first try of a sender and takes the second", async () => {
  await expect(send("greylisted@b.example")).rejects.toMatchObject({ responseCode: 451 });
  await send("greylisted@b.example");
  expect(server.mails("greylisted@b.example")).toHaveLength(1);
});

test.each([
  ["bounced@a.example", "failed", "5.1.1", "message/rfc822"],
  ["full@b.example", "failed", "5.2.2", "text/rfc822-headers"],
  ["someone@nowhere.example", "failed", "5.1.2", "message/rfc822"],
])("%s: a report comes to the envelope sender: %s %s", async (to, action, status, returned) => {
  await send(to);
  const mail = await server.waitForMail("desk@a.example");
  expect(mail.header("return-path")).toBe("<>");
  expect(mail.header("delivered-to")).toBe("desk+bounce.77@a.example");
  const message = await parsed(mail);
  const report = message.reports.find(({ contentType }) => contentType === "message/delivery-status");
  expect(report?.content).toContain(`Final-Recipient: rfc822; ${to}`);
  expect(report?.content).toContain(`Action: ${action}`);
  expect(report?.content).toContain(`Status: ${status}`);
  const original = message.reports.find(({ contentType }) => contentType === returned);
  expect(original?.content).toContain("<task-7@a.example>");
  expect(classify(message, { isOwn: () => false, addresses: [] })).toMatchObject({ kind: "delivery-status" });
});

test("no report is written about a report", async () => {
  await send("bounced@a.example", { envelope: { from: "", to: "bounced@a.example" } });
  await new Promise((resolve) => setTimeout(resolve, 30));
  expect(arrivals()).toBe(0);
});

test("delayed@ is reported late, then delivered; expired@ fails in the end", async () => {
  await send("delayed@a.example");
  const delay = await server.waitForMail("desk@a.example");
  expect(Buffer.from(delay.raw).toString()).toMatch(/Action: delayed\r\nStatus: 4\.4\.1/);
  expect(() => server.mails("delayed@a.example")).toThrow("no mailbox");
  await expect.poll(() => server.mails("delayed@a.example").length).toBe(1);
  expect(arrivals()).toBe(1);

  await send("expired@a.example");
  const failure = await server.waitForMail("desk@a.example", ({ raw }) => Buffer.from(raw).includes("Action: failed"));
  expect(Buffer.from(failure.raw).toString()).toContain("Status: 4.4.7");
  expect(arrivals()).toBe(3);
});

test("ooo@ answers each sender once, and no automatic answers", async () => {
  await send("ooo@a.example", { headers: { "Auto-Submitted": "auto-replied" } });
  await send("ooo@a.example", { headers: { "Auto-Submitted": "auto-generated" } });
  await send("ooo@a.example");
  const mail = await server.waitForMail("desk@a.example");
  const message = await parsed(mail);
  expect(message).toMatchObject({
    inReplyTo: ["<task-7@a.example>"],
    references: ["<task-7@a.example>"],
    subject: "Automatic reply: Task",
    from: { address: "ooo@a.example" },
  });
  expect(mail.header("auto-submitted")).toMatch(/^auto-replied/);
  expect(classify(message, { isOwn: () => false, addresses: [] })).toMatchObject({ kind: "auto-reply" });
  expect(server.mails("ooo@a.example")).toHaveLength(3);
  expect(arrivals()).toBe(1);
});

test("complaint@ sends a feedback report with the mail", async () => {
  await send("complaint@b.example");
  const mail = await server.waitForMail("desk@a.example");
  const message = await parsed(mail);
  const types = message.reports.map(({ contentType }) => contentType);
  expect(types).toEqual(["message/feedback-report", "message/rfc822"]);
  expect(message.reports[0]?.content).toContain("Original-Rcpt-To: <complaint@b.example>");
  expect(mail.header("delivered-to")).toBe("desk+bounce.77@a.example");
});

test("slow@ answers late", async () => {
  const started = performance.now();
  await send("slow@a.example");
  expect(performance.now() - started).toBeGreaterThanOrEqual(145);
});

test("an account of that name, or `magic: false`, takes the magic away", async () => {
  server.account("bounced@a.example");
  await send("bounced@a.example");
  expect(server.mails("bounced@a.example")).toHaveLength(1);

  await using bare = await startMailServer({ magic: false });
  const plain = createTransport({ url: bare.account("desk@a.example").smtp, ignoreTLS: true });
  await expect(plain.sendMail({ from: "desk@a.example", to: "bounced@a.example", text: "x" })).rejects.toMatchObject({
    responseCode: 550,
  });
  plain.close();
});
