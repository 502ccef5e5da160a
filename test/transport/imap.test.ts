import { inspect } from "node:util";
import { ImapFlow } from "imapflow";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { ServerOptions } from "../../src/accounts/account.ts";
import { parseAccount } from "../../src/accounts/parse-account.ts";
import { type MailServer, startMailServer } from "../../src/dev/index.ts";
import { createMailbox, type MailboxSettings } from "../../src/transport/imap.ts";
import type { Mailbox, MailboxReader, MailboxState, StoredMail } from "../../src/transport/transport.ts";
import { type ScriptedPeer, startScriptedPeer } from "../transcripts/scripted-peer.ts";

const desk = "desk@a.example";
const QUICK: MailboxSettings = { backoff: { firstMs: 5, maxMs: 50 } };

const cleanups: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).toReversed()) await cleanup();
});

let server: MailServer;
beforeEach(async () => {
  server = await startMailServer();
  server.account(desk);
  cleanups.push(() => server.close());
});

function options(overrides: Partial<ServerOptions> = {}): ServerOptions {
  return { ...parseAccount(server.account(desk)).imap, connectTimeoutMs: 2_000, ...overrides };
}

function mailboxFor(settings: MailboxSettings = {}, overrides: Partial<ServerOptions> = {}): Mailbox {
  const mailbox = createMailbox(options(overrides), { ...QUICK, ...settings });
  cleanups.push(() => mailbox.close());
  return mailbox;
}

/** Keeps what it is given, with a cursor for each uidValidity as a ledger would. */
function recorder(since?: number) {
  const stored: StoredMail[] = [];
  const cursors = new Map<string, number>();
  const faults = { failures: 0, delayMs: 0 };
  const reader: MailboxReader = {
    cursor: (uidValidity) => Promise.resolve({ uid: cursors.get(uidValidity) ?? 0, since }),
    async store(mails) {
      for (const mail of mails) {
        if (faults.failures > 0) {
          faults.failures -= 1;
          throw new Error("disk full");
        }
        await new Promise((resolve) => setTimeout(resolve, faults.delayMs));
        cursors.set(mail.uidValidity, mail.uid);
        stored.push(mail);
      }
    },
  };
  const subjects = () => stored.map((mail) => /^Subject: (.*)$/m.exec(Buffer.from(mail.raw).toString())?.[1]?.trim());
  return { reader, stored, subjects, faults };
}

function watching(mailbox: Mailbox, reader: MailboxReader) {
  const states: MailboxState[] = [];
  const controller = new AbortController();
  const ended = mailbox.watch(reader, { signal: controller.signal, onState: (state) => states.push(state) });
  const kinds = () => states.map((state) => state.kind);
  /** Resolves with the milliseconds that it took. */
  const stop = async () => {
    const started = performance.now();
    controller.abort();
    await ended;
    return performance.now() - started;
  };
  cleanups.push(stop);
  return { states, kinds, stop };
}

const deliver = (subject: string | number, body = "Hello") =>
  server.deliver(`Subject: ${subject}\r\n\r\n${body}\r\n`, desk);

async function append(raw: string, receivedAt: Date, folder = "INBOX"): Promise<void> {
  const { host, port } = options() as { host: string; port: number };
  const client = new ImapFlow({
    host,
    port,
    secure: false,
    doSTARTTLS: false,
    auth: { user: desk, pass: "dev" },
    logger: false,
  });
  await client.connect();
  await client.append(folder, raw, [], receivedAt);
  await client.logout();
}

async function expunge(uids: string): Promise<void> {
  const { host, port } = options() as { host: string; port: number };
  const client = new ImapFlow({
    host,
    port,
    secure: false,
    doSTARTTLS: false,
    auth: { user: desk, pass: "dev" },
    logger: false,
  });
  await client.connect();
  await client.mailboxOpen("INBOX");
  await client.messageDelete(uids, { uid: true });
  await client.logout();
}

