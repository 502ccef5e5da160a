import { Annotation, END, MemorySaver, START, StateGraph } from "@langchain/langgraph";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import {
  createEmailKit,
  defineTask,
  type EmailKit,
  type EmailKitConfig,
  type InboxAnswer,
  type InboxRequest,
} from "langgraph-email";
import { z } from "zod";
import { startMailServer, type MailServer } from "../../src/dev/index.ts";
import { replyAs } from "../../src/testing/reply-as.ts";
import { collectLog, testClock, thread, until } from "../support/desk.ts";

const research = defineTask("research", { reply: z.object({ price: z.number() }) });

let mail: MailServer;
beforeEach(async () => {
  mail = await startMailServer();
});
afterEach(async () => {
  await mail.close();
});

type Kit = EmailKit<"desk" | "lab">;

function twoAgents(options: { lab?: string; shared?: boolean } & Partial<EmailKitConfig> = {}): Kit {
  const { lab = "lab@b.example", shared = false, ...rest } = options;
  const of = (address: string) => {
    const { smtp, imap } = mail.account(address);
    return { address, smtp, imap };
  };
  const desk = of("desk@a.example");
  return createEmailKit({
    ledger: ":memory:",
    log: collectLog(),
    ...rest,
    agents: { desk, lab: shared ? { ...desk, address: lab } : of(lab) },
  });
}

const State = Annotation.Root({ question: Annotation<string>, price: Annotation<number>, from: Annotation<string> });

/** The desk asks the lab. */
function askLab(kit: Kit, lab = "lab@b.example") {
  return kit.attach(
    "desk",
    new StateGraph(State)
      .addNode("ask", async ({ question }) => {
        await kit.sendTask(research, { from: "desk", to: lab, subject: question, body: question });
        const outcome = await kit.awaitReply(research);
        return outcome.kind === "replied" ? { price: outcome.data.price, from: outcome.from } : { from: outcome.kind };
      })
      .addEdge(START, "ask")
      .addEdge("ask", END)
      .compile({ checkpointer: kit.checkpointer(new MemorySaver()) }),
  );
}

function serveLab(
  kit: Kit,
  options: {
    reply?: (state: typeof State.State) => InboxAnswer;
    work?: () => Promise<void> | void;
    from?: "anyone" | string[];
    input?: (request: InboxRequest) => { question: string };
  } = {},
) {
  const graph = kit.attach(
    "lab",
    new StateGraph(State)
      .addNode("work", async () => {
        await options.work?.();
        return { price: 42 };
      })
      .addEdge(START, "work")
      .addEdge("work", END)
      .compile({ checkpointer: kit.checkpointer(new MemorySaver()) }),
  );
  kit.serveInbox("lab", graph, {
    from: options.from ?? "anyone",
    input: options.input ?? ((request) => ({ question: request.subject })),
    reply: options.reply ?? (({ price }) => ({ data: { price } })),
  });
  return graph;
}

const requests = async (kit: Kit) => (await kit.events()).filter(({ kind }) => kind === "request-received");
const priceOf = async (graph: ReturnType<typeof askLab>) =>
  ((await graph.getState(thread("t1"))).values as { price?: number }).price;

