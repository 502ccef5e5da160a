import { tool } from "@langchain/core/tools";
import { Annotation, type BaseCheckpointSaver, END, Send, START, StateGraph } from "@langchain/langgraph";
import { createAgent, humanInTheLoopMiddleware } from "langchain";
import { defineTask, type EmailKit, type Outcome } from "langgraph-email";
import { z } from "zod";
import { ScriptedModel } from "../../support/scripted-model.ts";

const approval = defineTask("approval", { reply: z.object({ approved: z.boolean() }) });

const AskState = Annotation.Root({
  to: Annotation<string>,
  subject: Annotation<string>,
  /** How often the node after the wait throws. */
  failures: Annotation<number>,
  outcome: Annotation<Outcome<unknown>>,
  done: Annotation<boolean>,
});

const ManyState = Annotation.Root({
  to: Annotation<string[]>,
  answers: Annotation<string[]>({ reducer: (a, b) => [...a, ...b], default: () => [] }),
});

/** Asks somebody, and goes on with the answer. Without a saver: LangGraph's API server brings its own. */
export function askGraph(kit: EmailKit<"desk">, name: string, saver?: BaseCheckpointSaver) {
  const failures = new Map<unknown, number>();
  return kit.attach(
    name,
    new StateGraph(AskState)
      .addNode("ask", async ({ to, subject }, { configurable }) => {
        const signed = configurable?.["signature"] ? `${subject} (${String(configurable["signature"])})` : subject;
        await kit.sendTask(approval, { from: "desk", to, subject: signed, body: "May we?" });
        return { outcome: await kit.awaitReply(approval) };
      })
      .addNode("after", (state, { configurable }) => {
        const before = failures.get(configurable?.["thread_id"]) ?? 0;
        failures.set(configurable?.["thread_id"], before + 1);
        if (before < (state.failures ?? 0)) throw new Error("The machine is on fire.");
        return { done: true };
      })
      .addEdge(START, "ask")
      .addEdge("ask", "after")
      .addEdge("after", END)
      .compile(saver && { checkpointer: kit.checkpointer(saver) }),
  );
}

/** Asks several people in one step, each in a branch of their own. */
export function manyGraph(kit: EmailKit<"desk">, name: string, saver?: BaseCheckpointSaver) {
  return kit.attach(
    name,
    new StateGraph(ManyState)
      .addNode("ask", async ({ to: [person] }) => {
        await kit.sendTask(approval, { from: "desk", to: person!, subject: "Many", body: "May we?" });
        const outcome = await kit.awaitReply(approval);
        return { answers: [`${person}: ${outcome.kind}`] };
      })
      .addConditionalEdges(START, ({ to }) => to.map((person) => new Send("ask", { to: [person] })), ["ask"])
      .addEdge("ask", END)
      .compile(saver && { checkpointer: kit.checkpointer(saver) }),
  );
}

/** Decides on what {@link payGraph} pays. */
export const TREASURER = "treasurer@b.example";

/** An agent whose model pays what it is told to, `TO AMOUNT` a line, and which asks by mail before it does. */
export function payGraph(kit: EmailKit<"desk">, name: string, saver?: BaseCheckpointSaver) {
  const pay = tool(async ({ to, amount }) => `Paid ${amount} to ${to}.`, {
    name: "pay",
    description: "pays",
    schema: z.object({ to: z.string(), amount: z.number() }),
  });
  const approval = humanInTheLoopMiddleware({ interruptOn: { pay: true } });
  const agent = createAgent({
    model: new ScriptedModel((_, [asked]) =>
      asked!.text.split("\n").map((line) => {
        const [to, amount] = line.split(" ");
        return { name: "pay", args: { to: to!, amount: Number(amount) } };
      }),
    ),
    tools: [pay],
    middleware: [kit.emailApproval(approval, { from: "desk", to: TREASURER })],
    ...(saver && { checkpointer: kit.checkpointer(saver) }),
  });
  return kit.attach(name, agent.graph);
}

/** Asks in a node of that name. */
export function namedGraph(kit: EmailKit<"desk">, name: string, node: string) {
  return kit.attach(
    name,
    new StateGraph(AskState)
      .addNode(node, async ({ to, subject }) => {
        await kit.sendTask(approval, { from: "desk", to, subject, body: "May we?" });
        return { outcome: await kit.awaitReply(approval) };
      })
      .addEdge(START, node)
      .addEdge(node, END)
      .compile(),
  );
}
