import { Annotation, Command, END, interrupt, START, StateGraph } from "@langchain/langgraph";
import { setTimeout as sleep } from "node:timers/promises";
import type { BaseCheckpointSaver } from "@langchain/langgraph-checkpoint";
import type { Case, Scenario } from "../scenario.ts";
import {
  any,
  type AnyGraph,
  type Ask,
  askBare,
  askByKit,
  bareResume,
  finished,
  settle,
  thread,
  until,
  waitsFor,
  type World,
} from "../world.ts";

const State = Annotation.Root({ answers: Annotation<Record<string, string>> });

/** A graph of one node. */
function oneNode(saver: BaseCheckpointSaver, node: () => Promise<Record<string, string>>): object {
  return new StateGraph(State)
    .addNode("node", async () => ({ answers: await node() }))
    .addEdge(START, "node")
    .addEdge("node", END)
    .compile({ checkpointer: saver });
}

type Node = (ask: Ask) => Promise<Record<string, string>>;

function bareNode(world: World, node: Node, sent: string[] = []): AnyGraph {
  return any(oneNode(world.openSaver(), () => node(askBare(sent))));
}

async function kitNode(world: World, node: Node): Promise<AnyGraph> {
  const kit = await world.startKit();
  const graph = oneNode(kit.checkpointer(world.openSaver()), () => node(askByKit(world, kit)));
  return any(kit.attach("node", graph as never));
}

/** A person's own decision in a UI, for the interrupt whose value is `name`. */
async function decide(graph: AnyGraph, name: string): Promise<void> {
  let id: string | undefined;
  await until(async () => {
    const { tasks } = await graph.getState(thread());
    id = tasks.flatMap(({ interrupts }) => interrupts).find(({ value }) => value === name)?.id;
    return id;
  }, `the interrupt ${name}`);
  await graph.invoke(new Command({ resume: { [id!]: name.toUpperCase() } }), thread());
}

const firstThenSecond: Node = async (ask) => ({ first: await ask("first"), second: await ask("second") });

const duplicates: Case[] = [
  {
    name: "a mail answered twice does not answer the node's next question",
    wanted: { first: "A1", second: "A2" },
    async bare(world) {
      const graph = bareNode(world, firstThenSecond);
      await graph.invoke({}, thread());
      const resume = await bareResume(graph, thread(), { first: "A1" });
      await graph.invoke(resume, thread());
      await graph.invoke(resume, thread());
      return (await graph.getState(thread())).values["answers"];
    },
    async kit(world) {
      const graph = await kitNode(world, firstThenSecond);
      await graph.invoke({}, thread());
      await world.reply("first", "A1");
      await waitsFor(graph, ["second"]);
      await world.reply("first", "A1");
      await settle();
      await world.reply("second", "A2");
      return (await finished(graph))["answers"];
    },
  },
  {
    name: "an answer that a UI sends twice does not answer the node's next question",
    wanted: { first: "A1", second: "A2" },
    async bare(world) {
      const graph = bareNode(world, firstThenSecond);
      await graph.invoke({}, thread());
      const resume = await bareResume(graph, thread(), { first: "A1" });
      await graph.invoke(resume, thread());
      await graph.invoke(resume, thread());
      return (await graph.getState(thread())).values["answers"];
    },
    async kit(world) {
      const graph = await kitNode(world, firstThenSecond);
      const parked = await graph.invoke({}, thread());
      const [{ id }] = parked["__interrupt__"] as [{ id: string }];
      await graph.invoke(new Command({ resume: { [id]: "A1" } }), thread());
      await graph.invoke(new Command({ resume: { [id]: "A1" } }), thread());
      await world.reply("second", "A2");
      return (await finished(graph))["answers"];
    },
  },
];

/** The user's handler of a mail, which gives up where nothing waits for it. */
async function bareHandler(graph: AnyGraph, answers: Record<string, string>): Promise<void> {
  const resume = await bareResume(graph, thread(), answers);
  if (Object.keys(resume.resume as object).length > 0) await graph.invoke(resume, thread());
}

