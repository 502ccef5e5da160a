import { Annotation, END, START, StateGraph } from "@langchain/langgraph";
import type { BaseCheckpointSaver } from "@langchain/langgraph-checkpoint";
import { join } from "node:path";
import { caught, type Case, type Scenario } from "../scenario.ts";
import { answer } from "../../support/people.ts";
import {
  any,
  type Ask,
  askBare,
  askByKit,
  bareResume,
  finished,
  type Kit,
  question,
  settle,
  thread,
  until,
  type World,
} from "../world.ts";

const State = Annotation.Root({ answer: Annotation<string> });

function asker(checkpointer: BaseCheckpointSaver, name: string, ask: Ask): object {
  return new StateGraph(State)
    .addNode("ask", async () => ({ answer: await ask(name) }))
    .addEdge(START, "ask")
    .addEdge("ask", END)
    .compile({ checkpointer });
}

function attach(world: World, kit: Kit, graph: string, name: string) {
  return any(kit.attach(graph, asker(kit.checkpointer(world.openSaver()), name, askByKit(world, kit)) as never));
}

const separation: Case[] = [
  {
    name: "two ledgers on one mailbox: each takes its own replies and leaves the other's alone",
    wanted: { first: "A", second: "B", left: [1, 1], settled: [1, 1] },
    async bare(world) {
      const graph = (id: string) => any(asker(world.openSaver(), id, askBare()));
      const [first, second] = [graph("a"), graph("b")];
      await first.invoke({}, thread("1"));
      await second.invoke({}, thread("2"));
      // Each application reads the mailbox, and takes the next reply to what it waits for.
      for (const text of ["B", "A"]) {
        for (const [application, id, name] of [
          [first, "1", "a"],
          [second, "2", "b"],
        ] as const) {
          const resume = await bareResume(application, thread(id), { [name]: text });
          if (Object.keys(resume.resume as object).length > 0) await application.invoke(resume, thread(id));
        }
      }
      const answerOf = async (id: string) => (await first.getState(thread(id))).values["answer"];
      return { first: await answerOf("1"), second: await answerOf("2"), left: [0, 0], settled: [1, 1] };
    },
    async kit(world) {
      const kits = [await world.startKit(), await world.startKit({ ledger: join(world.directory, "second.db") })];
      const [first, second] = [attach(world, kits[0]!, "g", "a"), attach(world, kits[1]!, "g", "b")];
      await first.invoke({}, thread("1"));
      await second.invoke({}, thread("2"));
      await world.reply("b", "B");
      await world.reply("a", "A");
      const ends = [await finished(first, thread("1")), await finished(second, thread("2"))];
      const count = async (kit: Kit, disposition: "other-ledger" | "settled") =>
        (await kit.messages(disposition)).length;
      await until(
        async () => (await Promise.all(kits.map((kit) => count(kit, "other-ledger")))).every((left) => left > 0),
        "both mails in both ledgers",
      );
      return {
        first: ends[0]!["answer"],
        second: ends[1]!["answer"],
        left: await Promise.all(kits.map((kit) => count(kit, "other-ledger"))),
        settled: await Promise.all(kits.map((kit) => count(kit, "settled"))),
      };
    },
  },
  {
    name: "a process that has another graph leaves the thread to one that has it",
    wanted: { wrong: [], right: "A" },
    async bare(world) {
      const right = any(asker(world.openSaver(), "a", askBare()));
      await right.invoke({}, thread());
      const wrong = any(
        new StateGraph(State)
          .addNode("ask", async () => ({ answer: `wrong: ${await askBare()("b")}` }))
          .addEdge(START, "ask")
          .addEdge("ask", END)
          .compile({ checkpointer: world.openSaver() }),
      );
      const end = await wrong.invoke(await bareResume(right, thread(), { a: "A" }), thread());
      return { wrong: [end["answer"]], right: (await right.getState(thread())).values["answer"] };
    },
    async kit(world) {
      const sender = world.openKit();
      await attach(world, sender, "right", "a").invoke({}, thread());
      await sender.runOnce();
      await sender.close();
      const wrongKit = await world.startKit();
      const wrong: string[] = [];
      attach(world, wrongKit, "wrong", "b");
      await world.reply("a", "A");
      await until(async () => (await wrongKit.messages("settled")).length > 0, "the reply");
      await settle();
      for (const { kind } of await wrongKit.events()) if (kind === "resumed" || kind === "run-failed") wrong.push(kind);
      const rightKit = world.openKit();
      const right = attach(world, rightKit, "right", "a");
      await world.startWorker(rightKit);
      return { wrong, right: (await finished(right))["answer"] };
    },
  },
  {
    name: "calls outside of an attached graph, or with another kit's ledger, say so, and mail nothing",
    wanted: {
      outside: "GRAPH_NOT_ATTACHED",
      unattached: "GRAPH_NOT_ATTACHED",
      otherKit: "LEDGER_MISMATCH",
      receipt: "LEDGER_MISMATCH",
      mails: 0,
    },
    async bare(world) {
      const outside = await caught(askBare()("a"));
      const unattached = await caught(any(asker(world.openSaver(), "a", askBare())).invoke({}, thread()));
      return { outside, unattached, otherKit: "no error", receipt: "no error", mails: 1 };
    },
    async kit(world) {
      const kit = await world.startKit();
      const other = world.openKit({ ledger: join(world.directory, "other.db") });
      const mail = { from: "desk", to: world.person("a"), subject: "a", body: "?" } as const;
      const plain = any(asker(kit.checkpointer(world.openSaver()), "a", askByKit(world, kit)));
      const mixed = attachAsk(world, kit, "mixed", askByKit(world, other));
      const foreign = attachAsk(world, kit, "foreign", async () => {
        const receipt = { kind: "langgraph-email/receipt", taskId: "t", ledgerId: "other", name: "question" };
        return (await kit.awaitReply(receipt as never)).kind;
      });
      return {
        outside: await caught(kit.sendTask(question, mail)),
        unattached: await caught(plain.invoke({}, thread("1"))),
        otherKit: await caught(mixed.invoke({}, thread("2"))),
        receipt: await caught(foreign.invoke({}, thread("3"))),
        mails: await world.mailsTo("a"),
      };
    },
  },
];

