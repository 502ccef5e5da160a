import { type ChildProcess, fork } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer, type Server, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { SqliteSaver } from "@langchain/langgraph-checkpoint-sqlite";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { startMailServer, type MailServer } from "../../src/dev/index.ts";
import { replyAs } from "../../src/testing/reply-as.ts";
import { askGraph, collectLog, deskKit, outcomeOf, testClock, thread, until } from "../support/desk.ts";
import type { ProcessSettings } from "./process.ts";

// A process takes its time to start where many others do.
vi.setConfig({ testTimeout: 60_000 });
const PATIENCE_MS = 30_000;

let mail: MailServer;
let directory: string;
const children: ChildProcess[] = [];
beforeEach(async () => {
  mail = await startMailServer({ magic: { slowMs: 10_000 } });
  mail.account("boss@b.example");
  directory = await mkdtemp(join(tmpdir(), "langgraph-email-processes-"));
});
afterEach(async () => {
  for (const child of children.splice(0)) child.kill("SIGKILL");
  await mail.close();
  await rm(directory, { recursive: true });
});

function startProcess(change: Partial<ProcessSettings> = {}) {
  const { smtp, imap } = mail.account("desk@a.example");
  const child = fork(new URL("process.ts", import.meta.url), [JSON.stringify({ directory, smtp, imap, ...change })], {
    execArgv: ["--conditions=langgraph-email-source"],
  });
  children.push(child);
  const told: string[] = [];
  child.on("message", (message: string) => told.push(message));
  const exit = new Promise<{ code: number | null; signal: NodeJS.Signals | null }>((resolve) => {
    child.on("exit", (code, signal) => resolve({ code, signal }));
  });
  return {
    child,
    told,
    exit,
    tells: (message: string) => until(`the process to tell "${message}"`, () => told.includes(message), PATIENCE_MS),
  };
}

/** The same ledger and checkpoints in this process. */
function openHere(options: Parameters<typeof deskKit>[1] = {}) {
  const kit = deskKit(mail, { ledger: join(directory, "mail.db"), ...options });
  return { kit, graph: askGraph(kit, { saver: SqliteSaver.fromConnString(join(directory, "checkpoints.db")) }) };
}

const outboxState = () => {
  const file = join(directory, "mail.db");
  if (!existsSync(file)) return undefined;
  const db = new DatabaseSync(file, { readOnly: true, timeout: 1_000 });
  try {
    const [table] = db.prepare("SELECT 1 FROM sqlite_schema WHERE name = 'outbox'").all();
    return table && db.prepare("SELECT state FROM outbox").get()?.["state"];
  } finally {
    db.close();
  }
};

describe("a process that gets SIGTERM", () => {
  it("lets the node end, begins no other, ends by the signal, and leaves the thread to be taken up at once", async () => {
    const first = startProcess({ ask: "boss@b.example", workMs: 400 });
    const task = await mail.waitForMail("boss@b.example", undefined, PATIENCE_MS);
    await first.tells("parked");
    await replyAs(mail, { from: "boss@b.example", mail: task, text: "approved: yes" });
    await first.tells("working");
    first.child.kill("SIGTERM");
    expect(await first.exit).toEqual({ code: null, signal: "SIGTERM" });
    expect(first.told).toContain("worked");
    const { kit, graph } = openHere();
    await kit.runOnce();
    const state = await graph.getState(thread("t1"));
    expect(state.next).toEqual([]);
    expect(state.values).toMatchObject({ done: 1, outcome: { kind: "replied" } });
    await kit.close();
  });

  it("breaks a node off after the time of grace; the next process runs it again at once", async () => {
    const first = startProcess({ ask: "boss@b.example", workMs: 60_000, grace: "100 ms" });
    const task = await mail.waitForMail("boss@b.example", undefined, PATIENCE_MS);
    await first.tells("parked");
    await replyAs(mail, { from: "boss@b.example", mail: task, text: "approved: yes" });
    await first.tells("working");
    first.child.kill("SIGTERM");
    await first.exit;
    const { kit, graph } = openHere();
    await kit.runOnce();
    expect((await graph.getState(thread("t1"))).values).toMatchObject({ done: 1 });
    await kit.close();
  });
});

