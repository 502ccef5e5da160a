import { setTimeout as sleep } from "node:timers/promises";
import { BaseChatModel } from "@langchain/core/language_models/chat_models";
import { AIMessage, type BaseMessage, ToolMessage } from "@langchain/core/messages";
import type { ChatResult } from "@langchain/core/outputs";
import { tool } from "@langchain/core/tools";
import { Command, END, interrupt, MessagesAnnotation, START, StateGraph } from "@langchain/langgraph";
import type { BaseCheckpointSaver } from "@langchain/langgraph-checkpoint";
import { ToolNode } from "@langchain/langgraph/prebuilt";
import { createAgent } from "langchain";
import { readResult } from "../../support/scripted-model.ts";
import type { Scenario } from "../scenario.ts";
import {
  any,
  type AnyGraph,
  askBare,
  finished,
  isFinished,
  type Kit,
  question,
  settle,
  thread,
  type World,
} from "../world.ts";

type Answer = () => Promise<string>;

const schema = { type: "object", properties: {} } as const;

/** Tools of one ToolNode whose work before the wait takes now this long, now that. */
function toolGraph(
  saver: BaseCheckpointSaver,
  answers: Record<string, Answer>,
  delays: Record<string, number[]>,
): object {
  const tools = Object.entries(answers).map(([name, answer]) =>
    tool(
      async () => {
        await sleep(delays[name]?.shift() ?? 0);
        return answer();
      },
      { name, description: name, schema },
    ),
  );
  const calls = Object.keys(answers).map((name) => ({ id: `call-${name}`, name, args: {} }));
  return new StateGraph(MessagesAnnotation)
    .addNode("model", () => ({ messages: [new AIMessage({ content: "", tool_calls: calls })] }))
    .addNode("tools", new ToolNode(tools))
    .addEdge(START, "model")
    .addEdge("model", "tools")
    .addEdge("tools", END)
    .compile({ checkpointer: saver });
}

/** What each tool got, by its name. */
function results(state: Record<string, unknown>): Record<string, string> {
  const messages = (state["messages"] ?? []) as BaseMessage[];
  const found = messages.filter((message) => message.getType() === "tool") as ToolMessage[];
  return Object.fromEntries(found.map((message) => [message.name ?? message.tool_call_id, message.text]));
}

/** The same task from every tool, told apart by the tool call alone. */
function askInTool(world: World, kit: Kit, name: string): Answer {
  return async () => {
    await kit.sendTask(question, { from: "desk", to: world.person(name), subject: name, body: "?" });
    const outcome = await kit.awaitReply(question);
    return outcome.kind === "replied" ? outcome.text : outcome.kind;
  };
}

/** First legal is quicker, then finance is, then legal again. */
function changing(): Record<string, number[]> {
  return { legal: [0, 60, 0], finance: [40, 0, 40] };
}

/** Answers in the order in which LangGraph asks, to whom it says that it asks. */
async function answerBare(graph: AnyGraph, answers: Record<string, string>): Promise<unknown> {
  for (let turn = 0; turn < 4; turn++) {
    if (await isFinished(graph, thread())) break;
    const { tasks } = await graph.getState(thread());
    const open = tasks.filter(({ result }) => result === undefined);
    const [pending] = open.flatMap(({ interrupts }) => interrupts).slice(-1);
    const { ask } = pending!.value as { ask: string };
    await graph.invoke(new Command({ resume: { [pending!.id!]: answers[ask] } }), thread());
    await settle();
  }
  return results((await graph.getState(thread())).values);
}

/** Asks for two delegations in one step, then ends. */
class TwoDelegations extends BaseChatModel {
  readonly to: string[];
  constructor(to: string[]) {
    super({});
    this.to = to;
  }
  _llmType(): string {
    return "two-delegations";
  }
  override bindTools(): this {
    return this;
  }
  async _generate(messages: BaseMessage[]): Promise<ChatResult> {
    const done = messages.some((message) => message.getType() === "tool");
    const calls = this.to.map((to) => ({
      id: `call-${to.split("@")[0]}`,
      name: "delegate_by_email",
      args: { to, subject: to.split("@")[0]!, body: "?" },
    }));
    const message = new AIMessage(done ? "done" : { content: "", tool_calls: calls });
    return { generations: [{ message, text: "" }] };
  }
}

const wanted = { legal: "L", finance: "F" };

