// A worker in a process of its own, for the scenarios that stop and kill one. It notes what its nodes do in a file that all share.
import { appendFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { Annotation, Command, END, interrupt, START, StateGraph } from "@langchain/langgraph";
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
  to: string;
  /** How long the node after the wait works. */
  workMs: number;
  /** What the bare worker does: starts the thread, or resumes it with this answer. */
  resume?: string;
}

const State = Annotation.Root({ answer: Annotation<string>, by: Annotation<string>, ended: Annotation<string> });
const question = defineTask("question");

function graphOf(options: ProcessOptions, checkpointer: BaseCheckpointSaver, ask: () => Promise<string>) {
  const note = (node: string) => appendFileSync(options.log, `${options.name} ${node}\n`);
  return new StateGraph(State)
    .addNode("wait", async () => ({ answer: await ask() }))
    .addNode("work", async () => {
      note("work");
      await sleep(options.workMs);
      return { by: options.name };
    })
    .addNode("after", () => {
      note("after");
      return { ended: options.name };
    })
    .addEdge(START, "wait")
    .addEdge("wait", "work")
    .addEdge("work", "after")
    .addEdge("after", END)
    .compile({ checkpointer });
}

/** The graph under a kit; also for the process that looks at its state. */
export function kitGraph(options: ProcessOptions, kit: EmailKit<"desk">) {
  const graph = graphOf(options, kit.checkpointer(SqliteSaver.fromConnString(options.state)), async () => {
    await kit.sendTask(question, { from: "desk", to: options.to, subject: "a", body: "?" });
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
    const id = tasks[0]?.interrupts[0]?.id;
    const go = new Promise((resolve) => void process.once("message", resolve));
    process.send?.("ready");
    await go;
    // A thread whose resume was begun goes on by itself; LangGraph knows it no more as interrupted.
    await graph.invoke(id ? new Command({ resume: { [id]: options.resume } }) : null, {
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
