import { afterEach, beforeEach, expect, test } from "vitest";
import type { ImapFlow } from "imapflow";
import { startMailServer, type MailAccount, type MailServer } from "../../../src/dev/index.ts";
import { imapflow, mailOf } from "../imap-client.ts";

let server: MailServer;
let desk: MailAccount;
const clients: ImapFlow[] = [];
beforeEach(async () => {
  server = await startMailServer();
  desk = server.account("desk@a.example");
});
afterEach(async () => {
  for (const client of clients.splice(0)) client.close();
  await server.close();
});

async function open(mailbox = "INBOX", options = {}): Promise<ImapFlow> {
  const client = await imapflow(desk, options);
  clients.push(client);
  await client.mailboxOpen(mailbox);
  return client;
}

const RICH = [
  'From: "Last, First" <first@b.example>, =?utf-8?q?J=C3=BCrg?= <juerg@b.example>',
  "To: Team: a@a.example, b@a.example;",
  "Cc: undisclosed-recipients:;",
  "Subject: =?utf-8?b?R3LDvMOfZQ==?=",
  "Date: Tue, 17 Nov 2026 10:12:00 +0100",
  "Message-ID: <rich@b.example>",
  "In-Reply-To: <earlier@a.example>",
  'Content-Type: multipart/mixed; boundary="outer"',
  "",
  "preamble",
  "--outer",
  'Content-Type: multipart/alternative; boundary="inner"',
  "",
  "--inner",
  "Content-Type: text/plain; charset=utf-8",
  "Content-Transfer-Encoding: quoted-printable",
  "",
  "Gr=C3=BC=C3=9Fe an alle",
  "--inner",
  "Content-Type: text/html",
  "",
  "<p>hi</p>",
  "--inner--",
  "--outer",
  "Content-Type: message/rfc822",
  "",
  "Subject: nested",
  "From: n@n.example",
  "",
  "nested body",
  "--outer",
  'Content-Type: application/pdf; name="a \\"b\\".pdf"',
  "Content-Transfer-Encoding: base64",
  'Content-Disposition: attachment; filename="a.pdf"',
  "",
  "AAAA",
  "--outer--",
  "",
].join("\r\n");

test("capabilities, mailboxes with their special use, and a status", async () => {
  const client = await open();
  for (const name of ["IDLE", "UIDPLUS", "MOVE", "CONDSTORE", "SPECIAL-USE", "LITERAL+", "SASL-IR", "ENABLE", "ID"]) {
    expect(client.capabilities.has(name), name).toBe(true);
  }
  expect(client.enabled.has("CONDSTORE")).toBe(true);
  const list = await client.list();
  expect(Object.fromEntries(list.map(({ path, specialUse }) => [path, specialUse]))).toEqual({
    INBOX: "\\Inbox",
    Sent: "\\Sent",
    Drafts: "\\Drafts",
    Trash: "\\Trash",
    Junk: "\\Junk",
  });
  server.deliver(mailOf("one"), desk.address);
  expect(await client.status("INBOX", { messages: true, uidNext: true, unseen: true })).toMatchObject({
    messages: 1,
    uidNext: 2,
    unseen: 1,
  });
});

