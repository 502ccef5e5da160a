// No process while waiting: a cron job or a webhook calls runOnce(), which catches up and ends.
import assert from "node:assert/strict";
import { END, MemorySaver, START, StateGraph } from "@langchain/langgraph";
import { createEmailKit, defineTask } from "langgraph-email";
import { replyAs, startMailServer } from "langgraph-email/testing";
import { z } from "zod";

const confirm = defineTask("confirm", { reply: z.object({ approved: z.boolean() }), deadline: "1 week" });

await using mail = await startMailServer();
mail.account("kim@home.example");
await using kit = createEmailKit({ ledger: ":memory:", agents: { desk: mail.account("desk@shop.example") } });
const graph = kit.attach(
  "confirmations",
  new StateGraph(z.object({ date: z.string(), confirmed: z.boolean().optional() }))
    .addNode("confirm", async ({ date }) => {
      await kit.sendTask(confirm, { from: "desk", to: "kim@home.example", subject: date, body: `Is ${date} fine?` });
      const outcome = await kit.awaitReply(confirm);
      return { confirmed: outcome.kind === "replied" && outcome.data.approved };
    })
    .addEdge(START, "confirm")
    .addEdge("confirm", END)
    .compile({ checkpointer: kit.checkpointer(new MemorySaver()) }),
);
const thread = { configurable: { thread_id: "1" } };

await graph.invoke({ date: "Friday" }, thread); // parks; the mail lies in the outbox
await kit.runOnce(); // submits it
const task = await mail.waitForMail("kim@home.example");
await replyAs(mail, { from: "kim@home.example", mail: task, text: "Yes", client: "thunderbird" });
await kit.runOnce(); // reads the reply and runs the graph to its end
assert.deepEqual((await graph.getState(thread)).values, { date: "Friday", confirmed: true });
