import { setTimeout } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { type PassLimits, type Progress, readNew } from "../../src/transport/mailbox-pass.ts";
import type { FetchedMail, MailboxSession } from "../../src/transport/mailbox-session.ts";
import { createOctetBudget } from "../../src/transport/octet-budget.ts";
import type { MailboxReader, StoredMail } from "../../src/transport/transport.ts";

interface FakeMail {
  uid: number;
  raw: string;
  receivedAt?: number;
  /** What the server says it is, where that is wrong. */
  size?: number;
  /** Gone when its content is asked for. */
  vanishes?: boolean;
  /** Listed, but the server gives no content. */
  broken?: boolean;
}

/** A mailbox in memory that notes what was asked of it. */
function fakeSession(mails: FakeMail[]): MailboxSession & { asked: string[]; uidValidityNow: string; largest: number } {
  const describeMail = ({ uid, raw, size, receivedAt }: FakeMail): FetchedMail => ({
    uid,
    size: size ?? raw.length,
    receivedAt: receivedAt ?? 0,
  });
  const session = {
    asked: [] as string[],
    uidValidityNow: "7",
    /** Most octets that one answer held. */
    largest: 0,
    pushes: true,
    alive: () => true,
    ended: new Promise<Error>(() => {}),
    onArrival() {},
    uidValidity: () => session.uidValidityNow,
    inJunk: () => Promise.resolve(undefined),
    refresh: () => Promise.resolve(),
    idle: () => Promise.resolve(),
    close() {},
    search(after: number, since?: number) {
      session.asked.push(`search ${after}${since === undefined ? "" : ` since ${since}`}`);
      const found = mails.filter((mail) => mail.uid > after);
      // As coarse as a server may be: it goes by the day.
      const day = (time: number) => Math.floor(time / 86_400_000);
      const recent = found.filter((mail) => since === undefined || day(mail.receivedAt ?? 0) >= day(since));
      return Promise.resolve(recent.map((mail) => mail.uid));
    },
    lastUid: () => Promise.resolve(mails.at(-1)?.uid ?? 0),
    describe(uids: readonly number[]) {
      session.asked.push(`describe ${uids.length}`);
      const found = mails.filter((mail) => uids.includes(mail.uid));
      return Promise.resolve(new Map(found.map((mail) => [mail.uid, describeMail(mail)])));
    },
    read(uids: readonly number[] | { from: number; to: number }, maxLength: number) {
      session.asked.push("from" in uids ? `near ${uids.from}` : `read ${uids.join()}`);
      const wanted = (uid: number) => ("from" in uids ? uid >= uids.from && uid <= uids.to : uids.includes(uid));
      const found = mails.filter((mail) => wanted(mail.uid) && mail.vanishes !== true);
      session.largest = Math.max(
        session.largest,
        found.reduce((sum, mail) => sum + Math.min(mail.raw.length, maxLength), 0),
      );
      const rows = found.map((mail): [number, FetchedMail] => {
        const source = mail.broken === true ? {} : { source: Buffer.from(mail.raw.slice(0, maxLength)) };
        return [mail.uid, { ...describeMail(mail), ...source }];
      });
      return Promise.resolve(new Map(rows.toReversed()));
    },
    readHeader(uid: number, maxLength: number) {
      session.asked.push(`header ${uid}`);
      const raw = mails.find((mail) => mail.uid === uid)?.raw ?? "";
      return Promise.resolve(Buffer.from(raw.slice(0, Math.min(raw.indexOf("\r\n\r\n") + 4, maxLength))));
    },
  };
  return session;
}

function recorder(options: { uid?: number; since?: number; failAt?: number } = {}) {
  const stored: StoredMail[] = [];
  const told: string[] = [];
  const state = { uid: options.uid ?? 0, failAt: options.failAt, cursors: [] as string[] };
  const reader: MailboxReader = {
    cursor(uidValidity) {
      state.cursors.push(uidValidity);
      return Promise.resolve({ uid: state.uid, since: options.since });
    },
    async store(mails, more) {
      told.push(`${mails.length}${more ? " and more" : ""}`);
      for (const mail of mails) {
        if (mail.uid === state.failAt) throw new Error("disk full");
        state.uid = mail.uid;
        stored.push(mail);
      }
    },
  };
  return { reader, stored, told, state, uids: () => stored.map((mail) => mail.uid) };
}

const limits: PassLimits = { maxBytes: 10_000_000, batchBytes: 1_000_000 };
const mail = (uid: number, body = "Hello"): FakeMail => ({ uid, raw: `Subject: ${uid}\r\n\r\n${body}\r\n` });
const numbered = (...uids: number[]) => uids.map((uid) => mail(uid));