describe("drain", () => {
  it("hands over what is new, as it lies there, and marks nothing as seen", async () => {
    const raw = "Subject: ünder\r\n\r\n.\r\n\u0000\u00ff\tnever folded \r\nno end";
    server.deliver(Buffer.from(raw, "latin1"), desk);
    deliver(2);
    const mailbox = mailboxFor();
    const { reader, stored, subjects } = recorder();
    expect(await mailbox.drain(reader)).toBe(2);
    expect(await mailbox.drain(reader)).toBe(0);
    deliver(3);
    expect(await mailbox.drain(reader)).toBe(1);
    expect(subjects().slice(1)).toEqual(["2", "3"]);
    const [first, ...rest] = server.mails(desk);
    expect(Buffer.from(stored[0]?.raw ?? []).equals(Buffer.from(first?.raw ?? []))).toBe(true);
    expect(stored[0]).toMatchObject({ uid: first?.uid, truncated: false, size: first?.raw.byteLength });
    // INTERNALDATE has full seconds.
    expect(Math.abs((stored[0]?.receivedAt ?? 0) - (first?.receivedAt ?? 0))).toBeLessThan(1_000);
    expect([first, ...rest].flatMap((mail) => mail?.flags ?? [])).not.toContain("\\Seen");
  });

  it("names the mailbox without regard to the case of INBOX", () => {
    expect(mailboxFor().key).toBe(`${desk}@127.0.0.1/INBOX`);
    expect(mailboxFor({ mailbox: "inbox" }).key).toBe(`${desk}@127.0.0.1/INBOX`);
    expect(mailboxFor({ mailbox: "Sent" }, { host: "LOCALHOST" }).key).toBe(`${desk}@localhost/Sent`);
  });

  it("reads a long backlog in order", async () => {
    for (let index = 0; index < 700; index += 1) deliver(index);
    const { reader, subjects } = recorder();
    expect(await mailboxFor().drain(reader)).toBe(700);
    expect(subjects()).toEqual(Array.from({ length: 700 }, (_, index) => String(index)));
  });

  it("takes what came at or after `since`, to the second, whatever the day in the server's time zone", async () => {
    const since = Date.parse("2026-03-01T00:30:00.600Z");
    for (const time of [
      "2026-02-27T12:00:00Z",
      "2026-03-01T00:29:59Z",
      "2026-03-01T00:30:00Z",
      "2026-03-02T00:00:00Z",
    ]) {
      await append(`Subject: ${time}\r\n\r\nx\r\n`, new Date(time));
    }
    const { reader, subjects } = recorder(since);
    expect(await mailboxFor().drain(reader)).toBe(2);
    expect(subjects()).toEqual(["2026-03-01T00:30:00Z", "2026-03-02T00:00:00Z"]);
  });

  it("reads only the header section of a mail that is too large", async () => {
    deliver("large", "x".repeat(20_000));
    deliver("small");
    const { reader, stored } = recorder();
    await mailboxFor({ maxBytes: 10_000 }).drain(reader);
    expect(stored.map((mail) => mail.truncated)).toEqual([true, false]);
    const [large] = server.mails(desk);
    const whole = Buffer.from(large?.raw ?? []);
    expect(Buffer.from(stored[0]?.raw ?? []).toString()).toBe(
      whole.subarray(0, whole.indexOf("\r\n\r\n") + 4).toString(),
    );
    expect(stored[0]?.size).toBe(whole.byteLength);
  });

  it("reads a mail of several megabytes whole", async () => {
    deliver("large", "0123456789abcdef\r\n".repeat(200_000));
    const { reader, stored } = recorder();
    await mailboxFor().drain(reader);
    expect(Buffer.from(stored[0]?.raw ?? []).equals(Buffer.from(server.mails(desk)[0]?.raw ?? []))).toBe(true);
  });

  it("does not mind gaps, nor an empty mailbox", async () => {
    const mailbox = mailboxFor();
    const { reader, subjects } = recorder();
    expect(await mailbox.drain(reader)).toBe(0);
    for (let index = 1; index <= 60; index += 1) deliver(index);
    await expunge("1:10,12:59");
    expect(await mailbox.drain(reader)).toBe(2);
    expect(subjects()).toEqual(["11", "60"]);
    await expunge("1:*");
    expect(await mailbox.drain(reader)).toBe(0);
  });

  it("stops where a mail cannot be stored, throws what the reader threw, and begins there again", async () => {
    for (let index = 1; index <= 5; index += 1) deliver(index);
    const mailbox = mailboxFor();
    const { reader, subjects, faults } = recorder();
    faults.failures = 1;
    await expect(mailbox.drain(reader)).rejects.toThrow("disk full");
    expect(await mailbox.drain(reader)).toBe(5);
    expect(subjects()).toEqual(["1", "2", "3", "4", "5"]);
  });

  it("asks for the cursor again after the uids were given anew", async () => {
    deliver(1);
    const mailbox = mailboxFor();
    const { reader, stored, subjects } = recorder();
    await mailbox.drain(reader);
    server.renumber(desk);
    deliver(2);
    expect(await mailbox.drain(reader)).toBe(2);
    expect(subjects()).toEqual(["1", "1", "2"]);
    expect(new Set(stored.map((mail) => mail.uidValidity)).size).toBe(2);
  });

  it("opens a new connection where the old one has died", async () => {
    const mailbox = mailboxFor();
    const { reader } = recorder();
    await mailbox.drain(reader);
    server.cut("imap");
    deliver(1);
    expect(await mailbox.drain(reader)).toBe(1);
  });

  it("keeps readers apart", async () => {
    deliver(1);
    const mailbox = mailboxFor();
    const later = recorder(Date.now() + 60_000);
    expect(await mailbox.drain(later.reader)).toBe(0);
    const { reader, subjects } = recorder();
    expect(await mailbox.drain(reader)).toBe(1);
    expect(subjects()).toEqual(["1"]);
  });

  it("is ended by close, and does not come back by itself", async () => {
    const mailbox = mailboxFor();
    const { reader } = recorder();
    await mailbox.drain(reader);
    server.freeze();
    const drained = mailbox.drain(reader).catch((error: unknown) => error);
    await new Promise((resolve) => setTimeout(resolve, 30));
    await mailbox.close();
    expect(await drained).toMatchObject({ code: "IMAP_UNREACHABLE" });
  });

  it("does not run two passes at once", async () => {
    for (let index = 1; index <= 20; index += 1) deliver(index);
    const mailbox = mailboxFor();
    const { reader, subjects, faults } = recorder();
    faults.delayMs = 1;
    const counts = await Promise.all([mailbox.drain(reader), mailbox.drain(reader), mailbox.drain(reader)]);
    expect(counts).toEqual([20, 0, 0]);
    expect(subjects()).toHaveLength(20);
  });
});

