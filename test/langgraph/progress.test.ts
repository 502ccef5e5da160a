import { AIMessage } from "@langchain/core/messages";
import { Command, END, MemorySaver, MessagesAnnotation, START, StateGraph } from "@langchain/langgraph";
import { ToolNode } from "@langchain/langgraph/prebuilt";
import type { EmailProgress } from "langgraph-email";
import { expect, it } from "vitest";
import { startMailServer } from "../../src/dev/index.ts";
import { deskKit, thread } from "../support/desk.ts";
import { askGraph } from "./server/scenario-graphs.ts";

it("a run tells of its mails in the stream mode custom, each thing once", async () => {
  await using mail = await startMailServer();
  const dana = mail.account("dana@b.example").address;
  await using kit = deskKit(mail);
  const graph = askGraph(kit, "ask", new MemorySaver());
  const told = async (input: Parameters<typeof graph.stream>[0]) => {
    const chunks: EmailProgress[] = [];
    for await (const chunk of await graph.stream(input, { ...thread("t"), streamMode: "custom" })) chunks.push(chunk);
    return chunks;
  };
  const type = "langgraph-email/progress";
  const first = await told({ to: dana, subject: "Ramps" });
  const id = (await kit.events({ threadId: "t" }))[0]?.taskId;
  expect(first).toEqual([
    { type, kind: "task-created", taskId: id, name: "approval", to: [dana], subject: "Ramps" },
    { type, kind: "waiting", taskIds: [id], tasks: 1, settled: 0 },
  ]);
  expect(await told(null)).toEqual([]);
  const answered = await told(new Command({ resume: { taskId: id, data: { approved: true } } }));
  expect(answered).toEqual([{ type, kind: "decided", taskIds: [id], outcomes: ["answered"] }]);
});

it("tools tell the same, though LangChain gives them no writer", async () => {
  await using mail = await startMailServer();
  await using kit = deskKit(mail);
  const args = { to: "lee@b.example", subject: "Contract", body: "May we?" };
  const call = { id: "c1", name: "delegate_by_email", args };
  const graph = kit.attach(
    "assistant",
    new StateGraph(MessagesAnnotation)
      .addNode("model", () => ({ messages: [new AIMessage({ content: "", tool_calls: [call] })] }))
      .addNode("tools", new ToolNode(kit.tools("desk")))
      .addEdge(START, "model")
      .addEdge("model", "tools")
      .addEdge("tools", END)
      .compile({ checkpointer: kit.checkpointer(new MemorySaver()) }),
  );
  const told = [];
  for await (const chunk of await graph.stream({ messages: [] }, { ...thread("t"), streamMode: "custom" })) {
    told.push(chunk);
  }
  expect(told).toMatchObject([
    { kind: "task-created", name: "delegate_by_email", to: ["lee@b.example"] },
    { kind: "waiting", tasks: 1, settled: 0 },
  ]);
});
