import { Annotation, Command, END, START, StateGraph } from "@langchain/langgraph";
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
  type Kit,
  settle,
  thread,
  until,
  type World,
} from "../world.ts";

const State = Annotation.Root({ input: Annotation<string>, answer: Annotation<string> });

/** Asks who the input names. */
function asker(checkpointer: BaseCheckpointSaver, ask: Ask): object {
  return new StateGraph(State)
    .addNode("prepare", () => ({}))
    .addNode("ask", async ({ input }) => ({ answer: await ask(input) }))
    .addEdge(START, "prepare")
    .addEdge("prepare", "ask")
    .addEdge("ask", END)
    .compile({ checkpointer });
}

interface Attached {
  kit: Kit;
  saver: BaseCheckpointSaver;
  graph: AnyGraph;
}

async function attach(world: World): Promise<Attached> {
  const kit = await world.startKit();
  const saver = kit.checkpointer(world.openSaver());
  return { kit, saver, graph: any(kit.attach("asker", asker(saver, askByKit(world, kit)) as never)) };
}

async function cancelled(kit: Kit): Promise<unknown[]> {
  return (await kit.events()).filter(({ data }) => data["kind"] === "cancelled").map(({ data }) => data["by"]);
}

async function lateReplies(kit: Kit, count: number): Promise<string[]> {
  await until(async () => (await kit.messages("late")).length >= count, "the late reply");
  return (await kit.messages("late")).map(({ content }) => content.text);
}

/** The latest checkpoint from which `node` runs. */
async function before(node: string, graph: AnyGraph): Promise<object> {
  const history = graph as unknown as {
    getStateHistory: (config: object) => AsyncIterable<{ next: string[]; config: object }>;
  };
  for await (const { next, config } of history.getStateHistory(thread())) {
    if (next.join() === node) return config;
  }
  throw new Error(`No checkpoint before ${node}.`);
}

