import { Annotation, END, MemorySaver, START, StateGraph } from "@langchain/langgraph";
import { type AwaitRepliesOptions, defineTask, type EmailKit, type Replies } from "langgraph-email";
import { afterEach, beforeEach, expect, it } from "vitest";
import { z } from "zod";
import { startMailServer, type MailServer } from "../../src/dev/index.ts";
import { replyAs, waitForEnd } from "../../src/testing/index.ts";
import { deskKit, testClock, thread, until } from "../support/desk.ts";

const bid = defineTask("bid", { reply: z.object({ price: z.number() }) });
type Bid = { price: number };

let mail: MailServer;
beforeEach(async () => {
  mail = await startMailServer();
});
afterEach(async () => {
  await mail.close();
});

const State = Annotation.Root({ replies: Annotation<Replies<Bid>> });

function bidding(kit: EmailKit<"desk">, to: readonly string[], options: AwaitRepliesOptions<Bid>) {
  const runs = { collect: 0 };
  const graph = kit.attach(
    "bidding",
    new StateGraph(State)
      .addNode("collect", async () => {
        runs.collect++;
        const receipts = await kit.sendTasks(
          bid,
          to.map((address) => ({
            from: "desk" as const,
            to: address,
            subject: "Your bid",
            body: "What is your price?",
          })),
        );
        return { replies: await kit.awaitReplies(receipts, options) };
      })
      .addEdge(START, "collect")
      .addEdge("collect", END)
      .compile({ checkpointer: kit.checkpointer(new MemorySaver()) }),
  );
  return { graph, runs };
}

const bidders = (count: number) => Array.from({ length: count }, (_, place) => `bidder${place}@b.example`);

async function answer(address: string, price: number): Promise<void> {
  await replyAs(mail, {
    from: address,
    mail: await mail.waitForMail(address),
    text: `price: ${price}`,
    client: "plain",
  });
}

it("parks once for fifty tasks, and runs the node again once, when the last reply is in", async () => {
  await using kit = deskKit(mail);
  const to = bidders(50);
  for (const address of to) mail.account(address);
  const { graph, runs } = bidding(kit, to, { until: "all" });
  await using _worker = await kit.start();
  const parked = await graph.invoke({}, thread("1"));
  expect((parked as { __interrupt__?: unknown[] }).__interrupt__).toHaveLength(1);
  for (const [place, address] of to.entries()) await answer(address, place);
  const { replies } = await waitForEnd(graph, thread("1"), { timeoutMs: 15_000 });
  expect(replies.kind).toBe("met");
  expect(replies.outcomes.map((outcome) => outcome.kind === "replied" && outcome.data.price)).toEqual(
    to.map((_, place) => place),
  );
  expect(runs.collect).toBe(2);
  const events = await kit.events({ threadId: "1" });
  expect(events.filter(({ kind }) => kind === "resumed")).toHaveLength(1);
});

it("ends with a quorum, counts what had come by then, and tells the rest", async () => {
  await using kit = deskKit(mail);
  const to = ["bounced@b.example", ...bidders(3)];
  for (const address of bidders(3)) mail.account(address);
  const { graph } = bidding(kit, to, { until: { quorum: 2 }, cancelRest: true });
  await using _worker = await kit.start();
  await graph.invoke({}, thread("1"));
  await until("the bounce", async () =>
    (await kit.events()).some(({ kind, data }) => kind === "settled" && data["kind"] === "bounced"),
  );
  await answer("bidder2@b.example", 7);
  await answer("bidder0@b.example", 5);
  const { replies } = await waitForEnd(graph, thread("1"));
  expect(replies).toMatchObject({
    kind: "met",
    outcomes: [{ kind: "bounced" }, { kind: "replied" }, { kind: "open" }, { kind: "replied", data: { price: 7 } }],
  });
  const cancelled = await until("the cancellation", () => mail.mails("bidder1@b.example")[1]);
  expect(Buffer.from(cancelled.raw).toString()).toContain("This is not needed any more");
  expect(mail.mails("bidder0@b.example")).toHaveLength(1);
  await replyAs(mail, { from: "bidder1@b.example", mail: mail.mails("bidder1@b.example")[0]!, text: "price: 1" });
  await until("the late reply", async () => (await kit.messages("late")).length === 1);
});

