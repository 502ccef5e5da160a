// A graph signs up somewhere and waits for the mail with the one-time code; other mail passes by.
import assert from "node:assert/strict";
import { END, MemorySaver, START, StateGraph } from "@langchain/langgraph";
import { createEmailKit } from "langgraph-email";
import { startMailServer, waitForEnd } from "langgraph-email/testing";
import { z } from "zod";

await using mail = await startMailServer();
await using kit = createEmailKit({ ledger: ":memory:", agents: { bot: mail.account("bot@a.example") } });
const graph = kit.attach(
  "sign-up",
  new StateGraph(z.object({ code: z.string().optional() }))
    .addNode("wait-for-code", async () => {
      const outcome = await kit.awaitMail({ agent: "bot", from: "*@service.example", within: "15 min" });
      return { code: outcome.kind === "received" ? outcome.verification.code : undefined };
    })
    .addEdge(START, "wait-for-code")
    .addEdge("wait-for-code", END)
    .compile({ checkpointer: kit.checkpointer(new MemorySaver()) }),
);

await using _worker = await kit.start();
const thread = { configurable: { thread_id: "1" } };
await graph.invoke({}, thread);
for (const [from, text] of [
  ["news@shop.example", "Order 482199 was shipped."],
  ["noreply@service.example", "Your verification code is 739204. It is valid for 10 minutes."],
]) {
  mail.deliver(`From: ${from}\r\nTo: bot@a.example\r\nSubject: Hello\r\n\r\n${text}\r\n`, "bot@a.example");
}
assert.deepEqual(await waitForEnd(graph, thread), { code: "739204" });