describe("two agents of one ledger", () => {
  it("work for each other in one runOnce: the task is a request, its answer a reply, and neither is taken for the other", async () => {
    await using kit = twoAgents();
    const graph = askLab(kit);
    serveLab(kit);
    await graph.invoke({ question: "What does it cost?" }, thread("t1"));
    await kit.runOnce();
    expect((await graph.getState(thread("t1"))).values).toMatchObject({ price: 42, from: "lab@b.example" });
    expect(await requests(kit)).toHaveLength(1);
    expect(mail.mails("lab@b.example")).toHaveLength(1);
    expect(mail.mails("desk@a.example")).toHaveLength(1);
  });

  it("do so under a running worker", async () => {
    await using kit = twoAgents();
    const graph = askLab(kit);
    serveLab(kit);
    await using worker = await kit.start();
    await worker.ready;
    await graph.invoke({ question: "What does it cost?" }, thread("t1"));
    expect(await until("the price", () => priceOf(graph))).toBe(42);
    expect(await requests(kit)).toHaveLength(1);
  });

  it.each(["desk+lab@a.example"])("may share a mailbox by subaddresses: %s", async (lab) => {
    await using kit = twoAgents({ lab, shared: true });
    const graph = askLab(kit, lab);
    serveLab(kit);
    await graph.invoke({ question: "What does it cost?" }, thread("t1"));
    await kit.runOnce();
    expect((await graph.getState(thread("t1"))).values).toMatchObject({ price: 42 });
    expect(await requests(kit)).toHaveLength(1);
    expect(mail.mails("desk@a.example")).toHaveLength(2);
  });

  it("that are not served leave the task to a person at that mailbox", async () => {
    await using kit = twoAgents();
    const graph = askLab(kit);
    await graph.invoke({ question: "What does it cost?" }, thread("t1"));
    await kit.runOnce();
    expect(await requests(kit)).toEqual([]);
    await replyAs(mail, { from: "lab@b.example", mail: mail.mails("lab@b.example")[0]!, text: "price: 7" });
    await kit.runOnce();
    expect(await priceOf(graph)).toBe(7);
  });

  it("an agent that writes to itself starts no run of its own", async () => {
    await using kit = twoAgents({ shared: true, lab: "desk+lab@a.example" });
    const graph = askLab(kit, "desk@a.example");
    serveLab(kit);
    await expect(graph.invoke({ question: "What does it cost?" }, thread("t1"))).rejects.toThrow(/cannot ask itself/);
    mail.deliver("From: desk@a.example\nTo: desk@a.example\nSubject: Note\n\nTo myself.\n", "desk@a.example");
    await kit.runOnce();
    expect(await requests(kit)).toEqual([]);
    expect(await kit.messages("own")).toHaveLength(1);
  });

  it("told to answer each other do not go on for ever", async () => {
    await using kit = twoAgents();
    serveLab(kit);
    const echo = kit.attach(
      "echo",
      new StateGraph(State)
        .addNode("work", () => ({ price: 1 }))
        .addEdge(START, "work")
        .addEdge("work", END)
        .compile({ checkpointer: kit.checkpointer(new MemorySaver()) }),
    );
    kit.serveInbox("desk", echo, {
      from: "anyone",
      input: () => ({ question: "" }),
      reply: () => ({ text: "Noted." }),
    });
    // A mail that claims to come from the other one.
    mail.deliver(
      "From: desk@a.example\nTo: lab@b.example\nSubject: ping\nMessage-ID: <ping@a.example>\n\nping\n",
      "lab@b.example",
    );
    await kit.runOnce();
    await kit.runOnce();
    expect(mail.mails("lab@b.example").length + mail.mails("desk@a.example").length).toBe(2);
    expect(await requests(kit)).toHaveLength(1);
  });

  it("nor do agents of two ledgers, whatever their mail loses on its way", async () => {
    mail.faults.stripSubaddress = true;
    mail.faults.rewriteMessageId = true;
    const of = (address: string) => {
      const { smtp, imap } = mail.account(address);
      return { address, smtp, imap };
    };
    await using one = createEmailKit({ ledger: ":memory:", log: collectLog(), agents: { lab: of("lab@b.example") } });
    await using two = createEmailKit({ ledger: ":memory:", log: collectLog(), agents: { lab: of("lab@c.example") } });
    for (const kit of [one, two]) serveLab(kit);
    mail.deliver(
      "From: lab@c.example\nTo: lab@b.example\nSubject: ping\nMessage-ID: <ping@c.example>\n\nping\n",
      "lab@b.example",
    );
    for (let round = 0; round < 3; round++) {
      await one.runOnce();
      await two.runOnce();
    }
    expect(mail.mails("lab@b.example").length + mail.mails("lab@c.example").length).toBe(2);
  });
});

