import type { TaskMail, TaskOptions, TaskReceipt } from "langgraph-email";
import { defineTask, type Outcome } from "langgraph-email";
import { Annotation, END, MemorySaver, START, StateGraph } from "@langchain/langgraph";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type MailServer, startMailServer } from "../../src/dev/index.ts";
import { replyAs } from "../../src/testing/index.ts";
import { deskKit, testClock, thread } from "../support/desk.ts";

// What becomes of a task that several were asked by, one mail or several, some of which fail.

const MIN = 60_000;
const HOUR = 60 * MIN;

let mail: MailServer;
beforeEach(async () => {
  mail = await startMailServer();
  for (const name of ["max", "ann", "eve"]) mail.account(`${name}@b.example`);
});
afterEach(async () => {
  await mail.close();
});

function ask(to: string | string[], mailing: Partial<TaskMail<"desk">> = {}, options: TaskOptions = {}) {
  const clock = testClock();
  const task = defineTask("review", options);
  const kit = deskKit(mail, { clock: clock.now, tasks: [task], breaker: false });
  let receipt: TaskReceipt | undefined;
  const graph = kit.attach(
    "review",
    new StateGraph(Annotation.Root({ outcome: Annotation<Outcome<unknown>> }))
      .addNode("ask", async () => {
        receipt = await kit.sendTask(task, { from: "desk", to, subject: "Review", body: "Fine?", ...mailing });
        return { outcome: await kit.awaitReply(task) };
      })
      .addEdge(START, "ask")
      .addEdge("ask", END)
      .compile({ checkpointer: kit.checkpointer(new MemorySaver()) }),
  );
  const box = (name: string) => mail.mails(`${name}@b.example`);
  return {
    kit,
    box,
    receipt: () => receipt!,
    begin: async () => void (await graph.invoke({}, thread("1"))),
    /** So much later, and until nothing more is to be done at once. */
    async after(ms: number) {
      clock.advance(ms);
      for (let pass = 0; pass < 3; pass++) await kit.runOnce();
    },
    answer: async (name: string, place = 0, text = "Yes.") =>
      replyAs(mail, { from: `${name}@b.example`, mail: box(name)[place]!, text, client: "plain" }),
    outcome: async () => (await graph.getState(thread("1"))).values.outcome as Outcome<unknown> | undefined,
    failed: async () =>
      ((await graph.getState(thread("1"))).values.outcome as Outcome<unknown>).attempts.map(
        ({ recipient }) => recipient,
      ),
    [Symbol.asyncDispose]: () => kit.close(),
  };
}

describe("a task with several addressees", () => {
  it("goes to the next candidate when the last of them has failed, each in a way of its own", async () => {
    await using run = ask(["refused@b.example", "bounced@b.example"], { reassignTo: ["ann@b.example"] });
    await run.begin();
    await run.after(0);
    expect(run.box("ann")).toHaveLength(1);
    await run.answer("ann");
    await run.after(0);
    expect(await run.outcome()).toMatchObject({ kind: "replied", from: "ann@b.example" });
    expect(await run.failed()).toEqual(["refused@b.example", "bounced@b.example"]);
  });

  it("has bounced, with every attempt, where nobody is left: one is suppressed, the other one bounces", async () => {
    await using run = ask(["gone@b.example", "bounced@b.example"]);
    await run.kit.suppress("gone@b.example");
    await run.begin();
    await run.after(0);
    expect(await run.outcome()).toMatchObject({ kind: "bounced", recipient: "bounced@b.example" });
    expect(await run.failed()).toEqual(["gone@b.example", "bounced@b.example"]);
  });

  it("waits for the others, and tells of who failed", async () => {
    await using run = ask(["max@b.example", "bounced@b.example"], { reassignTo: ["ann@b.example"] });
    await run.begin();
    await run.after(0);
    expect(run.box("ann")).toHaveLength(0);
    await run.answer("max");
    await run.after(0);
    expect(await run.outcome()).toMatchObject({ kind: "replied", from: "max@b.example" });
    expect(await run.failed()).toEqual(["bounced@b.example"]);
  });

  it("is mailed again to the one who was refused for now, and to no other", async () => {
    await using run = ask(["max@b.example", "greylisted@b.example"]);
    await run.begin();
    await run.after(0);
    mail.account("greylisted@b.example");
    await run.after(10 * MIN);
    expect(run.box("greylisted")).toHaveLength(0);
    await run.after(20 * MIN);
    expect(run.box("greylisted")).toHaveLength(1);
    expect(run.box("max")).toHaveLength(1);
    await run.answer("greylisted");
    await run.after(0);
    expect(await run.outcome()).toMatchObject({ kind: "replied", from: "greylisted@b.example" });
  });

  it("may be answered by who is not away, also when somebody is asked in the place of who is", async () => {
    await using run = ask(
      ["max@b.example", "eve@b.example"],
      { reassignTo: ["ann@b.example"] },
      { onOutOfOffice: "reassign" },
    );
    await run.begin();
    await run.after(0);
    await replyAs(mail, {
      from: "max@b.example",
      mail: run.box("max")[0]!,
      text: "I am out of office.",
      headers: { "Auto-Submitted": "auto-replied" },
    });
    await run.after(0);
    expect([run.box("ann").length, run.box("eve").length]).toEqual([1, 1]);
    await run.answer("eve");
    await run.after(0);
    expect(await run.outcome()).toMatchObject({ kind: "replied", from: "eve@b.example" });
  });
});