/** A saver that takes its time to store an interrupt. */
function slowSaver(saver: BaseCheckpointSaver, ms: number): BaseCheckpointSaver {
  const putWrites = saver.putWrites.bind(saver);
  const slow: BaseCheckpointSaver = Object.create(saver) as BaseCheckpointSaver;
  slow.putWrites = async (config, writes, taskId) => {
    if (writes.some(([channel]) => channel === "__interrupt__")) await sleep(ms);
    await putWrites(config, writes, taskId);
  };
  return slow;
}

const early: Case[] = [
  {
    name: "while the node is still at work",
    wanted: { a: "yes" },
    async bare(world) {
      const ask = askBare();
      const sent: string[] = [];
      const graph = any(
        oneNode(world.openSaver(), async () => {
          sent.push("a");
          await sleep(100);
          return { a: await ask("a") };
        }),
      );
      const run = graph.invoke({}, thread());
      await until(() => sent.length > 0, "the mail");
      await bareHandler(graph, { a: "yes" });
      await run;
      return (await graph.getState(thread())).values["answers"];
    },
    async kit(world) {
      const kit = await world.startKit();
      const { question } = await import("../world.ts");
      const graph = any(
        kit.attach(
          "node",
          oneNode(kit.checkpointer(world.openSaver()), async () => {
            const receipt = await kit.sendTask(question, {
              from: "desk",
              to: world.person("a"),
              subject: "a",
              body: "?",
            });
            await until(async () => (await kit.messages("settled")).length > 0, "the reply");
            const outcome = await kit.awaitReply(receipt);
            return { a: outcome.kind === "replied" ? outcome.text : outcome.kind };
          }) as never,
        ),
      );
      const run = graph.invoke({}, thread());
      await world.reply("a", "yes");
      await run;
      return (await finished(graph))["answers"];
    },
  },
  {
    name: "before the interrupt is stored",
    wanted: { a: "yes" },
    async bare(world) {
      const sent: string[] = [];
      const graph = any(oneNode(slowSaver(world.openSaver(), 150), async () => ({ a: await askBare(sent)("a") })));
      const run = graph.invoke({}, thread());
      await until(() => sent.length > 0, "the mail");
      await bareHandler(graph, { a: "yes" });
      await run;
      return (await graph.getState(thread())).values["answers"];
    },
    async kit(world) {
      const kit = await world.startKit();
      const saver = kit.checkpointer(slowSaver(world.openSaver(), 300));
      const graph = any(
        kit.attach("node", oneNode(saver, async () => ({ a: await askByKit(world, kit)("a") })) as never),
      );
      const run = graph.invoke({}, thread());
      await world.reply("a", "yes");
      await until(async () => (await kit.messages("settled")).length > 0, "the reply");
      await run;
      return (await finished(graph))["answers"];
    },
  },
  {
    name: "while no process is up",
    wanted: { a: "yes" },
    async bare(world) {
      // What a mail's Message-ID belongs to is known to the process that sent it.
      let threads = new Map([["a", thread()]]);
      const graph = bareNode(world, async (ask) => ({ a: await ask("a") }));
      await graph.invoke({}, thread());
      threads = new Map();
      if (threads.has("a")) await bareHandler(graph, { a: "yes" });
      return (await graph.getState(thread())).values["answers"];
    },
    async kit(world) {
      const make = async () => {
        const kit = world.openKit();
        const saver = kit.checkpointer(world.openSaver());
        const graph = any(
          kit.attach("node", oneNode(saver, async () => ({ a: await askByKit(world, kit)("a") })) as never),
        );
        return { kit, graph };
      };
      const before = await make();
      await before.graph.invoke({}, thread());
      await before.kit.runOnce();
      await before.kit.close();
      await world.reply("a", "yes");
      const after = await make();
      await after.kit.runOnce();
      return (await after.graph.getState(thread())).values["answers"];
    },
  },
];

const amongInterrupts: Node = async (ask) => ({
  u1: interrupt("u1"),
  a: await ask("a"),
  u2: interrupt("u2"),
  b: await ask("b"),
  u3: interrupt("u3"),
});

