import { setTimeout as sleep } from "node:timers/promises";
import { Annotation, Command, END, MemorySaver, START, StateGraph } from "@langchain/langgraph";
import type { BaseCheckpointSaver } from "@langchain/langgraph-checkpoint";
import { createAgent } from "langchain";
import { type AwaitReplyRequest, defineTask, type EmailKit } from "langgraph-email";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { z } from "zod";
import { startMailServer, type MailServer } from "../../../src/dev/index.ts";
import { collectLog } from "../../support/desk.ts";
import { any, type AnyGraph, createWorld, finished, question, thread, until, type World } from "../../traps/world.ts";

let mail: MailServer;
let world: World;
beforeAll(async () => {
  mail = await startMailServer();
});
afterAll(async () => {
  await mail.close();
});
beforeEach(async () => {
  world = await createWorld(mail, "MemorySaver");
});
afterEach(async () => {
  await world[Symbol.asyncDispose]();
});

const State = Annotation.Root({ answer: Annotation<string>, done: Annotation<boolean> });
const approval = defineTask("approval", { reply: z.object({ approved: z.boolean() }) });

type Node = () => Promise<Partial<typeof State.State>>;

function oneNode(checkpointer: BaseCheckpointSaver, node: Node): object {
  return new StateGraph(State)
    .addNode("node", node)
    .addEdge(START, "node")
    .addEdge("node", END)
    .compile({ checkpointer });
}

function attach(kit: EmailKit<"desk">, name: string, node: Node, options = {}, saver = world.openSaver()): AnyGraph {
  return any(kit.attach(name, oneNode(kit.checkpointer(saver), node) as never, options));
}

function asks(kit: EmailKit<"desk">, name = "a"): Node {
  return async () => {
    const receipt = await kit.sendTask(question, { from: "desk", to: world.person(name), subject: name, body: "?" });
    const outcome = await kit.awaitReply(receipt);
    return { answer: outcome.kind === "replied" ? outcome.text : outcome.kind };
  };
}

const slow: Node = async () => {
  await sleep(150);
  return { answer: "slow" };
};

async function taken(graph: AnyGraph): Promise<string> {
  try {
    await graph.invoke({}, thread());
    return "free";
  } catch (error) {
    return (error as { code: string }).code;
  }
}

describe("a run of an attached graph", () => {
  it('rejects another one with onBusy: "reject"', async () => {
    const kit = world.openKit();
    const graph = attach(kit, "g", slow, { onBusy: "reject" });
    const running = graph.invoke({}, thread());
    await sleep(50);
    expect(await taken(graph)).toBe("THREAD_BUSY");
    await running;
    expect(await taken(graph)).toBe("free");
  });

  it("that loses its thread to another process says so", async () => {
    const node: Node = () => new Promise(() => {});
    const saver = world.openSaver();
    const graph = attach(world.openKit({ lease: "90 ms" }), "g", node, {}, saver);
    // A process to which the first one has been silent for long.
    const clock = () => Date.now() + 3_600_000;
    const other = attach(world.openKit({ clock }), "g", async () => ({ answer: "other" }), {}, saver);
    const running = graph.invoke({}, thread());
    await until(async () => (await graph.getState(thread())).next.length > 0, "the run");
    await other.invoke(null, thread());
    await expect(running).rejects.toMatchObject({ code: "LEASE_LOST" });
  });

  it("releases its thread when its caller aborts it", async () => {
    const kit = world.openKit();
    const graph = attach(kit, "g", slow, { onBusy: "reject" });
    const abort = new AbortController();
    const run = graph.invoke({}, { ...thread(), signal: abort.signal });
    await sleep(50);
    abort.abort();
    await expect(run).rejects.toThrow();
    await until(async () => (await taken(graph)) === "free", "the thread", 1_000);
  });

  it("holds its thread under streamEvents as well", async () => {
    const kit = world.openKit();
    const graph = attach(kit, "g", slow, { onBusy: "reject" });
    const events = graph as unknown as { streamEvents(input: object, config: object): AsyncIterable<unknown> };
    const reading = (async () => {
      let count = 0;
      for await (const _ of events.streamEvents({}, { ...thread(), version: "v2" })) count++;
      return count;
    })();
    await sleep(60);
    expect(await taken(graph)).toBe("THREAD_BUSY");
    expect(await reading).toBeGreaterThan(2);
    expect(await taken(graph)).toBe("free");
  });

  it("waits under the same thread id in two graphs, and both go on", async () => {
    const kit = await world.startKit();
    const one = attach(kit, "one", asks(kit, "a"), {}, new MemorySaver());
    const two = attach(kit, "two", asks(kit, "b"), {}, new MemorySaver());
    await one.invoke({}, thread());
    await two.invoke({}, thread());
    await world.reply("b", "B");
    await world.reply("a", "A");
    expect([(await finished(one))["answer"], (await finished(two))["answer"]]).toEqual(["A", "B"]);
  });

  it("says which task it means where several could be meant", async () => {
    const kit = world.openKit();
    const graph = attach(kit, "g", async () => {
      for (const key of ["1", "2"]) {
        await kit.sendTask(question, { from: "desk", to: world.person("a"), subject: "a", body: "?", key });
      }
      return { answer: (await kit.awaitReply(question)).kind };
    });
    await expect(graph.invoke({}, thread())).rejects.toMatchObject({ code: "TASK_AMBIGUOUS" });
  });
});

