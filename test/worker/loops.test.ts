import { Annotation, END, MemorySaver, START, StateGraph } from "@langchain/langgraph";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { createEmailKit, defineTask, type EmailKit, type EmailKitConfig } from "langgraph-email";
import { startMailServer, type MailServer } from "../../src/dev/index.ts";
import { replyAs } from "../../src/testing/reply-as.ts";
import { askGraph, collectLog, deskKit, testClock, thread, until } from "../support/desk.ts";

const question = defineTask("question");

let mail: MailServer;
beforeEach(async () => {
  mail = await startMailServer();
});
afterEach(async () => {
  await mail.close();
});

const State = Annotation.Root({ topic: Annotation<string>, answer: Annotation<string> });

/** A kit of its own whose one agent passes on to `next` whatever it is asked, and answers with what comes back. */
function passingOn(address: string, next: string, options: Partial<EmailKitConfig<"agent">> = {}): EmailKit<"agent"> {
  const { smtp, imap } = mail.account(address);
  const agents = { agent: { address, smtp, imap } };
  const kit = createEmailKit({ ledger: ":memory:", log: collectLog(), agents, ...options });
  const graph = kit.attach(
    "passing on",
    new StateGraph(State)
      .addNode("ask", async ({ topic }) => {
        await kit.sendTask(question, { from: "agent", to: next, subject: topic, body: "You do it." });
        const outcome = await kit.awaitReply(question);
        return {
          answer:
            outcome.kind === "replied" ? outcome.data : `${outcome.kind}: ${"reason" in outcome ? outcome.reason : ""}`,
        };
      })
      .addEdge(START, "ask")
      .addEdge("ask", END)
      .compile({ checkpointer: kit.checkpointer(new MemorySaver()) }),
  );
  kit.serveInbox("agent", graph, {
    from: "anyone",
    input: ({ subject }) => ({ topic: subject }),
    reply: ({ answer }) => ({ text: answer }),
  });
  return kit;
}

function writeTo(address: string, from = "person@c.example") {
  mail.account(from);
  mail.deliver(
    `From: ${from}\r\nTo: ${address}\r\nSubject: Work\r\nMessage-ID: <work@c.example>\r\n\r\nPlease do it.\r\n`,
    address,
  );
}

it.each([
  ["with an empty reverse path", "person@c.example", ""],
  ["of a mail system", "MAILER-DAEMON@c.example", "bounces@c.example"],
])("a notice %s is no request to a served agent", async (_, author, path) => {
  await using kit = passingOn("a@a.example", "b@b.example");
  mail.account("b@b.example");
  mail.deliver(`From: ${author}\nTo: a@a.example\nSubject: Work\n\nYour quota is used up.\n`, "a@a.example", {
    from: path,
  });
  mail.deliver("From: person@c.example\nTo: a@a.example\nSubject: Work\n\nPlease do it.\n", "a@a.example");
  await kit.runOnce();
  expect(await kit.messages("unmatched")).toMatchObject([
    { sender: author, reason: expect.stringMatching(/not answered/) },
  ]);
  expect((await kit.events()).filter(({ kind }) => kind === "request-received")).toHaveLength(1);
});