function attachAsk(world: World, kit: Kit, name: string, ask: Ask) {
  return any(kit.attach(name, asker(kit.checkpointer(world.openSaver()), "a", ask) as never));
}

const Served = Annotation.Root({ request: Annotation<string>, answer: Annotation<string> });

/** A served agent that asks a specialist before it answers. */
function server(checkpointer: BaseCheckpointSaver, ask: Ask): object {
  return new StateGraph(Served)
    .addNode("work", async ({ request }) => ({ answer: `${request}: ${await ask("specialist")}` }))
    .addEdge(START, "work")
    .addEdge("work", END)
    .compile({ checkpointer });
}

async function serve(world: World): Promise<{ kit: Kit; desk: string }> {
  const kit = await world.startKit();
  const graph = kit.attach("server", server(kit.checkpointer(world.openSaver()), askByKit(world, kit)) as never);
  kit.serveInbox("desk", graph, {
    from: "anyone",
    input: (request) => ({ request: request.text.trim() }) as never,
    reply: (state: { answer: string }) => ({ text: state.answer }),
  });
  return { kit, desk: world.person("desk") };
}

/** Writes to the served agent; with `about`, in the conversation of that mail. */
async function write(world: World, from: string, text: string, about?: { messageId: string }): Promise<string> {
  const id = `<${text.replaceAll(/\W/g, "-")}@${world.person(from).split("@")[1]}>`;
  const lines = [
    `From: ${world.person(from)}`,
    `To: ${world.person("desk")}`,
    "Subject: Work",
    `Message-ID: ${id}`,
    ...(about ? [`In-Reply-To: ${about.messageId}`, `References: ${about.messageId}`] : []),
    "",
    text,
  ];
  world.mail.deliver(lines.join("\r\n"), world.person("desk"), { from: world.person(from) });
  return id;
}

