import { setTimeout as sleep } from "node:timers/promises";
import { ImapFlow } from "imapflow";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import type { Account } from "../../src/accounts/account.ts";
import { parseAccount } from "../../src/accounts/parse-account.ts";
import { createMailbox, type MailboxSettings } from "../../src/transport/imap.ts";
import { createSubmitter } from "../../src/transport/smtp.ts";
import type { MailboxReader, MailboxState, StoredMail } from "../../src/transport/transport.ts";
import { until } from "../support/desk.ts";
import { configuredServers } from "./configured.ts";
import { type TestServer, waitForMail } from "./server.ts";

const BOSS = "boss@b.example";
const DESKS = Array.from({ length: 20 }, (_, index) => `desk-${index + 1}@a.example`);
const START_TIMEOUT = 30_000;
const WRONG = "wröng-password-9";

describe.each(configuredServers())("the transport on $name", (kind) => {
  let server: TestServer;
  let used = 0;
  const cleanups: (() => Promise<unknown>)[] = [];
  beforeAll(async () => {
    server = await kind.start([BOSS, ...DESKS]);
  }, START_TIMEOUT);
  afterEach(async () => {
    for (const cleanup of cleanups.splice(0).toReversed()) await cleanup();
  });
  afterAll(async () => {
    await server[Symbol.asyncDispose]();
  }, START_TIMEOUT);

  function desk(): Account & { address: string } {
    const account = server.account(DESKS[used++]!);
    return { ...parseAccount(account), address: account.address };
  }

  function mailboxOf({ imap }: Account, settings: MailboxSettings = {}) {
    const mailbox = createMailbox(imap, { backoff: { firstMs: 5, maxMs: 100 }, ...settings });
    cleanups.push(() => mailbox.close());
    return mailbox;
  }

  function submitterOf({ smtp }: Account) {
    const submitter = createSubmitter(smtp);
    cleanups.push(() => submitter.close());
    return submitter;
  }

  /** Another client of the same account. */
  async function client({ imap }: Account): Promise<ImapFlow> {
    const { host, port, user } = imap as { host: string; port: number; user: string };
    const pass = (imap.auth as { password: string }).password;
    const other = new ImapFlow({ host, port, secure: false, doSTARTTLS: false, auth: { user, pass }, logger: false });
    await other.connect();
    cleanups.push(async () => other.close());
    return other;
  }

  const deliver = (to: string, subject: string, body = "Hello") =>
    server.inject(`From: ${BOSS}\nTo: ${to}\nSubject: ${subject}\n\n${body}\n`, { from: BOSS, to });

  it("wrong credentials are told apart, and are in no error", async () => {
    const { smtp, imap } = desk();
    const wrong = { auth: { password: WRONG } };
    const errors: unknown[] = [];
    await mailboxOf({ smtp, imap: { ...imap, ...wrong }, mailbox: "INBOX" })
      .verify()
      .catch((error: unknown) => errors.push(error));
    await submitterOf({ smtp: { ...smtp, ...wrong }, imap, mailbox: "INBOX" })
      .verify()
      .catch((error: unknown) => errors.push(error));
    expect(errors).toMatchObject([{ code: "IMAP_AUTH_FAILED" }, { code: "SMTP_AUTH_FAILED" }]);
    const told = errors.map((error) => `${String(error)} ${String((error as Error).cause)}`).join();
    expect(told).not.toContain(WRONG);
    expect(told).not.toContain(Buffer.from(WRONG).toString("base64"));
  });

  it("a mailbox that does not exist is named", async () => {
    await expect(mailboxOf(desk(), { mailbox: "Nowhere" }).verify()).rejects.toMatchObject({
      code: "MAILBOX_NOT_FOUND",
      message: expect.stringContaining('"Nowhere"'),
    });
  });

  it("bytes come out as they went in: dots, long lines, eight bits", async () => {
    const account = desk();
    const body = [".", "..", ".dot at the start", "Größe 価格", "", "x".repeat(900), "end"].join("\r\n");
    const raw = `From: ${account.address}\r\nTo: ${BOSS}\r\nSubject: Bytes\r\nMIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\n${body}\r\n`;
    const result = await submitterOf(account).submit({
      envelope: { from: account.address, to: [BOSS] },
      raw: Buffer.from(raw),
    });
    expect(result).toMatchObject({ kind: "submitted", refused: [] });
    const mail = await waitForMail(server, BOSS, (mail) => mail.header("subject") === "Bytes");
    expect(Buffer.from(mail.raw).toString().split("\r\n\r\n").slice(1).join("\r\n\r\n")).toBe(`${body}\r\n`);
  });

  it("of two recipients, the refused one is named", async () => {
    const account = desk();
    const { refused } = server.addresses;
    const raw = Buffer.from(`From: ${account.address}\r\nTo: ${BOSS}\r\nSubject: Two\r\n\r\nHello\r\n`);
    const envelope = { from: account.address, to: [BOSS, refused] };
    expect(await submitterOf(account).submit({ envelope, raw })).toMatchObject({
      kind: "submitted",
      refused: [{ address: refused, replyCode: 550, enhancedStatus: "5.1.1", permanent: true }],
    });
  });

  it("reads everything once, in order, and marks nothing as seen", async () => {
    const account = desk();
    const other = await client(account);
    // Fewer than one FETCH takes, and more.
    for (let index = 0; index < 120; index++) await other.append("INBOX", `Subject: ${index}\r\n\r\nHello\r\n`);
    const { reader, subjects } = recorder();
    const mailbox = mailboxOf(account);
    expect(await mailbox.drain(reader)).toBe(120);
    expect(subjects()).toEqual(Array.from({ length: 120 }, (_, index) => String(index)));
    await other.append("INBOX", "Subject: last\r\n\r\nHello\r\n");
    expect(await mailbox.drain(reader)).toBe(1);
    expect(await mailbox.drain(reader)).toBe(0);
    await other.mailboxOpen("INBOX", { readOnly: true });
    expect(await other.search({ seen: true })).toEqual([]);
  });

  it("does not replay what is older than its first task", async () => {
    const account = desk();
    const other = await client(account);
    const day = 86_400_000;
    for (const days of [400, 30, 2]) {
      await other.append("INBOX", `Subject: ${days}\r\n\r\nOld\r\n`, [], new Date(Date.now() - days * day));
    }
    await other.append("INBOX", "Subject: new\r\n\r\nNew\r\n");
    const { reader, subjects } = recorder({ since: Date.now() - day });
    await mailboxOf(account).drain(reader);
    expect(subjects()).toEqual(["new"]);
  });

  it("of a mail above the limit, only the header is read", async () => {
    const account = desk();
    const other = await client(account);
    const body = "A line of a large mail.\r\n".repeat(80_000);
    await other.append("INBOX", `Subject: large\r\n\r\n${body}`);
    await other.append("INBOX", "Subject: small\r\n\r\nHello\r\n");
    const { reader, stored, subjects } = recorder();
    await mailboxOf(account, { maxBytes: 100_000 }).drain(reader);
    expect(subjects()).toEqual(["large", "small"]);
    expect(stored.map(({ truncated }) => truncated)).toEqual([true, false]);
    expect(stored[0]!.raw.byteLength).toBeLessThan(1_000);
    expect(stored[0]!.size).toBeGreaterThan(1_900_000);
  });

  it("mails that another client deletes meanwhile do no harm", async () => {
    const account = desk();
    const other = await client(account);
    for (let index = 0; index < 40; index++) await other.append("INBOX", `Subject: ${index}\r\n\r\nHello\r\n`);
    await other.mailboxOpen("INBOX");
    const { reader, subjects } = recorder({
      async onStore(count) {
        if (count === 5) await other.messageDelete("20:30", { uid: true });
      },
    });
    await mailboxOf(account).drain(reader);
    const seen = subjects().map(Number);
    expect(new Set(seen).size).toBe(seen.length);
    // What was expunged may have been fetched before.
    for (let index = 0; index < 40; index++) if (index < 19 || index > 29) expect(seen).toContain(index);
  });

  it("mails that another client marks as seen are read all the same, and once", async () => {
    const account = desk();
    const other = await client(account);
    for (const subject of ["0", "1", "2"]) await other.append("INBOX", `Subject: ${subject}\r\n\r\nHello\r\n`);
    await other.mailboxOpen("INBOX");
    await other.messageFlagsAdd("1:2", ["\\Seen"]);
    const { reader, subjects } = recorder();
    const stop = new AbortController();
    const watch = mailboxOf(account, { pollIntervalMs: 100 }).watch(reader, { signal: stop.signal });
    cleanups.push(async () => {
      stop.abort();
      await watch;
    });
    await until("what was there", () => subjects().length === 3);
    await other.append("INBOX", "Subject: 3\r\n\r\nHello\r\n", ["\\Seen"]);
    await other.messageFlagsRemove("1:4", ["\\Seen"]);
    await other.messageFlagsAdd("1:4", ["\\Seen"]);
    await until("what came", () => subjects().length === 4);
    // Another poll or two.
    await sleep(300);
    expect(subjects()).toEqual(["0", "1", "2", "3"]);
  });

  it("of mails that another client moves away meanwhile, those before and behind are read", async () => {
    const account = desk();
    const other = await client(account);
    for (let index = 0; index < 40; index++) await other.append("INBOX", `Subject: ${index}\r\n\r\nHello\r\n`);
    await other.mailboxCreate("Archive").catch(() => {});
    await other.mailboxOpen("INBOX");
    const { reader, stored, subjects } = recorder({
      async onStore(count) {
        if (count !== 5) return;
        await other.messageMove("20:30", "Archive", { uid: true });
        await other.messageMove("2", "Archive", { uid: true });
        await other.append("INBOX", "Subject: 40\r\n\r\nHello\r\n");
      },
    });
    const mailbox = mailboxOf(account);
    await mailbox.drain(reader);
    await mailbox.drain(reader);
    const uids = stored.map(({ uid }) => uid);
    expect(uids).toEqual([...new Set(uids)].toSorted((left, right) => left - right));
    const seen = subjects().map(Number);
    for (let index = 0; index <= 40; index++) if (index < 19 || index > 29) expect(seen).toContain(index);
  });

  it("watching, with the connection cut again and again: each mail once", async () => {
    const account = desk();
    const { reader, subjects } = recorder();
    const states: MailboxState[] = [];
    const stop = new AbortController();
    const mailbox = mailboxOf(account);
    const watch = mailbox.watch(reader, { signal: stop.signal, onState: (state) => states.push(state) });
    cleanups.push(async () => {
      stop.abort();
      await watch;
    });
    await until("the connection", () => states.some(({ kind }) => kind === "connected"));
    expect(states.find((state) => state.kind === "connected")).toMatchObject({ idle: true });
    const wanted = Array.from({ length: 40 }, (_, index) => String(index));
    for (const subject of wanted) {
      await deliver(account.address, subject);
      if (Number(subject) % 8 === 3) await server.cut(account.address).catch(() => {});
      await sleep(20);
    }
    await until("all of them", () => subjects().length >= wanted.length, 15_000);
    await sleep(300);
    expect(subjects().toSorted((left, right) => Number(left) - Number(right))).toEqual(wanted);
    expect(states.filter(({ kind }) => kind === "disconnected").length).toBeGreaterThan(0);
  });

  it("UIDVALIDITY that changes under a watch is noticed, and everything is read anew", async () => {
    const account = desk();
    const { reader, stored } = recorder();
    const stop = new AbortController();
    const mailbox = mailboxOf(account, { pollIntervalMs: 200 });
    const watch = mailbox.watch(reader, { signal: stop.signal });
    cleanups.push(async () => {
      stop.abort();
      await watch;
    });
    await deliver(account.address, "one");
    await until("the first", () => stored.length === 1);
    await server.renumber(account.address);
    await deliver(account.address, "two");
    await until("both, anew", () => new Set(stored.slice(1).map(subjectOf)).size === 2, 10_000);
    expect(new Set(stored.map(({ uidValidity }) => uidValidity)).size).toBe(2);
  });
});

const subjectOf = (mail: StoredMail) => /^Subject: (.*)$/m.exec(Buffer.from(mail.raw).toString())?.[1]?.trim();

/** Keeps what it is given, with a cursor for each uidValidity as a ledger would. */
function recorder(options: { since?: number; onStore?: (count: number) => Promise<void> } = {}) {
  const stored: StoredMail[] = [];
  const cursors = new Map<string, number>();
  const reader: MailboxReader = {
    cursor: async (uidValidity) => {
      const uid = cursors.get(uidValidity);
      const { since } = options;
      return uid === undefined && since !== undefined ? { uid: 0, since } : { uid: uid ?? 0 };
    },
    async store(mails) {
      for (const mail of mails) {
        cursors.set(mail.uidValidity, mail.uid);
        stored.push(mail);
        await options.onStore?.(stored.length);
      }
    },
  };
  return { reader, stored, subjects: () => stored.map(subjectOf) };
}