describe("attaching", () => {
  it.each([
    ["an agent of langchain's", createAgent({ model: "none:none", tools: [] }), 'kit.attach("g", agent.graph)'],
    ["a graph that is not compiled", new StateGraph(State), "what compile() or entrypoint() returns"],
  ])("refuses %s, and says what to attach", (_, graph, message) => {
    expect(() => world.openKit().attach("g", graph as never)).toThrow(message);
  });
});

describe("a node that catches the interrupt of its wait", () => {
  const send = (kit: EmailKit<"desk">, name: string) =>
    kit.sendTask(question, { from: "desk", to: world.person(name), subject: name, body: "?", key: name });

  it("and goes on is named in the log", async () => {
    const log = collectLog();
    const kit = world.openKit({ log });
    const graph = attach(kit, "g", async () => {
      await send(kit, "a");
      return {
        answer: await kit.awaitReply(question).then(
          ({ kind }) => kind,
          () => "caught",
        ),
      };
    });
    expect((await graph.invoke({}, thread()))["answer"]).toBe("caught");
    expect(log.codes()).toEqual(["INTERRUPT_CAUGHT"]);
    expect(log.lines[0]!.message).toContain('In node "node"');
  });

  it("is none that waits twice at once, or in a subgraph, or throws an error of its own", async () => {
    const log = collectLog();
    const kit = world.openKit({ log });
    const both = attach(kit, "both", async () => {
      const receipts = await Promise.all(["a", "b"].map((name) => send(kit, name)));
      await Promise.all(receipts.map((receipt) => kit.awaitReply(receipt)));
      return {};
    });
    await both.invoke({}, thread());
    const inner = new StateGraph(State).addNode("in", asks(kit)).addEdge(START, "in").addEdge("in", END).compile();
    const outer = new StateGraph(State).addNode("out", async () => inner.invoke({})).addNode("as node", inner);
    const nested = outer
      .addEdge(START, "out")
      .addEdge(START, "as node")
      .compile({
        checkpointer: kit.checkpointer(world.openSaver()),
      });
    await any(kit.attach("nested", nested as never)).invoke({}, { configurable: { thread_id: "nested" } });
    const fails = attach(kit, "fails", async () => {
      await send(kit, "c");
      await kit.awaitReply(question).catch(() => {
        throw new Error("no");
      });
      return {};
    });
    await expect(fails.invoke({}, { configurable: { thread_id: "fails" } })).rejects.toThrow("no");
    expect(log.codes()).toEqual([]);
  });
});

