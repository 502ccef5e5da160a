// Fifty tasks, three of which bounce: they go to somebody else at once, and nobody waits for a timeout.
import assert from "node:assert/strict";
import { Annotation, END, MemorySaver, START, StateGraph } from "@langchain/langgraph";
import { createEmailKit, defineTask, type Replies, silentLogger } from "langgraph-email";
import { replyAs, startMailServer, waitForEnd } from "langgraph-email/testing";
import { z } from "zod";

// `bounced@` and `refused@` are magic addresses of the local mail server.
const people = Array.from({ length: 47 }, (_, place) => `person${place}@team.example`);
const asked = [...people, "bounced@team.example", "bounced@other.example", "refused@team.example"];
const deputy = "deputy@team.example";
const estimate = defineTask("estimate", {
  reply: z.object({ days: z.number() }),
  // Any worker calls it that knows the task. Where the order is known before, a list does as well: `reassignTo` of the mail.
  reassignTo: ({ attempts }) => (attempts.length === 1 ? deputy : undefined),
});

await using mail = await startMailServer();
for (const address of [...people, deputy]) mail.account(address);
await using kit = createEmailKit({
  ledger: ":memory:",
  agents: { desk: mail.account("desk@team.example") },
  tasks: [estimate],
  log: silentLogger,
});
const State = Annotation.Root({ replies: Annotation<Replies<z.infer<z.ZodObject<{ days: z.ZodNumber }>>>> });
const graph = kit.attach(
  "estimates",
  new StateGraph(State)
    .addNode("ask", async () => {
      const mails = asked.map((to) => ({
        from: "desk" as const,
        to,
        subject: "Estimate",
        body: "How many days do you need?",
      }));
      return { replies: await kit.awaitReplies(await kit.sendTasks("estimate", mails), { until: "all" }) };
    })
    .addEdge(START, "ask")
    .addEdge("ask", END)
    .compile({ checkpointer: kit.checkpointer(new MemorySaver()) }),
);

await using _worker = await kit.start();
const thread = { configurable: { thread_id: "1" } };
await graph.invoke({}, thread);
await Promise.all(
  people.map(async (from) =>
    replyAs(mail, { from, mail: await mail.waitForMail(from), text: "days: 2", client: "plain" }),
  ),
);
while (mail.mails(deputy).length < 3) await new Promise((resolve) => setTimeout(resolve, 20));
for (const task of mail.mails(deputy)) {
  await replyAs(mail, { from: deputy, mail: task, text: "days: 5", client: "plain" });
}
const { replies } = await waitForEnd(graph, thread, { timeoutMs: 20_000 });
const answered = replies.outcomes.filter((outcome) => outcome.kind === "replied");
assert.equal(replies.kind, "met");
assert.equal(answered.length, 50);
assert.equal(answered.filter((outcome) => outcome.attempts.length > 0).length, 3);
