import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { runCommandLine } from "../../src/cli/run.ts";
import { startMailServer, type MailServer } from "../../src/dev/index.ts";
import { replyAs } from "../../src/testing/index.ts";
import { askGraph, deskKit, outcomeOf, thread } from "../support/desk.ts";

let mail: MailServer;
let directory: string;
let kit: ReturnType<typeof deskKit>;
let graph: ReturnType<typeof askGraph>;
beforeAll(async () => {
  mail = await startMailServer();
  directory = mkdtempSync(join(tmpdir(), "langgraph-email-cli-"));
  kit = deskKit(mail, { ledger: join(directory, "mail.db") });
  graph = askGraph(kit);
  for (const address of ["ann@b.example", "eve@b.example"]) mail.account(address);
  for (const id of ["t1", "t2"]) await graph.invoke({ to: "ann@b.example" }, thread(id));
  await kit.runOnce();
  for (const task of mail.mails("ann@b.example")) {
    await replyAs(mail, { from: "eve@b.example", mail: task, text: "Yes, approved." });
  }
  await kit.runOnce();
});
afterAll(async () => {
  await kit.close();
  await mail.close();
  rmSync(directory, { recursive: true });
});

async function run(...args: string[]) {
  let out = "";
  let err = "";
  const code = await runCommandLine(args, {
    out: (text) => (out += Buffer.from(text).toString()),
    err: (text) => (err += text),
    signal: AbortSignal.abort(),
    cwd: directory,
  });
  return { code, out, err };
}

test("trace shows a thread in four ways", async () => {
  expect((await run("trace", "mail.db", "t1")).out).toContain("desk@a.example → ann@b.example");
  expect((await run("trace", "mail.db", "t1", "--format", "mermaid")).out).toMatch(/^sequenceDiagram\n/);
  expect((await run("trace", "mail.db", "t1", "--format", "html")).out).toMatch(/^<!doctype html>/);
  expect(JSON.parse((await run("trace", "mail.db", "t1", "--format", "json")).out)).toEqual(await kit.trace("t1"));
  expect(await run("trace", "mail.db", "t9")).toMatchObject({ code: 1, err: "The ledger knows no thread t9.\n" });
});

test("audit verify reports, and takes its own head as an anchor", async () => {
  const { code, out } = await run("audit", "verify", "mail.db");
  const report = JSON.parse(out) as { ok: boolean; head: { hash: string } };
  expect({ code, ok: report.ok }).toEqual({ code: 0, ok: true });
  expect(await run("audit", "verify", "mail.db", "--anchor", JSON.stringify(report.head))).toMatchObject({ code: 0 });
  const other = JSON.stringify({ ...report.head, hash: "other" });
  expect(await run("audit", "verify", "mail.db", "--anchor", other)).toMatchObject({ code: 1 });
});

test("export writes what was asked for", async () => {
  const lines = (await run("export", "mail.db", "--format", "jsonl", "--thread", "t1")).out.trimEnd().split("\n");
  expect(lines.map((line) => JSON.parse(line) as unknown)).toEqual((await kit.trace("t1")).events);
  expect((await run("export", "mail.db", "--format", "mbox")).out.match(/^From /gm)).toHaveLength(4);
  expect((await run("export", "mail.db", "--format", "csv", "--since", "2999-01-01T00:00:00Z")).out).toMatch(
    /^[^\n]+\n$/,
  );
});

test("quarantine lists, releases and discards", async () => {
  const quarantined = await kit.messages("quarantined");
  expect(quarantined).toHaveLength(2);
  const { out } = await run("quarantine", "list", "mail.db");
  for (const { id } of quarantined) expect(out).toContain(`${id}\n`);
  expect(out).toContain("eve@b.example");
  const of = async (id: string) =>
    quarantined.find(({ messageId }) => messageId && messageId === receivedIn.get(id))!.id;
  const receivedIn = new Map(
    (await kit.events())
      .filter(({ kind }) => kind === "received")
      .map(({ threadId, messageId }) => [threadId, messageId]),
  );
  expect(await run("quarantine", "release", "mail.db", await of("t1"), "--actor", "Olga")).toMatchObject({
    code: 0,
    out: "settled\n",
  });
  expect(await run("quarantine", "discard", "mail.db", await of("t2"))).toMatchObject({ code: 0, out: "discarded\n" });
  await kit.runOnce();
  expect(await outcomeOf(graph, "t1")).toMatchObject({ kind: "replied", from: "eve@b.example" });
  expect(await outcomeOf(graph, "t2")).toBeUndefined();
  expect((await kit.events()).find(({ kind }) => kind === "released")).toMatchObject({ actor: "Olga", threadId: "t1" });
  expect(await run("quarantine", "discard", "mail.db", await of("t2"))).toMatchObject({ code: 1 });
});

test.each([
  [["trace", "mail.db"], 2],
  [["trace", "mail.db", "t1", "--format", "x"], 2],
  [["trace", "none.db", "t1"], 1],
  [["audit", "mail.db"], 2],
  [["audit", "verify", "mail.db", "--anchor", "x"], 2],
  [["export", "mail.db"], 2],
  [["export", "mail.db", "--format", "csv", "--since", "soon"], 2],
  [["quarantine", "drop", "mail.db"], 2],
  [["quarantine", "release", "mail.db"], 2],
])("%j ends with %i and says why", async (args, code) => {
  const result = await run(...args);
  expect(result.code).toBe(code);
  expect(result.err).not.toBe("");
  expect(existsSync(join(directory, "none.db"))).toBe(false);
});
