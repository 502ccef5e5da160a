// Three specialists asked side by side, each branch with its own mail and its own wait.
import assert from "node:assert/strict";
import { Annotation, END, MemorySaver, Send, START, StateGraph } from "@langchain/langgraph";
import { createEmailKit, defineTask } from "langgraph-email";
import { replyAs, startMailServer, waitForEnd } from "langgraph-email/testing";
import { z } from "zod";

const estimate = defineTask("estimate", { reply: z.object({ days: z.number() }) });
const specialists = ["ann@design.example", "bob@build.example", "eve@test.example"];

await using mail = await startMailServer();
await using kit = createEmailKit({ ledger: ":memory:", agents: { desk: mail.account("desk@plan.example") } });
for (const address of specialists) mail.account(address);

const State = Annotation.Root({
  job: Annotation<string>,
  to: Annotation<string>,
  days: Annotation<number[]>({ reducer: (all, more) => all.concat(more), default: () => [] }),
  total: Annotation<number>,
});
const graph = kit.attach(
  "planning",
  new StateGraph(State)
    .addNode("estimate", async ({ job, to }) => {
      await kit.sendTask(estimate, { from: "desk", to, subject: job, body: `How many days do you need for ${job}?` });
      const outcome = await kit.awaitReply(estimate);
      return { days: outcome.kind === "replied" ? [outcome.data.days] : [] };
    })
    .addNode("sum", ({ days }) => ({ total: days.reduce((sum, each) => sum + each, 0) }))
    .addConditionalEdges(START, ({ job }) => specialists.map((to) => new Send("estimate", { job, to })))
    .addEdge("estimate", "sum")
    .addEdge("sum", END)
    .compile({ checkpointer: kit.checkpointer(new MemorySaver()) }),
);

await using _worker = await kit.start();
const thread = { configurable: { thread_id: "1" } };
await graph.invoke({ job: "the new shop" }, thread);
await Promise.all(
  specialists.map(async (from, index) =>
    replyAs(mail, { from, mail: await mail.waitForMail(from), text: `days: ${index + 3}`, client: "outlook" }),
  ),
);
assert.equal((await waitForEnd(graph, thread)).total, 12);
