import { Annotation, END, START, StateGraph } from "@langchain/langgraph";
import type { BaseCheckpointSaver } from "@langchain/langgraph-checkpoint";
import { caught, type Case, type Scenario } from "../scenario.ts";
import {
  any,
  type Ask,
  askBare,
  askByKit,
  bareResume,
  finished,
  type Kit,
  question,
  settle,
  thread,
  until,
  type World,
} from "../world.ts";

const State = Annotation.Root({ input: Annotation<string>, answer: Annotation<string>, done: Annotation<boolean> });

type Node = () => Promise<Partial<typeof State.State>>;

function graphOf(node: Node, options: { checkpointer?: BaseCheckpointSaver | false; retries?: number } = {}): object {
  const retryPolicy = { maxAttempts: (options.retries ?? 0) + 1, initialInterval: 1, retryOn: () => true };
  return new StateGraph(State)
    .addNode("node", node, { retryPolicy })
    .addEdge(START, "node")
    .addEdge("node", END)
    .compile(options.checkpointer === undefined ? {} : { checkpointer: options.checkpointer });
}

/** Sends the same kind of task three times. */
async function sendThree(world: World, kit: Kit, keys: (string | undefined)[]): Promise<Record<string, never>> {
  for (const key of keys) {
    const mail = { from: "desk", to: world.person("a"), subject: "a", body: "?" } as const;
    await kit.sendTask(question, { ...mail, ...(key !== undefined && { key }) });
  }
  return {};
}

async function mailed(world: World, run: (kit: Kit) => Promise<unknown>): Promise<unknown> {
  const kit = await world.startKit();
  const error = await caught(run(kit));
  return { error, mails: await world.mailsTo("a") };
}

async function mailedBare(sent: string[], run: () => Promise<unknown>): Promise<unknown> {
  return { error: await caught(run()), mails: sent.length };
}

/** Throws at its first attempt, after it has asked. */
function flaky(ask: Ask): Node {
  let attempts = 0;
  return async () => {
    const answer = ask("a");
    answer.catch(() => {});
    if (attempts++ === 0) {
      await settle();
      throw new Error("a flaky service");
    }
    return { answer: await answer };
  };
}

