// An agent that works for whoever mails it: one run of its graph a request, the result goes back in the same conversation.
import assert from "node:assert/strict";
import { END, MemorySaver, START, StateGraph } from "@langchain/langgraph";
import { createEmailKit, defineTask } from "langgraph-email";
import { startMailServer, waitForEnd } from "langgraph-email/testing";
import { z } from "zod";

const quote = defineTask("quote", { reply: z.object({ price: z.number(), currency: z.enum(["EUR", "USD"]) }) });

await using mail = await startMailServer();
await using buyer = createEmailKit({ ledger: ":memory:", agents: { desk: mail.account("desk@buyer.example") } });
await using seller = createEmailKit({ ledger: ":memory:", agents: { sales: mail.account("sales@seller.example") } });

const pricing = seller.attach(
  "pricing",
  new StateGraph(z.object({ question: z.string(), price: z.number().optional() }))
    .addNode("calculate", ({ question }) => ({ price: question.includes("40") ? 31_600 : 790 }))
    .addEdge(START, "calculate")
    .addEdge("calculate", END)
    .compile({ checkpointer: seller.checkpointer(new MemorySaver()) }),
);
seller.serveInbox("sales", pricing, {
  from: ["*@buyer.example"],
  input: (request) => ({ question: request.text }),
  reply: ({ price }) => ({ data: { price, currency: "EUR" }, text: `We offer ${price} EUR.` }),
});

// The two calls as ready nodes, for graphs that keep sending and waiting apart.
const State = z.object({ item: z.string(), offer: z.string().optional() });
const ask = buyer.nodes.sendTask(quote, {
  mail: ({ item }: z.infer<typeof State>) => ({
    from: "desk",
    to: "sales@seller.example",
    subject: "Quote",
    body: `What do ${item} cost?`,
  }),
});
const wait = buyer.nodes.awaitReply(quote, {
  update: (outcome) => ({
    offer: outcome.kind === "replied" ? `${outcome.data.price} ${outcome.data.currency}` : outcome.kind,
  }),
});
const buying = buyer.attach(
  "buying",
  new StateGraph(State)
    .addNode("ask", ask)
    .addNode("wait", wait)
    .addEdge(START, "ask")
    .addEdge("ask", "wait")
    .addEdge("wait", END)
    .compile({ checkpointer: buyer.checkpointer(new MemorySaver()) }),
);

await using _selling = await seller.start();
await using _working = await buyer.start();
const thread = { configurable: { thread_id: "1" } };
await buying.invoke({ item: "40 laptops" }, thread);
assert.deepEqual(await waitForEnd(buying, thread), { item: "40 laptops", offer: "31600 EUR" });