describe("readNew", () => {
  it("reads neighbours in one round trip, in uid order, byte for byte", async () => {
    const session = fakeSession(numbered(3, 4, 5, 6));
    const { reader, stored } = recorder({ uid: 4 });
    expect(await readNew(session, reader, limits, {})).toEqual({ kind: "done", stored: 2 });
    expect(stored).toEqual([
      { uid: 5, uidValidity: "7", size: 21, receivedAt: 0, raw: Buffer.from(mail(5).raw), truncated: false },
      { uid: 6, uidValidity: "7", size: 21, receivedAt: 0, raw: Buffer.from(mail(6).raw), truncated: false },
    ]);
    expect(session.asked).toEqual(["near 5", "search 6"]);
  });

  it("finds mails whose uids are far away", async () => {
    const session = fakeSession(numbered(5, 900, 70_000));
    const { reader, uids } = recorder({ uid: 5 });
    await readNew(session, reader, limits, {});
    expect(uids()).toEqual([900, 70_000]);
  });

  it("holds a bounded part of a long backlog at once", async () => {
    const session = fakeSession(Array.from({ length: 1_000 }, (_, index) => mail(index * 3 + 1, "x".repeat(30_000))));
    const { reader, uids } = recorder();
    expect(await readNew(session, reader, limits, {})).toEqual({ kind: "done", stored: 1_000 });
    expect(uids()).toEqual(Array.from({ length: 1_000 }, (_, index) => index * 3 + 1));
    expect(session.largest).toBeLessThanOrEqual(limits.batchBytes);
  });

  it.each([
    ["next to the cursor", 1],
    ["far from it", 1_000],
  ])("reads a large mail whole, and of a too large one the header section (%s)", async (_where, first) => {
    const big = mail(first, "x".repeat(400_000));
    const edge = { uid: first + 1, raw: `A: b\r\n\r\n${"y".repeat(500_000 - 8)}` };
    const over = { uid: first + 2, raw: `A: b\r\n\r\n${"z".repeat(500_000 - 7)}` };
    const understated = { uid: first + 3, raw: `A: b\r\n\r\n${"w".repeat(600_000)}`, size: 100 };
    const session = fakeSession([big, edge, over, understated, mail(first + 4)]);
    const { reader, stored } = recorder();
    await readNew(session, reader, { maxBytes: 500_000, batchBytes: 1_000_000 }, {});
    expect(stored.map(({ raw, size, truncated }) => [raw.length, size, truncated])).toEqual([
      [big.raw.length, big.raw.length, false],
      [500_000, 500_000, false],
      [8, 500_001, true],
      [8, 100, true],
      [mail(first + 4).raw.length, mail(first + 4).raw.length, false],
    ]);
    expect(stored.map((each) => each.uid)).toEqual([0, 1, 2, 3, 4].map((index) => first + index));
  });

  it.each([
    ["next to the cursor", 1],
    ["far from it", 1_000],
  ])("shares with other mailboxes how much is held at once (%s)", async (_where, first) => {
    const budget = createOctetBudget(600_000);
    const shared: PassLimits = { maxBytes: 500_000, batchBytes: 500_000, budget };
    const large = (uid: number) => mail(uid, "x".repeat(400_000));
    let held = 0;
    let most = 0;
    const pass = async () => {
      const { reader, stored } = recorder({ failAt: first + 2 });
      const slow: MailboxReader = {
        ...reader,
        async store(mails, more) {
          const octets = mails.reduce((sum, { raw }) => sum + raw.byteLength, 0);
          most = Math.max(most, (held += octets));
          await setTimeout(2);
          await reader.store(mails, more).finally(() => (held -= octets));
        },
      };
      await readNew(fakeSession([large(first), large(first + 1), large(first + 2)]), slow, shared, {});
      return stored.length;
    };
    expect(await Promise.all([pass(), pass(), pass()])).toEqual([2, 2, 2]);
    expect(most).toBeLessThan(600_000);
    // A pass that ended badly has given back what it held.
    (await budget.take(600_000))();
  });

  it.each([
    ["next to the cursor", 1],
    ["far from it", 1_000],
  ])("passes over what has vanished, and keeps what the server cannot give (%s)", async (_where, first) => {
    const session = fakeSession([
      mail(first),
      { ...mail(first + 1), vanishes: true },
      { ...mail(first + 2), broken: true },
      mail(first + 3),
    ]);
    const { reader, stored, uids } = recorder();
    await readNew(session, reader, limits, {});
    expect(uids()).toEqual([first, first + 2, first + 3]);
    expect(stored[1]).toMatchObject({ truncated: true, raw: Buffer.from(`Subject: ${first + 2}\r\n\r\n`) });
  });

  it("ends at the mail that could not be stored, and begins with it the next time", async () => {
    const session = fakeSession(numbered(1, 2, 3, 4));
    const { reader, uids, state } = recorder({ failAt: 3 });
    const progress: Partial<Progress> = {};
    expect(await readNew(session, reader, limits, progress)).toMatchObject({ kind: "reader-failed" });
    expect(await readNew(session, reader, limits, progress)).toMatchObject({ kind: "reader-failed" });
    expect(uids()).toEqual([1, 2]);
    state.failAt = undefined;
    expect(await readNew(session, reader, limits, progress)).toEqual({ kind: "done", stored: 2 });
    expect(uids()).toEqual([1, 2, 3, 4]);
  });

  it("hands over what it has read together, and says whether there is more", async () => {
    const neighbours = Array.from({ length: 40 }, (_, index) => mail(index + 1));
    const session = fakeSession([...neighbours, mail(500), { ...mail(501), vanishes: true }]);
    const { reader, told } = recorder();
    await readNew(session, reader, limits, {});
    expect(told).toEqual(["32 and more", "9 and more", "0"]);
  });

  it("hands over a mail that it has to read by itself by itself", async () => {
    const large = { ...mail(2), raw: `Subject: 2\r\n\r\n${"x".repeat(300_000)}` };
    const { reader, told } = recorder();
    await readNew(fakeSession([mail(1), large, mail(3), mail(4)]), reader, limits, {});
    expect(told).toEqual(["1", "1", "2"]);
  });

  it("reports a reader that cannot name its cursor", async () => {
    const reader = { ...recorder().reader, cursor: () => Promise.reject(new Error("locked")) };
    const result = await readNew(fakeSession(numbered(1)), reader, limits, {});
    expect(result).toMatchObject({ kind: "reader-failed", error: { message: "locked" } });
  });

  it("passes the server's failures on", async () => {
    const session = { ...fakeSession(numbered(1)), search: () => Promise.reject(new Error("gone")) };
    await expect(readNew(session, recorder().reader, limits, {})).rejects.toThrow("gone");
  });

  it("asks for the cursor again when the uids were given anew", async () => {
    const session = fakeSession(numbered(1, 2));
    const { reader, stored, state } = recorder();
    const progress: Partial<Progress> = {};
    await readNew(session, reader, limits, progress);
    session.uidValidityNow = "8";
    state.uid = 0;
    await readNew(session, reader, limits, progress);
    expect(state.cursors).toEqual(["7", "8"]);
    expect(stored.map((each) => `${each.uidValidity}/${each.uid}`)).toEqual(["7/1", "7/2", "8/1", "8/2"]);
  });
});