describe("the Junk folder", () => {
  const junkMail = (subject: string) => append(`Subject: ${subject}\r\n\r\nHello\r\n`, new Date(), "Junk");

  it("is read after the mailbox, with a cursor of its own, where the reader asks for it", async () => {
    const inbox = recorder();
    const junk = recorder();
    const mailbox = mailboxFor();
    deliver("wanted");
    await junkMail("offer");
    expect(await mailbox.drain(inbox.reader)).toBe(1);
    const reader = { ...inbox.reader, junk: junk.reader };
    expect(await mailbox.drain(reader)).toBe(1);
    await junkMail("another offer");
    deliver("also wanted");
    expect(await mailbox.drain(reader)).toBe(2);
    expect(inbox.subjects()).toEqual(["wanted", "also wanted"]);
    expect(junk.subjects()).toEqual(["offer", "another offer"]);
  });

  it("is polled while the mailbox is watched, which misses nothing meanwhile", async () => {
    const inbox = recorder();
    const junk = recorder();
    watching(mailboxFor({ pollIntervalMs: 40 }), { ...inbox.reader, junk: junk.reader });
    const wanted = [];
    for (let number = 0; number < 12; number++) {
      wanted.push(String(number));
      deliver(number);
      if (number % 4 === 0) await junkMail(`offer ${number}`);
      await new Promise((resolve) => setTimeout(resolve, 15));
    }
    await expect.poll(() => [junk.stored.length, inbox.stored.length]).toEqual([3, wanted.length]);
    expect(inbox.subjects()).toEqual(wanted);
    expect(junk.subjects()).toEqual(["offer 0", "offer 4", "offer 8"]);
  });
});

describe("verify", () => {
  it("signs in and opens the mailbox, and reads nothing", async () => {
    deliver(1);
    const mailbox = mailboxFor();
    await mailbox.verify();
    const { reader } = recorder();
    expect(await mailbox.drain(reader)).toBe(1);
    await expect(mailboxFor({ mailbox: "Nope" }).verify()).rejects.toMatchObject({ code: "MAILBOX_NOT_FOUND" });
    const wrong = mailboxFor({}, { auth: { password: "wrong" } });
    await expect(wrong.verify()).rejects.toMatchObject({ code: "IMAP_AUTH_FAILED" });
  });
});

