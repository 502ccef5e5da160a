import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { END, MemorySaver, START, StateGraph } from "@langchain/langgraph";
import { afterEach, beforeEach, expect, it } from "vitest";
import { z } from "zod";
import { startMailServer, type MailServer } from "../../src/dev/index.ts";
import { replyAs } from "../../src/testing/index.ts";
import { askGraph, deskKit, outcomeOf, thread } from "../support/desk.ts";

const ANN = "ann@b.example";
const JOANN = "joann@b.example";

let mail: MailServer;
let directory: string;
let kit: ReturnType<typeof deskKit>;
let graph: ReturnType<typeof askGraph>;
beforeEach(async () => {
  mail = await startMailServer();
  directory = mkdtempSync(join(tmpdir(), "langgraph-email-forget-"));
  kit = deskKit(mail, { ledger: join(directory, "mail.db") });
  graph = askGraph(kit);
  for (const address of [ANN, JOANN]) mail.account(address);
});
afterEach(async () => {
  await kit.close();
  await mail.close();
  rmSync(directory, { recursive: true });
});

const ask = (to: string, id: string) => graph.invoke({ to }, thread(id));

async function reply(from: string, text: string): Promise<void> {
  await replyAs(mail, { from, mail: mail.mails(from).at(-1)!, text });
  await kit.runOnce();
}

/** What the ledger and its blobs hold, as text. */
async function held(): Promise<string> {
  const events = JSON.stringify(await kit.events());
  const messages = await Promise.all(
    (["settled", "late", "quarantined", "discarded", "recorded", "unmatched"] as const).map((kind) =>
      kit.messages(kind),
    ),
  );
  const db = new DatabaseSync(join(directory, "mail.db"), { readOnly: true });
  const blobs = db
    .prepare("SELECT CAST(content AS TEXT) AS text FROM blobs")
    .all()
    .map(({ text }) => String(text));
  db.close();
  const mbox: string[] = [];
  for await (const chunk of kit.export("mbox")) mbox.push(Buffer.from(chunk).toString());
  return [events, JSON.stringify(messages), ...blobs, ...mbox].join("\n");
}

it("takes a person out, and leaves what happened and a whole chain", async () => {
  await ask(ANN, "t1");
  await ask(JOANN, "t2");
  await kit.runOnce();
  await reply(ANN, "Yes, approved. Ann's secret.");
  await reply(ANN, "A late word, Ann's secret too.");
  await reply(JOANN, "Yes, approved. Joann's words.");
  // Somebody else in their conversation: quarantined, and forgotten on its own.
  const { head } = await kit.verifyAudit();
  const before = await kit.events();
  expect(await held()).toContain("Ann's secret");
  const report = await kit.forget(ANN.toUpperCase(), { actor: "Olga" });
  expect(report).toMatchObject({ tasks: 1, messages: 2 });
  const left = (await held()).replaceAll(JOANN, "");
  expect(left).not.toMatch(/ann@b\.example/i);
  expect(left).not.toContain("Ann's secret");
  expect(left).toContain("Joann's words");
  const after = await kit.events();
  expect(after.slice(0, -1).map(({ seq, at, kind, taskId, body }) => ({ seq, at, kind, taskId, body }))).toEqual(
    before.map(({ seq, at, kind, taskId, body }) => ({ seq, at, kind, taskId, body })),
  );
  expect(after.at(-1)).toMatchObject({ kind: "forgotten", actor: "Olga", data: report });
  expect(after.find(({ kind }) => kind === "received")).toMatchObject({
    forgotten: ["messageId", "from", "subject"],
    data: { disposition: "settled", grade: "B" },
  });
  expect((await kit.trace("t2")).events).toEqual(before.filter(({ threadId }) => threadId === "t2"));
  expect(await kit.verifyAudit({ anchor: head! })).toMatchObject({ ok: true, findings: [] });
  // The graph's own state is LangGraph's, and goes on as before.
  expect(await outcomeOf(graph, "t1")).toMatchObject({ kind: "replied", data: { approved: true } });
  expect(await kit.forget(ANN)).toEqual({ tasks: 0, messages: 0, blobs: 0, events: 0 });
});

it("refuses while somebody waits for them", async () => {
  await ask(ANN, "t1");
  await expect(kit.forget(ANN)).rejects.toMatchObject({ code: "ADDRESS_IN_USE" });
  await kit.runOnce();
  await expect(kit.forget(ANN)).rejects.toThrow("thread t1");
  expect((await kit.trace("t1")).events[0]).toMatchObject({ to: [ANN] });
  await reply(ANN, "Yes, approved.");
  expect(await kit.forget(ANN)).toMatchObject({ tasks: 1, messages: 1 });
});