describe("readNew with `since`", () => {
  const at = (time: string) => Date.parse(`2026-03-01T${time}Z`);
  const received = (uid: number, time: string) => ({ ...mail(uid), receivedAt: at(time) });

  it("leaves out what is older, and takes what came in the same second", async () => {
    const session = fakeSession([
      received(1, "08:00:00"),
      received(2, "11:59:59"),
      received(3, "12:00:00"),
      received(4, "12:00:01"),
    ]);
    const { reader, uids } = recorder({ since: at("12:00:00.700") });
    expect(await readNew(session, reader, limits, {})).toEqual({ kind: "done", stored: 2 });
    expect(uids()).toEqual([3, 4]);
    expect(session.asked).not.toContain("read 1,2");
  });

  it("looks at what is older once, and then only for what is new", async () => {
    const mails = [received(1, "08:00:00"), { ...mail(2), receivedAt: at("09:00:00") - 9 * 86_400_000 }];
    const session = fakeSession(mails);
    const { reader, uids } = recorder({ since: at("12:00:00") });
    const progress: Partial<Progress> = {};
    await readNew(session, reader, limits, progress);
    session.asked.length = 0;
    await readNew(session, reader, limits, progress);
    expect(session.asked).toEqual(["near 3", "search 2"]);
    mails.push(received(3, "12:00:05"), received(4, "11:00:00"), received(5, "12:00:06"));
    await readNew(session, reader, limits, progress);
    expect(uids()).toEqual([3, 5]);
  });

  it("begins again where the reader went back", async () => {
    const session = fakeSession(numbered(1, 2, 3));
    const { reader, uids, state } = recorder({ uid: 1 });
    const progress: Partial<Progress> = {};
    await readNew(session, reader, limits, progress);
    state.uid = 2;
    await readNew(session, reader, limits, progress);
    expect(uids()).toEqual([2, 3, 3]);
  });
});