test("append, then each kind of fetch", async () => {
  const client = await open();
  const appended = await client.append("INBOX", RICH, ["\\Flagged", "kept"], new Date("2026-11-17T10:12:13Z"));
  expect(appended).toMatchObject({ uid: 1, uidValidity: client.mailbox && client.mailbox.uidValidity });
  const mail = await client.fetchOne("1", {
    uid: true,
    flags: true,
    envelope: true,
    bodyStructure: true,
    internalDate: true,
    size: true,
    source: true,
    headers: ["subject", "Message-ID"],
    bodyParts: ["1.1", "2.header", "2.text", "3.mime", "text", "9"],
  });
  if (mail === false) throw new Error("missing");
  expect(mail.flags).toEqual(new Set(["\\Flagged", "kept"]));
  expect(mail.internalDate).toEqual(new Date("2026-11-17T10:12:13Z"));
  expect(mail.size).toBe(RICH.length);
  expect(mail.source?.toString()).toBe(RICH);
  expect(mail.headers?.toString()).toBe("Subject: =?utf-8?b?R3LDvMOfZQ==?=\r\nMessage-ID: <rich@b.example>\r\n\r\n");
  expect(mail.envelope).toMatchObject({
    subject: "Grüße",
    messageId: "<rich@b.example>",
    inReplyTo: "<earlier@a.example>",
    date: new Date("2026-11-17T09:12:00Z"),
    from: [
      { name: "Last, First", address: "first@b.example" },
      { name: "Jürg", address: "juerg@b.example" },
    ],
  });
  const part = (key: string) => mail.bodyParts?.get(key)?.toString();
  expect(part("1.1")).toBe("Gr=C3=BC=C3=9Fe an alle");
  expect(part("2.header")).toBe("Subject: nested\r\nFrom: n@n.example\r\n\r\n");
  expect(part("2.text")).toBe("nested body");
  expect(part("3.mime")).toMatch(/^Content-Type: application\/pdf.*\r\n\r\n$/s);
  expect(part("text")).toBe(RICH.slice(RICH.indexOf("preamble")));
  expect(mail.bodyParts?.get("9")).toBe(false); // NIL: there is no such part.

  const structure = mail.bodyStructure;
  expect(structure?.type).toBe("multipart/mixed");
  expect(structure?.childNodes?.map(({ type }) => type)).toEqual([
    "multipart/alternative",
    "message/rfc822",
    "application/pdf",
  ]);
  expect(structure?.childNodes?.[0]?.childNodes?.[0]).toMatchObject({
    part: "1.1",
    type: "text/plain",
    encoding: "quoted-printable",
    parameters: { charset: "utf-8" },
    size: 23,
  });
  expect(structure?.childNodes?.[1]).toMatchObject({ envelope: { subject: "nested" } });
  expect(structure?.childNodes?.[2]).toMatchObject({
    disposition: "attachment",
    dispositionParameters: { filename: "a.pdf" },
    parameters: { name: 'a "b".pdf' },
  });
  const download = await client.download("1", "1.1");
  let text = "";
  for await (const chunk of download.content ?? []) text += String(chunk);
  expect(text).toBe("Grüße an alle");
});

test("flags: set, told to others, and refused where they changed meanwhile", async () => {
  server.deliver(mailOf("one"), desk.address);
  const [one, two] = [await open(), await open()];
  const seen = new Promise((resolve) => two.once("flags", resolve));
  const before = await one.fetchOne("1", { uid: true, flags: true });
  if (before === false || before.modseq === undefined) throw new Error("no modseq");
  await one.messageFlagsAdd("1", ["\\Seen"]);
  expect(await seen).toMatchObject({ seq: 1, uid: 1, flags: new Set(["\\Seen"]) });
  await two.messageFlagsAdd("1", ["claimed"], { unchangedSince: before.modseq });
  expect(server.mails(desk.address)[0]?.flags).toEqual(["\\Seen"]);
  await two.messageFlagsRemove("1", ["\\Seen"]);
  expect(server.mails(desk.address)[0]?.flags).toEqual([]);
});

test("search by header, date, uid, flag, size, text and their combinations", async () => {
  const client = await open();
  await client.append("INBOX", RICH, ["\\Seen"], new Date("2026-11-10T00:00:00Z"));
  await client.append("INBOX", mailOf("plain", { fields: ["X-Token: AbC"] }), [], new Date("2026-11-20T00:00:00Z"));
  const search = (query: object) => client.search(query, { uid: true });
  expect(await search({ header: { "message-id": "<rich@b.example>" } })).toEqual([1]);
  expect(await search({ header: { "x-token": "abc" } })).toEqual([2]);
  expect(await search({ header: { "x-token": "" } })).toEqual([2]);
  expect(await search({ since: new Date("2026-11-15T00:00:00Z") })).toEqual([2]);
  expect(await search({ before: new Date("2026-11-15T00:00:00Z") })).toEqual([1]);
  expect(await search({ sentSince: new Date("2026-11-17T00:00:00Z") })).toEqual([1]);
  expect(await search({ uid: "2:*" })).toEqual([2]);
  expect(await search({ uid: "7:*" })).toEqual([2]);
  expect(await search({ seen: false })).toEqual([2]);
  expect(await search({ subject: "grüße" })).toEqual([1]);
  expect(await search({ body: "grüße an" })).toEqual([1]);
  expect(await search({ from: "person@b" })).toEqual([2]);
  expect(await search({ larger: 500 })).toEqual([1]);
  expect(await search({ or: [{ subject: "plain" }, { seen: true }] })).toEqual([1, 2]);
  expect(await search({ not: { subject: "plain" } })).toEqual([1]);
  expect(await search({ all: true })).toEqual([1, 2]);
  expect(await search({ subject: "nothing" })).toEqual([]);
});

