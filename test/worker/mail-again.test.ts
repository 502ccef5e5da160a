import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { defineTask } from "langgraph-email";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { z } from "zod";
import { startMailServer, type MailServer } from "../../src/dev/index.ts";
import { replyAs, waitForEnd } from "../../src/testing/index.ts";
import { Annotation, END, MemorySaver, START, StateGraph } from "@langchain/langgraph";
import type { EmailKit, EmailKitConfig, Outcome, TaskMail, TaskOptions, TaskReceipt } from "langgraph-email";
import { askGraph, deskKit, testClock, thread, until } from "../support/desk.ts";

const review = defineTask("review", { reply: z.object({ approved: z.boolean() }), remind: ["1 day", "3 days"] });
const HOUR = 3_600_000;

let mail: MailServer;
beforeEach(async () => {
  mail = await startMailServer();
  for (const name of ["max", "ann"]) mail.account(`${name}@b.example`);
});
afterEach(async () => {
  await mail.close();
});

const State = Annotation.Root({ outcome: Annotation<Outcome<unknown>> });
let receipt: TaskReceipt;

function reviewGraph(kit: EmailKit<"desk">, mailing: Partial<TaskMail<"desk">>) {
  return kit.attach(
    "review",
    new StateGraph(State)
      .addNode("ask", async () => {
        receipt = await kit.sendTask(review, {
          from: "desk",
          to: "max@b.example",
          subject: "Review",
          body: "Is it fine?",
          ...mailing,
        });
        return { outcome: await kit.awaitReply(review) };
      })
      .addEdge(START, "ask")
      .addEdge("ask", END)
      .compile({ checkpointer: kit.checkpointer(new MemorySaver()) }),
  );
}

describe("a task whose mail bounces for good", () => {
  it.each(["bounced@b.example", "refused@b.example"])(
    "goes to the next candidate, in a conversation of its own: %s",
    async (first) => {
      await using kit = deskKit(mail);
      const graph = reviewGraph(kit, {
        to: first,
        reassignTo: ["bounced@d.example", "ann@b.example"],
        attachments: [{ filename: "plan.txt", contentType: "text/plain", content: "The plan." }],
      });
      await using _worker = await kit.start();
      await graph.invoke({}, thread("1"));
      const task = await mail.waitForMail("ann@b.example");
      const text = Buffer.from(task.raw).toString();
      expect(text).toContain("Is it fine?");
      expect(text).toContain("plan.txt");
      expect(text).not.toContain(first);
      expect(task.header("in-reply-to")).toBeUndefined();
      await replyAs(mail, { from: "ann@b.example", mail: task, text: "approved: yes" });
      const { outcome } = await waitForEnd(graph, thread("1"));
      expect(outcome).toMatchObject({ kind: "replied", from: "ann@b.example", data: { approved: true } });
      expect(outcome).toHaveProperty("attempts.0.recipient", first);
      expect(outcome).toHaveProperty("attempts.1.recipient", "bounced@d.example");
    },
  );

  it("is called off at who was asked last", async () => {
    await using kit = deskKit(mail);
    const graph = reviewGraph(kit, { to: "refused@b.example", reassignTo: ["ann@b.example"] });
    await using _worker = await kit.start();
    await graph.invoke({}, thread("1"));
    const task = await mail.waitForMail("ann@b.example");
    expect(await kit.cancelTask(receipt, "It is clear now.")).toBe(true);
    const told = await until("the cancellation", () => mail.mails("ann@b.example")[1]);
    expect(Buffer.from(told.raw).toString()).toContain("It is clear now.");
    expect(task.header("message-id")).not.toBe(told.header("message-id"));
  });

  it("has bounced when nobody is left, with every attempt", async () => {
    await using kit = deskKit(mail);
    const graph = reviewGraph(kit, { to: "bounced@b.example", reassignTo: ["bounced@c.example"] });
    await using _worker = await kit.start();
    await graph.invoke({}, thread("1"));
    const { outcome } = await waitForEnd(graph, thread("1"));
    expect(outcome).toMatchObject({
      kind: "bounced",
      recipient: "bounced@c.example",
      attempts: [{ recipient: "bounced@b.example" }, { recipient: "bounced@c.example" }],
    });
  });
});

