import { setTimeout as sleep } from "node:timers/promises";
import { Annotation, END, START, StateGraph } from "@langchain/langgraph";
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
  question,
  thread,
  until,
  type World,
} from "../world.ts";

const State = Annotation.Root({
  log: Annotation<string[]>({ reducer: (a, b) => [...a, ...b], default: () => [] }),
  input: Annotation<string>,
  note: Annotation<string>,
  answer: Annotation<string>,
});

const WORK_MS = 120;

interface Work {
  slow: number;
  atOnce: number;
  most: number;
}

async function work(counts: Work): Promise<void> {
  counts.slow++;
  counts.most = Math.max(counts.most, ++counts.atOnce);
  await sleep(WORK_MS);
  counts.atOnce--;
}

function newWork(): Work {
  return { slow: 0, atOnce: 0, most: 0 };
}

/** A wait beside a slow node. */
function withSibling(saver: BaseCheckpointSaver, ask: Ask, counts: Work): object {
  return new StateGraph(State)
    .addNode("wait", async () => ({ answer: await ask("a") }))
    .addNode("slow", async () => {
      await sleep(100);
      await work(counts);
      return { log: ["slow"] };
    })
    .addEdge(START, "wait")
    .addEdge(START, "slow")
    .addEdge("wait", END)
    .addEdge("slow", END)
    .compile({ checkpointer: saver });
}

/** Each input is worked on for a while and noted. */
function worker(saver: BaseCheckpointSaver, counts: Work): object {
  return new StateGraph(State)
    .addNode("work", async ({ input }) => {
      await work(counts);
      return { log: [input] };
    })
    .addEdge(START, "work")
    .addEdge("work", END)
    .compile({ checkpointer: saver });
}

/** A wait, and then slow work. */
function waitThenWork(saver: BaseCheckpointSaver, ask: Ask, counts: Work): object {
  return new StateGraph(State)
    .addNode("wait", async ({ input }) => (input === "first" ? { answer: await ask("a") } : {}))
    .addNode("work", async ({ input }) => {
      await work(counts);
      return { log: [input] };
    })
    .addEdge(START, "wait")
    .addEdge("wait", "work")
    .addEdge("work", END)
    .compile({ checkpointer: saver });
}

/** The mail goes out in one node, another one waits for the answer. */
function sendThenWait(
  saver: BaseCheckpointSaver,
  send: () => Promise<void>,
  wait: () => Promise<string>,
  counts: Work,
): object {
  return new StateGraph(State)
    .addNode("send", async () => {
      await send();
      return { log: ["sent"] };
    })
    .addNode("wait", async () => {
      counts.slow++;
      return { answer: await wait() };
    })
    .addEdge(START, "send")
    .addEdge("send", "wait")
    .addEdge("wait", END)
    .compile({ checkpointer: saver });
}

async function attach(world: World, make: (saver: BaseCheckpointSaver, ask: Ask) => object): Promise<AnyGraph> {
  const kit = await world.startKit();
  return any(kit.attach("runs", make(kit.checkpointer(world.openSaver()), askByKit(world, kit)) as never));
}

async function twoInvokes(graph: AnyGraph, counts: Work): Promise<unknown> {
  await Promise.all([graph.invoke({ input: "one" }, thread()), graph.invoke({ input: "two" }, thread())]);
  const { log } = (await graph.getState(thread())).values as { log: string[] };
  return { log: log.toSorted(), atOnce: counts.most };
}

/** Reads one chunk, and never asks for the next. */
async function abandonStream(graph: AnyGraph): Promise<void> {
  const stream = await graph.stream({ input: "one" }, { ...thread(), streamMode: "values" });
  await stream[Symbol.asyncIterator]().next();
}

async function afterAbandonedStream(graph: AnyGraph, counts: Work): Promise<unknown> {
  await abandonStream(graph);
  await graph.invoke({ input: "two" }, thread());
  await until(() => counts.atOnce === 0, "the end of both runs");
  const { log } = (await graph.getState(thread())).values as { log: string[] };
  return { log, atOnce: counts.most };
}

