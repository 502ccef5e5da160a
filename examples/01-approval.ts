import assert from "node:assert/strict";
import { END, MemorySaver, START, StateGraph } from "@langchain/langgraph";
import { createEmailKit, defineTask } from "langgraph-email";
import { replyAs, startMailServer, waitForEnd } from "langgraph-email/testing";
import { z } from "zod";

const approval = defineTask("approval", { reply: z.object({ approved: z.boolean() }), deadline: "2 days" });
await using mail = await startMailServer(); // your own account's URLs do as well
const [desk, boss] = [mail.account("desk@shop.example"), mail.account("dana@boss.example")];
await using kit = createEmailKit({ ledger: ":memory:", agents: { desk } });

const builder = new StateGraph(z.object({ order: z.string(), verdict: z.string().optional() }))
  .addNode("ask", async ({ order }) => {
    await kit.sendTask(approval, { from: "desk", to: boss.address, subject: order, body: `May we order ${order}?` });
    const outcome = await kit.awaitReply(approval); // parks here, for minutes or weeks
    return { verdict: outcome.kind === "replied" ? (outcome.data.approved ? "approved" : "rejected") : outcome.kind };
  })
  .addEdge(START, "ask")
  .addEdge("ask", END);
const graph = kit.attach("orders", builder.compile({ checkpointer: kit.checkpointer(new MemorySaver()) }));

await using _worker = await kit.start();
const thread = { configurable: { thread_id: "order-1" } };
await graph.invoke({ order: "40 laptops" }, thread);
const task = await mail.waitForMail(boss.address); // Dana answers with an ordinary mail program
await replyAs(mail, { from: boss.address, mail: task, text: "Yes, approved!" });
assert.deepEqual(await waitForEnd(graph, thread), { order: "40 laptops", verdict: "approved" });