describe("two agents of two kits that pass all they are asked on to each other", () => {
  it("stop after so many mails that led to one another, and whoever asked first is told", async () => {
    const loops = { hops: 4 };
    await using a = passingOn("a@a.example", "b@b.example", { loops });
    await using b = passingOn("b@b.example", "a@a.example", { loops });
    writeTo("a@a.example");
    const person = mail.account("person@c.example").address;
    await until("an answer", async () => {
      await a.runOnce();
      await b.runOnce();
      return mail.mails(person).length > 0;
    });
    const events = [...(await a.events()), ...(await b.events())];
    const of = (kind: string) => events.filter((event) => event.kind === kind);
    expect(of("request-received")).toHaveLength(5);
    expect(of("task-created")).toHaveLength(4);
    expect(of("loop-stopped")).toMatchObject([{ data: { hops: 5, reason: expect.stringMatching(/loops\.hops/) } }]);
    const ends = of("settled").map(({ data }) => data["kind"]);
    expect(ends.filter((kind) => kind === "replied")).toHaveLength(4);
    expect(ends).toContain("cancelled");
    expect(Buffer.from(mail.mails(person)[0]!.raw).toString()).toMatch(/cancelled: It would be number 5/);
    expect(mail.mails("a@a.example").concat(mail.mails("b@b.example")).length).toBe(9);
  });

  it("stop where the other kit counts no mails, when they have asked each other often within an hour", async () => {
    const clock = testClock();
    await using a = passingOn("a@a.example", "b@b.example", { loops: { hops: 1_000, perPair: 3 }, clock: clock.now });
    await using b = passingOn("b@b.example", "a@a.example", { loops: { hops: 1_000, perPair: 100 }, clock: clock.now });
    writeTo("a@a.example");
    for (let round = 0; round < 12; round++) {
      await a.runOnce();
      await b.runOnce();
    }
    const stopped = (await a.events()).filter(({ kind }) => kind === "loop-stopped");
    expect(stopped).toMatchObject([{ agent: "agent", from: "b@b.example", data: { asked: 3 } }]);
    expect(await a.messages("quarantined")).toMatchObject([
      { sender: "b@b.example", reason: expect.stringMatching(/answered each other 3 times/) },
    ]);
    const before = mail.mails("a@a.example").length;
    await a.runOnce();
    await b.runOnce();
    expect(mail.mails("a@a.example")).toHaveLength(before);
    // Nobody waits for ever.
    clock.advance(15 * 86_400_000);
    await b.runOnce();
    expect((await b.events()).some(({ kind, data }) => kind === "settled" && data["kind"] === "expired")).toBe(true);
  });
});

describe("an agent and a program that answers every answer", () => {
  it("stop when they have answered each other often within an hour; a person may let it go on", async () => {
    const clock = testClock();
    const { smtp, imap } = mail.account("desk@a.example");
    await using kit = createEmailKit({
      ledger: ":memory:",
      log: collectLog(),
      clock: clock.now,
      loops: { perPair: 3 },
      agents: { desk: { address: "desk@a.example", smtp, imap } },
    });
    const graph = kit.attach(
      "desk",
      new StateGraph(State)
        .addNode("work", async () => ({ answer: "Thank you." }))
        .addEdge(START, "work")
        .addEdge("work", END)
        .compile({ checkpointer: kit.checkpointer(new MemorySaver()) }),
    );
    kit.serveInbox("desk", graph, { from: "anyone", input: () => ({}), reply: ({ answer }) => ({ text: answer }) });
    writeTo("desk@a.example");
    const answers = () => mail.mails("person@c.example");
    const answerAll = async (times: number) => {
      for (let round = 0; round < times; round++) {
        const before = answers().length;
        await kit.runOnce();
        if (answers().length === before) return;
        await replyAs(mail, { from: "person@c.example", mail: answers().at(-1)!, text: `You are welcome, ${round}.` });
      }
    };
    await answerAll(10);
    // To the first mail, and to three that followed from its answer.
    expect(answers()).toHaveLength(4);
    expect((await kit.events()).filter(({ kind }) => kind === "loop-stopped")).toHaveLength(1);
    const [held] = await kit.messages("quarantined");
    clock.advance(2 * 3_600_000);
    expect(await kit.release(held!.id)).toBe("request");
    await kit.runOnce();
    expect(answers()).toHaveLength(5);
  });
});

it("an agent cannot ask itself", async () => {
  await using kit = deskKit(mail);
  const refused = { code: "INVALID_ADDRESS", message: expect.stringMatching(/cannot ask itself/) };
  await expect(askGraph(kit).invoke({ to: "Desk@a.example" }, thread("t1"))).rejects.toMatchObject(refused);
  const escalate = [{ after: "1 h", to: "desk@a.example" }] as const;
  const escalating = askGraph(kit, { name: "escalating", escalate });
  await expect(escalating.invoke({ to: "boss@b.example" }, thread("t2"))).rejects.toMatchObject(refused);
});

it.each([{ hops: 0 }, { perPair: 1.5 }])("limits of %j are refused", (loops) => {
  expect(() => deskKit(mail, { loops })).toThrow(expect.objectContaining({ code: "INVALID_CONFIG" }));
});
