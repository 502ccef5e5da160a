import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { defineTask, EmailKitError } from "langgraph-email";
import { type MailServer, startMailServer } from "../../src/dev/index.ts";
import { replyAs } from "../../src/testing/index.ts";
import { Annotation, END, MemorySaver, START, StateGraph } from "@langchain/langgraph";
import type { AwaitRepliesOptions, Deadline, EmailKit, Replies } from "langgraph-email";
import { askGraph, deskKit, outcomeOf, thread } from "../support/desk.ts";

let mail: MailServer;
beforeEach(async () => {
  mail = await startMailServer();
  mail.account("boss@b.example");
  mail.account("chief@b.example");
});
afterEach(async () => {
  await mail.close();
});

const berlin = { timeZone: "Europe/Berlin", holidays: ["2026-12-25"] };

describe("a deadline in business days", () => {
  it("is reckoned by the kit's calendar, and expires then", async () => {
    let now = Date.parse("2026-12-24T10:00+01:00");
    await using kit = deskKit(mail, { clock: () => now, calendar: berlin });
    const graph = askGraph(kit, { task: defineTask("approval", { deadline: "2 business days" }) });
    await graph.invoke({ to: "boss@b.example" }, thread("t"));
    const [task] = (await graph.getState(thread("t"))).tasks;
    const end = "2026-12-29T09:00:00.000Z";
    expect(task?.interrupts[0]?.value).toMatchObject({ deadline: end });
    now = Date.parse(end) - 1;
    await kit.runOnce();
    expect(await outcomeOf(graph, "t")).toBeUndefined();
    now = Date.parse(end);
    await kit.runOnce();
    expect(await outcomeOf(graph, "t")).toEqual({ kind: "expired", deadline: end, attempts: [] });
  });

  it("is refused without a calendar, before anything is mailed", async () => {
    await using kit = deskKit(mail);
    const graph = askGraph(kit, { task: defineTask("approval", { deadline: "2 business days" }) });
    await expect(graph.invoke({ to: "boss@b.example" }, thread("t"))).rejects.toThrow(/Give the kit a calendar/);
    await kit.runOnce();
    expect(mail.mails("boss@b.example")).toEqual([]);
  });
});

it("checks a calendar and a deadline where they are written", () => {
  expect(() => deskKit(mail, { calendar: { timeZone: "Mars/Olympus" } })).toThrow(EmailKitError);
  expect(() => defineTask("approval", { deadline: "some business days" })).toThrow(/is no deadline/);
  expect(() => defineTask("approval", { remind: ["1 day", "now and then"] })).toThrow(/is no deadline/);
});

const HOUR = 3_600_000;
// Clocks in Berlin go back in the night to Sunday, 25 October 2026: a business day from Friday is 73 hours long.
const friday = Date.parse("2026-10-23T10:00+02:00");
const monday = Date.parse("2026-10-26T10:00+01:00");

it.each<[Deadline | Deadline[], number[]]>([
  ["1 business day", [monday]],
  [new Date(monday), [monday]],
  ["2026-10-26T10:00", [monday]],
  [
    ["1 business day", "24 h"],
    [friday + 24 * HOUR, monday],
  ],
  // It has passed when the task is made.
  ["2026-10-20", []],
])("reminds at %j, by the kit's calendar", async (remind, times) => {
  let now = friday;
  await using kit = deskKit(mail, { clock: () => now, calendar: berlin });
  const graph = askGraph(kit, { task: defineTask("approval", { remind }) });
  await graph.invoke({ to: "boss@b.example" }, thread("t"));
  await kit.runOnce();
  for (const [place, time] of times.entries()) {
    now = time - 1;
    await kit.runOnce();
    expect(mail.mails("boss@b.example")).toHaveLength(1 + place);
    now = time;
    await kit.runOnce();
    expect(mail.mails("boss@b.example")).toHaveLength(2 + place);
  }
  now = monday + HOUR;
  await kit.runOnce();
  expect(mail.mails("boss@b.example")).toHaveLength(1 + times.length);
});