test("copy, move, expunge: uids told, other sessions told", async () => {
  for (const subject of ["a", "b", "c"]) server.deliver(mailOf(subject), desk.address);
  const [one, two] = [await open(), await open()];
  expect(await one.messageCopy("1:2", "Trash")).toMatchObject({
    uidMap: new Map([
      [1, 1],
      [2, 2],
    ]),
  });
  const expunged: number[] = [];
  const both = new Promise<void>((resolve) =>
    two.on("expunge", ({ seq }) => {
      expunged.push(seq ?? 0);
      if (expunged.length === 2) resolve();
    }),
  );
  expect(await one.messageMove("1,3", "Sent")).toMatchObject({
    uidMap: new Map([
      [1, 1],
      [3, 2],
    ]),
  });
  await both;
  expect(expunged).toEqual([3, 1]);
  expect(server.mails(desk.address).map((mail) => mail.header("subject"))).toEqual(["b"]);
  expect(server.mails(desk.address, "Sent").map((mail) => mail.header("subject"))).toEqual(["a", "c"]);
  await one.messageDelete("2", { uid: true });
  expect(server.mails(desk.address)).toEqual([]);
  server.deliver(mailOf("d"), desk.address);
  expect(server.mails(desk.address)[0]?.uid).toBe(4);
});

test("only what changed since", async () => {
  for (const subject of ["a", "b"]) server.deliver(mailOf(subject), desk.address);
  const client = await open();
  const modseq = client.mailbox && client.mailbox.highestModseq;
  await client.messageFlagsAdd("2", ["\\Flagged"]);
  const changed: number[] = [];
  for await (const mail of client.fetch("1:*", { uid: true, flags: true }, { changedSince: BigInt(modseq || 0) })) {
    changed.push(mail.uid);
  }
  expect(changed).toEqual([2]);
});

test("mailboxes are made, renamed, subscribed and deleted, also with names beyond ASCII", async () => {
  const client = await open();
  expect(await client.mailboxCreate("Früh & spät/日本")).toMatchObject({ created: true });
  expect((await client.list()).map(({ path }) => path)).toContain("Früh & spät/日本");
  await client.mailboxRename("Früh & spät/日本", "Neu");
  await client.append("Neu", mailOf("x"));
  expect(server.mails(desk.address, "Neu")).toHaveLength(1);
  await client.mailboxUnsubscribe("Neu");
  expect((await client.list()).find(({ path }) => path === "INBOX")?.subscribed).toBe(true);
  expect((await client.list()).find(({ path }) => path === "Neu")?.subscribed).toBeFalsy();
  await client.mailboxDelete("Neu");
  expect(() => server.mails(desk.address, "Neu")).toThrow("no mailbox");
});

test("TLS from the start, and STARTTLS, with the server's certificate", async () => {
  const tls = { tls: { ca: server.ca, servername: "localhost" } };
  const secure = await open("INBOX", { port: server.imaps.port, secure: true, ...tls });
  const upgraded = await open("INBOX", { doSTARTTLS: true, ...tls });
  expect([secure.secureConnection, upgraded.secureConnection]).toEqual([true, true]);
  const exists = new Promise((resolve) => upgraded.once("exists", resolve));
  server.deliver(mailOf("x"), desk.address);
  await exists;
  await expect(open("INBOX", { port: server.imaps.port, secure: true })).rejects.toMatchObject({
    code: "DEPTH_ZERO_SELF_SIGNED_CERT",
  });
});

test("a wrong password is refused", async () => {
  await expect(imapflow({ ...desk, password: "wrong" })).rejects.toMatchObject({ authenticationFailed: true });
});

test("two accounts do not see each other's mail", async () => {
  const other = server.account("other@a.example");
  server.deliver(mailOf("secret"), desk.address);
  const client = await imapflow(other);
  clients.push(client);
  expect((await client.mailboxOpen("INBOX")).exists).toBe(0);
});
