import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { defineTask } from "langgraph-email";
import { z } from "zod";
import { startMailServer, type MailServer } from "../../src/dev/index.ts";
import { replyAs } from "../../src/testing/reply-as.ts";
import { askGraph, type AskOptions, deskKit, outcomeOf, testClock, thread, until } from "../support/desk.ts";

const DAY = 86_400_000;

let mail: MailServer;
beforeEach(async () => {
  mail = await startMailServer({ magic: { delayMs: 20 } });
  mail.account("boss@b.example");
  mail.account("desk@a.example");
});
afterEach(async () => {
  await mail.close();
});

/** A parked graph whose mail is out, without a process that runs. */
async function asked(to = "boss@b.example", options: AskOptions = {}) {
  const clock = testClock();
  const kit = deskKit(mail, { clock: clock.now });
  const graph = askGraph(kit, options);
  await graph.invoke({ to }, thread("t1"));
  await kit.runOnce();
  const outcome = () => outcomeOf(graph, "t1");
  const kinds = async () => (await kit.events({ threadId: "t1" })).map(({ kind }) => kind);
  return { kit, graph, clock, outcome, kinds, [Symbol.asyncDispose]: () => kit.close() };
}

const task = () => mail.mails("boss@b.example")[0]!;
const inDesk = (count: number) =>
  until(`${count} mails at the desk`, () => mail.mails("desk@a.example").length >= count);

describe("a reply", () => {
  it("that came while no process ran is read by the next runOnce", async () => {
    await using desk = await asked();
    await replyAs(mail, { from: "boss@b.example", mail: task(), text: "approved: yes" });
    expect(await desk.outcome()).toBeUndefined();
    await desk.kit.runOnce();
    expect(await desk.outcome()).toMatchObject({ kind: "replied", data: { approved: true }, grade: "B" });
  });

  it("that came in time counts, though it is read after the deadline", async () => {
    await using desk = await asked();
    await replyAs(mail, { from: "boss@b.example", mail: task(), text: "approved: yes" });
    desk.clock.advance(15 * DAY);
    await desk.kit.runOnce();
    expect(await desk.outcome()).toMatchObject({ kind: "replied" });
  });

  it("that came in time counts, though a worker starts after the deadline", async () => {
    await using desk = await asked();
    await replyAs(mail, { from: "boss@b.example", mail: task(), text: "approved: yes" });
    desk.clock.advance(15 * DAY);
    await using _worker = await desk.kit.start();
    expect(await until("an outcome", desk.outcome)).toMatchObject({ kind: "replied" });
  });

  it("delivered twice settles once, and the second is kept as late", async () => {
    await using desk = await asked();
    const { raw } = await replyAs(mail, { from: "boss@b.example", mail: task(), text: "approved: yes" });
    mail.deliver(raw, "desk@a.example");
    await desk.kit.runOnce();
    expect(await desk.outcome()).toMatchObject({ kind: "replied" });
    expect(await desk.kit.messages("settled")).toHaveLength(1);
    expect(await desk.kit.messages("late")).toHaveLength(1);
    expect((await desk.kinds()).filter((kind) => kind === "settled" || kind === "resumed")).toHaveLength(2);
  });

  it("that another one follows: the first stands", async () => {
    await using desk = await asked();
    await replyAs(mail, { from: "boss@b.example", mail: task(), text: "approved: yes" });
    await replyAs(mail, { from: "boss@b.example", mail: task(), text: "approved: no" });
    await desk.kit.runOnce();
    expect(await desk.outcome()).toMatchObject({ kind: "replied", data: { approved: true } });
    expect(await desk.kit.messages("late")).toHaveLength(1);
  });

  it("to all, with our token in Cc only, finds its task", async () => {
    await using desk = await asked();
    const token = task().header("reply-to")!;
    mail.account("colleague@b.example");
    await replyAs(mail, {
      from: "boss@b.example",
      mail: task(),
      text: "approved: yes",
      to: "colleague@b.example",
      cc: [token],
      headers: { References: "", "In-Reply-To": "" },
    });
    await desk.kit.runOnce();
    expect(await desk.outcome()).toMatchObject({ kind: "replied", grade: "B" });
  });

  it("after the deadline is late, and changes nothing", async () => {
    await using desk = await asked();
    desk.clock.advance(14 * DAY + 1);
    await desk.kit.runOnce();
    expect(await desk.outcome()).toMatchObject({ kind: "expired" });
    await replyAs(mail, { from: "boss@b.example", mail: task(), text: "approved: yes" });
    await desk.kit.runOnce();
    expect(await desk.outcome()).toMatchObject({ kind: "expired" });
    expect(await desk.kit.messages("late")).toHaveLength(1);
  });

  it("that holds something else is unparseable", async () => {
    const schema = z.object({ approved: z.boolean() });
    const once = defineTask("approval", { reply: schema, maxClarifications: 0 });
    await using desk = await asked("boss@b.example", { task: once });
    await replyAs(mail, { from: "boss@b.example", mail: task(), text: "When do you need to know?" });
    await desk.kit.runOnce();
    expect(await desk.outcome()).toMatchObject({ kind: "unparseable", from: "boss@b.example" });
  });
});

