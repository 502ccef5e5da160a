import { Annotation, END, MemorySaver, START, StateGraph } from "@langchain/langgraph";
import { defineTask } from "langgraph-email";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { startMailServer, type MailServer } from "../../src/dev/index.ts";
import { replyAs } from "../../src/testing/reply-as.ts";
import { watchClock } from "../../src/worker/clock.ts";
import { askGraph, collectLog, deskKit, outcomeOf, testClock, thread, until } from "../support/desk.ts";

const DAY = 86_400_000;
const patient = defineTask("approval", { deadline: "200 days" });

let mail: MailServer;
beforeEach(async () => {
  mail = await startMailServer();
  mail.account("boss@b.example");
});
afterEach(async () => {
  await mail.close();
});

describe("a clock that is put back", () => {
  it.each([
    ["deferred", "451 4.3.0 Try again later"],
    ["throttled", "421 4.7.0 Too many messages"],
  ])("does not keep a mail waiting that was %s before", async (_, reply) => {
    const clock = testClock();
    await using kit = deskKit(mail, { clock: clock.now });
    clock.advance(2 * DAY);
    const graph = askGraph(kit);
    mail.faults.refuseData = { times: 1, reply };
    await graph.invoke({ to: "boss@b.example" }, thread("t1"));
    await using worker = await kit.start();
    await worker.ready;
    await until("the deferral", async () => (await kit.events()).some(({ kind }) => kind === "submission-deferred"));
    clock.advance(-2 * DAY);
    // Any commit makes the worker look; without one it looks every minute.
    await graph.invoke({ to: "boss@b.example" }, thread("t2"));
    await until("both mails", () => mail.mails("boss@b.example").length === 2);
  });

  it("is noticed at the first question, and after a step back, not by the time that passes or a step ahead", () => {
    const clock = testClock();
    const wasPutBack = watchClock(clock.now);
    expect([wasPutBack(), wasPutBack()]).toEqual([true, false]);
    clock.advance(DAY);
    expect(wasPutBack()).toBe(false);
    clock.advance(-10_000);
    expect([wasPutBack(), wasPutBack()]).toEqual([true, false]);
  });
});

describe("a clock that jumps ahead and back", () => {
  it("breaks off no run, runs no node twice, and ends no wait before its deadline", async () => {
    const clock = testClock();
    const log = collectLog();
    await using kit = deskKit(mail, { clock: clock.now, log });
    const gate = Promise.withResolvers<void>();
    let starts = 0;
    const graph = kit.attach(
      "slow",
      new StateGraph(Annotation.Root({ done: Annotation<string> }))
        .addNode("ask", async () => {
          await kit.sendTask(patient, { from: "desk", to: "boss@b.example", subject: "?", body: "?" });
          const outcome = await kit.awaitReply(patient);
          starts += 1;
          await gate.promise;
          return { done: outcome.kind };
        })
        .addEdge(START, "ask")
        .addEdge("ask", END)
        .compile({ checkpointer: kit.checkpointer(new MemorySaver()) }),
    );
    const other = askGraph(kit, { task: patient });
    await using worker = await kit.start();
    await worker.ready;
    await graph.invoke({}, thread("t1"));
    await replyAs(mail, { from: "boss@b.example", mail: await mail.waitForMail("boss@b.example"), text: "Fine." });
    await until("the run", () => starts === 1);
    clock.advance(2 * DAY);
    await other.invoke({ to: "boss@b.example" }, thread("t2"));
    await until("the second mail", () => mail.mails("boss@b.example").length === 2);
    clock.advance(-2 * DAY);
    await other.invoke({ to: "boss@b.example" }, thread("t3"));
    await until("the third mail", () => mail.mails("boss@b.example").length === 3);
    gate.resolve();
    await until("the end", async () => (await graph.getState(thread("t1"))).values.done);
    expect(starts).toBe(1);
    expect((await kit.events()).map(({ kind }) => kind)).not.toContain("taken-over");
    expect(await outcomeOf(other, "t2")).toBeUndefined();
  });
});
