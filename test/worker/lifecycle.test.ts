import { Annotation, END, MemorySaver, START, StateGraph } from "@langchain/langgraph";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { createEmailKit, type EmailKit } from "langgraph-email";
import { startMailServer, type MailServer } from "../../src/dev/index.ts";
import { replyAs } from "../../src/testing/reply-as.ts";
import { approval, askGraph, collectLog, deskKit, outcomeOf, testClock, thread, until } from "../support/desk.ts";

let mail: MailServer;
beforeEach(async () => {
  mail = await startMailServer();
  mail.account("boss@b.example");
});
afterEach(async () => {
  await mail.close();
});

const pause = (ms: number) =>
  new Promise<void>((resolve) => {
    setTimeout(resolve, ms);
  });

const State = Annotation.Root({ verdict: Annotation<string>, done: Annotation<string> });

/** ask → first → second, each told of its start; `first` takes as long as `work` does. */
function stepsGraph(kit: EmailKit<"desk">, work: (signal: AbortSignal | undefined) => Promise<unknown>) {
  const starts: string[] = [];
  const graph = kit.attach(
    "steps",
    new StateGraph(State)
      .addNode("ask", async () => {
        await kit.sendTask(approval, { from: "desk", to: "boss@b.example", subject: "?", body: "?" });
        return { verdict: (await kit.awaitReply(approval)).kind };
      })
      .addNode("first", async (_state, config) => {
        starts.push("first");
        await work(config.signal);
        return {};
      })
      .addNode("second", () => {
        starts.push("second");
        return { done: "yes" };
      })
      .addEdge(START, "ask")
      .addEdge("ask", "first")
      .addEdge("first", "second")
      .addEdge("second", END)
      .compile({ checkpointer: kit.checkpointer(new MemorySaver()) }),
  );
  const done = async () => ((await graph.getState(thread("t1"))).values as { done?: string }).done;
  return { graph, starts, done };
}

async function answered(kit: EmailKit<"desk">, graph: ReturnType<typeof stepsGraph>["graph"]) {
  await graph.invoke({}, thread("t1"));
  await kit.runOnce();
  await replyAs(mail, { from: "boss@b.example", mail: mail.mails("boss@b.example")[0]!, text: "approved: yes" });
}