export const tools: Scenario[] = [
  {
    number: 9,
    title: "Tools that wait",
    cases: [
      {
        name: "two tools of one ToolNode, their timing changed: no answer is crossed",
        wanted,
        async bare(world) {
          const ask = askBare();
          const answers = { legal: () => ask("legal"), finance: () => ask("finance") };
          const graph = any(toolGraph(world.openSaver(), answers, changing()));
          await graph.invoke({ messages: [] }, thread());
          await settle();
          return answerBare(graph, { legal: "L", finance: "F" });
        },
        async kit(world) {
          const kit = await world.startKit();
          const answers = { legal: askInTool(world, kit, "legal"), finance: askInTool(world, kit, "finance") };
          const graph = any(
            kit.attach("tools", toolGraph(kit.checkpointer(world.openSaver()), answers, changing()) as never),
          );
          await graph.invoke({ messages: [] }, thread());
          await world.reply("finance", "F");
          await settle();
          await world.reply("legal", "L");
          return results(await finished(graph));
        },
      },
      {
        name: "a tool that asks by mail beside one that asks its user",
        wanted,
        async bare(world) {
          const ask = askBare();
          const answers = { legal: () => ask("legal"), finance: () => ask("finance") };
          const graph = any(toolGraph(world.openSaver(), answers, { legal: [0, 60, 60], finance: [40, 0, 0] }));
          await graph.invoke({ messages: [] }, thread());
          await settle();
          return answerBare(graph, { legal: "L", finance: "F" });
        },
        async kit(world) {
          const kit = await world.startKit();
          const answers = {
            legal: askInTool(world, kit, "legal"),
            finance: async () => interrupt({ ask: "finance" }) as string,
          };
          const delays = { legal: [0, 60, 60, 60], finance: [40, 0, 0, 0] };
          const graph = any(
            kit.attach("tools", toolGraph(kit.checkpointer(world.openSaver()), answers, delays) as never),
          );
          await graph.invoke({ messages: [] }, thread());
          await world.reply("legal", "L");
          await settle();
          const { tasks } = await graph.getState(thread());
          const own = tasks
            .flatMap(({ interrupts }) => interrupts)
            .find(({ value }) => (value as { ask?: string }).ask);
          await graph.invoke(new Command({ resume: { [own!.id!]: "F" } }), thread());
          return results(await finished(graph));
        },
      },
      {
        name: "two delegations of one agent step, the second answered first",
        wanted: { "call-legal": "L", "call-finance": "F", mails: 2 },
        async bare(world) {
          const sent: string[] = [];
          const ask = askBare(sent);
          const delegate = tool(async (input) => ask((input as { subject: string }).subject), {
            name: "delegate_by_email",
            description: "delegate",
            schema: { type: "object", properties: { subject: { type: "string" } }, required: ["subject"] },
          });
          const graph = any(
            createAgent({
              model: new TwoDelegations(["legal@b", "finance@b"]),
              tools: [delegate],
              checkpointer: world.openSaver(),
            }).graph,
          );
          await graph.invoke({ messages: [{ role: "user", content: "go" }] }, thread());
          await answerBare(graph, { legal: "L", finance: "F" });
          return { ...byCall((await graph.getState(thread())).values), mails: sent.length };
        },
        async kit(world) {
          const kit = await world.startKit();
          const graph = any(
            kit.attach(
              "agent",
              createAgent({
                model: new TwoDelegations([world.person("legal"), world.person("finance")]),
                tools: kit.tools("desk"),
                checkpointer: kit.checkpointer(world.openSaver()),
              }).graph as never,
            ),
          );
          await graph.invoke({ messages: [{ role: "user", content: "go" }] }, thread());
          await world.reply("finance", "F");
          await settle();
          await world.reply("legal", "L");
          const mails = (await world.mailsTo("legal")) + (await world.mailsTo("finance"));
          return { ...byCall(await finished(graph)), mails };
        },
      },
    ],
  },
];

function byCall(state: Record<string, unknown>): Record<string, string> {
  const messages = (state["messages"] as BaseMessage[]).filter(
    (message): message is ToolMessage => message.getType() === "tool",
  );
  return Object.fromEntries(messages.map((message) => [message.tool_call_id, replyIn(message.text)]));
}

function replyIn(content: string): string {
  return content.startsWith("{") ? readResult(content).text! : content;
}