describe("a task whose definition names who is asked next", () => {
  type Failed = Parameters<NonNullable<TaskOptions["reassignTo"]>>[0];

  function named(reassignTo: NonNullable<TaskOptions["reassignTo"]>, options: Partial<EmailKitConfig<"desk">> = {}) {
    const task = defineTask("review", { reply: z.object({ approved: z.boolean() }), reassignTo });
    const { tasks = [task], ...rest } = options;
    const kit = deskKit(mail, { tasks, ...rest });
    const graph = askGraph(kit, { task });
    const outcome = async () => (await graph.getState(thread("1"))).values.outcome;
    const begin = () => graph.invoke({ to: "refused@b.example" }, thread("1"));
    return { kit, graph, outcome, begin };
  }

  it("goes to whom it names, by what has failed", async () => {
    const calls: Failed[] = [];
    const { kit, outcome, begin } = named((failed) => {
      calls.push(failed);
      return failed.attempts.length === 1 ? "refused@c.example" : "Ann <ann@b.example>";
    });
    await begin();
    await kit.runOnce();
    const task = await mail.waitForMail("ann@b.example");
    await replyAs(mail, { from: "ann@b.example", mail: task, text: "approved: yes" });
    await kit.runOnce();
    expect(await outcome()).toMatchObject({
      kind: "replied",
      from: "ann@b.example",
      attempts: [{ recipient: "refused@b.example" }, { recipient: "refused@c.example" }],
    });
    expect(calls).toMatchObject([
      { name: "review", subject: "Please approve", threadId: "1", agent: "desk", attempts: [{ permanent: true }] },
      { attempts: [{}, { recipient: "refused@c.example" }] },
    ]);
    await kit.close();
  });

  it.each<[string, () => string | undefined]>([
    ["nobody", () => undefined],
    ["whom it may not mail", () => "x@else.example"],
    ["who bounced before", () => "Refused@b.example"],
    ["no address", () => "ann"],
    ["the agent itself", () => "desk@a.example"],
  ])("has bounced where it names %s", async (_, reassignTo) => {
    const { address, smtp, imap } = mail.account("desk@a.example");
    const { kit, outcome, begin } = named(reassignTo, {
      agents: { desk: { address, smtp, imap, allow: ["*@b.example", "desk@a.example"] } },
    });
    await begin();
    await kit.runOnce();
    expect(await outcome()).toMatchObject({
      kind: "bounced",
      recipient: "refused@b.example",
      permanent: true,
      attempts: [{ recipient: "refused@b.example" }],
    });
    await kit.close();
  });

  it("is what a mail of theirs may answer that bears no sign of it", async () => {
    const { kit, begin } = named(() => "ann@b.example");
    await begin();
    await kit.runOnce();
    const signless = { to: "desk@a.example", quote: false, headers: { References: "", "In-Reply-To": "" } };
    await replyAs(mail, { from: "ann@b.example", mail: mail.mails("ann@b.example")[0]!, text: "Yes.", ...signless });
    await kit.runOnce();
    expect(await kit.messages("quarantined")).toMatchObject([{ reason: expect.stringContaining("was asked: review") }]);
    await kit.close();
  });

  it("is asked again a minute after it threw", async () => {
    const clock = testClock();
    let calls = 0;
    const { kit, begin } = named(
      () => {
        if (++calls === 1) throw new Error("The directory is down.");
        return "ann@b.example";
      },
      { clock: clock.now },
    );
    await begin();
    await kit.runOnce();
    await kit.runOnce();
    expect(calls).toBe(1);
    clock.advance(60_001);
    await kit.runOnce();
    expect(mail.mails("ann@b.example")).toHaveLength(1);
    await kit.close();
  });

  it("is left by a worker that does not know the definition to one that does", async () => {
    const ledger = join(await mkdtemp(join(tmpdir(), "reassign-")), "ledger.db");
    const { kit, outcome, begin } = named(() => "ann@b.example", { ledger });
    await begin();
    const other = deskKit(mail, { ledger });
    await other.runOnce();
    await other.close();
    expect(mail.mails("ann@b.example")).toHaveLength(0);
    expect(await outcome()).toBeUndefined();
    await kit.runOnce();
    expect(mail.mails("ann@b.example")).toHaveLength(1);
    await kit.close();
  });

  it("is not sent by a kit that was not given it", async () => {
    const { kit, begin } = named(() => "ann@b.example", { tasks: [] });
    await expect(begin()).rejects.toMatchObject({ code: "UNKNOWN_TASK" });
    await kit.runOnce();
    expect((await kit.events()).filter(({ kind }) => kind === "task-created")).toEqual([]);
    await kit.close();
  });
});