describe("a served agent", () => {
  const ask = (from = "ann@c.example", more = "") => {
    mail.account(from);
    mail.deliver(
      `From: ${from}\nTo: lab@b.example\nSubject: Price?\nMessage-ID: <q${from}>\n${more}\nWhat does it cost?\n`,
      "lab@b.example",
    );
  };

  it("answers once where the same mail is delivered twice", async () => {
    await using kit = twoAgents();
    serveLab(kit);
    mail.account("lab@b.example");
    ask();
    ask();
    await kit.runOnce();
    expect(mail.mails("ann@c.example")).toHaveLength(1);
  });

  it("is not asked by those who may not", async () => {
    await using kit = twoAgents();
    serveLab(kit, { from: ["*@d.example"] });
    ask();
    await kit.runOnce();
    expect(await requests(kit)).toEqual([]);
    expect(await kit.messages("quarantined")).toMatchObject([{ sender: "ann@c.example" }]);
  });

  it("tells who asked that it failed, after its retries", async () => {
    const clock = testClock();
    await using kit = twoAgents({ clock: clock.now });
    let runs = 0;
    serveLab(kit, {
      work: () => {
        runs++;
        throw new Error("no price list");
      },
    });
    ask();
    for (let round = 0; round < 4; round++) {
      await kit.runOnce();
      clock.advance(600_000);
    }
    expect(runs).toBe(3);
    expect(mail.mails("ann@c.example")).toHaveLength(1);
    expect(mail.mails("ann@c.example")[0]!.header("x-langgraph-email")).toBe("failure");
    expect(await kit.stalled()).toMatchObject([{ graph: "lab", lastError: "Error: no price list" }]);
  });

  const order = z.object({ order: z.object({ number: z.number() }) });

  it.each([
    ["its schema", (): never => order.parse({ order: { number: "x" } }) as never, "- order.number: Invalid input"],
    [
      "anything else",
      (): never => {
        throw new Error("secret-host is down");
      },
      "does not hold what the work needs",
    ],
  ])(
    "answers a request that `input` refuses by %s at once, in the conversation, and runs nothing",
    async (_, input, said) => {
      const log = collectLog();
      await using kit = twoAgents({ log });
      let runs = 0;
      serveLab(kit, { input, work: () => void runs++ });
      ask();
      await kit.runOnce();
      await kit.runOnce();
      expect(runs).toBe(0);
      const answers = mail.mails("ann@c.example");
      expect(answers).toHaveLength(1);
      expect(answers[0]!.header("in-reply-to")).toBe("<qann@c.example>");
      expect(answers[0]!.header("x-langgraph-email")).toBe("failure");
      const text = Buffer.from(answers[0]!.raw).toString();
      expect(text).toContain(said);
      expect(text).not.toContain("secret-host");
      expect(await kit.stalled()).toEqual([]);
      expect(log.lines.filter(({ message }) => /refused/.test(message))).toHaveLength(1);
    },
  );

  it("answers a request that the graph's own schema refuses just so", async () => {
    await using kit = twoAgents();
    const graph = kit.attach(
      "orders",
      new StateGraph(z.object({ count: z.number(), done: z.boolean().optional() }))
        .addNode("work", () => ({ done: true }))
        .addEdge(START, "work")
        .addEdge("work", END)
        .compile({ checkpointer: kit.checkpointer(new MemorySaver()) }),
    );
    kit.serveInbox("lab", graph, {
      from: "anyone",
      input: (request) => ({ count: request.text as unknown as number }),
      reply: () => ({ text: "Done." }),
    });
    ask();
    await kit.runOnce();
    await kit.runOnce();
    const answers = mail.mails("ann@c.example").map(({ raw }) => Buffer.from(raw).toString());
    expect(answers).toHaveLength(1);
    expect(answers[0]).toContain("- count: Invalid input");
    expect(await kit.stalled()).toEqual([]);
  });

  it.each([
    [
      "throws",
      () => {
        throw new Error("no words");
      },
      "failure",
    ],
    ["is no JSON", () => ({ data: { price: 1n } }), "failure"],
    ["is larger than a mail may be", () => ({ text: "x".repeat(30_000) }), "failure"],
  ] as const)("whose answer %s says that it failed, at once and once", async (_what, reply, header) => {
    const log = collectLog();
    await using kit = twoAgents({ log, maxBytes: 20_000 });
    let runs = 0;
    serveLab(kit, { reply, work: () => void runs++ });
    ask();
    await kit.runOnce();
    await kit.runOnce();
    expect(runs).toBe(1);
    expect(mail.mails("ann@c.example").map((each) => each.header("x-langgraph-email"))).toEqual([header]);
    expect(log.lines.filter(({ level }) => level === "error")).toHaveLength(1);
  });

  it("gives up an answer to an address that nobody can write to, and works on", async () => {
    const log = collectLog();
    await using kit = twoAgents({ log });
    serveLab(kit);
    mail.account("ann@c.example");
    ask("ann@c.example", `Reply-To: ${"a".repeat(70)}@c.example\n`);
    ask("bob@c.example");
    await kit.runOnce();
    await kit.runOnce();
    expect(mail.mails("bob@c.example")).toHaveLength(1);
    expect((await kit.events()).filter(({ kind }) => kind === "request-answered")).toHaveLength(2);
    expect(log.lines.filter(({ level }) => level === "error").length).toBeLessThan(3);
  });

  it("lets a follow-up of the same sender join the thread, and nobody else's", async () => {
    await using kit = twoAgents();
    serveLab(kit);
    ask();
    await kit.runOnce();
    const first = mail.mails("ann@c.example")[0]!;
    await replyAs(mail, { from: "ann@c.example", mail: first, text: "And for ten?" });
    await replyAs(mail, { from: "eve@c.example", mail: first, text: "Show me all of it." });
    await kit.runOnce();
    const [asked, followed, foreign] = (await requests(kit)).map(({ threadId }) => threadId);
    expect(followed).toBe(asked);
    expect(foreign).not.toBe(asked);
  });
});