describe("a reply that must not count", () => {
  it("from another sender is quarantined and shown, and the task waits on", async () => {
    await using desk = await asked();
    mail.account("mallory@b.example");
    await replyAs(mail, { from: "mallory@b.example", mail: task(), text: "approved: yes" });
    await desk.kit.runOnce();
    expect(await desk.outcome()).toBeUndefined();
    const [held] = await desk.kit.messages("quarantined");
    expect(held).toMatchObject({ sender: "mallory@b.example", grade: "D" });
    expect(held!.reason).toMatch(/mallory@b.example.*grade D.*C/);
    expect(held!.content.text).toMatch(/approved: yes/);
  });

  it("without our token is below grade B", async () => {
    const strict = defineTask("approval", { reply: z.object({ approved: z.boolean() }), accept: { grade: "B" } });
    await using desk = await asked("boss@b.example", { task: strict });
    await replyAs(mail, {
      from: "boss@b.example",
      mail: task(),
      text: "approved: yes",
      to: "desk@a.example",
      quote: false,
      headers: { References: "", "In-Reply-To": task().header("message-id")! },
    });
    await desk.kit.runOnce();
    expect(await desk.outcome()).toBeUndefined();
    expect(await desk.kit.messages("quarantined")).toMatchObject([{ grade: "C" }]);
    await replyAs(mail, { from: "boss@b.example", mail: task(), text: "approved: no" });
    await desk.kit.runOnce();
    expect(await desk.outcome()).toMatchObject({ kind: "replied", grade: "B" });
  });

  it("from a colleague counts where the task says so", async () => {
    const shared = defineTask("approval", {
      reply: z.object({ approved: z.boolean() }),
      accept: { from: ["*@b.example"] },
    });
    await using desk = await asked("boss@b.example", { task: shared });
    mail.account("deputy@b.example");
    await replyAs(mail, { from: "deputy@b.example", mail: task(), text: "approved: yes" });
    await desk.kit.runOnce();
    expect(await desk.outcome()).toMatchObject({ kind: "replied", from: "deputy@b.example" });
  });

  it("from somebody unknown, about nothing that we asked, is kept as unmatched", async () => {
    await using desk = await asked();
    mail.deliver(
      "From: stranger@c.example\nTo: desk@a.example\nSubject: Offer\nMessage-ID: <1@c>\n\nBuy now\n",
      "desk@a.example",
    );
    await desk.kit.runOnce();
    expect(await desk.kit.messages("unmatched")).toMatchObject([{ sender: "stranger@c.example", subject: "Offer" }]);
    expect(await desk.outcome()).toBeUndefined();
  });
});

describe("no reply", () => {
  it("at submission: bounced at once", async () => {
    await using desk = await asked("refused@b.example");
    expect(await desk.outcome()).toMatchObject({
      kind: "bounced",
      recipient: "refused@b.example",
      status: "5.1.1",
      permanent: true,
    });
    expect(await desk.kinds()).toContain("submission-refused");
  });

  it("after submission: bounced by a delivery report", async () => {
    await using desk = await asked("bounced@b.example");
    await inDesk(1);
    await desk.kit.runOnce();
    expect(await desk.outcome()).toMatchObject({
      kind: "bounced",
      recipient: "bounced@b.example",
      status: "5.1.1",
      permanent: true,
    });
  });

  it("delayed, then nothing: recorded, waits on, expires", async () => {
    await using desk = await asked("delayed@b.example");
    await inDesk(1);
    await desk.kit.runOnce();
    expect(await desk.outcome()).toBeUndefined();
    expect(await desk.kit.messages("recorded")).toMatchObject([{ classification: "delivery-status" }]);
    desk.clock.advance(14 * DAY + 1);
    await desk.kit.runOnce();
    expect(await desk.outcome()).toMatchObject({ kind: "expired" });
  });

  it("out of office: recorded, and the answer that follows counts", async () => {
    await using desk = await asked("ooo@b.example");
    await inDesk(1);
    await desk.kit.runOnce();
    expect(await desk.outcome()).toBeUndefined();
    expect(await desk.kit.messages("recorded")).toMatchObject([{ classification: "auto-reply" }]);
    await replyAs(mail, { from: "ooo@b.example", mail: mail.mails("ooo@b.example")[0]!, text: "approved: yes" });
    await desk.kit.runOnce();
    expect(await desk.outcome()).toMatchObject({ kind: "replied" });
  });

  it("before the deadline: a running worker notices by itself", async () => {
    const short = defineTask("approval", { reply: z.object({ approved: z.boolean() }), deadline: 150 });
    await using kit = deskKit(mail);
    const graph = askGraph(kit, { task: short });
    await using worker = await kit.start();
    await worker.ready;
    await graph.invoke({ to: "boss@b.example" }, thread("t1"));
    expect(await until("expiry", () => outcomeOf(graph, "t1"))).toMatchObject({ kind: "expired" });
  });

  it("expiry withdraws a mail that has not gone out", async () => {
    const clock = testClock();
    await using kit = deskKit(mail, { clock: clock.now });
    const graph = askGraph(kit);
    await graph.invoke({ to: "boss@b.example" }, thread("t1"));
    clock.advance(14 * DAY + 1);
    await kit.runOnce();
    expect(await outcomeOf(graph, "t1")).toMatchObject({ kind: "expired" });
    expect(mail.mails("boss@b.example")).toEqual([]);
    clock.advance(DAY);
    await kit.runOnce();
    expect(mail.mails("boss@b.example")).toEqual([]);
  });

  it("expiry withdraws a mail that the server deferred", async () => {
    const clock = testClock();
    await using kit = deskKit(mail, { clock: clock.now });
    const graph = askGraph(kit);
    mail.faults.refuseData = { times: 1, reply: "451 4.3.0 Try again later" };
    await graph.invoke({ to: "boss@b.example" }, thread("t1"));
    await kit.runOnce();
    clock.advance(14 * DAY + 1);
    await using _worker = await kit.start();
    expect(await until("expiry", () => outcomeOf(graph, "t1"))).toMatchObject({ kind: "expired" });
    expect(mail.mails("boss@b.example")).toEqual([]);
  });
});
