import { cpSync, mkdirSync, readdirSync, rmSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { MemorySaver } from "@langchain/langgraph";
import { defineTask, type EmailKit } from "langgraph-email";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { startMailServer, type MailServer } from "../../src/dev/index.ts";
import { openLedger } from "../../src/ledger/ledger.ts";
import { openPostgres } from "../../src/ledger/postgres.ts";
import { noteIncarnation } from "../../src/ledger/restore.ts";
import { replyAs } from "../../src/testing/reply-as.ts";
import { askGraph, collectLog, deskKit, outcomeOf, testClock, thread, until } from "../support/desk.ts";
import { hasPostgres, type PostgresServer, startPostgres } from "../support/postgres.ts";

let mail: MailServer;
let directory: string;
beforeEach(async () => {
  mail = await startMailServer();
  mail.account("boss@b.example");
  directory = await mkdtemp(join(tmpdir(), "restore-"));
});
afterEach(async () => {
  await mail.close();
  await rm(directory, { recursive: true });
});

const ledger = () => join(directory, "live", "mail.db");

function openDesk(saver: MemorySaver) {
  const log = collectLog();
  const kit = deskKit(mail, { ledger: ledger(), log });
  return { kit, graph: askGraph(kit, { saver }), log, [Symbol.asyncDispose]: () => kit.close() };
}

/** Puts back what of the folder is named so, as it was when it was copied. */
function restore(names: (name: string) => boolean): void {
  const [live, backup] = [join(directory, "live"), join(directory, "backup")];
  for (const name of readdirSync(live).filter(names)) rmSync(join(live, name), { recursive: true });
  cpSync(backup, live, { recursive: true, filter: (path) => path === backup || names(path.slice(backup.length + 1)) });
}

/** A thread whose mail is in the outbox of a backup, and went out after it; a second thread of which the backup knows nothing. */
async function restored(saver: MemorySaver, names: (name: string) => boolean): Promise<void> {
  mkdirSync(join(directory, "live"));
  await using desk = openDesk(saver);
  await desk.graph.invoke({ to: "boss@b.example" }, thread("t1"));
  await desk.kit.close();
  cpSync(join(directory, "live"), join(directory, "backup"), { recursive: true });
  await using later = openDesk(saver);
  await later.kit.runOnce();
  await later.graph.invoke({ to: "boss@b.example" }, thread("t2"));
  await later.kit.runOnce();
  await later.kit.close();
  expect(mail.mails("boss@b.example")).toHaveLength(2);
  restore(names);
}

const databaseOnly = (name: string) => /^mail\.db(?:-wal|-shm)?$/.test(name);
const everything = () => true;
const reply = (index: number) =>
  replyAs(mail, { from: "boss@b.example", mail: mail.mails("boss@b.example")[index]!, text: "approved: yes" });

describe("a ledger that was restored from a backup", () => {
  it("is known by the file beside it: what seems due is held, and goes out when somebody says that it was not sent", async () => {
    const saver = new MemorySaver();
    await restored(saver, databaseOnly);
    await using desk = openDesk(saver);
    await desk.kit.runOnce();
    expect(mail.mails("boss@b.example")).toHaveLength(2);
    expect(await desk.kit.doubtful()).toMatchObject([
      { kind: "task", to: ["boss@b.example"], reason: expect.stringContaining("restored") },
    ]);
    expect(desk.log.lines.filter(({ message }) => message.includes("restored"))).toHaveLength(1);
    expect(await desk.kit.resolveDoubt("not-sent")).toBe(1);
    await desk.kit.runOnce();
    const ids = mail.mails("boss@b.example").map((each) => each.header("message-id"));
    expect(ids).toHaveLength(3);
    expect(ids[2]).toBe(ids[0]);
  });

  it("finds the replies again, and a reply proves that its mail was sent", async () => {
    const saver = new MemorySaver();
    await restored(saver, databaseOnly);
    await reply(0);
    await using desk = openDesk(saver);
    await desk.kit.runOnce();
    expect(await outcomeOf(desk.graph, "t1")).toMatchObject({ kind: "replied" });
    expect(await desk.kit.doubtful()).toEqual([]);
    expect(mail.mails("boss@b.example")).toHaveLength(2);
    const submitted = (await desk.kit.events()).filter(({ kind }) => kind === "submitted");
    expect(submitted).toMatchObject([{ data: { provenBy: "answer" } }]);
  });

  it("is known by a reply to what it does not know, before anything goes out, where the whole folder was put back", async () => {
    const saver = new MemorySaver();
    await restored(saver, everything);
    await reply(1);
    await using desk = openDesk(saver);
    await using worker = await desk.kit.start();
    await worker.ready;
    await until("the doubt", async () => (await desk.kit.doubtful()).length === 1);
    expect(await desk.kit.messages("unmatched")).toMatchObject([{ reason: expect.stringContaining("older backup") }]);
    expect((await desk.kit.events()).filter(({ kind }) => kind === "restored")).toHaveLength(1);
    expect(mail.mails("boss@b.example")).toHaveLength(2);
    expect(await desk.kit.resolveDoubt("sent")).toBe(1);
    await reply(0);
    expect(await until("the outcome", () => outcomeOf(desk.graph, "t1"))).toMatchObject({ kind: "replied" });
    expect(mail.mails("boss@b.example")).toHaveLength(2);
  });

  it("is known by a reply to a mail that it has not sent", async () => {
    const saver = new MemorySaver();
    await restored(saver, everything);
    await reply(0);
    await using desk = openDesk(saver);
    await desk.kit.runOnce();
    expect(await outcomeOf(desk.graph, "t1")).toMatchObject({ kind: "replied" });
    expect((await desk.kit.events()).filter(({ kind }) => kind === "restored")).toHaveLength(1);
    expect(mail.mails("boss@b.example")).toHaveLength(2);
  });

  it("may be told so, and answers no request a second time", async () => {
    const saver = new MemorySaver();
    await restored(saver, everything);
    mail.deliver("From: who@c.example\r\nSubject: Work\r\n\r\nPlease work.\r\n", "desk@a.example");
    await using desk = openDesk(saver);
    desk.kit.serveInbox("desk", desk.graph, { from: "anyone", input: () => ({}), reply: () => ({ text: "done" }) });
    expect(await desk.kit.holdAfterRestore()).toBe(1);
    await desk.kit.runOnce();
    const [kept] = await desk.kit.messages("quarantined");
    expect(kept).toMatchObject({ sender: "who@c.example", reason: expect.stringContaining("may have been answered") });
  });

  it.each<[string, string, (name: string) => boolean]>([
    ["whom a task escalates to", "boss@b.example", databaseOnly],
    ["who is asked after a bounce", "bounced@b.example", databaseOnly],
    ["who is asked after a bounce, where the whole folder was put back", "bounced@b.example", everything],
  ])("does not mail %s a second time, until somebody says that it was not sent", async (_who, to, names) => {
    mail.account("chief@b.example");
    const clock = testClock();
    const saver = new MemorySaver();
    const task = defineTask("approval", { reassignTo: () => "chief@b.example" });
    const open = () => {
      const kit = deskKit(mail, { ledger: ledger(), clock: clock.now, tasks: [task] });
      return { kit, graph: askGraph(kit, { saver, task, escalate: [{ after: "1 h", to: "chief@b.example" }] }) };
    };
    const passes = async (kit: EmailKit<"desk">) => {
      for (let pass = 0; pass < 3; pass++) await kit.runOnce();
    };
    mkdirSync(join(directory, "live"));
    const before = open();
    await before.graph.invoke({ to }, thread("t1"));
    if (to === "boss@b.example") await before.kit.runOnce();
    await before.kit.close();
    cpSync(join(directory, "live"), join(directory, "backup"), { recursive: true });
    const during = open();
    if (to === "boss@b.example") clock.advance(2 * 3_600_000);
    await passes(during.kit);
    await during.kit.close();
    const chief = () => mail.mails("chief@b.example").map((each) => each.header("message-id"));
    expect(chief()).toHaveLength(1);
    restore(names);
    const after = open();
    await passes(after.kit);
    expect(chief()).toHaveLength(1);
    expect(await after.kit.doubtful()).toMatchObject([{ to: ["chief@b.example"] }]);
    await after.kit.resolveDoubt("not-sent");
    await passes(after.kit);
    expect(chief()).toEqual([chief()[0], chief()[0]]);
    await after.kit.close();
  });

  it("is not suspected where nothing was restored", async () => {
    const saver = new MemorySaver();
    await restored(saver, () => false);
    await using desk = openDesk(saver);
    await desk.kit.runOnce();
    expect((await desk.kit.events()).map(({ kind }) => kind)).not.toContain("restored");
  });
});

describe.skipIf(!hasPostgres)("a ledger in PostgreSQL", () => {
  let postgres: PostgresServer;
  beforeAll(async () => {
    postgres = await startPostgres();
  });
  afterAll(async () => {
    await postgres.close();
  });

  it("is another incarnation when its tables were read in from a dump, and not after a restart", async () => {
    const url = postgres.ledgerUrl();
    const noted = async (before?: (run: (statement: string) => Promise<unknown>) => Promise<void>) => {
      const db = await openPostgres(url);
      try {
        await openLedger(db, { id: "abcdefghijklmnop", now: 1 });
        await before?.((statement) => db.run(statement));
        return await noteIncarnation(db, (await db.incarnation!())!);
      } finally {
        await db.close();
      }
    };
    expect(await noted()).toBe(false);
    await postgres.crash();
    await postgres.start();
    expect(await noted()).toBe(false);
    const dumped = await noted(async (run) => {
      // What pg_restore does: the same rows in a table made anew.
      await run("CREATE TABLE copy (LIKE meta INCLUDING ALL)");
      await run("INSERT INTO copy SELECT * FROM meta");
      await run("DROP TABLE meta");
      await run("ALTER TABLE copy RENAME TO meta");
    });
    expect(dumped).toBe(true);
    expect(await noted()).toBe(false);
  });
});
