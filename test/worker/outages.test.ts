import { execFileSync } from "node:child_process";
import { mkdirSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { fileBlobs } from "../../src/blobs/files.ts";
import { startMailServer, type MailServer } from "../../src/dev/index.ts";
import type { Database } from "../../src/ledger/database.ts";
import { openSqlite } from "../../src/ledger/sqlite.ts";
import { composeKit } from "../../src/kit.ts";
import { type KitPorts, PORTS } from "../../src/open-kit.ts";
import { replyAs } from "../../src/testing/reply-as.ts";
import { askGraph, collectLog, outcomeOf, thread, until } from "../support/desk.ts";

let mail: MailServer;
let directory: string;
beforeEach(async () => {
  mail = await startMailServer();
  mail.account("boss@b.example");
  directory = await mkdtemp(join(tmpdir(), "outage-"));
});
afterEach(async () => {
  await mail.close();
  await rm(directory, { recursive: true });
});

/** A kit on a file, and the database that it uses. */
function openDesk(options: { blobs?: string; ports?: Partial<KitPorts> } = {}) {
  const log = collectLog();
  let db: Database | undefined;
  const { address, smtp, imap } = mail.account("desk@a.example");
  const kit = composeKit(
    {
      ledger: join(directory, "mail.db"),
      log,
      agents: { desk: { address, smtp, imap } },
      ...(options.blobs !== undefined && { blobs: fileBlobs(options.blobs) }),
    },
    { ...PORTS, openDatabase: async (path) => (db = openSqlite(path)), ...options.ports },
  );
  const graph = askGraph(kit, { body: "May we buy 40 laptops?" });
  const pragma = async (name: string, value: number) => {
    await db!.all(`PRAGMA ${name} = ${value}`);
  };
  const full = async () => {
    const [row] = await db!.all<{ page_count: number }>("PRAGMA page_count");
    await pragma("max_page_count", row!.page_count);
  };
  return { kit, graph, log, pragma, full };
}

const boss = { from: "boss@b.example" };
const received = () => mail.mails("boss@b.example");
/** More than the free room of any page. */
const LONG = "That is fine with me.\n".repeat(4_000);

describe("a ledger without space", () => {
  it("is said once, makes sendTask throw, loses nothing, and the worker goes on when there is space", async () => {
    const { kit, graph, log, pragma, full } = openDesk();
    await using _kit = kit;
    await using worker = await kit.start();
    await worker.ready;
    await graph.invoke({ to: "boss@b.example" }, thread("t1"));
    const task = await mail.waitForMail("boss@b.example");
    await until("it is marked", async () => (await kit.events()).some(({ kind }) => kind === "submitted"));
    await full();
    await replyAs(mail, { ...boss, mail: task, text: `approved: yes\n\n${LONG}` });
    const told = () => log.lines.filter(({ level, fields }) => level !== "debug" && fields["code"] === "LEDGER_FAILED");
    await until("the error", () => told().length > 0);
    const again = () => log.lines.filter(({ fields }) => fields["code"] === "LEDGER_FAILED").length;
    await until("further tries", () => again() >= 3);
    expect(told()).toHaveLength(1);
    expect(told()[0]!.message).toMatch(/full.*has space/);
    const sends = askGraph(kit, { name: "long", body: LONG });
    await expect(sends.invoke({ to: "boss@b.example" }, thread("t2"))).rejects.toMatchObject({
      code: "LEDGER_FAILED",
      retryable: true,
    });
    await pragma("max_page_count", 1_000_000);
    expect(await until("the outcome", () => outcomeOf(graph, "t1"))).toMatchObject({ kind: "replied" });
    expect(log.lines.some(({ message }) => message.includes("works again"))).toBe(true);
    await sends.invoke(null, thread("t2"));
    await until("the mail of the second try", () => received().length === 2);
    expect(await kit.messages("settled")).toHaveLength(1);
  });

  it("when a mail has just gone out: what became of it is kept until it can be stored, and it goes out once", async () => {
    let handed = 0;
    const createSubmitter: KitPorts["createSubmitter"] = (...args) => {
      const submitter = PORTS.createSubmitter(...args);
      return {
        ...submitter,
        async submit(each) {
          const result = await submitter.submit(each);
          handed += 1;
          await desk.pragma("query_only", 1);
          return result;
        },
      };
    };
    const desk = openDesk({ ports: { createSubmitter } });
    await using _kit = desk.kit;
    await desk.graph.invoke({ to: "boss@b.example" }, thread("t1"));
    const once = desk.kit.runOnce();
    await until("the handover", () => handed === 1);
    await new Promise((resolve) => setTimeout(resolve, 300));
    await desk.pragma("query_only", 0);
    await once;
    const kinds = (await desk.kit.events()).map(({ kind }) => kind);
    expect(kinds.filter((kind) => kind.startsWith("subm"))).toEqual(["submitted"]);
    expect(received()).toHaveLength(1);
  });
});

/** Whether this user may mount a file system of a fixed size. */
function mountSmall(path: string): boolean {
  try {
    mkdirSync(path);
    execFileSync("mount", ["-t", "tmpfs", "-o", "size=128k", "tmpfs", path], { stdio: "pipe" });
    return true;
  } catch {
    console.warn("\n!!! A full disk is only imitated: a small file system cannot be mounted here.\n");
    return false;
  }
}

describe("a folder of mails without space", () => {
  it("is said once, loses no reply, stalls no thread, and the worker goes on when there is space", async () => {
    const blobs = join(directory, "blobs");
    const mounted = mountSmall(blobs);
    const fill = async () => {
      if (mounted) await writeFile(join(blobs, "filler"), Buffer.alloc(128 * 1024)).catch(() => {});
      // A file where the folder should be fails as surely.
      else {
        await rm(blobs, { recursive: true });
        await writeFile(blobs, "");
      }
    };
    const { kit, graph, log } = openDesk({ blobs });
    try {
      await using _kit = kit;
      await using worker = await kit.start();
      await worker.ready;
      await graph.invoke({ to: "boss@b.example" }, thread("t1"));
      const task = await mail.waitForMail("boss@b.example");
      await fill();
      await replyAs(mail, { ...boss, mail: task, text: "approved: yes" });
      const codes = () => log.codes().filter((code) => code === "BLOB_FAILED").length;
      await until("several tries", () => codes() >= 2);
      expect(
        log.lines.filter(({ level, fields }) => level !== "debug" && fields["code"] === "BLOB_FAILED"),
      ).toHaveLength(1);
      await expect(graph.invoke({ to: "boss@b.example" }, thread("t2"))).rejects.toMatchObject({ code: "BLOB_FAILED" });
      await rm(mounted ? join(blobs, "filler") : blobs);
      expect(await until("the outcome", () => outcomeOf(graph, "t1"))).toMatchObject({ kind: "replied" });
      expect(await kit.stalled()).toEqual([]);
    } finally {
      if (mounted) execFileSync("umount", ["-l", blobs]);
    }
  });
});