describe("what can be wrong", () => {
  const failure = async (settings: MailboxSettings, overrides: Partial<ServerOptions>): Promise<Error> => {
    const thrown = await mailboxFor(settings, overrides)
      .drain(recorder().reader)
      .catch((error: unknown) => error);
    expect(thrown).toHaveProperty("name", "EmailKitError");
    return thrown as Error;
  };

  it("credentials: says what to do, and never shows them", async () => {
    const error = await failure({}, { auth: { password: "hunter2" } });
    expect(error).toMatchObject({ code: "IMAP_AUTH_FAILED", retryable: false });
    expect(error.message).toMatch(/127\.0\.0\.1:\d+ refused the credentials of "desk@a\.example".*Check the user/);
    expect(inspect(error, { depth: 9, showHidden: true })).not.toContain("hunter2");
  });

  it("nothing listens", async () => {
    const peer = await startScriptedPeer("");
    await peer.close();
    const error = await failure({}, { port: peer.port });
    expect(error).toMatchObject({ code: "IMAP_UNREACHABLE", retryable: true });
    expect(error.message).toContain(`127.0.0.1:${peer.port}`);
  });

  it("the mailbox does not exist", async () => {
    const error = await failure({ mailbox: "Agents/Desk" }, {});
    expect(error).toMatchObject({ code: "MAILBOX_NOT_FOUND", retryable: false });
    expect(error.message).toContain('no mailbox "Agents/Desk"');
  });

  it("the certificate cannot be trusted, unless its authority is given", async () => {
    for (const [port, tls] of [
      [server.imaps.port, "implicit"],
      [server.imap.port, "starttls"],
    ] as const) {
      expect(await failure({}, { port, tls })).toMatchObject({ code: "IMAP_TLS_FAILED", retryable: false });
      expect(await mailboxFor({}, { port, tls, ca: server.ca }).drain(recorder().reader)).toBe(0);
    }
  });

  it("the access token cannot be had", async () => {
    const accessToken = () => Promise.reject(new Error("identity provider is down"));
    const error = await failure({}, { auth: { accessToken } });
    expect(error).toMatchObject({ code: "IMAP_FAILED", retryable: true });
    expect(error.message).toContain("identity provider is down");
  });

  it.each([["maxBytes"], ["pollIntervalMs"], ["socketTimeoutMs"]])("%s is not a positive number", (name) => {
    expect(() => mailboxFor({ [name]: 0 })).toThrow(expect.objectContaining({ code: "INVALID_CONFIG" }));
  });
});

