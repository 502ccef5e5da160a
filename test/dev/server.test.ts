import { createTransport } from "nodemailer";
import { afterEach, beforeEach, expect, test } from "vitest";
import { startMailServer, type MailServer } from "../../src/dev/index.ts";
import { imapflow, mailOf } from "./imap-client.ts";

let server: MailServer;
beforeEach(async () => {
  server = await startMailServer();
});
afterEach(() => server.close());

test("a mail sent with nodemailer wakes an idling imapflow, which reads it back byte for byte", async () => {
  const desk = server.account("desk@a.example");
  const person = server.account("person@b.example");
  const client = await imapflow(desk);
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

test("account URLs survive awkward passwords, and an account made twice keeps what is not given", () => {
  const first = server.account("Desk@A.example", { password: "p@ss:w/rd %" });
  expect(new URL(first.smtp)).toMatchObject({
    protocol: "smtp:",
    hostname: "127.0.0.1",
    port: String(server.smtp.port),
  });
  expect(decodeURIComponent(new URL(first.imaps).password)).toBe("p@ss:w/rd %");
  expect(server.account("desk@a.example")).toEqual(first);
  expect(() => server.account("nobody")).toThrow("Not a mail address");
});

test("submission demands sign-in, unless the server is told otherwise", async () => {
  server.account("desk@a.example");
  const mail = { from: "x@b.example", to: "desk@a.example", text: "x" };
  const anonymous = (port: number) => createTransport({ host: "127.0.0.1", port, ignoreTLS: true });
  await expect(anonymous(server.smtp.port).sendMail(mail)).rejects.toMatchObject({ responseCode: 530 });
  await using open = await startMailServer({ requireAuth: false });
  open.account("desk@a.example");
  await anonymous(open.smtp.port).sendMail(mail);
  expect(open.mails("desk@a.example")[0]?.header("authentication-results")).toContain("dmarc=none");
});

test("a mail above the limit is refused, announced or not; one connection goes on", async () => {
  await using small = await startMailServer({ maxMailBytes: 10_000 });
  const desk = small.account("desk@a.example");
  const transport = createTransport({ url: desk.smtp, ignoreTLS: true, pool: true, maxConnections: 1 });
  const send = (size: number, announced?: number) =>
    transport.sendMail({
      envelope: { from: desk.address, to: desk.address, ...(announced ? { size: announced } : {}) },
      raw: mailOf("x", { body: "y".repeat(size) }),
    });
  await expect(send(20_000)).rejects.toMatchObject({
    responseCode: 552,
    response: expect.stringContaining("5.3.4") as string,
  });
  // nodemailer compares with the SIZE that the server announced, and does not even try.
  await expect(send(20_000, 20_000)).rejects.toMatchObject({ code: "EMESSAGE", command: "MAIL FROM" });
  await send(100);
  expect(small.mails(desk.address)).toHaveLength(1);
  transport.close();
});

test("autoCreate: any address has a mailbox and signs in; another password does not", async () => {
  await using dev = await startMailServer({ autoCreate: true, domains: ["a.example"] });
  const account = { ...dev.account("one@a.example"), address: "new@a.example" };
  await (await imapflow(account)).logout();
  await expect(imapflow({ ...account, address: "newer@a.example", password: "x" })).rejects.toThrow();
  await expect(imapflow({ ...account, address: "new@elsewhere.example" })).rejects.toThrow();
  const transport = createTransport({ url: dev.account("one@a.example").smtp, ignoreTLS: true });
  await transport.sendMail({ from: "one@a.example", to: "stranger+x@a.example", text: "x" });
  expect(dev.mails("stranger@a.example")).toHaveLength(1);
  transport.close();
});

test("there is no wait before the greeting", async () => {
  const desk = server.account("desk@a.example");
  const transport = createTransport({ url: desk.smtp, ignoreTLS: true });
  const started = performance.now();
  for (let count = 0; count < 50; count += 1) {
    await transport.sendMail({ from: desk.address, to: desk.address, text: "x" });
  }
  // smtp-server's own delay of 100 ms a connection would make it five seconds.
  expect(performance.now() - started).toBeLessThan(2500);
  transport.close();
});

test("TLS from the start, and STARTTLS, on the SMTP side", async () => {
  const desk = server.account("desk@a.example");
  const auth = { user: desk.address, pass: desk.password };
  const tls = { ca: server.ca };
  for (const options of [
    { port: server.smtps.port, secure: true, tls },
    { port: server.smtp.port, requireTLS: true, tls },
  ]) {
    const transport = createTransport({ host: "127.0.0.1", auth, ...options });
    await transport.sendMail({ from: desk.address, to: desk.address, text: "x" });
    transport.close();
  }
  const protocols = server.mails(desk.address).map(({ raw }) => /with (\w+) id/.exec(Buffer.from(raw).toString())?.[1]);
  expect(protocols).toEqual(["ESMTPSA", "ESMTPSA"]);
});

test("without `starttls` nothing is offered, and clients that would take it up need no settings", async () => {
  await using bare = await startMailServer({ starttls: false });
  const desk = bare.account("desk@a.example");
  const transport = createTransport(desk.smtp);
  await transport.sendMail({ from: desk.address, to: desk.address, text: "x" });
  transport.close();
  const client = await imapflow(desk, { doSTARTTLS: undefined });
  expect(client.secureConnection).toBe(false);
  await client.logout();
});

test("waitForMail: what is there, what comes, what never comes, and a predicate that throws", async () => {
  server.account("desk@a.example");
  const waiting = server.waitForMail("desk@a.example", (mail) => mail.header("subject") === "two");
  server.deliver(mailOf("one"), "desk+x@a.example");
  server.deliver(mailOf("two"), ["desk@a.example"], { from: "envelope@b.example" });
  expect((await waiting).header("return-path")).toBe("<envelope@b.example>");
  expect((await server.waitForMail("desk@a.example")).header("subject")).toBe("one");
  await expect(server.waitForMail("desk@a.example", () => false, 20)).rejects.toThrow(
    "within 20 ms. Subjects there: one; two",
  );
  const failing = server.waitForMail("desk@a.example", () => {
    throw new Error("my bug");
  });
  await expect(failing).rejects.toThrow("my bug");
  await expect(server.waitForMail("nobody@a.example")).rejects.toMatchObject({ code: "MAILBOX_NOT_FOUND" });
  expect(() => server.deliver("x", "nobody@a.example")).toThrow("no mailbox");
});

test("closing twice is closing once, and the ports are free afterwards", async () => {
  const first = await startMailServer();
  const client = await imapflow(first.account("desk@a.example"));
  const closed = new Promise((resolve) => client.once("close", resolve));
  await Promise.all([first.close(), first.close()]);
  await closed;
  await first.close();
  const ports = { smtpPort: first.smtp.port, imapPort: first.imap.port };
  await using second = await startMailServer(ports);
  await expect(startMailServer(ports)).rejects.toMatchObject({ code: "INVALID_CONFIG" });
  expect(second.smtp.port).toBe(ports.smtpPort);
});