const sending: Case[] = [
  {
    name: "the same task three times in one node, without keys: refused",
    wanted: { error: "TASK_ID_COLLISION", mails: 1 },
    bare: async (world) => {
      const sent: string[] = [];
      const node = async () => (sent.push("a", "a", "a"), {});
      return mailedBare(sent, () => any(graphOf(node, { checkpointer: world.openSaver() })).invoke({}, thread()));
    },
    kit: async (world) =>
      mailed(world, async (kit) => {
        const node = () => sendThree(world, kit, [undefined, undefined, undefined]);
        const graph = graphOf(node, { checkpointer: kit.checkpointer(world.openSaver()) });
        await any(kit.attach("g", graph as never)).invoke({}, thread());
      }),
  },
  {
    name: "a node that retryPolicy runs again mails once",
    wanted: { answer: "yes", mails: 1 },
    async bare(world) {
      const sent: string[] = [];
      const graph = any(graphOf(flaky(askBare(sent)), { checkpointer: world.openSaver(), retries: 2 }));
      await graph.invoke({}, thread());
      const { answer } = await graph.invoke(await bareResume(graph, thread(), { a: "yes" }), thread());
      return { answer, mails: sent.length };
    },
    async kit(world) {
      const kit = await world.startKit();
      const checkpointer = kit.checkpointer(world.openSaver());
      const graph = any(kit.attach("g", graphOf(flaky(askByKit(world, kit)), { checkpointer, retries: 2 }) as never));
      await graph.invoke({}, thread());
      await world.reply("a", "yes");
      return { answer: (await finished(graph))["answer"], mails: await world.mailsTo("a") };
    },
  },
  ...(["async", "exit"] as const).map((durability) => ({
    name: `durability "${durability}": nothing is mailed before it is stored`,
    wanted: { error: "RUN_NOT_DURABLE", mails: 0 },
    bare: async (world: World) => {
      const sent: string[] = [];
      const node: Node = async () => ({ answer: await askBare(sent)("a") });
      const graph = any(graphOf(node, { checkpointer: world.openSaver() }));
      return mailedBare(sent, () => graph.invoke({}, { ...thread(), durability }));
    },
    kit: async (world: World) =>
      mailed(world, async (kit) => {
        const node: Node = async () => ({ answer: await askByKit(world, kit)("a") });
        const graph = graphOf(node, { checkpointer: kit.checkpointer(world.openSaver()) });
        await any(kit.attach("g", graph as never)).invoke({}, { ...thread(), durability });
      }),
  })),
  {
    name: "no checkpointer: nothing is mailed",
    wanted: { error: "RUN_NOT_DURABLE", mails: 0 },
    bare: async () => {
      const sent: string[] = [];
      const graph = any(graphOf(async () => ({ answer: await askBare(sent)("a") })));
      return mailedBare(sent, () => graph.invoke({}, thread()));
    },
    kit: async (world) =>
      mailed(world, async (kit) => {
        const graph = graphOf(async () => ({ answer: await askByKit(world, kit)("a") }));
        await any(kit.attach("g", graph as never)).invoke({}, thread());
      }),
  },
  {
    name: "a subgraph without a checkpointer: nothing is mailed",
    wanted: { error: "RUN_NOT_DURABLE", mails: 0 },
    bare: async (world) => {
      const sent: string[] = [];
      const inner = any(graphOf(async () => ({ answer: await askBare(sent)("a") }), { checkpointer: false }));
      const node: Node = async () => ({ answer: (await inner.invoke({}, {}))["answer"] as string });
      const graph = any(graphOf(node, { checkpointer: world.openSaver() }));
      return mailedBare(sent, () => graph.invoke({}, thread()));
    },
    kit: async (world) =>
      mailed(world, async (kit) => {
        const asking: Node = async () => ({ answer: await askByKit(world, kit)("a") });
        const inner = any(graphOf(asking, { checkpointer: false }));
        const node: Node = async () => ({ answer: (await inner.invoke({}, {}))["answer"] as string });
        const graph = graphOf(node, { checkpointer: kit.checkpointer(world.openSaver()) });
        await any(kit.attach("g", graph as never)).invoke({}, thread());
      }),
  },
];

/** A wait, and a node after it that throws for as long as it is told to. */
function failing(checkpointer: BaseCheckpointSaver, ask: Ask, service: { down: boolean; calls: number }): object {
  return new StateGraph(State)
    .addNode("wait", async () => ({ answer: await ask("a") }))
    .addNode("after", () => {
      service.calls++;
      if (service.down) throw new Error("the service is down");
      return { done: true };
    })
    .addEdge(START, "wait")
    .addEdge("wait", "after")
    .addEdge("after", END)
    .compile({ checkpointer });
}

const failures: Case[] = [
  {
    name: "three tries with back-off, then stalled; retried by hand it goes on",
    wanted: { tries: 3, stalled: true, end: { answer: "yes", done: true } },
    async bare(world) {
      const service = { down: true, calls: 0 };
      const graph = any(failing(world.openSaver(), askBare(), service));
      await graph.invoke({}, thread());
      await caught(graph.invoke(await bareResume(graph, thread(), { a: "yes" }), thread()));
      await settle();
      const tries = service.calls;
      service.down = false;
      return { tries, stalled: false, end: (await graph.getState(thread())).values };
    },
    async kit(world) {
      const kit = await world.startKit();
      const service = { down: true, calls: 0 };
      const graph = any(
        kit.attach("g", failing(kit.checkpointer(world.openSaver()), askByKit(world, kit), service) as never),
      );
      await graph.invoke({}, thread());
      await world.reply("a", "yes");
      await until(async () => (await kit.stalled()).length > 0, "the stall");
      await settle();
      const tries = service.calls;
      const stalled = (await kit.stalled()).some(({ threadId }) => threadId === "1");
      service.down = false;
      await kit.retry("1");
      return { tries, stalled, end: await finished(graph) };
    },
  },
];

export const durable: Scenario[] = [
  { number: 10, title: "One task, one mail", cases: sending },
  { number: 12, title: "A node that throws after the resume", cases: failures },
];