describe("watch", () => {
  it("hands mail over as it arrives, and says that it is connected", async () => {
    deliver(1);
    const { reader, subjects } = recorder();
    const { states } = watching(mailboxFor(), reader);
    await expect.poll(subjects).toEqual(["1"]);
    for (let index = 2; index <= 20; index += 1) {
      deliver(index);
      if (index % 4 === 0) await expect.poll(subjects, { interval: 1 }).toHaveLength(index);
    }
    await expect.poll(subjects).toEqual(Array.from({ length: 20 }, (_, index) => String(index + 1)));
    expect(states).toEqual([{ kind: "connected", idle: true }]);
  });

  it("finds by the poll what a silent IDLE does not tell", async () => {
    server.faults.silentIdle = true;
    const { reader, subjects } = recorder();
    const { kinds } = watching(mailboxFor({ pollIntervalMs: 50 }), reader);
    await expect.poll(kinds).toEqual(["connected"]);
    deliver(1);
    await expect.poll(subjects).toEqual(["1"]);
  });

  it("stores each mail once and in order while connections are cut at random", async () => {
    const total = 500;
    const { reader, subjects } = recorder();
    const { kinds } = watching(mailboxFor({ backoff: { firstMs: 1, maxMs: 10 } }), reader);
    let seed = 42;
    const random = () => (seed = (seed * 1_103_515_245 + 12_345) % 2 ** 31) / 2 ** 31;
    for (let index = 0; index < total; index += 1) {
      deliver(index);
      if (random() < 0.08) server.cut("imap");
      if (random() < 0.3) await new Promise((resolve) => setTimeout(resolve, random() * 10));
    }
    await expect.poll(subjects, { timeout: 10_000 }).toHaveLength(total);
    expect(subjects()).toEqual(Array.from({ length: total }, (_, index) => String(index)));
    expect(kinds().filter((kind) => kind === "disconnected").length).toBeGreaterThan(5);
  });

  it("goes on after its uids were given anew", async () => {
    deliver(1);
    const { reader, subjects, stored } = recorder();
    watching(mailboxFor(), reader);
    await expect.poll(subjects).toEqual(["1"]);
    server.renumber(desk);
    deliver(2);
    await expect.poll(subjects).toEqual(["1", "1", "2"]);
    expect(stored[1]?.uidValidity).not.toBe(stored[0]?.uidValidity);
  });

  it("reads a mail again that could not be stored, and lets none pass it", async () => {
    const { reader, subjects, faults } = recorder();
    const { kinds } = watching(mailboxFor(), reader);
    await expect.poll(kinds).toEqual(["connected"]);
    faults.failures = 3;
    for (let index = 1; index <= 5; index += 1) deliver(index);
    await expect.poll(subjects).toEqual(["1", "2", "3", "4", "5"]);
    expect(kinds()).toEqual(["connected", "stalled", "stalled", "stalled", "connected"]);
  });

  it("keeps its connection in a quiet mailbox, over many polls", async () => {
    const { kinds } = watching(mailboxFor({ pollIntervalMs: 100, socketTimeoutMs: 150 }), recorder().reader);
    await expect.poll(kinds).toEqual(["connected"]);
    await new Promise((resolve) => setTimeout(resolve, 1_500));
    expect(kinds()).toEqual(["connected"]);
  });

  it("notices a connection that is open and dead, and comes back", async () => {
    const { reader, subjects } = recorder();
    const { kinds, states } = watching(
      mailboxFor({ pollIntervalMs: 100, socketTimeoutMs: 200 }, { connectTimeoutMs: 100 }),
      reader,
    );
    await expect.poll(kinds).toEqual(["connected"]);
    server.freeze();
    const frozen = performance.now();
    await expect.poll(kinds, { timeout: 3_000 }).toContain("disconnected");
    expect(performance.now() - frozen).toBeLessThan(1_000);
    expect(states[1]).toMatchObject({
      error: { code: "IMAP_UNREACHABLE", message: expect.stringContaining("Socket timeout") },
    });
    deliver(1);
    server.thaw();
    await expect.poll(subjects, { timeout: 3_000 }).toEqual(["1"]);
  });

  it("tells of refused credentials and goes on trying, rarely", async () => {
    server.faults.refuseAuth = true;
    const { states } = watching(mailboxFor(), recorder().reader);
    await expect.poll(() => states).toMatchObject([{ kind: "disconnected", error: { code: "IMAP_AUTH_FAILED" } }]);
    expect(states[0]).toHaveProperty("retryInMs", expect.any(Number));
    expect((states[0] as { retryInMs: number }).retryInMs).toBeGreaterThanOrEqual(30_000);
  });

  it("comes back when a missing mailbox has been made", async () => {
    const { states, kinds } = watching(mailboxFor({ mailbox: "Agents" }), recorder().reader);
    await expect.poll(() => states[0]).toMatchObject({ error: { code: "MAILBOX_NOT_FOUND" } });
    const { host, port } = options() as { host: string; port: number };
    const auth = { user: desk, pass: "dev" };
    const client = new ImapFlow({ host, port, secure: false, doSTARTTLS: false, auth, logger: false });
    await client.connect();
    await client.mailboxCreate("Agents");
    await client.logout();
    await expect.poll(kinds).toContain("connected");
  });

  it("is not ended by an onState that throws", async () => {
    const { reader, subjects } = recorder();
    const controller = new AbortController();
    const onState = () => {
      throw new Error("not my fault");
    };
    const ended = mailboxFor().watch(reader, { signal: controller.signal, onState });
    deliver(1);
    await expect.poll(subjects).toEqual(["1"]);
    controller.abort();
    await ended;
  });

  it("shares a mailbox with a drain without reading anything twice", async () => {
    const mailbox = mailboxFor();
    const { reader, subjects, faults } = recorder();
    faults.delayMs = 1;
    watching(mailbox, reader);
    for (let index = 0; index < 50; index += 1) {
      deliver(index);
      if (index % 10 === 0) await mailbox.drain(reader);
    }
    await expect.poll(subjects).toHaveLength(50);
    expect(new Set(subjects()).size).toBe(50);
  });
});

