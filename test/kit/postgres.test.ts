import { type ChildProcess, fork } from "node:child_process";
import { Pool } from "pg";
import { PostgresSaver } from "@langchain/langgraph-checkpoint-postgres";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { createEmailKit } from "langgraph-email";
import { type MailServer, startMailServer } from "../../src/dev/index.ts";
import { replyAs } from "../../src/testing/reply-as.ts";
import { askGraph, collectLog, deskKit, outcomeOf, thread, until } from "../support/desk.ts";
import { hasPostgres, type PostgresServer, startPostgres } from "../support/postgres.ts";
import type { WorkerSettings } from "./postgres-process.ts";

const secret = "a secret of at least thirty-two characters";

describe("a ledger in PostgreSQL", () => {
  const agents = { desk: { address: "desk@a.example", smtp: "smtp://u:p@h", imap: "imap://u:p@h" } };

  it("needs a secret, since workers share it", () => {
    expect(() => createEmailKit({ ledger: "postgres://u:hush@h/d", agents })).toThrow(
      expect.objectContaining({ code: "INVALID_CONFIG", message: expect.stringMatching(/openssl rand/) }),
    );
  });

  it("is checked at once, and its password is not shown", () => {
    expect(() => createEmailKit({ ledger: "postgres://u:hu/sh@h/d", agents, secret })).toThrow(/URL cannot be read/);
    expect(() => createEmailKit({ ledger: "postgres://u:hu/sh@h/d", agents, secret })).not.toThrow(/hu\/sh/);
  });
});

describe.skipIf(!hasPostgres)("a kit on PostgreSQL", () => {
  let postgres: PostgresServer;
  let mail: MailServer;
  let ledger: string;
  let pools: Pool[];
  const children: ChildProcess[] = [];
  beforeAll(async () => {
    postgres = await startPostgres();
    const saver = PostgresSaver.fromConnString(postgres.url);
    await saver.setup();
    await saver.end();
  });
  afterAll(async () => {
    await postgres.close();
  });
  beforeEach(async () => {
    mail = await startMailServer();
    mail.account("boss@b.example");
    ledger = postgres.ledgerUrl();
    pools = [];
  });
  afterEach(async () => {
    for (const child of children.splice(0)) child.kill("SIGKILL");
    await Promise.all(pools.map((pool) => pool.end()));
    await mail.close();
  });

  function openHere(options: Parameters<typeof deskKit>[1] = {}) {
    const pool = new Pool({ connectionString: postgres.url });
    // Without it the loss of an idle connection ends the process.
    pool.on("error", () => {});
    pools.push(pool);
    const kit = deskKit(mail, { ledger, secret, ...options });
    return { kit, graph: askGraph(kit, { saver: new PostgresSaver(pool) }) };
  }

  async function startProcess() {
    const { smtp, imap } = mail.account("desk@a.example");
    const settings: WorkerSettings = { ledger, checkpoints: postgres.url, secret, smtp, imap, lease: "4 s" };
    const child = fork(new URL("postgres-process.ts", import.meta.url), [JSON.stringify(settings)], {
      execArgv: ["--conditions=langgraph-email-source"],
    });
    children.push(child);
    const told: string[] = [];
    child.on("message", (message: string) => told.push(message));
    await until("the worker", () => told.includes("ready"));
    return { child, worked: () => told.filter((message) => message === "worked").length };
  }

  it("mails, parks and goes on, beside LangGraph's own tables in one database", async () => {
    const log = collectLog();
    const { kit, graph } = openHere({ log });
    await using _kit = kit;
    await using worker = await kit.start();
    await worker.ready;
    await graph.invoke({ to: "boss@b.example" }, thread(ledger));
    const task = await mail.waitForMail("boss@b.example");
    await replyAs(mail, { from: "boss@b.example", mail: task, text: "approved: yes" });
    await until("the outcome", () => outcomeOf(graph, ledger));
    expect(await outcomeOf(graph, ledger)).toMatchObject({ kind: "replied", data: { approved: true } });
    const kinds = (await kit.events({ threadId: ledger })).map(({ kind }) => kind);
    expect(kinds.filter((kind) => kind === "resumed")).toHaveLength(1);
    expect(JSON.stringify(log.lines)).not.toContain(new URL(ledger).password);
  });

  it("wakes a worker of another process at once", async () => {
    await startProcess();
    const { kit, graph } = openHere();
    await using _kit = kit;
    await graph.invoke({ to: "boss@b.example" }, thread(`${ledger}-0`));
    const begun = Date.now();
    await mail.waitForMail("boss@b.example");
    expect(Date.now() - begun).toBeLessThan(1_000);
  });

  it("shares threads between two processes: each task is mailed once, each thread resumed once, and one goes on when the other dies", async () => {
    const workers = [await startProcess(), await startProcess()];
    const { kit, graph } = openHere();
    await using _kit = kit;
    const ids = Array.from({ length: 24 }, (_, index) => `${ledger}-${index}`);
    await Promise.all(ids.map((id) => graph.invoke({ to: "boss@b.example" }, thread(id))));
    await until("all mails", () => mail.mails("boss@b.example").length === ids.length);
    const tasks = mail.mails("boss@b.example");
    for (const task of tasks.slice(0, 12))
      await replyAs(mail, { from: "boss@b.example", mail: task, text: "approved: yes" });
    const ended = async () => {
      const states = await Promise.all(ids.map((id) => graph.getState(thread(id))));
      return states.filter(({ next }) => next.length === 0).length;
    };
    await until("the first half", async () => (await ended()) === 12);
    expect(Math.min(...workers.map((worker) => worker.worked()))).toBeGreaterThan(0);
    // Whichever of them watches the mailbox, the other takes over.
    workers[0]!.child.kill("SIGKILL");
    for (const task of tasks.slice(12))
      await replyAs(mail, { from: "boss@b.example", mail: task, text: "approved: yes" });
    await until("the other half", async () => (await ended()) === 24);
    for (const id of ids) expect(await outcomeOf(graph, id)).toMatchObject({ kind: "replied" });
    expect(workers[0]!.worked() + workers[1]!.worked()).toBe(24);
    expect(mail.mails("boss@b.example")).toHaveLength(ids.length);
    const events = await kit.events({ limit: 1_000 });
    expect(events.filter(({ kind }) => kind === "resumed")).toHaveLength(24);
    expect(events.filter(({ kind }) => kind === "submitted")).toHaveLength(24);
  });

  it("goes on after the database was away", async () => {
    const log = collectLog();
    const { kit, graph } = openHere({ log });
    await using _kit = kit;
    await using worker = await kit.start();
    await worker.ready;
    const id = `${ledger}-away`;
    await graph.invoke({ to: "boss@b.example" }, thread(id));
    const task = await mail.waitForMail("boss@b.example");
    await postgres.crash();
    await replyAs(mail, { from: "boss@b.example", mail: task, text: "approved: yes" });
    await until(
      "an error",
      () => log.codes().includes("LEDGER_FAILED") || log.lines.some(({ level }) => level === "error"),
    );
    await postgres.start();
    await until("the outcome", () => outcomeOf(graph, id), 15_000);
    expect(await outcomeOf(graph, id)).toMatchObject({ kind: "replied" });
    const told = log.lines.filter(({ level, fields }) => level === "warn" && fields["code"] === "LEDGER_FAILED");
    expect(told).toHaveLength(1);
  });
});