describe("a worker", () => {
  it("is one while it runs, stops, and starts again", async () => {
    await using kit = deskKit(mail);
    const graph = askGraph(kit);
    const worker = await kit.start();
    expect(await kit.start()).toBe(worker);
    await worker.ready;
    await worker.stop();
    await worker.stop();
    await graph.invoke({ to: "boss@b.example" }, thread("t1"));
    await pause(50);
    expect(mail.mails("boss@b.example")).toEqual([]);
    await using again = await kit.start();
    expect(again).not.toBe(worker);
    await mail.waitForMail("boss@b.example");
  });

  it("is not started with other options while it runs", async () => {
    await using kit = deskKit(mail);
    const worker = await kit.start({ stopOn: [] });
    await expect(kit.start({ stopOn: ["SIGINT"] })).rejects.toMatchObject({ code: "INVALID_CONFIG" });
    await expect(kit.start({ grace: "1 s" })).rejects.toThrow("Stop it first");
    expect(await kit.start({ stopOn: [] })).toBe(worker);
    expect(await kit.start()).toBe(worker);
  });

  it("that runs once is waited for when the kit is closed", async () => {
    const log = collectLog();
    const kit = deskKit(mail, { log });
    const graph = askGraph(kit);
    await graph.invoke({ to: "boss@b.example" }, thread("t1"));
    let ended = false;
    const pass = kit.runOnce().then(() => {
      ended = true;
    });
    await kit.close();
    expect(ended).toBe(true);
    await pass;
    expect(mail.mails("boss@b.example")).toHaveLength(1);
    expect(log.lines).toEqual([]);
  });

  it("is stopped by the end of its scope, and by the kit's", async () => {
    const log = collectLog();
    {
      await using kit = deskKit(mail, { log });
      askGraph(kit);
      const worker = await kit.start();
      await worker.ready;
    }
    await pause(50);
    expect(log.lines.filter(({ level }) => level === "warn" || level === "error")).toEqual([]);
    {
      await using kit = deskKit(mail, { log });
      await using _worker = await kit.start();
    }
    expect(log.lines.filter(({ level }) => level === "warn" || level === "error")).toEqual([]);
    // One for each worker that runs, and none runs.
    expect(process.listenerCount("SIGTERM")).toBe(0);
  });

  it("stopping lets a node end, begins no other, and the next start goes on at once", async () => {
    await using kit = deskKit(mail);
    const gate = Promise.withResolvers<void>();
    const { graph, starts, done } = stepsGraph(kit, () => gate.promise);
    await answered(kit, graph);
    const worker = await kit.start();
    await until("the first node", () => starts.includes("first"));
    const stopping = worker.stop();
    await pause(30);
    gate.resolve();
    await stopping;
    expect(starts).toEqual(["first"]);
    expect(await done()).toBeUndefined();
    await using _next = await kit.start();
    await until("the end", done, 10_000);
    expect(starts).toEqual(["first", "second"]);
  });

  it("breaks a node off after the time of grace; it runs again at the next start, at once", async () => {
    await using kit = deskKit(mail);
    let hang = true;
    const { graph, starts, done } = stepsGraph(kit, async () => (hang ? new Promise(() => {}) : undefined));
    await answered(kit, graph);
    const worker = await kit.start();
    await until("the first node", () => starts.includes("first"));
    const before = Date.now();
    await worker.stop({ graceMs: 60 });
    expect(Date.now() - before).toBeLessThan(5_000);
    hang = false;
    await using _next = await kit.start();
    await until("the end", done, 10_000);
    expect(starts).toEqual(["first", "first", "second"]);
    expect(await kit.stalled()).toEqual([]);
    expect((await kit.events()).filter(({ kind }) => kind === "run-failed")).toEqual([]);
  });

  it("may be told to wait no longer", async () => {
    await using kit = deskKit(mail);
    const { graph, starts } = stepsGraph(kit, () => new Promise(() => {}));
    await answered(kit, graph);
    const worker = await kit.start();
    await until("the first node", () => starts.includes("first"));
    const long = worker.stop({ graceMs: 60_000 });
    await worker.stop({ graceMs: 10 });
    await long;
  });

  it("stops in time while a mail server stands still", async () => {
    await using kit = deskKit(mail);
    const graph = askGraph(kit);
    const worker = await kit.start();
    await worker.ready;
    mail.freeze();
    await graph.invoke({ to: "boss@b.example" }, thread("t1"));
    await pause(50);
    const before = Date.now();
    await worker.stop({ graceMs: 50 });
    expect(Date.now() - before).toBeLessThan(6_000);
    mail.thaw();
  });

  it("leaves a mailbox to the worker that watches it, and takes it over when that one stops", async () => {
    const { mkdtemp, rm } = await import("node:fs/promises");
    const directory = await mkdtemp("/tmp/langgraph-email-lifecycle-");
    const ledger = `${directory}/mail.db`;
    const saver = new MemorySaver();
    const log = collectLog();
    const first = deskKit(mail, { ledger });
    const second = deskKit(mail, { ledger, lease: "300 ms", log });
    const graph = askGraph(first, { saver });
    askGraph(second, { saver });
    const worker = await first.start();
    await worker.ready;
    await using other = await second.start();
    await other.ready;
    const watching = () => log.lines.filter(({ message }) => /Watching/.test(message)).length;
    expect(watching()).toBe(0);
    await graph.invoke({ to: "boss@b.example" }, thread("t1"));
    const task = await mail.waitForMail("boss@b.example");
    await worker.stop();
    await until("the takeover", () => watching() === 1);
    await replyAs(mail, { from: "boss@b.example", mail: task, text: "approved: yes" });
    expect(await until("an outcome", () => outcomeOf(graph, "t1"))).toMatchObject({ kind: "replied" });
    await other.stop();
    await Promise.all([first.close(), second.close()]);
    await rm(directory, { recursive: true });
  });

  it("reads on after the mail server was away", async () => {
    await using kit = deskKit(mail);
    const graph = askGraph(kit);
    await using worker = await kit.start();
    await worker.ready;
    await graph.invoke({ to: "boss@b.example" }, thread("t1"));
    const task = await mail.waitForMail("boss@b.example");
    mail.cut();
    await replyAs(mail, { from: "boss@b.example", mail: task, text: "approved: yes" });
    expect(await until("an outcome", () => outcomeOf(graph, "t1"))).toMatchObject({ kind: "replied" });
  });
});