it("ends as unmet when enough can no longer come, and at its own deadline as expired", async () => {
  const clock = testClock();
  await using kit = deskKit(mail, { clock: clock.now });
  mail.account("bidder0@b.example");
  const failing = bidding(kit, ["refused@b.example", "bounced@b.example"], { until: "firstValid" });
  await failing.graph.invoke({}, thread("1"));
  await kit.runOnce();
  await until("the outcome", async () => {
    await kit.runOnce();
    return (await failing.graph.getState(thread("1"))).values.replies;
  });
  expect((await failing.graph.getState(thread("1"))).values.replies).toMatchObject({
    kind: "unmet",
    outcomes: [{ kind: "bounced" }, { kind: "bounced" }],
  });
});

it("ends at its own deadline with what there is", async () => {
  const clock = testClock();
  await using kit = deskKit(mail, { clock: clock.now });
  for (const address of bidders(2)) mail.account(address);
  const { graph } = bidding(kit, bidders(2), { until: "all", deadline: "2 h" });
  await graph.invoke({}, thread("1"));
  await kit.runOnce();
  await answer("bidder1@b.example", 9);
  await kit.runOnce();
  expect((await graph.getState(thread("1"))).next).toEqual(["collect"]);
  clock.advance(2 * 3_600_000 + 1);
  await kit.runOnce();
  expect((await graph.getState(thread("1"))).values.replies).toMatchObject({
    kind: "expired",
    outcomes: [{ kind: "open" }, { kind: "replied", data: { price: 9 } }],
  });
});

it("decides every wait for itself, though it is for the same tasks", async () => {
  await using kit = deskKit(mail);
  for (const address of bidders(2)) mail.account(address);
  const ask = (to: string) => ({ from: "desk" as const, to, subject: "Your bid", body: "What is your price?" });
  const Kinds = Annotation.Root({ kinds: Annotation<string[]> });
  const graph = kit.attach(
    "patient",
    new StateGraph(Kinds)
      .addNode("collect", async () => {
        const receipts = await kit.sendTasks(bid, bidders(2).map(ask));
        const first = await kit.awaitReplies(receipts, { deadline: "1 s" });
        const second = await kit.awaitReplies(receipts, { deadline: "1 s" });
        const any = await kit.awaitReplies(receipts, { until: "any" });
        const all = await kit.awaitReplies(receipts);
        const one = await kit.awaitReply(receipts[1]!);
        return {
          kinds: [first.kind, second.kind, any.kind, all.kind, ...all.outcomes.map(({ kind }) => kind), one.kind],
        };
      })
      .addEdge(START, "collect")
      .addEdge("collect", END)
      .compile({ checkpointer: kit.checkpointer(new MemorySaver()) }),
  );
  await using _worker = await kit.start();
  await graph.invoke({}, thread("1"));
  const resumed = async () => (await kit.events({ threadId: "1" })).filter(({ kind }) => kind === "resumed").length;
  await until("both deadlines", async () => (await resumed()) === 2);
  await answer("bidder0@b.example", 1);
  await until("the first answer", async () => (await resumed()) === 3);
  await answer("bidder1@b.example", 2);
  const { kinds } = await waitForEnd(graph, thread("1"), { timeoutMs: 8_000 });
  expect(kinds).toEqual(["expired", "expired", "met", "met", "replied", "replied", "replied"]);
});

it("weighs who answers in the place of somebody like them", async () => {
  await using kit = deskKit(mail);
  mail.account("ann@b.example");
  const graph = kit.attach(
    "bidding",
    new StateGraph(State)
      .addNode("collect", async () => {
        const mailing = { from: "desk" as const, to: "bounced@b.example", subject: "Your bid", body: "?" };
        const receipts = await kit.sendTasks(bid, [{ ...mailing, reassignTo: ["ann@b.example"] }]);
        return { replies: await kit.awaitReplies(receipts, { until: { weight: 2, of: { "bounced@b.example": 2 } } }) };
      })
      .addEdge(START, "collect")
      .addEdge("collect", END)
      .compile({ checkpointer: kit.checkpointer(new MemorySaver()) }),
  );
  await using _worker = await kit.start();
  await graph.invoke({}, thread("1"));
  await answer("ann@b.example", 7);
  expect((await waitForEnd(graph, thread("1"))).replies).toMatchObject({ kind: "met" });
});