it("a task whose mail bounces for a temporary reason is mailed again, later, with another Message-ID", async () => {
  await mail.close();
  mail = await startMailServer({ magic: { delayMs: 20, slowMs: 20 } });
  const clock = testClock();
  await using kit = deskKit(mail, { clock: clock.now });
  const graph = askGraph(kit, { task: defineTask("ask", { retries: 1 }) });
  await graph.invoke({ to: "expired@b.example" }, thread("1"));
  const planned = async () => (await kit.events()).filter(({ kind }) => kind === "mailing-again").length;
  await until("the bounce", async () => {
    await kit.runOnce();
    return (await planned()) === 1;
  });
  expect((await graph.getState(thread("1"))).next).toEqual(["ask"]);
  clock.advance(HOUR);
  const outcome = await until("the outcome", async () => {
    await kit.runOnce();
    return (await graph.getState(thread("1"))).values.outcome;
  });
  expect(outcome).toMatchObject({ kind: "bounced", permanent: false, attempts: [{}, {}] });
  const ids = (await kit.events()).filter(({ kind }) => kind === "submitted").map(({ messageId }) => messageId);
  expect(new Set(ids).size).toBe(2);
});

it("reminds as often as the task says, in the same conversation, and not after the answer", async () => {
  const clock = testClock();
  await using kit = deskKit(mail, { clock: clock.now });
  const graph = reviewGraph(kit, {});
  await graph.invoke({}, thread("1"));
  await kit.runOnce();
  clock.advance(25 * HOUR);
  await kit.runOnce();
  const [task, reminder] = mail.mails("max@b.example");
  expect(reminder?.header("subject")).toBe("Re: Review");
  expect(reminder?.header("in-reply-to")).toBe(task?.header("message-id"));
  expect(Buffer.from(reminder!.raw).toString()).toContain("> Is it fine?");
  await replyAs(mail, { from: "max@b.example", mail: reminder!, text: "approved: no" });
  await kit.runOnce();
  expect((await graph.getState(thread("1"))).values.outcome).toMatchObject({
    kind: "replied",
    data: { approved: false },
  });
  clock.advance(72 * HOUR);
  await kit.runOnce();
  expect(mail.mails("max@b.example")).toHaveLength(2);
});

it("escalates: somebody else is asked as well, then instead, and whoever is asked may answer", async () => {
  const clock = testClock();
  await using kit = deskKit(mail, { clock: clock.now });
  mail.account("eve@b.example");
  const graph = reviewGraph(kit, {
    escalate: [
      { after: "12 h", to: "ann@b.example" },
      { after: "20 h", to: "eve@b.example", instead: true },
    ],
  });
  await graph.invoke({}, thread("1"));
  await kit.runOnce();
  clock.advance(13 * HOUR);
  await kit.runOnce();
  expect(mail.mails("ann@b.example")).toHaveLength(1);
  clock.advance(8 * HOUR);
  await kit.runOnce();
  const [toEve] = mail.mails("eve@b.example");
  await replyAs(mail, { from: "max@b.example", mail: mail.mails("max@b.example")[0]!, text: "approved: no" });
  await kit.runOnce();
  expect(await kit.messages("quarantined")).toHaveLength(1);
  await replyAs(mail, { from: "eve@b.example", mail: toEve!, text: "approved: yes" });
  await kit.runOnce();
  expect((await graph.getState(thread("1"))).values.outcome).toMatchObject({ kind: "replied", from: "eve@b.example" });
});

