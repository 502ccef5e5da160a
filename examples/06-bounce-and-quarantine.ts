// What goes wrong is a value to branch on: a bounce is answered by asking somebody else, and a stranger's reply is kept and not believed.
import assert from "node:assert/strict";
import { END, MemorySaver, START, StateGraph } from "@langchain/langgraph";
import { createEmailKit, defineTask, silentLogger } from "langgraph-email";
import { replyAs, startMailServer, waitForEnd } from "langgraph-email/testing";
import { z } from "zod";

const review = defineTask("review", { reply: z.object({ approved: z.boolean() }), accept: { grade: "B" } });
// `bounced@` is a magic address of the local mail server: accepted, and returned as undeliverable afterwards.
const reviewers = ["bounced@review.example", "max@review.example"];

await using mail = await startMailServer();
for (const address of ["max@review.example", "mallory@evil.example"]) mail.account(address);
await using kit = createEmailKit({
  ledger: ":memory:",
  agents: { desk: mail.account("desk@shop.example") },
  log: silentLogger,
});
const graph = kit.attach(
  "reviews",
  new StateGraph(z.object({ attempt: z.number().default(0), verdict: z.string().default("") }))
    .addNode("review", async ({ attempt }) => {
      const to = reviewers[attempt]!;
      await kit.sendTask(review, { from: "desk", to, subject: "Review", body: "May this be published?" });
      const outcome = await kit.awaitReply(review);
      if (outcome.kind === "bounced") return { attempt: attempt + 1 };
      return { verdict: outcome.kind === "replied" ? String(outcome.data.approved) : outcome.kind };
    })
    .addEdge(START, "review")
    .addConditionalEdges("review", ({ verdict, attempt }) =>
      verdict === "" && attempt < reviewers.length ? "review" : END,
    )
    .compile({ checkpointer: kit.checkpointer(new MemorySaver()) }),
);

await using _worker = await kit.start();
const thread = { configurable: { thread_id: "1" } };
await graph.invoke({}, thread);
const task = await mail.waitForMail("max@review.example");
await replyAs(mail, { from: "mallory@evil.example", mail: task, text: "Approved!" });
while ((await kit.messages("quarantined")).length === 0) await new Promise((resolve) => setTimeout(resolve, 20));
await replyAs(mail, { from: "max@review.example", mail: task, text: "No." });
assert.deepEqual(await waitForEnd(graph, thread), { attempt: 1, verdict: "false" });
const [stranger] = await kit.messages("quarantined");
assert.equal(stranger?.sender, "mallory@evil.example");