describe("an answer from a user interface", () => {
  const asksApproval = (kit: EmailKit<"desk">): Node => {
    return async () => {
      await kit.sendTask(approval, { from: "desk", to: world.person("a"), subject: "a", body: "?" });
      const outcome = await kit.awaitReply(approval);
      return { answer: outcome.kind === "answered" ? `answered: ${outcome.data.approved}` : outcome.kind };
    };
  };

  async function parked(graph: AnyGraph): Promise<{ id: string; taskId: string }> {
    const state = await graph.invoke({}, thread());
    const [{ id, value }] = state["__interrupt__"] as [{ id: string; value: { taskId: string } }];
    return { id, taskId: value.taskId };
  }

  it("settles the task by the interrupt's id, and the mail's reply is late", async () => {
    const kit = await world.startKit();
    const graph = attach(kit, "g", asksApproval(kit));
    const { id } = await parked(graph);
    await until(() => mail.mails(world.person("a")).length > 0, "the mail");
    const end = await graph.invoke(new Command({ resume: { [id]: { approved: true } } }), thread());
    expect(end["answer"]).toBe("answered: true");
    await world.reply("a", "approved: no");
    await until(async () => (await kit.messages("late")).length > 0, "the late reply");
  });

  it("is refused where it does not hold what the task asks for, and says what that is", async () => {
    const kit = await world.startKit();
    const graph = attach(kit, "g", asksApproval(kit));
    const { id, taskId } = await parked(graph);
    const answer = (resume: unknown) => graph.invoke(new Command({ resume }), thread());
    const wrong = { taskId, data: { approved: "perhaps" } };
    await expect(answer(wrong)).rejects.toMatchObject({
      code: "INVALID_ANSWER",
      message: expect.stringContaining("boolean"),
    });
    await expect(answer({ [id]: { approved: "perhaps" } })).rejects.toMatchObject({ code: "INVALID_ANSWER" });
    await expect(answer("perhaps")).rejects.toMatchObject({ code: "INVALID_ANSWER" });
    await expect(answer({ decisions: [{ type: "approve" }, { type: "approve" }] })).rejects.toThrow(
      `waited for: ${taskId} ("a")`,
    );
    await expect(answer({ taskId: "nope", data: {} })).rejects.toThrow("nope is not waited for there");
    await expect(answer({ [id]: { taskId: "nope", data: {} } })).rejects.toThrow("nope is not waited for there");
    expect((await graph.getState(thread())).next).toHaveLength(1);
    const end = await graph.invoke(new Command({ resume: { taskId, data: { approved: false } } }), thread());
    expect(end["answer"]).toBe("answered: false");
    expect((await answer({ taskId, data: { approved: true } }))["answer"]).toBe("answered: false");
  });

  it.each([
    ["true, as in LangGraph's own examples", true, "answered: true"],
    ["false", false, "answered: false"],
    ["LangChain's response", { decisions: [{ type: "respond", message: "Yes" }] }, "answered: true"],
    // Agent Inbox writes so what stands in its response field. It never approves.
    ["Agent Inbox's rejection", { decisions: [{ type: "reject", args: "Yes" }] }, "answered: false"],
  ])("may be %s", async (_, resume, answer) => {
    const kit = world.openKit();
    const graph = attach(kit, "g", asksApproval(kit));
    await parked(graph);
    expect((await graph.invoke(new Command({ resume }), thread()))["answer"]).toBe(answer);
  });

  it.each([
    ["nothing", null],
    ["a task without data", "taskId"],
    ["an empty response", [{ type: "response" }]],
  ])("is refused where it is %s", async (_, given) => {
    const kit = world.openKit();
    const graph = attach(kit, "g", asksApproval(kit));
    const { taskId } = await parked(graph);
    const resume = given === "taskId" ? { taskId } : given;
    await expect(graph.invoke(new Command({ resume }), thread())).rejects.toMatchObject({ code: "INVALID_ANSWER" });
  });

  it("sets aside what is waited for where a person sends the thread to its end, and mails nothing anew", async () => {
    const kit = await world.startKit();
    const graph = attach(kit, "g", asksApproval(kit));
    await parked(graph);
    await until(() => mail.mails(world.person("a")).length > 0, "the mail");
    expect((await graph.invoke(new Command({ goto: END }), thread()))["answer"]).toBe("cancelled");
    expect((await kit.events()).filter(({ kind }) => kind === "task-created")).toHaveLength(1);
    await until(() => mail.mails(world.person("a")).length === 2, "the note that it is not needed any more");
  });

  it("settles any of several tasks that are waited for, which the interrupt shows", async () => {
    const kit = await world.startKit();
    const note = defineTask("note");
    const graph = attach(kit, "g", async () => {
      const mails = ["a", "b", "c"].map((name) => ({
        from: "desk" as const,
        to: world.person(name),
        subject: `For ${name}`,
        body: "?",
      }));
      const receipts = [...(await kit.sendTasks(approval, mails.slice(0, 2))), await kit.sendTask(note, mails[2]!)];
      const { outcomes } = await kit.awaitReplies<unknown>(receipts);
      return {
        answer: outcomes.map((outcome) => (outcome.kind === "answered" ? outcome.text : outcome.kind)).join("; "),
      };
    });
    const state = await graph.invoke({}, thread());
    const [{ id, value }] = state["__interrupt__"] as [{ id: string; value: AwaitReplyRequest }];
    expect(value.tasks).toMatchObject([
      { name: "approval", to: [world.person("a")], subject: "For a" },
      { name: "approval", to: [world.person("b")], subject: "For b" },
      { name: "note", to: [world.person("c")], subject: "For c" },
    ]);
    const [a, b, c] = value.tasks.map(({ taskId }) => taskId);
    const answer = (resume: unknown) => graph.invoke(new Command({ resume }), thread());
    await expect(answer({ [id]: { approved: true } })).rejects.toThrow("Several tasks are waited for");
    await expect(answer({ taskId: c, data: { approved: true } })).rejects.toThrow("takes text");
    await answer({ taskId: b, data: { approved: false } });
    await answer({ [id]: { taskId: c, data: "Fine." } });
    const end = await answer({ taskId: a, data: { approved: true } });
    expect(end["answer"]).toBe('{\n  "approved": true\n}; {\n  "approved": false\n}; Fine.');
  });
});