const cases: Case[] = [
  {
    name: "a new input: the old wait is cancelled, its late reply is kept and not applied",
    wanted: { cancelled: ["new-input"], late: ["A"], answer: "B" },
    async bare(world) {
      const graph = any(asker(world.openSaver(), askBare()));
      await graph.invoke({ input: "a" }, thread());
      const resumeA = await bareResume(graph, thread(), { a: "A" });
      await graph.invoke({ input: "b" }, thread());
      await graph.invoke(resumeA, thread());
      await graph.invoke(await bareResume(graph, thread(), { b: "B" }), thread());
      return { cancelled: [], late: [], answer: (await graph.getState(thread())).values["answer"] };
    },
    async kit(world) {
      const { kit, graph } = await attach(world);
      await graph.invoke({ input: "a" }, thread());
      await until(() => world.mail.mails(world.person("a")).length > 0, "the mail");
      await graph.invoke({ input: "b" }, thread());
      await world.reply("a", "A");
      const late = await lateReplies(kit, 1);
      await world.reply("b", "B");
      const { answer } = await finished(graph);
      return { cancelled: await cancelled(kit), late, answer };
    },
  },
  {
    name: "a new input, and then a bare value from a UI that still shows the old question",
    wanted: { answer: "B" },
    async bare(world) {
      const graph = any(asker(world.openSaver(), askBare()));
      await graph.invoke({ input: "a" }, thread());
      await graph.invoke({ input: "b" }, thread());
      await graph.invoke(new Command({ resume: "A" }), thread());
      return { answer: (await graph.getState(thread())).values["answer"] };
    },
    async kit(world) {
      const { graph } = await attach(world);
      const parked = await graph.invoke({ input: "a" }, thread());
      const [{ value }] = parked["__interrupt__"] as [{ value: { taskId: string } }];
      await graph.invoke({ input: "b" }, thread());
      await graph.invoke(new Command({ resume: { taskId: value.taskId, data: "A" } }), thread());
      await world.reply("b", "B");
      return { answer: (await finished(graph))["answer"] };
    },
  },
  {
    name: "a deleted thread: its wait is cancelled, its late reply is kept",
    wanted: { cancelled: ["thread-deleted"], late: ["A"], state: {} },
    async bare(world) {
      const saver = world.openSaver();
      const graph = any(asker(saver, askBare()));
      await graph.invoke({ input: "a" }, thread());
      const resume = await bareResume(graph, thread(), { a: "A" });
      await saver.deleteThread("1");
      await graph.invoke(resume, thread()).catch(() => {});
      return { cancelled: [], late: [], state: (await graph.getState(thread())).values };
    },
    async kit(world) {
      const { kit, saver, graph } = await attach(world);
      await graph.invoke({ input: "a" }, thread());
      await until(() => world.mail.mails(world.person("a")).length > 0, "the mail");
      await saver.deleteThread("1");
      await world.reply("a", "A");
      const late = await lateReplies(kit, 1);
      await settle();
      return { cancelled: await cancelled(kit), late, state: (await graph.getState(thread())).values };
    },
  },
  {
    name: "a replay of a finished step: a new mail, and the new answer",
    wanted: { mails: 2, answer: "second", kept: ["first", "second"], cancelled: [] },
    async bare(world) {
      const sent: string[] = [];
      const graph = any(asker(world.openSaver(), askBare(sent)));
      await graph.invoke({ input: "a" }, thread());
      await graph.invoke(await bareResume(graph, thread(), { a: "first" }), thread());
      await graph.invoke(null, await before("ask", graph));
      await graph.invoke(await bareResume(graph, thread(), { a: "second" }), thread());
      return { mails: sent.length, answer: (await graph.getState(thread())).values["answer"], kept: [], cancelled: [] };
    },
    async kit(world) {
      const { kit, graph } = await attach(world);
      await graph.invoke({ input: "a" }, thread());
      await world.reply("a", "first");
      await finished(graph);
      await graph.invoke(null, await before("ask", graph));
      await world.reply("a", "second", 1);
      const { answer } = await finished(graph);
      return { mails: await world.mailsTo("a"), answer, kept: await settled(kit), cancelled: await cancelled(kit) };
    },
  },
  {
    name: "a fork while the thread waits: new mail, and the old wait is left as it is",
    wanted: { mails: 2, early: [], answer: "new", kept: ["new", "old"], cancelled: [] },
    async bare(world) {
      const sent: string[] = [];
      const graph = any(asker(world.openSaver(), askBare(sent)));
      await graph.invoke({ input: "a" }, thread());
      const resume = await bareResume(graph, thread(), { a: "old" });
      const fork = await graph.updateState(await before("prepare", graph), { input: "a" });
      await graph.invoke(null, fork);
      await graph.invoke(resume, thread());
      const early = (await graph.getState(thread())).values["answer"];
      await graph.invoke(await bareResume(graph, thread(), { a: "new" }), thread());
      const { answer } = (await graph.getState(thread())).values;
      return { mails: sent.length, early: early === undefined ? [] : [early], answer, kept: [], cancelled: [] };
    },
    async kit(world) {
      const { kit, graph } = await attach(world);
      await graph.invoke({ input: "a" }, thread());
      await until(() => world.mail.mails(world.person("a")).length > 0, "the mail");
      const fork = await graph.updateState(await before("prepare", graph), { input: "a" });
      await graph.invoke(null, fork);
      await until(() => world.mail.mails(world.person("a")).length > 1, "the second mail");
      await world.reply("a", "old");
      await settle();
      const early = (await graph.getState(thread())).values["answer"];
      await world.reply("a", "new", 1);
      const { answer } = await finished(graph);
      return {
        mails: await world.mailsTo("a"),
        early: early === undefined ? [] : [early],
        answer,
        kept: await settled(kit),
        cancelled: await cancelled(kit),
      };
    },
  },
];

/** The replies that settled a task. */
async function settled(kit: Kit): Promise<string[]> {
  return (await kit.messages("settled")).map(({ content }) => content.text).toSorted((a, b) => a.localeCompare(b));
}

export const threads: Scenario[] = [{ number: 11, title: "A thread that goes another way", cases }];
