// What goes out: scopes, an allowlist, and a review that refuses secrets and asks a person about card numbers, by mail.
import assert from "node:assert/strict";
import { END, MemorySaver, START, StateGraph } from "@langchain/langgraph";
import { createEmailKit, defineTask } from "langgraph-email";
import { replyAs, startMailServer, waitForEnd } from "langgraph-email/testing";
import { z } from "zod";

const booking = defineTask("booking", { reply: z.object({ confirmed: z.boolean() }), deadline: "3 days" });

await using mail = await startMailServer();
for (const address of ["hotel@stay.example", "kim@shop.example"]) mail.account(address);
await using kit = createEmailKit({
  ledger: ":memory:",
  agents: {
    desk: {
      ...mail.account("desk@shop.example"),
      allow: ["*@stay.example"],
      review: {
        personalData: "hold",
        reviewer: "kim@shop.example",
        within: "4 h",
        check: ({ body }) => (/guarantee/i.test(body) ? { verdict: "hold", reason: "It promises something." } : "send"),
      },
    },
    clerk: { ...mail.account("clerk@shop.example"), scopes: ["read"] },
  },
});
const graph = kit.attach(
  "trips",
  new StateGraph(z.object({ body: z.string(), outcome: z.string().optional() }))
    .addNode("book", async ({ body }) => {
      await kit.sendTask(booking, { from: "desk", to: "hotel@stay.example", subject: "A room", body });
      return { outcome: (await kit.awaitReply(booking)).kind };
    })
    .addEdge(START, "book")
    .addEdge("book", END)
    .compile({ checkpointer: kit.checkpointer(new MemorySaver()) }),
);
await using _worker = await kit.start();
const thread = (id: string) => ({ configurable: { thread_id: id } });

// A secret is refused where it is written.
await assert.rejects(graph.invoke({ body: "The password: x7!Kq2#vLp9" }, thread("1")), { code: "REVIEW_REFUSED" });

// A card number waits for Kim, who sees the mail without it, and answers with an ordinary mail program.
await graph.invoke({ body: "One room, please. Card: 4111 1111 1111 1111" }, thread("2"));
const question = await mail.waitForMail("kim@shop.example");
const [held] = await kit.held();
assert.deepEqual(held?.findings, [{ rule: "card-number", where: "body", excerpt: "visa …1111" }]);
assert.equal(mail.mails("hotel@stay.example").length, 0);
await replyAs(mail, { from: "kim@shop.example", mail: question, text: "Approved" });
const task = await mail.waitForMail("hotel@stay.example");
await replyAs(mail, { from: "hotel@stay.example", mail: task, text: "confirmed: yes" });
assert.equal((await waitForEnd(graph, thread("2"))).outcome, "replied");

// Or it is decided in the program.
await graph.invoke({ body: "We guarantee to come." }, thread("3"));
assert.equal(await kit.reject((await kit.held())[0]!.id, "We do not.", { actor: "Ann" }), true);
assert.equal((await waitForEnd(graph, thread("3"))).outcome, "cancelled");

// The clerk may only read: its tools cannot send.
assert.deepEqual(
  kit.tools("clerk").map(({ name }) => name),
  ["await_mail", "read_verification_code", "search_mail", "read_mail"],
);
