import { ImapFlow } from "imapflow";
import { createTransport } from "nodemailer";
import { afterEach, beforeEach, expect, test } from "vitest";
import { startMailServer, type MailServer } from "../../src/dev/index.ts";

let server: MailServer;
beforeEach(async () => {
  server = await startMailServer();
});
afterEach(() => server.close());

async function connect(url: string): Promise<ImapFlow> {
  const { hostname, port, username, password } = new URL(url);
  const client = new ImapFlow({
    host: hostname,
    port: Number(port),
    secure: false,
    doSTARTTLS: false,
    auth: { user: decodeURIComponent(username), pass: decodeURIComponent(password) },
    logger: false,
    autoIdleDelay: 5,
  });
  client.on("error", () => {});
  await client.connect();
  return client;
}

test("a mail sent with nodemailer wakes an idling imapflow, which reads it back byte for byte", async () => {
  const desk = server.account("desk@a.example");
  const person = server.account("person@b.example");
  const client = await connect(desk.imap);
  await client.mailboxOpen("INBOX");
  const exists = new Promise<number>((resolve) => client.once("exists", ({ count }) => resolve(count)));
  await new Promise((resolve) => setTimeout(resolve, 50));

  const transport = createTransport({ url: person.smtp, ignoreTLS: true });
  const started = performance.now();
  const info = await transport.sendMail({
    from: person.address,
    to: "desk+token.abc@a.example",
    subject: "Grüße",
    text: "Hello\n.dots\n",
    messageId: "<1@b.example>",
  });
  expect(await exists).toBe(1);
  expect(performance.now() - started).toBeLessThan(1000);
  expect(info.response).toMatch(/^250 2\.0\.0 Ok: queued as [0-9A-F]{12}$/);

  const mail = await client.fetchOne("1", { source: true, envelope: true, uid: true, internalDate: true });
  if (mail === false) throw new Error("no mail");
  expect(mail.envelope?.subject).toBe("Grüße");
  expect(mail.envelope?.messageId).toBe("<1@b.example>");
  const [delivered] = server.mails("desk@a.example");
  expect(mail.source?.equals(delivered?.raw as Buffer)).toBe(true);
  const source = mail.source?.toString() ?? "";
  expect(source).toMatch(/^Return-Path: <person@b\.example>\r\nDelivered-To: desk\+token\.abc@a\.example\r\n/);
  expect(source).toMatch(/Received: from [^]*?\tfor <desk\+token\.abc@a\.example>; /);
  expect(source).toContain("\r\n.dots\r\n");
  transport.close();
  await client.logout();
});
