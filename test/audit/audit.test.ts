import { afterEach, beforeEach, expect, it } from "vitest";
import type { ExportFilter, ExportFormat } from "langgraph-email";
import { startMailServer, type MailServer } from "../../src/dev/index.ts";
import { replyAs } from "../../src/testing/index.ts";
import { askGraph, deskKit, thread } from "../support/desk.ts";

let mail: MailServer;
let kit: ReturnType<typeof deskKit>;
beforeEach(async () => {
  mail = await startMailServer();
  kit = deskKit(mail);
});
afterEach(async () => {
  await kit.close();
  await mail.close();
});

/** One thread per person, each answered. */
async function answered(...people: string[]): Promise<void> {
  const graph = askGraph(kit);
  for (const to of people) {
    mail.account(to);
    await graph.invoke({ to }, thread(to));
  }
  await kit.runOnce();
  for (const to of people) {
    const [task] = mail.mails(to);
    await replyAs(mail, { from: to, mail: task!, text: "Yes, approved. From now on." });
  }
  await kit.runOnce();
}

async function exported(format: ExportFormat, filter?: ExportFilter): Promise<string> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of kit.export(format, filter)) chunks.push(chunk);
  return Buffer.concat(chunks).toString();
}

it("tells of each thing that happened in a thread: when, whose, which mail, from whom to whom", async () => {
  await answered("ann@b.example");
  const { events } = await kit.trace("ann@b.example");
  expect(events.map(({ kind }) => kind)).toEqual([
    "task-created",
    "parked",
    "submitted",
    "received",
    "settled",
    "resumed",
  ]);
  const [created, parked, submitted, received, settled, resumed] = events;
  const ours = { agent: "desk", graph: "ask", threadId: "ann@b.example", taskId: created!.taskId };
  const runId = expect.stringMatching(/^[0-9a-f-]{36}$/);
  expect(created).toMatchObject({
    ...ours,
    runId,
    messageId: `<${created!.taskId}@a.example>`,
    from: "desk@a.example",
    to: ["ann@b.example"],
    subject: "Please approve",
    body: expect.stringMatching(/^[0-9a-f]{64}$/),
  });
  const mailed = { messageId: created!.messageId, to: created!.to, subject: created!.subject, body: created!.body };
  expect(submitted).toMatchObject({ ...ours, runId: created!.runId, ...mailed });
  expect(received).toMatchObject({
    ...ours,
    from: "ann@b.example",
    subject: "Re: Please approve",
    data: { grade: "B" },
  });
  expect(received!.to![0]).toBe("desk@a.example");
  expect(settled).toMatchObject({ ...ours, from: "ann@b.example", messageId: received!.messageId });
  expect(parked!.runId).toBe(created!.runId);
  expect(resumed).toMatchObject({ runId });
  expect(resumed!.runId).not.toBe(created!.runId);
  expect(JSON.stringify(events)).not.toContain("From now on");
});

it("seals what happened while it works, and when it ends", async () => {
  await answered("ann@b.example");
  const report = await kit.verifyAudit();
  expect(report).toMatchObject({ ok: true, findings: [], head: { events: report.events } });
  expect(report.events).toBe((await kit.events()).length);
  const graph = askGraph(kit, { name: "again" });
  await graph.invoke({ to: "bob@b.example" }, thread("bob"));
  const later = await kit.verifyAudit({ anchor: report.head! });
  expect(later.ok).toBe(true);
  expect(later.events).toBeGreaterThan(report.events);
});

it("exports events by agent, thread, run and time, and the mails themselves", async () => {
  await answered("ann@b.example", "bob@b.example");
  const events = await kit.events();
  const lines = async (filter?: ExportFilter) =>
    (await exported("jsonl", filter))
      .split("\n")
      .slice(0, -1)
      .map((line) => JSON.parse(line) as unknown);
  expect(await lines()).toEqual(events);
  expect(await lines({ threadId: "ann@b.example" })).toEqual((await kit.trace("ann@b.example")).events);
  expect(await lines({ agent: "nobody" })).toEqual([]);
  const runId = events[0]!.runId!;
  expect(await lines({ runId })).toEqual(events.filter((event) => event.runId === runId));
  const middle = events[5]!.at;
  const [before, after] = [await lines({ until: new Date(middle) }), await lines({ since: new Date(middle) })];
  expect([...before, ...after]).toEqual(events);
  expect((await exported("csv")).split("\r\n")).toHaveLength(events.length + 2);
  const mbox = await exported("mbox", { threadId: "ann@b.example" });
  expect(mbox.match(/^From \S+ \w{3} \w{3} [ \d]\d \d\d:\d\d:\d\d \d{4}$/gm)).toHaveLength(2);
  expect(mbox).toContain("May we buy 40 laptops?");
  expect(mbox).toContain("Yes, approved. From now on.");
  await expect(exported("xml" as never)).rejects.toMatchObject({ code: "INVALID_CONFIG" });
});
