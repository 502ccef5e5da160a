import { Annotation, END, entrypoint, Send, START, StateGraph, task } from "@langchain/langgraph";
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
  type World,
} from "../world.ts";

const State = Annotation.Root({
  name: Annotation<string>,
  answers: Annotation<string[]>({ reducer: (a, b) => [...a, ...b].toSorted(), default: () => [] }),
});
const Output = Annotation.Root({ answers: State.spec.answers });

type Make = (saver: BaseCheckpointSaver, ask: Ask) => object;

const NAMES = ["a", "b", "c"];

/** Three branches, each a subgraph in which one node sends and another one waits. */
const branchesOfSubgraphs: Make = (checkpointer, ask) => {
  const branch = new StateGraph(State, { output: Output })
    .addNode("prepare", () => ({}))
    .addNode("ask", async ({ name }) => ({ answers: [`${name}: ${await ask(name)}`] }))
    .addEdge(START, "prepare")
    .addEdge("prepare", "ask")
    .addEdge("ask", END)
    .compile();
  return new StateGraph(State)
    .addNode("branch", branch)
    .addConditionalEdges(START, () => NAMES.map((name) => new Send("branch", { name })), ["branch"])
    .addEdge("branch", END)
    .compile({ checkpointer });
};

const branches: Make = (checkpointer, ask) =>
  new StateGraph(State)
    .addNode("ask", async ({ name }) => ({ answers: [`${name}: ${await ask(name)}`] }))
    .addConditionalEdges(START, () => NAMES.map((name) => new Send("ask", { name })), ["ask"])
    .addEdge("ask", END)
    .compile({ checkpointer });

function asking(name: string, ask: Ask) {
  return new StateGraph(State)
    .addNode("ask", async () => ({ answers: [`${name}: ${await ask(name)}`] }))
    .addEdge(START, "ask")
    .addEdge("ask", END)
    .compile();
}

/** A subgraph in a subgraph as a node, one that a node invokes, and a plain node. */
const nested: Make = (checkpointer, ask) => {
  const middle = new StateGraph(State)
    .addNode("inner", asking("a", ask))
    .addEdge(START, "inner")
    .addEdge("inner", END)
    .compile();
  const invoked = asking("b", ask);
  return new StateGraph(State)
    .addNode("middle", middle)
    .addNode("invoking", async () => ({ answers: (await invoked.invoke({})).answers }))
    .addNode("plain", async () => ({ answers: [`c: ${await ask("c")}`] }))
    .addEdge(START, "middle")
    .addEdge(START, "invoking")
    .addEdge(START, "plain")
    .addEdge("middle", END)
    .addEdge("invoking", END)
    .addEdge("plain", END)
    .compile({ checkpointer });
};

/** Tasks of the functional API that wait at the same time. */
const functional: Make = (checkpointer, ask) => {
  const askTask = task("ask", async (name: string) => `${name}: ${await ask(name)}`);
  return entrypoint({ name: "workflow", checkpointer }, async () => ({
    answers: await Promise.all(NAMES.map((name) => askTask(name))),
  }));
};

async function bare(world: World, make: Make): Promise<unknown> {
  const sent: string[] = [];
  const graph = any(make(world.openSaver(), askBare(sent)));
  await graph.invoke({}, thread());
  let answers: unknown = [];
  for (const name of NAMES.toReversed()) {
    const resume = await bareResume(graph, thread(), { [name]: name.toUpperCase() });
    // LangGraph does not show this interrupt: whoever answers finds nothing that waits.
    if (Object.keys(resume.resume as object).length === 0) continue;
    answers = (await graph.invoke(resume, thread()))["answers"] ?? answers;
  }
  return { answers, mails: sent.length };
}

async function withKit(world: World, make: Make): Promise<unknown> {
  const kit = await world.startKit();
  const graph: AnyGraph = any(
    kit.attach("shapes", make(kit.checkpointer(world.openSaver()), askByKit(world, kit)) as never),
  );
  let end: Record<string, unknown> | undefined = await graph.invoke({}, thread());
  for (const name of NAMES.toReversed()) {
    await world.reply(name, name.toUpperCase());
    await settle();
  }
  end = await finished(graph);
  let mails = 0;
  for (const name of NAMES) mails += await world.mailsTo(name);
  return { answers: end["answers"], mails };
}

const wanted = { answers: ["a: A", "b: B", "c: C"], mails: 3 };

function shape(name: string, make: Make): Case {
  return { name, wanted, bare: (world) => bare(world, make), kit: (world) => withKit(world, make) };
}

export const shapes: Scenario[] = [
  {
    number: 8,
    title: "Branches, subgraphs, the functional API",
    cases: [
      shape("three Send branches that send and wait in one node", branches),
      shape("three Send branches that are subgraphs", branchesOfSubgraphs),
      shape("waits in a nested subgraph, an invoked subgraph and a node, side by side", nested),
      shape("three waiting tasks of the functional API", functional),
    ],
  },
];