/** The first lines of the answers that `name` got. */
async function answersTo(world: World, name: string, count: number): Promise<string[]> {
  const address = world.person(name);
  await until(() => world.mail.mails(address).length >= count, `${count} answers to ${name}`);
  return world.mail
    .mails(address)
    .map(
      ({ raw }) =>
        /^\w+: \w+$/m.exec(Buffer.from(raw).toString("utf8").split("\r\n\r\n").slice(1).join("\n"))?.[0] ?? "",
    );
}

async function threadsOf(kit: Kit): Promise<number> {
  const requests = (await kit.events()).filter(({ kind }) => kind === "request-received");
  return new Set(requests.map(({ threadId }) => threadId)).size;
}

/** What a user builds first: the conversation is the thread. */
async function bareServer(world: World, requests: string[]): Promise<unknown> {
  const graph = any(server(world.openSaver(), askBare()));
  for (const request of requests) await graph.invoke({ request }, thread());
  const answers: unknown[] = [];
  for (const text of ["A", "B"]) {
    const resume = await bareResume(graph, thread(), { specialist: text });
    if (Object.keys(resume.resume as object).length === 0) continue;
    answers.push((await graph.invoke(resume, thread()))["answer"]);
  }
  return answers;
}

const served: Case[] = [
  {
    name: "asked again by the same sender while its own delegated task waits: queued, then answered, in the same thread",
    wanted: { answers: ["one: A", "two: B"], threads: 1 },
    bare: async (world) => ({ answers: await bareServer(world, ["one", "two"]), threads: 1 }),
    async kit(world) {
      const { kit } = await serve(world);
      const messageId = await write(world, "asker", "one");
      await until(() => world.mail.mails(world.person("specialist")).length > 0, "the delegated task");
      await write(world, "asker", "two", { messageId });
      await settle();
      await world.reply("specialist", "A");
      await world.reply("specialist", "B", 1);
      return { answers: await answersTo(world, "asker", 2), threads: await threadsOf(kit) };
    },
  },
  {
    name: "asked in one conversation by another sender: a thread of its own",
    wanted: { asker: ["one: A"], other: ["two: B"], threads: 2 },
    async bare(world) {
      const answers = await bareServer(world, ["one", "two"]);
      return { asker: answers, other: answers, threads: 1 };
    },
    async kit(world) {
      const { kit } = await serve(world);
      const messageId = await write(world, "asker", "one");
      await until(() => world.mail.mails(world.person("specialist")).length > 0, "the delegated task");
      await write(world, "other", "two", { messageId });
      await until(() => world.mail.mails(world.person("specialist")).length > 1, "the second delegated task");
      await world.reply("specialist", "B", 1);
      const other = await answersTo(world, "other", 1);
      await world.reply("specialist", "A");
      return { asker: await answersTo(world, "asker", 1), other, threads: await threadsOf(kit) };
    },
  },
  {
    name: "a follow-up after the answer: a second run in the same thread",
    wanted: { answers: ["one: A", "two: B"], threads: 1 },
    async bare(world) {
      // The conversation's first mail is known by its Message-ID only to the process that got it.
      return { answers: (await bareServer(world, ["one", "two"])) as unknown[], threads: 1 };
    },
    async kit(world) {
      const { kit } = await serve(world);
      await write(world, "asker", "one");
      await world.reply("specialist", "A");
      await answersTo(world, "asker", 1);
      const first = world.mail.mails(world.person("asker"))[0]!;
      await answer(world.mail, world.person("asker"), first, "two");
      await world.reply("specialist", "B", 1);
      return { answers: await answersTo(world, "asker", 2), threads: await threadsOf(kit) };
    },
  },
];

export const mailboxes: Scenario[] = [
  { number: 14, title: "Several ledgers, kits and graphs", cases: separation },
  { number: 15, title: "A served agent asked again", cases: served },
];