const cases: Case[] = [
  {
    name: "a slow sibling still at work when the reply comes runs once",
    wanted: { slow: 1, answer: "yes" },
    async bare(world) {
      const counts = newWork();
      const graph = any(withSibling(world.openSaver(), askBare(), counts));
      const run = graph.invoke({}, thread());
      await until(() => counts.slow > 0, "the sibling");
      await graph.invoke(await bareResume(graph, thread(), { a: "yes" }), thread());
      await run;
      return { slow: counts.slow, answer: (await graph.getState(thread())).values["answer"] };
    },
    async kit(world) {
      const counts = newWork();
      const graph = await attach(world, (saver, ask) => withSibling(saver, ask, counts));
      const run = graph.invoke({}, thread());
      await world.reply("a", "yes");
      await run;
      return { answer: (await finished(graph))["answer"], slow: counts.slow };
    },
  },
  {
    name: "two invokes of one thread: both count, one after the other",
    wanted: { log: ["one", "two"], atOnce: 1 },
    async bare(world) {
      const counts = newWork();
      return twoInvokes(any(worker(world.openSaver(), counts)), counts);
    },
    async kit(world) {
      const counts = newWork();
      return twoInvokes(await attach(world, (saver) => worker(saver, counts)), counts);
    },
  },
  {
    name: "an invoke while the thread is being resumed: both count",
    wanted: { log: ["first", "second"], answer: "yes", atOnce: 1 },
    async bare(world) {
      const counts = newWork();
      const graph = any(waitThenWork(world.openSaver(), askBare(), counts));
      await graph.invoke({ input: "first" }, thread());
      const resumed = graph.invoke(await bareResume(graph, thread(), { a: "yes" }), thread());
      await until(() => counts.slow > 0, "the resume");
      await Promise.all([resumed, graph.invoke({ input: "second" }, thread())]);
      const { log, answer } = (await graph.getState(thread())).values;
      return { log, answer, atOnce: counts.most };
    },
    async kit(world) {
      const counts = newWork();
      const graph = await attach(world, (saver, ask) => waitThenWork(saver, ask, counts));
      await graph.invoke({ input: "first" }, thread());
      await world.reply("a", "yes");
      await until(() => counts.slow > 0, "the resume");
      await graph.invoke({ input: "second" }, thread());
      const { log, answer } = (await graph.getState(thread())).values;
      return { log, answer, atOnce: counts.most };
    },
  },
  {
    name: "a stream that is no longer read: the next run waits for its end",
    wanted: { log: ["one", "two"], atOnce: 1 },
    async bare(world) {
      const counts = newWork();
      return afterAbandonedStream(any(worker(world.openSaver(), counts)), counts);
    },
    async kit(world) {
      const counts = newWork();
      return afterAbandonedStream(await attach(world, (saver) => worker(saver, counts)), counts);
    },
  },
  {
    name: "a copy made by withConfig is held to the same",
    wanted: { log: ["one", "two"], atOnce: 1 },
    async bare(world) {
      const counts = newWork();
      return twoInvokes(any(worker(world.openSaver(), counts)).withConfig({ tags: ["copy"] }), counts);
    },
    async kit(world) {
      const counts = newWork();
      const graph = await attach(world, (saver) => worker(saver, counts));
      return twoInvokes(graph.withConfig({ tags: ["copy"] }), counts);
    },
  },
  {
    name: "updateState while a run is at work: both count",
    wanted: { log: ["one"], note: "noted" },
    async bare(world) {
      const counts = newWork();
      return updateDuringRun(any(worker(world.openSaver(), counts)), counts);
    },
    async kit(world) {
      const counts = newWork();
      return updateDuringRun(await attach(world, (saver) => worker(saver, counts)), counts);
    },
  },
  {
    name: "updateState on a waiting thread: the reply still comes through",
    wanted: { answer: "yes", note: "noted", mails: 1 },
    async bare(world) {
      const sent: string[] = [];
      const ask = askBare();
      const graph = any(
        sendThenWait(
          world.openSaver(),
          async () => void sent.push("a"),
          () => ask("a"),
          newWork(),
        ),
      );
      await graph.invoke({}, thread());
      const resume = await bareResume(graph, thread(), { a: "yes" });
      await graph.updateState(thread(), { note: "noted" });
      await graph.invoke(resume, thread());
      const { answer, note } = (await graph.getState(thread())).values;
      return { answer, note, mails: sent.length };
    },
    async kit(world) {
      const kit = await world.startKit();
      const graph = any(
        kit.attach(
          "runs",
          sendThenWait(
            kit.checkpointer(world.openSaver()),
            async () => {
              await kit.sendTask(question, { from: "desk", to: world.person("a"), subject: "a", body: "?" });
            },
            async () => {
              const outcome = await kit.awaitReply(question);
              return outcome.kind === "replied" ? outcome.text : outcome.kind;
            },
            newWork(),
          ) as never,
        ),
      );
      await graph.invoke({}, thread());
      await graph.updateState(thread(), { note: "noted" });
      await world.reply("a", "yes");
      const { answer, note } = await finished(graph);
      return { answer, note, mails: await world.mailsTo("a") };
    },
  },
];

async function updateDuringRun(graph: AnyGraph, counts: Work): Promise<unknown> {
  const run = graph.invoke({ input: "one" }, thread());
  await until(() => counts.slow > 0, "the run");
  await graph.updateState(thread(), { note: "noted" }, "work");
  await run;
  const { log, note } = (await graph.getState(thread())).values;
  return { log, note };
}

export const runs: Scenario[] = [{ number: 7, title: "One thread, several runs", cases }];
