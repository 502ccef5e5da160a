import { createTransport, type Transporter } from "nodemailer";
import { afterEach, beforeEach, expect, test } from "vitest";
import { startMailServer, type MailAccount, type MailServer } from "../../src/dev/index.ts";
import { imapflow, mailOf, openInbox, rawClient } from "./imap-client.ts";

let server: MailServer;
let desk: MailAccount;
let transport: Transporter;
beforeEach(async () => {
  server = await startMailServer();
  desk = server.account("desk@a.example", { savesSent: true });
  transport = createTransport({ url: desk.smtp, ignoreTLS: true });
});
afterEach(async () => {
  transport.close();
  await server.close();
});

const send = (more: object = {}) =>
  transport.sendMail({
    from: "desk@a.example",
    to: "Desk+Tok@a.example",
    text: "x",
    messageId: "<m@a.example>",
    ...more,
  });
const inbox = () => server.mails("desk@a.example");

test.each([
  ["dropBeforeData", 0],
  ["dropAfterData", 1],
  ["loseAfterData", 0],
] as const)("%s: the client sees a lost connection, and %i mail is there", async (fault, stored) => {
  server.faults[fault] = 1;
  await expect(send()).rejects.toMatchObject({ command: "CONN" });
  expect(inbox()).toHaveLength(stored);
  expect(server.faults[fault]).toBe(0);
  await send();
  expect(inbox()).toHaveLength(stored + 1);
});

test("refuseData answers with the given reply", async () => {
  server.faults.refuseData = { times: 1, reply: "451 4.3.0 Try again later" };
  await expect(send()).rejects.toMatchObject({ responseCode: 451, response: "451 4.3.0 Try again later" });
  await send();
  expect(inbox()).toHaveLength(1);
});

test("refuseAuth refuses sign-in on both sides", async () => {
  server.faults.refuseAuth = true;
  await expect(send()).rejects.toMatchObject({ code: "EAUTH", responseCode: 535 });
  await expect(imapflow(desk)).rejects.toMatchObject({ authenticationFailed: true });
});

test("rewriteMessageId: another id arrives, is named in the reply, and lies in Sent", async () => {
  server.faults.rewriteMessageId = true;
  const info = await send();
  const own = /<[^>]+>/.exec(info.response ?? "")?.[0];
  expect(own).not.toBe("<m@a.example>");
  expect(inbox()[0]?.header("message-id")).toBe(own);
  expect(inbox()[0]?.header("x-microsoft-original-message-id")).toBe("<m@a.example>");
  expect(server.mails("desk@a.example", "Sent")[0]?.header("message-id")).toBe(own);
});

test("stripSubaddress and lowercaseAddresses change the envelope and the address fields", async () => {
  server.faults.lowercaseAddresses = true;
  await send({ replyTo: "Desk+Reply@a.example" });
  server.faults.stripSubaddress = true;
  await send({ replyTo: "Desk+Reply@a.example" });
  const seen = inbox().map((mail) => ["delivered-to", "to", "reply-to"].map((name) => mail.header(name)));
  expect(seen).toEqual([
    ["desk+tok@a.example", "desk+tok@a.example", "desk+reply@a.example"],
    ["desk@a.example", "desk@a.example", "desk@a.example"],
  ]);
});

test("silentIdle accepts IDLE and pushes nothing; the news comes with the next command", async () => {
  server.faults.silentIdle = true;
  const client = await openInbox(desk);
  client.send("i IDLE\r\n");
  await client.until(/^\+ /);
  server.deliver(mailOf("a"), desk.address);
  await expect(Promise.race([client.until(/EXISTS/), new Promise((r) => setTimeout(r, 60, "silent"))])).resolves.toBe(
    "silent",
  );
  client.send("DONE\r\n");
  expect(await client.until(/^i OK/m)).toContain("* 1 EXISTS");
  client.end();
});

test("cut ends every connection; clients may come back", async () => {
  const client = await imapflow(desk);
  const closed = new Promise((resolve) => client.once("close", () => resolve("closed")));
  server.cut("imap");
  expect(await closed).toBe("closed");
  const again = await imapflow(desk);
  await again.logout();
});

test("frozen connections stay open and silent, new ones too, until the thaw", async () => {
  const idle = await openInbox(desk);
  idle.send("i IDLE\r\n");
  await idle.until(/^\+ /);
  const smtp = rawClient(server.smtp.port);
  await smtp.until(/^220/);
  server.freeze();
  server.deliver(mailOf("a"), desk.address);
  smtp.send("EHLO x\r\n");
  const [newImap, newSmtp] = [rawClient(server.imap.port), rawClient(server.smtp.port)];
  const heard = [idle.until(/EXISTS/), smtp.until(/250/), newImap.until(/OK/), newSmtp.until(/220/)];
  const silence = new Promise((resolve) => setTimeout(resolve, 80, "silence"));
  expect(await Promise.race([...heard, silence])).toBe("silence");
  expect([idle, smtp, newImap, newSmtp].map(({ socket }) => socket.destroyed)).toEqual([false, false, false, false]);
  server.thaw();
  await Promise.all(heard);
  expect(await newImap.run("NOOP")).toContain("OK");
  for (const client of [idle, smtp, newImap, newSmtp]) client.end();
});

test("renumber: a new UIDVALIDITY, new uids, and sessions that had it open are ended", async () => {
  for (const subject of ["a", "b", "c"]) server.deliver(mailOf(subject), desk.address);
  const client = await openInbox(desk);
  await client.run(String.raw`STORE 1 +FLAGS (\Deleted)`);
  await client.run("EXPUNGE");
  server.renumber(desk.address);
  await client.until(/^\* BYE/m);
  await client.closed;
  const flow = await imapflow(desk);
  const { uidValidity, uidNext } = await flow.mailboxOpen("INBOX");
  await flow.mailboxClose();
  server.renumber(desk.address);
  expect((await flow.mailboxOpen("INBOX")).uidValidity).toBeGreaterThan(uidValidity);
  expect(uidNext).toBe(3);
  expect(inbox().map((mail) => [mail.uid, mail.header("subject")])).toEqual([
    [1, "b"],
    [2, "c"],
  ]);
  await flow.logout();
});