it("escalates by the kit's calendar", async () => {
  let now = friday;
  await using kit = deskKit(mail, { clock: () => now, calendar: berlin });
  const graph = askGraph(kit, { escalate: [{ after: "1 business day", to: "chief@b.example" }] });
  await graph.invoke({ to: "boss@b.example" }, thread("t"));
  now = monday - 1;
  await kit.runOnce();
  expect(mail.mails("chief@b.example")).toHaveLength(0);
  now = monday;
  await kit.runOnce();
  expect(mail.mails("chief@b.example")).toHaveLength(1);
});

/** A graph that waits for two tasks. */
function collecting(kit: EmailKit<"desk">, options: () => AwaitRepliesOptions<string>) {
  const note = defineTask("note");
  return kit.attach(
    "collect",
    new StateGraph(Annotation.Root({ replies: Annotation<Replies<string>> }))
      .addNode("collect", async () => {
        const to = ["boss@b.example", "chief@b.example"];
        const mails = to.map((to) => ({ from: "desk" as const, to, subject: "Note", body: "?" }));
        return { replies: await kit.awaitReplies(await kit.sendTasks(note, mails), options()) };
      })
      .addEdge(START, "collect")
      .addEdge("collect", END)
      .compile({ checkpointer: kit.checkpointer(new MemorySaver()) }),
  );
}

describe("a wait for several tasks", () => {
  it.each<[string, (now: number) => Deadline]>([
    ["a business day", () => "1 business day"],
    ["a date", () => new Date(monday)],
    ["a date on the wall clock", () => "2026-10-26T10:00"],
    // The node runs again when an answer is in: the first reckoning holds.
    ["a date that the node reckons each time it runs", (now) => new Date(now + 73 * HOUR)],
  ])("ends at %s", async (_name, deadline) => {
    let now = friday;
    await using kit = deskKit(mail, { clock: () => now, calendar: berlin });
    const graph = collecting(kit, () => ({ deadline: deadline(now) }));
    const replies = async () => (await graph.getState(thread("t"))).values.replies;
    await graph.invoke({}, thread("t"));
    now = friday + HOUR;
    await graph.invoke(null, thread("t"));
    now = monday - 1;
    await kit.runOnce();
    expect(await replies()).toBeUndefined();
    now = monday;
    await kit.runOnce();
    expect(await replies()).toEqual({ kind: "expired", outcomes: [{ kind: "open" }, { kind: "open" }] });
  });

  it.each<[AwaitRepliesOptions<string>, RegExp]>([
    [{ deadline: "soon" }, /is no deadline/],
    [{ deadline: "2 business days" }, /Give the kit a calendar/],
    [{ until: { quorum: Number.NaN } }, /quorum is NaN/],
    [{ until: { quorum: 1.5 } }, /quorum is 1.5/],
    [{ until: { weight: 0, of: {} } }, /weights/],
    [{ until: { weight: 1, of: { "boss@b.example": Number.NaN } } }, /weights/],
    [{ until: { weight: 1, of: { boss: 1 } } }, /boss/],
    [{ until: "first" as never }, /give "all", "any"/],
  ])("is refused with %j", async (options, message) => {
    await using kit = deskKit(mail);
    const graph = collecting(kit, () => options);
    await expect(graph.invoke({}, thread("t"))).rejects.toThrow(message);
  });

  it("weighs answers by the address, in any case", async () => {
    await using kit = deskKit(mail);
    const graph = collecting(kit, () => ({ until: { weight: 2, of: { "Boss@B.example": 2, "chief@b.example": 1 } } }));
    await graph.invoke({}, thread("t"));
    await kit.runOnce();
    const [task] = mail.mails("boss@b.example");
    await replyAs(mail, { from: "boss@b.example", mail: task!, text: "Fine." });
    await kit.runOnce();
    expect((await graph.getState(thread("t"))).values.replies).toMatchObject({
      kind: "met",
      outcomes: [{ kind: "replied" }, { kind: "open" }],
    });
  });
});