describe("a thread that a worker runs", () => {
  it("is taken up by the next worker when its run is broken off", async () => {
    const runs: string[] = [];
    const graphOf = (kit: EmailKit<"desk">, name: string, workMs: number) =>
      any(
        kit.attach(
          "g",
          new StateGraph(State)
            .addNode("ask", asks(kit))
            .addNode("work", async () => {
              runs.push(name);
              await sleep(workMs);
              return { done: true };
            })
            .addEdge(START, "ask")
            .addEdge("ask", "work")
            .addEdge("work", END)
            .compile({ checkpointer: kit.checkpointer(world.openSaver()) }) as never,
        ),
      );
    const first = world.openKit();
    const graph = graphOf(first, "first", 2_000);
    const worker = await first.start();
    await graph.invoke({}, thread());
    await world.reply("a", "yes");
    await until(() => runs.length > 0, "the resumed run");
    await worker.stop({ graceMs: 10 });
    const second = world.openKit();
    const again = graphOf(second, "second", 0);
    await world.startWorker(second);
    expect(await finished(again)).toEqual({ answer: "yes", done: true });
    expect(runs).toEqual(["first", "second"]);
  });

  it("is resumed again after a person has repaired it by a run of their own", async () => {
    const kit = await world.startKit();
    let down = true;
    const graph = any(
      kit.attach(
        "g",
        new StateGraph(State)
          .addNode("ask", asks(kit, "a"))
          .addNode("work", () => {
            if (down) throw new Error("down");
            return {};
          })
          .addNode("again", asks(kit, "b"))
          .addEdge(START, "ask")
          .addEdge("ask", "work")
          .addEdge("work", "again")
          .addEdge("again", END)
          .compile({ checkpointer: kit.checkpointer(world.openSaver()) }) as never,
      ),
    );
    await graph.invoke({}, thread());
    await world.reply("a", "A");
    await until(async () => (await kit.stalled()).length > 0, "the stall");
    down = false;
    await graph.invoke(null, thread());
    await world.reply("b", "B");
    expect((await finished(graph))["answer"]).toBe("B");
  });

  it("is stalled where this process's saver does not have it", async () => {
    const before = world.openKit();
    await attach(before, "g", asks(before), {}, new MemorySaver()).invoke({}, thread());
    await before.close();
    const kit = world.openKit();
    attach(kit, "g", asks(kit), {}, new MemorySaver());
    await world.startWorker(kit);
    await world.reply("a", "yes");
    await until(async () => (await kit.stalled()).length > 0, "the stall");
    expect((await kit.stalled())[0]!.lastError).toMatch(/no checkpoint in this process's saver/);
  });
});