describe("a run that throws", () => {
  async function throwing(failures: number) {
    const clock = testClock();
    const kit = deskKit(mail, { clock: clock.now });
    let runs = 0;
    const graph = askGraph(kit, {
      after: () => {
        if (++runs <= failures) throw new Error(`attempt ${runs}`);
      },
    });
    await graph.invoke({ to: "boss@b.example" }, thread("t1"));
    await kit.runOnce();
    await replyAs(mail, { from: "boss@b.example", mail: mail.mails("boss@b.example")[0]!, text: "approved: yes" });
    const done = async () => ((await graph.getState(thread("t1"))).values as { done?: number }).done;
    return { kit, clock, done, runs: () => runs, [Symbol.asyncDispose]: () => kit.close() };
  }

  it("is tried again after a while, and goes on", async () => {
    await using run = await throwing(2);
    await run.kit.runOnce();
    await run.kit.runOnce();
    expect(run.runs()).toBe(1);
    run.clock.advance(2_000);
    await run.kit.runOnce();
    expect(run.runs()).toBe(2);
    run.clock.advance(2_500);
    await run.kit.runOnce();
    run.clock.advance(2_500);
    await run.kit.runOnce();
    expect(run.runs()).toBe(3);
    expect(await run.done()).toBe(1);
    expect(await run.kit.stalled()).toEqual([]);
  });

  it("is stalled after three times, shown, and goes on when it is retried by hand", async () => {
    await using run = await throwing(3);
    for (let round = 0; round < 5; round++) {
      await run.kit.runOnce();
      run.clock.advance(600_000);
    }
    expect(run.runs()).toBe(3);
    const stalled = await run.kit.stalled();
    expect(stalled).toMatchObject([{ threadId: "t1", graph: "ask", failures: 3, lastError: "Error: attempt 3" }]);
    expect(Object.getPrototypeOf(stalled[0])).toBe(Object.prototype);
    expect(await run.kit.retry("nobody")).toBe(false);
    expect(await run.kit.retry("t1")).toBe(true);
    expect(await run.kit.stalled()).toEqual([]);
    await run.kit.runOnce();
    expect(await run.done()).toBe(1);
  });
});

describe("a served agent's worker", () => {
  it("broken off in a request's first run goes on at the next start, and answers once", async () => {
    const { address, smtp, imap } = mail.account("lab@b.example");
    await using kit = createEmailKit({
      ledger: ":memory:",
      log: collectLog(),
      agents: { lab: { address, smtp, imap } },
    });
    let runs = 0;
    const graph = kit.attach(
      "lab",
      new StateGraph(State)
        .addNode("work", async () => (++runs === 1 ? new Promise<never>(() => {}) : { done: "yes" }))
        .addEdge(START, "work")
        .addEdge("work", END)
        .compile({ checkpointer: kit.checkpointer(new MemorySaver()) }),
    );
    kit.serveInbox("lab", graph, {
      from: "anyone",
      input: () => ({}),
      reply: ({ done }) => ({ text: `Done: ${done}` }),
    });
    mail.account("ann@c.example");
    mail.deliver(
      "From: ann@c.example\nTo: lab@b.example\nSubject: Hi\nMessage-ID: <1@c.example>\n\nHi\n",
      "lab@b.example",
    );
    const worker = await kit.start();
    await until("the run", () => runs === 1);
    await worker.stop({ graceMs: 20 });
    await using _next = await kit.start();
    await mail.waitForMail("ann@c.example");
    await kit.runOnce();
    expect(runs).toBe(2);
    expect(mail.mails("ann@c.example")).toHaveLength(1);
  });
});
