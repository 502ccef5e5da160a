import { Annotation, Command, END, Send, START, StateGraph } from "@langchain/langgraph";
import type { BaseCheckpointSaver } from "@langchain/langgraph-checkpoint";
import type { Scenario } from "../scenario.ts";
import {
  any,
  type AnyGraph,
  type Ask,
  askBare,
  askByKit,
  bareResume,
  finished,
  isFinished,
  settle,
  thread,
  type World,
} from "../world.ts";

const State = Annotation.Root({
  name: Annotation<string>,
  answers: Annotation<string[]>({ reducer: (a, b) => [...a, ...b].toSorted(), default: () => [] }),
});

interface Counts {
  ask: number;
  join: number;
}

/** One branch for each name, and a join that waits for all. */
export function fanOut(names: string[], ask: Ask, saver: BaseCheckpointSaver, counts: Counts): object {
  return new StateGraph(State)
    .addNode("ask", async ({ name }) => {
      counts.ask++;
      return { answers: [`${name}: ${await ask(name)}`] };
    })
    .addNode("join", () => {
      counts.join++;
      return {};
    })
    .addConditionalEdges(START, () => names.map((name) => new Send("ask", { name })), ["ask"])
    .addEdge("ask", "join")
    .addEdge("join", END)
    .compile({ checkpointer: saver });
}

/** Two workers with the same graph on one store and one ledger. */
async function twoWorkers(world: World, names: string[], counts: Counts): Promise<AnyGraph> {
  const kits = [await world.startKit(), await world.startKit()];
  const [graph] = kits.map((kit) =>
    any(kit.attach("fan", fanOut(names, askByKit(world, kit), kit.checkpointer(world.openSaver()), counts) as never)),
  );
  return graph!;
}

async function bareWorkers(world: World, names: string[], counts: Counts): Promise<[AnyGraph, AnyGraph]> {
  const make = () => any(fanOut(names, askBare(), world.openSaver(), counts));
  const workers: [AnyGraph, AnyGraph] = [make(), make()];
  await workers[0].invoke({}, thread());
  return workers;
}

const FOUR = ["a", "b", "c", "d"];

export const parallel: Scenario[] = [
  {
    number: 1,
    title: "Two workers resume one interrupt",
    cases: [
      {
        name: "what comes after the wait runs once",
        wanted: { answers: ["a: yes"], joins: 1 },
        async bare(world) {
          const counts = { ask: 0, join: 0 };
          const [one, two] = await bareWorkers(world, ["a"], counts);
          const resume = await bareResume(one, thread(), { a: "yes" });
          await Promise.all([one.invoke(resume, thread()), two.invoke(resume, thread())]);
          return { answers: (await one.getState(thread())).values["answers"], joins: counts.join };
        },
        async kit(world) {
          const counts = { ask: 0, join: 0 };
          const graph = await twoWorkers(world, ["a"], counts);
          await graph.invoke({}, thread());
          await world.reply("a", "yes");
          const { answers } = await finished(graph);
          await settle();
          return { answers, joins: counts.join };
        },
      },
    ],
  },
  {
    number: 2,
    title: "Four parallel waits answered at once",
    cases: [
      {
        name: "all answers are in, and the join runs once",
        wanted: { answers: FOUR.map((name) => `${name}: ${name.toUpperCase()}`), joins: 1, finished: true },
        async bare(world) {
          const counts = { ask: 0, join: 0 };
          const workers = await bareWorkers(world, FOUR, counts);
          const resumes = await Promise.all(
            FOUR.map((name) => bareResume(workers[0], thread(), { [name]: name.toUpperCase() })),
          );
          await Promise.all(resumes.map((resume, index) => workers[index % 2]!.invoke(resume, thread())));
          const { values, next } = await workers[0].getState(thread());
          return { answers: values["answers"], joins: counts.join, finished: next.length === 0 };
        },
        async kit(world) {
          const counts = { ask: 0, join: 0 };
          const graph = await twoWorkers(world, FOUR, counts);
          await graph.invoke({}, thread());
          await Promise.all(FOUR.map((name) => world.reply(name, name.toUpperCase())));
          const { answers } = await finished(graph);
          await settle();
          return { answers, joins: counts.join, finished: await isFinished(graph, thread()) };
        },
      },
    ],
  },
  {
    number: 3,
    title: "Two waits pending, one answer",
    cases: [
      {
        name: "only its task gets an answer that a UI sends as a bare value",
        wanted: { after: ["a: from UI"], atEnd: ["a: from UI", "b: by mail"] },
        async bare(world) {
          const [graph] = await bareWorkers(world, ["a", "b"], { ask: 0, join: 0 });
          const after = await graph.invoke(new Command({ resume: "from UI" }), thread());
          return { after: after["answers"], atEnd: after["answers"] };
        },
        async kit(world) {
          const graph = await twoWorkers(world, ["a", "b"], { ask: 0, join: 0 });
          const parked = await graph.invoke({}, thread());
          const requests = (parked["__interrupt__"] as { value: { taskId: string; subject: string } }[]).map(
            ({ value }) => value,
          );
          const { taskId } = requests.find(({ subject }) => subject === "a")!;
          const after = await graph.invoke(new Command({ resume: { taskId, data: "from UI" } }), thread());
          await world.reply("b", "by mail");
          return { after: after["answers"], atEnd: (await finished(graph))["answers"] };
        },
      },
      {
        name: "a bare value that names no task is nobody's answer",
        wanted: { after: [], atEnd: ["a: A", "b: B"] },
        async bare(world) {
          const [graph] = await bareWorkers(world, ["a", "b"], { ask: 0, join: 0 });
          const after = await graph.invoke(new Command({ resume: "from UI" }), thread());
          return { after: after["answers"], atEnd: after["answers"] };
        },
        async kit(world) {
          const graph = await twoWorkers(world, ["a", "b"], { ask: 0, join: 0 });
          await graph.invoke({}, thread());
          // It throws INVALID_ANSWER.
          await graph.invoke(new Command({ resume: "from UI" }), thread()).catch(() => {});
          const after = await graph.getState(thread());
          await Promise.all([world.reply("a", "A"), world.reply("b", "B")]);
          return {
            after: (after.values as { answers?: string[] }).answers ?? [],
            atEnd: (await finished(graph))["answers"],
          };
        },
      },
    ],
  },
];
