// A worker in a process of its own, for the scenarios that stop and kill one. It notes what its nodes do in a file that all share.
import { appendFileSync, readFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { Annotation, Command, END, interrupt, Send, START, StateGraph } from "@langchain/langgraph";
import type { BaseCheckpointSaver } from "@langchain/langgraph-checkpoint";
import { SqliteSaver } from "@langchain/langgraph-checkpoint-sqlite";
import { type AgentConfig, createEmailKit, defineTask, type EmailKit } from "langgraph-email";

export interface ProcessOptions {
  mode: "bare" | "kit";
  name: string;
  ledger: string;
  state: string;
  log: string;
  desk: AgentConfig;
  /** Who is asked, by name, each in a branch. */
  to: Record<string, string>;
  /** How long the node after the wait works. */
  workMs: number;
  /** Whose answers the bare worker gives. */
  answers: string[];
  /** How many bare workers race. */
  meets: number;
}

const State = Annotation.Root({
  name: Annotation<string>,
  answers: Annotation<string[]>({ reducer: (a, b) => [...a, ...b].toSorted(), default: () => [] }),
  by: Annotation<string>,
  ended: Annotation<string>,
});
const question = defineTask("question");

/** Bare workers that are to race wait for each other in the middle of their nodes, so that the race is certain and not a matter of load. */
async function meet({ log, meets }: ProcessOptions): Promise<void> {
  const present = () => new Set(readFileSync(log, "utf8").match(/^\w+(?= answered$)/gm)).size;
  for (let turn = 0; turn < 500 && present() < meets; turn++) await sleep(10);
}

function graphOf(options: ProcessOptions, checkpointer: BaseCheckpointSaver, ask: (name: string) => Promise<string>) {
  const note = (node: string) => appendFileSync(options.log, `${options.name} ${node}\n`);
  return new StateGraph(State)
    .addNode("wait", async ({ name }) => {
      const answer = await ask(name);
      note("answered");
      await meet(options);
      return { answers: [`${name}: ${answer}`] };
    })
    .addNode("work", async () => {
      note("work");
      await sleep(options.workMs);
      return { by: options.name };
    })
    .addNode("after", () => {
      note("after");
      return { ended: options.name };
    })
    .addConditionalEdges(START, () => Object.keys(options.to).map((name) => new Send("wait", { name })), ["wait"])
    .addEdge("wait", "work")
    .addEdge("work", "after")
    .addEdge("after", END)
    .compile({ checkpointer });
}

/** The graph under a kit; also for the process that looks at its state. */
export function kitGraph(options: ProcessOptions, kit: EmailKit<"desk">) {
  const graph = graphOf(options, kit.checkpointer(SqliteSaver.fromConnString(options.state)), async (name) => {
    await kit.sendTask(question, { from: "desk", to: options.to[name]!, subject: name, body: "?" });
    const outcome = await kit.awaitReply(question);
    return outcome.kind === "replied" ? outcome.text : outcome.kind;
  });
  return kit.attach("process", graph);
}

export function bareGraph(options: ProcessOptions) {
  return graphOf(options, SqliteSaver.fromConnString(options.state), async () =>
    interrupt<object, string>({ ask: "a" }),
  );
}

async function main(options: ProcessOptions): Promise<void> {
  if (options.mode === "bare") {
    const graph = bareGraph(options);
    const thread = { configurable: { thread_id: "1" } };
    const { tasks } = await graph.getState(thread);
    const open = tasks.flatMap(({ interrupts }) => interrupts);
    const mine = open.filter(({ value }) => options.answers.includes((value as { ask: string }).ask));
    const resume = Object.fromEntries(mine.map(({ id }) => [id, "yes"]));
    const go = new Promise((resolve) => void process.once("message", resolve));
    process.send?.("ready");
    await go;
    // A thread whose resume was begun goes on by itself; LangGraph knows it no more as interrupted.
    await graph.invoke(mine.length > 0 ? new Command({ resume }) : null, {
      ...thread,
      durability: "sync",
    });
    process.disconnect();
    return;
  }
  const kit = createEmailKit({ ledger: options.ledger, agents: { desk: options.desk }, lease: "1 s" });
  kitGraph(options, kit);
  const worker = await kit.start();
  await worker.ready;
  process.send?.("ready");
}

if (process.argv[2] === "worker") await main(JSON.parse(process.argv[3]!) as ProcessOptions);
