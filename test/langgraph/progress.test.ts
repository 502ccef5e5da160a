import { AIMessage } from "@langchain/core/messages";
import { Command, END, MemorySaver, MessagesAnnotation, START, StateGraph } from "@langchain/langgraph";
import { ToolNode } from "@langchain/langgraph/prebuilt";
import { defineTask, type EmailProgress } from "langgraph-email";
import { expect, it } from "vitest";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startMailServer } from "../../src/dev/index.ts";
import { replyAs } from "../../src/testing/index.ts";
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

it("a run tells how far a wait is that it parks on again", async () => {
  const directory = await mkdtemp(join(tmpdir(), "langgraph-email-progress-"));
  await using mail = await startMailServer();
  await using kit = deskKit(mail, { ledger: join(directory, "mail.db") });
  // Reads the mail and has no graph, so that the runs are this test's own.
  await using office = deskKit(mail, { ledger: join(directory, "mail.db") });
  const [ann, bob] = ["ann", "bob"].map((name) => mail.account(`${name}@b.example`).address);
  const vote = defineTask("vote");
  const graph = kit.attach(
    "vote",
    new StateGraph(MessagesAnnotation)
      .addNode("collect", async () => {
        const mails = [ann!, bob!].map((to) => ({ from: "desk" as const, to, subject: "Vote", body: "Yes or no?" }));
        await kit.awaitReplies(await kit.sendTasks(vote, mails), { task: vote });
        return {};
      })
      .addEdge(START, "collect")
      .addEdge("collect", END)
      .compile({ checkpointer: kit.checkpointer(new MemorySaver()) }),
  );
  const told = async (input: { messages: [] } | null) => {
    const chunks: unknown[] = [];
    for await (const chunk of await graph.stream(input, { ...thread("t"), streamMode: "custom" })) chunks.push(chunk);
    return chunks;
  };
  const answer = async (from: string) => {
    await office.runOnce();
    await replyAs(mail, { from, mail: await mail.waitForMail(from), text: "Yes." });
    await office.runOnce();
  };
  expect((await told({ messages: [] })).at(-1)).toMatchObject({ kind: "waiting", tasks: 2, settled: 0 });
  await answer(ann!);
  expect(await told(null)).toMatchObject([{ kind: "waiting", tasks: 2, settled: 1 }]);
  await answer(bob!);
  expect(await told(null)).toMatchObject([{ kind: "decided", outcomes: ["replied", "replied"] }]);
  await rm(directory, { recursive: true });
});