it("takes out what lies in quarantine and what nobody waited for", async () => {
  await ask(JOANN, "t1");
  await kit.runOnce();
  await replyAs(mail, { from: ANN, mail: mail.mails(JOANN).at(-1)!, text: "Yes, approved. Ann's secret." });
  await kit.runOnce();
  const [quarantined] = await kit.messages("quarantined");
  expect(quarantined).toMatchObject({ sender: ANN });
  expect(await kit.forget(ANN)).toMatchObject({ tasks: 0, messages: 1 });
  expect(await kit.messages("quarantined")).toEqual([]);
  expect(await kit.messages("discarded")).toMatchObject([{ id: quarantined!.id, sender: null, subject: "" }]);
  expect((await held()).replaceAll(JOANN, "")).not.toMatch(/ann@b\.example|Ann's secret/i);
  await reply(JOANN, "Yes, approved.");
  expect(await outcomeOf(graph, "t1")).toMatchObject({ kind: "replied", from: JOANN });
});

/** All rows of the ledger, but for the list of suppressed addresses, which is kept. */
function rows(): string[] {
  const file = new DatabaseSync(join(directory, "mail.db"), { readOnly: true });
  const tables = file.prepare("SELECT name FROM sqlite_schema WHERE type = 'table' AND name <> 'suppressions'").all();
  const all = tables.flatMap(({ name }) => file.prepare(`SELECT * FROM ${name as string}`).all());
  file.close();
  return all.map((row) => JSON.stringify(row).toLowerCase());
}

const KIM = "kim@a.example";
const CARD = "4111 1111 1111 1111";

/** The desk answers requests with this text. */
function serve(text: string): void {
  const work = new StateGraph(z.object({ text: z.string() }))
    .addNode("work", () => ({ text }))
    .addEdge(START, "work")
    .addEdge("work", END)
    .compile({ checkpointer: kit.checkpointer(new MemorySaver()) });
  kit.serveInbox("desk", kit.attach("work", work), {
    from: "anyone",
    input: () => ({ text: "" }),
    reply: (state) => ({ text: state.text }),
  });
}

const request = () =>
  mail.deliver(
    `From: ${ANN}\r\nTo: desk@a.example\r\nSubject: Work\r\nMessage-ID: <work@b.example>\r\n\r\nPlease work.\r\n`,
    "desk@a.example",
  );

async function reopen(options: Parameters<typeof deskKit>[1]): Promise<void> {
  await kit.close();
  kit = deskKit(mail, { ledger: join(directory, "mail.db"), ...options });
}

it("takes out what was held and refused for them, by whom, and what they were asked in answer to answers", async () => {
  await reopen({
    review: { personalData: "hold", reviewer: KIM, check: ({ body }) => (body === "No" ? "refuse" : "send") },
  });
  mail.account(KIM);
  graph = askGraph(kit, { body: `Charge ${CARD}.` });
  await ask(ANN, "t1");
  await expect(askGraph(kit, { name: "refused", body: "No" }).invoke({ to: ANN }, thread("t2"))).rejects.toThrow(
    "check",
  );
  await kit.runOnce();
  await reply(KIM, "No.");
  expect(await outcomeOf(graph, "t1")).toMatchObject({ kind: "cancelled", reason: `${KIM} rejected the mail.` });
  serve("Done.");
  request();
  await kit.runOnce();
  await reply(ANN, "And what of this?");
  expect(rows().join("\n")).toContain(`pair:desk ${ANN}`);
  await kit.forget(ANN);
  expect(rows().filter((row) => row.includes(ANN))).toEqual([]);
  await kit.forget(KIM);
  expect(rows().filter((row) => row.includes(KIM))).toEqual([]);
  expect(await kit.verifyAudit()).toMatchObject({ ok: true });
});

it("refuses while an answer to them is held, or may have been sent", async () => {
  await reopen({ review: { personalData: "hold" } });
  serve(`Charge ${CARD}.`);
  request();
  await kit.runOnce();
  const [answer] = await kit.held();
  await expect(kit.forget(ANN)).rejects.toMatchObject({ code: "ADDRESS_IN_USE" });
  await kit.approve(answer!.id);
  await kit.holdAfterRestore();
  await expect(kit.forget(ANN)).rejects.toThrow("kit.resolveDoubt");
  await kit.resolveDoubt("not-sent");
  await kit.runOnce();
  expect(mail.mails(ANN)).toHaveLength(1);
  expect(await kit.forget(ANN)).toMatchObject({ messages: 1 });
});