describe("ending a watch", () => {
  it.each([
    ["while it listens", () => Promise.resolve()],
    ["while the server hangs", () => Promise.resolve(server.freeze())],
  ])("%s takes no time", async (_when, prepare) => {
    const { kinds, stop } = watching(mailboxFor(), recorder().reader);
    await expect.poll(kinds).toEqual(["connected"]);
    await prepare();
    expect(await stop()).toBeLessThan(500);
  });

  it.each([
    ["before the greeting", ""],
    ["while it signs in", "S: * OK ready\nC: {tag} CAPABILITY\nS: * CAPABILITY IMAP4rev1\nS: {tag} OK"],
  ])("%s, of a server that says no more, takes no time", async (_when, script) => {
    const peer = await startScriptedPeer(`${script}\nHANG`);
    cleanups.push(() => peer.close());
    const mailbox = mailboxFor({}, { port: peer.port, connectTimeoutMs: 60_000 });
    const { stop, states } = watching(mailbox, recorder().reader);
    await expect.poll(() => peer.connections).toBe(1);
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(await stop()).toBeLessThan(500);
    expect(states).toEqual([]);
  });

  it("while it waits to connect again takes no time", async () => {
    const { kinds, stop } = watching(mailboxFor({}, { auth: { password: "wrong" } }), recorder().reader);
    await expect.poll(kinds).toEqual(["disconnected"]);
    expect(await stop()).toBeLessThan(500);
  });

  it("while the access token is waited for takes no time", async () => {
    const accessToken = () => new Promise<string>(() => {});
    const { stop } = watching(mailboxFor({}, { auth: { accessToken } }), recorder().reader);
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(await stop()).toBeLessThan(500);
  });

  it("is what close does, too", async () => {
    const mailbox = mailboxFor();
    const { kinds } = watching(mailbox, recorder().reader);
    await expect.poll(kinds).toEqual(["connected"]);
    await mailbox.close();
    deliver(1);
    const { reader, subjects } = recorder();
    expect(await mailbox.drain(reader)).toBe(1);
    expect(subjects()).toEqual(["1"]);
  });

  it("leaves nothing behind when it was ended before it began", async () => {
    const controller = new AbortController();
    controller.abort();
    await mailboxFor().watch(recorder().reader, { signal: controller.signal });
  });
});

