// A model delegates by a tool call: the run parks inside the tool, and the tool's result is the reply.
import assert from "node:assert/strict";
import { AIMessage } from "@langchain/core/messages";
import { END, MemorySaver, MessagesAnnotation, START, StateGraph } from "@langchain/langgraph";
import { ToolNode } from "@langchain/langgraph/prebuilt";
import { createEmailKit } from "langgraph-email";
import { replyAs, startMailServer, waitForEnd } from "langgraph-email/testing";

await using mail = await startMailServer();
mail.account("lee@legal.example");
await using kit = createEmailKit({ ledger: ":memory:", agents: { desk: mail.account("desk@shop.example") } });

// What a model would answer; with a real one: new ChatOpenAI(…).bindTools(kit.tools("desk")).
const toolCall = {
  id: "call-1",
  name: "delegate_by_email",
  args: { to: "lee@legal.example", subject: "Contract", body: "May we sign the attached terms?" },
};
const graph = kit.attach(
  "assistant",
  new StateGraph(MessagesAnnotation)
    .addNode("model", ({ messages }) => ({
      messages:
        messages.at(-1)?.getType() === "tool"
          ? [new AIMessage(`Legal says: ${messages.at(-1)?.text}`)]
          : [new AIMessage({ content: "", tool_calls: [toolCall] })],
    }))
    .addNode("tools", new ToolNode(kit.tools("desk")))
    .addEdge(START, "model")
    .addConditionalEdges("model", ({ messages }) => ((messages.at(-1) as AIMessage).tool_calls?.length ? "tools" : END))
    .addEdge("tools", "model")
    .compile({ checkpointer: kit.checkpointer(new MemorySaver()) }),
);

await using _worker = await kit.start();
const thread = { configurable: { thread_id: "1" } };
await graph.invoke({ messages: [{ role: "user", content: "Ask legal." }] }, thread);
const task = await mail.waitForMail("lee@legal.example");
await replyAs(mail, { from: "lee@legal.example", mail: task, text: "Not before clause 7 is gone.", client: "apple" });
const { messages } = await waitForEnd(graph, thread);
// What others wrote stands between marks, with another one for each space.
assert.match(messages.at(-1)!.text, /Not\S+before\S+clause\S+7\S+is\S+gone\./);
