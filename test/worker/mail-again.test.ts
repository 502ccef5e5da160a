import { defineTask } from "langgraph-email";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { z } from "zod";
import { startMailServer, type MailServer } from "../../src/dev/index.ts";
import { replyAs, waitForEnd } from "../../src/testing/index.ts";
import { Annotation, END, MemorySaver, START, StateGraph } from "@langchain/langgraph";
import type { EmailKit, Outcome, TaskMail } from "langgraph-email";
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

function reviewGraph(kit: EmailKit<"desk">, mailing: Partial<TaskMail<"desk">>) {
  return kit.attach(
    "review",
    new StateGraph(State)
      .addNode("ask", async () => {
        await kit.sendTask(review, {
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