describe("servers of other kinds", () => {
  const open = (capabilities: string, exists = 3) => `
    S: * OK ready
    C: {tag} CAPABILITY
    S: * CAPABILITY IMAP4rev1 ${capabilities}
    S: {tag} OK
    C: {tag} LOGIN…
    S: {tag} OK
    C: {tag} CAPABILITY
    S: * CAPABILITY IMAP4rev1 ${capabilities}
    S: {tag} OK
    C: {tag} LIST "" ""
    S: * LIST (\\Noselect) "/" ""
    S: {tag} OK
    C: {tag} LIST "" "INBOX"
    S: * LIST () "/" INBOX
    S: {tag} OK
    C: {tag} LSUB "" "INBOX"
    S: {tag} OK
    C: {tag} EXAMINE INBOX
    S: * ${exists} EXISTS
    S: * OK [UIDVALIDITY 7] ok
    S: {tag} OK [READ-ONLY]`;
  const row = (seq: number, uid: number, body: string) =>
    `S: * ${seq} FETCH (UID ${uid} RFC822.SIZE ${body.length} INTERNALDATE "01-Mar-2026 12:00:00 +0000" BODY[]<0> {${body.length}}\\r\\n${body})`;

  async function play(
    script: string,
    settings: MailboxSettings = {},
  ): Promise<{ peer: ScriptedPeer; mailbox: Mailbox }> {
    const peer = await startScriptedPeer(script);
    cleanups.push(() => peer.close());
    return { peer, mailbox: mailboxFor(settings, { port: peer.port }) };
  }

  it("is polled where it has no IDLE", async () => {
    const pass = (uid: number, rows: string, found = "") => `
      C: {tag} UID FETCH ${uid + 1}:${uid + 32}…
      ${rows}
      S: {tag} OK
      C: {tag} UID SEARCH…
      S: * SEARCH${found}
      S: {tag} OK`;
    const { peer, mailbox } = await play(
      `${open("")}${pass(0, row(1, 5, "A: 1"))}
      C: {tag} NOOP
      S: {tag} OK
      C: {tag} EXAMINE INBOX
      S: * 2 EXISTS
      S: * OK [UIDVALIDITY 7] ok
      S: {tag} OK
      ${pass(5, row(2, 6, "A: 2"))}
      HANG`,
      { pollIntervalMs: 50 },
    );
    const { reader, stored } = recorder();
    const { states } = watching(mailbox, reader);
    await expect.poll(() => stored.map((mail) => mail.uid)).toEqual([5, 6]);
    expect(states).toEqual([{ kind: "connected", idle: false }]);
    expect(peer.mismatches).toEqual([]);
    expect(peer.received.join()).not.toContain("IDLE");
  });

  it("may return its last message for `n:*`, put in news of others, and answer in any order", async () => {
    const { peer, mailbox } = await play(`${open("IDLE")}
      C: {tag} UID FETCH 5:36…
      ${row(3, 6, "A: 6")}
      S: * 1 FETCH (FLAGS (\\Seen) UID 2)
      S: * 2 FETCH (FLAGS (\\Seen))
      ${row(2, 5, "A: 5")}
      S: * 3 FETCH (FLAGS (\\Seen) UID 6)
      S: {tag} OK
      C: {tag} UID SEARCH UID 7:*
      S: * SEARCH 6
      S: {tag} OK
      HANG`);
    const { reader, stored } = recorder();
    const resumed: MailboxReader = { ...reader, cursor: () => Promise.resolve({ uid: 4 }) };
    expect(await mailbox.drain(resumed)).toBe(2);
    expect(stored.map((mail) => Buffer.from(mail.raw).toString())).toEqual(["A: 5", "A: 6"]);
    expect(peer.mismatches).toEqual([]);
  });

  it("may refuse to FETCH many where one has been expunged", async () => {
    const { peer, mailbox } = await play(`${open("IDLE")}
      C: {tag} UID FETCH 1:32…
      S: {tag} NO [EXPUNGEISSUED] some of the messages no longer exist
      C: {tag} UID SEARCH UID 1:32
      S: * SEARCH 1 3
      S: {tag} OK
      C: {tag} UID FETCH 1 …
      ${row(1, 1, "A: 1")}
      S: {tag} OK
      C: {tag} UID FETCH 3 …
      S: {tag} NO [EXPUNGEISSUED] gone
      C: {tag} UID SEARCH UID 3
      S: * SEARCH
      S: {tag} OK
      C: {tag} UID SEARCH UID 2:*
      S: * SEARCH
      S: {tag} OK
      HANG`);
    const { reader, stored } = recorder();
    expect(await mailbox.drain(reader)).toBe(1);
    expect(stored.map((mail) => mail.uid)).toEqual([1]);
    expect(peer.mismatches).toEqual([]);
  });

  it("may count days in any time zone", async () => {
    const { peer, mailbox } = await play(`${open("IDLE")}
      C: {tag} FETCH 3 UID
      ${row(3, 9, "A: 9")}
      S: {tag} OK
      C: {tag} UID SEARCH UID 1:* SINCE 27-Feb-2026
      S: * SEARCH 8 9
      S: {tag} OK
      C: {tag} UID FETCH 8,9…
      S: * 2 FETCH (UID 8 RFC822.SIZE 4 INTERNALDATE "01-Mar-2026 14:29:59 +1400")
      S: * 3 FETCH (UID 9 RFC822.SIZE 4 INTERNALDATE "28-Feb-2026 12:30:00 -1200")
      S: {tag} OK
      C: {tag} UID FETCH 9…
      ${row(3, 9, "A: 9").replace("01-Mar-2026 12:00:00 +0000", "28-Feb-2026 12:30:00 -1200")}
      S: {tag} OK
      HANG`);
    const { reader, stored } = recorder(Date.parse("2026-03-01T00:30:00Z"));
    expect(await mailbox.drain(reader)).toBe(1);
    expect(stored[0]?.receivedAt).toBe(Date.parse("2026-03-01T00:30:00Z"));
    expect(peer.mismatches).toEqual([]);
  });

  it("may fail to SEARCH: then nothing counts as read", async () => {
    const { mailbox } = await play(`${open("IDLE")}
      C: {tag} UID FETCH…
      S: {tag} OK
      C: {tag} UID SEARCH…
      S: {tag} NO [SERVERBUG] index is corrupt
      HANG`);
    await expect(mailbox.drain(recorder().reader)).rejects.toMatchObject({ code: "IMAP_FAILED", retryable: true });
  });

  it.each([
    ["AUTH=XOAUTH2", "user=desk@a.example\u0001auth=Bearer token-1\u0001\u0001"],
    ["AUTH=OAUTHBEARER", "n,a=desk@a.example,\u0001host=127.0.0.1\u0001port=PORT\u0001auth=Bearer token-1\u0001\u0001"],
  ])("may want an access token (%s), a fresh one at each connection", async (mechanism, payload) => {
    const peer = await startScriptedPeer(`
      S: * OK ready
      C: {tag} CAPABILITY
      S: * CAPABILITY IMAP4rev1 SASL-IR ${mechanism}
      S: {tag} OK
      C: *
      S: 2 NO [AUTHENTICATIONFAILED] token token-1 has expired`);
    cleanups.push(() => peer.close());
    let count = 0;
    const accessToken = () => `token-${(count += 1)}`;
    const mailbox = mailboxFor({}, { port: peer.port, auth: { accessToken } });
    const error: unknown = await mailbox.drain(recorder().reader).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: "IMAP_AUTH_FAILED" });
    expect((error as Error).message).not.toContain("token-1");
    const expected = Buffer.from(payload.replace("PORT", String(peer.port))).toString("base64");
    expect(peer.received[1]).toBe(`2 AUTHENTICATE ${mechanism.slice(5)} ${expected}`);
    await mailbox.drain(recorder().reader).catch(() => {});
    expect(count).toBe(2);
  });

  it("may echo credentials when it refuses them", async () => {
    const { mailbox } = await play(`
      S: * OK ready
      C: {tag} CAPABILITY
      S: * CAPABILITY IMAP4rev1
      S: {tag} OK
      C: {tag} LOGIN…
      S: {tag} NO [AUTHENTICATIONFAILED] no such user with password dev
      HANG`);
    const error: unknown = await mailbox.drain(recorder().reader).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: "IMAP_AUTH_FAILED" });
    expect(inspect(error, { depth: 9, showHidden: true }).replace(/\n {4}at .*/g, "")).not.toMatch(/\bdev\b/);
  });

  it("may have no room for another sign-in: the credentials are not to blame", async () => {
    const { mailbox } = await play(`
      S: * OK ready
      C: {tag} CAPABILITY
      S: * CAPABILITY IMAP4rev1
      S: {tag} OK
      C: {tag} LOGIN…
      S: {tag} NO [UNAVAILABLE] user database is down
      HANG`);
    await expect(mailbox.drain(recorder().reader)).rejects.toMatchObject({ code: "IMAP_FAILED", retryable: true });
  });

  it("may say why it ends a connection", async () => {
    const { mailbox } = await play("S: * BYE too many connections\nFIN");
    await expect(mailbox.drain(recorder().reader)).rejects.toMatchObject({
      code: "IMAP_UNREACHABLE",
      message: expect.stringContaining("too many connections"),
    });
  });

  it("may not offer STARTTLS where it is wanted", async () => {
    const peer = await startScriptedPeer(
      "S: * OK ready\nC: {tag} CAPABILITY\nS: * CAPABILITY IMAP4rev1\nS: {tag} OK\nHANG",
    );
    cleanups.push(() => peer.close());
    const mailbox = mailboxFor({}, { port: peer.port, tls: "starttls" });
    await expect(mailbox.drain(recorder().reader)).rejects.toMatchObject({ code: "IMAP_TLS_FAILED" });
    expect(peer.received.join()).not.toContain("LOGIN");
  });
});