describe("a task that escalates", () => {
  it("waits on for who was asked first, where the other one is refused", async () => {
    await using run = ask("max@b.example", { escalate: [{ after: "1 h", to: "refused@b.example" }] });
    await run.begin();
    await run.after(0);
    await run.after(2 * HOUR);
    expect(await run.outcome()).toBeUndefined();
    await run.answer("max");
    await run.after(0);
    expect(await run.outcome()).toMatchObject({ kind: "replied", from: "max@b.example" });
    expect(await run.failed()).toEqual(["refused@b.example"]);
  });

  it.each([false, true])("while its mail is to go out again mails nobody twice (instead: %s)", async (instead) => {
    await using run = ask("full@b.example", { escalate: [{ after: "5 min", to: "eve@b.example", instead }] });
    await run.begin();
    await run.after(0);
    mail.account("full@b.example");
    await run.after(6 * MIN);
    expect(run.box("eve")).toHaveLength(1);
    await run.after(HOUR);
    expect(run.box("eve")).toHaveLength(1);
    expect(run.box("full")).toHaveLength(instead ? 0 : 1);
  });
});

describe("a reminder and a cancellation", () => {
  it.each<[string, string, Partial<TaskMail<"desk">>]>([
    ["was asked after a bounce", "bounced@b.example", { reassignTo: ["eve@b.example"] }],
    ["a task escalates to", "max@b.example", { escalate: [{ after: "1 h", to: "eve@b.example", instead: true }] }],
  ])("are in the conversation of who %s", async (_who, to, mailing) => {
    await using run = ask(to, mailing, { remind: "1 day" });
    await run.begin();
    await run.after(0);
    await run.after(2 * HOUR);
    await run.after(24 * HOUR);
    await run.kit.cancelTask(run.receipt(), "It is clear now.");
    await run.after(0);
    const [task, reminder, cancellation] = run.box("eve");
    for (const mail of [reminder, cancellation]) {
      expect(mail?.header("in-reply-to")).toBe(task?.header("message-id"));
      expect(mail?.header("references")).toBe(task?.header("message-id"));
    }
  });

  it("are for nobody whom the task has not reached", async () => {
    await using run = ask("max@b.example", {}, { remind: "1 h" });
    await run.kit.pauseSending("desk", "?");
    await run.begin();
    await run.after(2 * HOUR);
    await run.kit.resumeSending("desk");
    await run.after(0);
    expect(run.box("max").map((mail) => mail.header("subject"))).toEqual(["Review"]);
  });
});

it("an outcome of any kind tells of the deliveries that failed", async () => {
  await using run = ask("bounced@b.example", { reassignTo: ["ann@b.example"] }, { deadline: "1 day" });
  await run.begin();
  await run.after(0);
  await run.after(25 * HOUR);
  expect(await run.outcome()).toMatchObject({ kind: "expired" });
  expect(await run.failed()).toEqual(["bounced@b.example"]);
});

it("two reports on one mail count once", async () => {
  await using run = ask(
    "max@b.example",
    {},
    { reassignTo: ({ attempts }) => (attempts.length === 1 ? "ann@b.example" : undefined) },
  );
  await run.begin();
  await run.after(0);
  const report = (id: number) =>
    [
      "From: MAILER-DAEMON@b.example",
      `To: ${run.box("max")[0]!.header("return-path")}`,
      "Subject: Undelivered Mail Returned to Sender",
      `Message-ID: <report-${id}@b.example>`,
      "MIME-Version: 1.0",
      "Content-Type: multipart/report; report-type=delivery-status; boundary=b",
      "",
      "--b",
      "Content-Type: message/delivery-status",
      "",
      "Reporting-MTA: dns; b.example",
      "",
      "Final-Recipient: rfc822; Max@b.example",
      "Action: failed",
      "Status: 5.1.1",
      "",
      "--b--",
    ].join("\r\n");
  for (const id of [1, 2]) mail.deliver(report(id), "desk@a.example");
  await run.after(0);
  await run.answer("ann");
  await run.after(0);
  expect(await run.outcome()).toMatchObject({ kind: "replied", from: "ann@b.example" });
  expect(await run.failed()).toEqual(["Max@b.example"]);
});