describe("an addressee who is away", () => {
  const away = (onOutOfOffice: "wait" | "extend" | "reassign") =>
    defineTask("review", { reply: z.object({ approved: z.boolean() }), deadline: "2 days", onOutOfOffice });

  async function asked(onOutOfOffice: "wait" | "extend" | "reassign", clock: ReturnType<typeof testClock>) {
    const kit = deskKit(mail, { clock: clock.now });
    const task = away(onOutOfOffice);
    const graph = kit.attach(
      "review",
      new StateGraph(State)
        .addNode("ask", async () => {
          const reassignTo = ["ann@b.example"];
          await kit.sendTask(task, { from: "desk", to: "max@b.example", subject: "Review", body: "Fine?", reassignTo });
          return { outcome: await kit.awaitReply(task) };
        })
        .addEdge(START, "ask")
        .addEdge("ask", END)
        .compile({ checkpointer: kit.checkpointer(new MemorySaver()) }),
    );
    await graph.invoke({}, thread("1"));
    await kit.runOnce();
    const day = new Date(clock.now() + 5 * 24 * HOUR).toISOString().slice(0, 10);
    await replyAs(mail, {
      from: "max@b.example",
      mail: mail.mails("max@b.example")[0]!,
      text: `I am out of office until ${day}.`,
      subject: "Out of office: Review",
      headers: { "Auto-Submitted": "auto-replied" },
      client: "plain",
    });
    await kit.runOnce();
    expect((await kit.events()).filter(({ kind }) => kind === "away")).toMatchObject([{ data: { until: day } }]);
    return { kit, graph, outcome: async () => (await graph.getState(thread("1"))).values.outcome };
  }

  it("changes nothing by default: the deadline stands", async () => {
    const clock = testClock();
    const { kit, outcome } = await asked("wait", clock);
    clock.advance(49 * HOUR);
    await kit.runOnce();
    expect(await outcome()).toMatchObject({ kind: "expired" });
    await kit.close();
  });

  it("has the time that was left after the return, where the task says so", async () => {
    const clock = testClock();
    const { kit, outcome } = await asked("extend", clock);
    clock.advance(6 * 24 * HOUR);
    await kit.runOnce();
    expect(await outcome()).toBeUndefined();
    clock.advance(3 * 24 * HOUR);
    await kit.runOnce();
    expect(await outcome()).toMatchObject({ kind: "expired" });
    await kit.close();
  });

  it("is passed over for whom the definition names, or for nobody", async () => {
    for (const next of ["ann@b.example", undefined]) {
      const task = defineTask("review", { onOutOfOffice: "reassign", reassignTo: () => next });
      await using kit = deskKit(mail, { tasks: [task] });
      const graph = askGraph(kit, { task });
      await graph.invoke({ to: "max@b.example" }, thread("1"));
      await kit.runOnce();
      await replyAs(mail, {
        from: "max@b.example",
        mail: mail.mails("max@b.example").at(-1)!,
        text: "I am out of office.",
        subject: "Out of office: Review",
        headers: { "Auto-Submitted": "auto-replied" },
        client: "plain",
      });
      await kit.runOnce();
      expect((await graph.getState(thread("1"))).values.outcome).toBeUndefined();
    }
    expect(mail.mails("ann@b.example")).toHaveLength(1);
  });

  it("is asked all the same where the receiver says that the notice is forged", async () => {
    const { address, smtp, imap } = mail.account("desk@a.example");
    const task = defineTask("review", { onOutOfOffice: "reassign", reassignTo: () => "ann@b.example" });
    const agents = { desk: { address, smtp, imap, authservIds: ["mx.a.example"] } };
    await using kit = deskKit(mail, { tasks: [task], agents });
    await askGraph(kit, { task }).invoke({ to: "max@b.example" }, thread("1"));
    await kit.runOnce();
    const replyTo = mail.mails("max@b.example").at(-1)!.header("reply-to");
    const forged = `Authentication-Results: mx.a.example; dmarc=fail header.from=b.example\nFrom: max@b.example\nTo: ${replyTo}`;
    mail.deliver(`${forged}\nSubject: Automatic reply: Review\nAuto-Submitted: auto-replied\n\nI am away.\n`, address);
    await kit.runOnce();
    expect(await kit.messages("recorded")).toMatchObject([{ grade: "D", sender: "max@b.example" }]);
    expect((await kit.events()).filter(({ kind }) => kind === "away")).toEqual([]);
    expect(mail.mails("ann@b.example")).toEqual([]);
  });

  it("is passed over, where the task says so", async () => {
    const clock = testClock();
    const { kit, outcome } = await asked("reassign", clock);
    await kit.runOnce();
    const [task] = mail.mails("ann@b.example");
    await replyAs(mail, { from: "ann@b.example", mail: task!, text: "approved: yes" });
    await kit.runOnce();
    expect(await outcome()).toMatchObject({
      kind: "replied",
      from: "ann@b.example",
      attempts: [{ recipient: "max@b.example" }],
    });
    await kit.close();
  });
});
