import { Command, MemorySaver } from "@langchain/langgraph";
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