const mixed: Case[] = [
  {
    name: "the user's own interrupts before, between and after two waits, every mail answered twice",
    wanted: { u1: "U1", a: "A", u2: "U2", b: "B", u3: "U3", mailsToA: 1, mailsToB: 1 },
    async bare(world) {
      const sent: string[] = [];
      const graph = bareNode(world, amongInterrupts, sent);
      await graph.invoke({}, thread());
      await decide(graph, "u1");
      for (const [name, next] of [
        ["a", "u2"],
        ["b", "u3"],
      ] as const) {
        const resume = await bareResume(graph, thread(), { [name]: name.toUpperCase() });
        await graph.invoke(resume, thread());
        await graph.invoke(resume, thread());
        await decide(graph, next);
      }
      const count = (name: string) => sent.filter((mail) => mail === name).length;
      const { answers } = (await graph.getState(thread())).values as { answers?: object };
      return { ...answers, mailsToA: count("a"), mailsToB: count("b") };
    },
    async kit(world) {
      const graph = await kitNode(world, amongInterrupts);
      await graph.invoke({}, thread());
      await decide(graph, "u1");
      await world.reply("a", "A");
      await world.reply("a", "again");
      await decide(graph, "u2");
      await world.reply("b", "B");
      await world.reply("b", "again");
      await decide(graph, "u3");
      const { answers } = (await finished(graph)) as { answers: object };
      return { ...answers, mailsToA: await world.mailsTo("a"), mailsToB: await world.mailsTo("b") };
    },
  },
  {
    name: "two waits in one node, the second answered first",
    wanted: { a: "A", b: "B", mailsToA: 1, mailsToB: 1 },
    async bare(world) {
      const sent: string[] = [];
      const graph = bareNode(world, async (ask) => ({ a: await ask("a"), b: await ask("b") }), sent);
      await graph.invoke({}, thread());
      await bareHandler(graph, { b: "B" });
      await bareHandler(graph, { a: "A" });
      const count = (name: string) => sent.filter((mail) => mail === name).length;
      const { answers } = (await graph.getState(thread())).values as { answers?: object };
      return { ...answers, mailsToA: count("a"), mailsToB: count("b") };
    },
    async kit(world) {
      const graph = await kitNode(world, async (ask) => {
        const [a, b] = await Promise.all([ask("a", "1"), ask("b", "2")]);
        return { a, b };
      });
      await graph.invoke({}, thread());
      await world.reply("b", "B");
      await settle();
      await world.reply("a", "A");
      const { answers } = (await finished(graph)) as { answers: object };
      return { ...answers, mailsToA: await world.mailsTo("a"), mailsToB: await world.mailsTo("b") };
    },
  },
  {
    name: "a wait in a loop",
    wanted: { 0: "A0", 1: "A1", 2: "A2", mails: 3 },
    async bare(world) {
      const sent: string[] = [];
      const graph = bareNode(world, inLoop, sent);
      await graph.invoke({}, thread());
      for (const index of [0, 1, 2]) await bareHandler(graph, { a: `A${index}` });
      const { answers } = (await graph.getState(thread())).values as { answers?: object };
      return { ...answers, mails: sent.length };
    },
    async kit(world) {
      const graph = await kitNode(world, inLoop);
      await graph.invoke({}, thread());
      for (const index of [0, 1, 2]) await world.reply("a", `A${index}`, index);
      const { answers } = (await finished(graph)) as { answers: object };
      return { ...answers, mails: await world.mailsTo("a") };
    },
  },
];

async function inLoop(ask: Ask): Promise<Record<string, string>> {
  const answers: Record<string, string> = {};
  for (const index of [0, 1, 2]) answers[index] = await ask("a", String(index));
  return answers;
}

export const nodes: Scenario[] = [
  { number: 4, title: "A duplicate answer while the node has moved on", cases: duplicates },
  { number: 5, title: "A reply that comes too early", cases: early },
  { number: 6, title: "Waits and interrupts in one node", cases: mixed },
];