describe("a process that is killed", () => {
  it("while a mail was leased, and not a byte of it out: the next one sends it, once", async () => {
    const first = startProcess({ ask: "slow@b.example", lease: "300 ms" });
    await until("the lease", () => outboxState() === "leased", PATIENCE_MS);
    first.child.kill("SIGKILL");
    await first.exit;
    mail.account("slow@b.example");
    const { kit } = openHere();
    await until("the lease's end and the mail", async () => {
      await kit.runOnce();
      return mail.mails("slow@b.example").length > 0;
    });
    await kit.runOnce();
    expect(mail.mails("slow@b.example")).toHaveLength(1);
    const kinds = (await kit.events()).map(({ kind }) => kind);
    expect(kinds).toContain("submitted");
    expect(kinds).not.toContain("submission-unknown");
    await kit.close();
  });

  it("while a mail was being handed over: nobody knows, so the same bytes go out after the configured time", async () => {
    await using silent = await startSilentServer();
    const first = startProcess({
      ask: "boss@b.example",
      lease: "300 ms",
      smtp: `smtp://desk:dev@127.0.0.1:${silent.port}`,
    });
    const bytes = await silent.mail;
    expect(outboxState()).toBe("sending");
    first.child.kill("SIGKILL");
    await first.exit;
    const clock = testClock();
    const log = collectLog();
    const { kit, graph } = openHere({ clock: clock.now, log, onDoubt: { resendAfter: "5 min" } });
    clock.advance(1_000);
    await kit.runOnce();
    expect(mail.mails("boss@b.example")).toEqual([]);
    expect((await kit.events()).map(({ kind }) => kind)).toContain("submission-unknown");
    clock.advance(300_001);
    await kit.runOnce();
    const [task] = mail.mails("boss@b.example");
    expect(bytes).toContain(`Message-ID: ${task!.header("message-id")}`);
    await replyAs(mail, { from: "boss@b.example", mail: task!, text: "approved: yes" });
    await kit.runOnce();
    expect(await outcomeOf(graph, "t1")).toMatchObject({ kind: "replied" });
    expect(mail.mails("boss@b.example")).toHaveLength(1);
    await kit.close();
  });

  it("while a node ran: the next one runs it again when the lease has run out", async () => {
    const first = startProcess({ ask: "boss@b.example", workMs: 60_000, lease: "300 ms" });
    const task = await mail.waitForMail("boss@b.example", undefined, PATIENCE_MS);
    await first.tells("parked");
    await replyAs(mail, { from: "boss@b.example", mail: task, text: "approved: yes" });
    await first.tells("working");
    first.child.kill("SIGKILL");
    await first.exit;
    const { kit, graph } = openHere();
    await using _worker = await kit.start();
    await until("the end", async () => (await graph.getState(thread("t1"))).next.length === 0, 10_000);
    expect((await graph.getState(thread("t1"))).values).toMatchObject({ done: 1 });
    await kit.close();
  });
});

/** Takes a mail to the final dot, and never says what became of it. */
async function startSilentServer() {
  const taken = Promise.withResolvers<string>();
  const sockets = new Set<Socket>();
  const server: Server = createServer((socket) => {
    sockets.add(socket);
    socket.on("error", () => {});
    let data: string | undefined;
    socket.write("220 silent.example ESMTP\r\n");
    socket.on("data", (chunk) => {
      if (data !== undefined) {
        data += chunk.toString("latin1");
        if (data.endsWith("\r\n.\r\n")) taken.resolve(data);
        return;
      }
      for (const line of chunk.toString().split("\r\n").filter(Boolean)) {
        if (/^EHLO/i.test(line)) socket.write("250-silent.example\r\n250 AUTH PLAIN\r\n");
        else if (/^AUTH/i.test(line)) socket.write("235 2.7.0 Ok\r\n");
        else if (/^DATA/i.test(line)) {
          data = "";
          socket.write("354 Go on\r\n");
        } else socket.write("250 2.0.0 Ok\r\n");
      }
    });
  });
  await new Promise<void>((resolve) => {
    server.listen(0, "127.0.0.1", resolve);
  });
  return {
    port: (server.address() as { port: number }).port,
    mail: taken.promise,
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => {
        server.close(resolve);
      });
    },
  };
}
