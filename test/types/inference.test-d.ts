import { Annotation, Command, END, MemorySaver, START, StateGraph, StateSchema } from "@langchain/langgraph";
import {
  createEmailKit,
  defineTask,
  type EmailKit,
  type Outcome,
  type Replies,
  type TaskDefinition,
  type TaskReceipt,
} from "langgraph-email";
import { describe, expectTypeOf, it } from "vitest";
import { z } from "zod";

const server = { smtp: "smtp://u:p@127.0.0.1:25", imap: "imap://u:p@127.0.0.1:143" };
const kit = createEmailKit({
  ledger: ":memory:",
  agents: { desk: { address: "desk@a.example", ...server }, sales: { address: "sales@a.example", ...server } },
});
const prices = defineTask("prices", { reply: z.object({ prices: z.array(z.number()) }) });
const dated = defineTask("dated", { reply: z.object({ on: z.string().transform((text) => new Date(text)) }) });
const note = defineTask("note");
const mail = { from: "desk", to: "x@b.example", subject: "s", body: "b" } as const;

describe("tasks", () => {
  it("gives the reply's data the type of the task's schema, after transforms", async () => {
    const outcome = await kit.awaitReply(prices);
    expectTypeOf(outcome).toEqualTypeOf<Outcome<{ prices: number[] }>>();
    if (outcome.kind === "replied") expectTypeOf(outcome.data.prices).toEqualTypeOf<number[]>();
    const late = await kit.awaitReply(dated);
    if (late.kind === "replied") expectTypeOf(late.data.on).toEqualTypeOf<Date>();
    const text = await kit.awaitReply(note);
    if (text.kind === "replied") expectTypeOf(text.data).toEqualTypeOf<string>();
  });

  it("carries the type in the receipt", async () => {
    const receipt = await kit.sendTask(prices, mail);
    expectTypeOf(receipt).toEqualTypeOf<TaskReceipt<{ prices: number[] }>>();
    expectTypeOf(await kit.awaitReply(receipt)).toEqualTypeOf<Outcome<{ prices: number[] }>>();
  });

  it("has data only where the outcome has", async () => {
    const outcome = await kit.awaitReply(prices);
    // @ts-expect-error an outcome may be a bounce
    void outcome.data;
    if (outcome.kind === "bounced") expectTypeOf(outcome.recipient).toEqualTypeOf<string>();
    if (outcome.kind === "replied") {
      // @ts-expect-error not in the schema
      void outcome.data.cost;
    }
  });

  it("knows the agents", () => {
    // @ts-expect-error no such agent
    void kit.sendTask(prices, { ...mail, from: "dessk" });
    // @ts-expect-error no such agent
    kit.tools("dessk");
    // @ts-expect-error subject is missing
    void kit.sendTask(prices, { from: "desk", to: "x@b.example", body: "b" });
    // @ts-expect-error no such grade
    defineTask("t", { accept: { grade: "F" } });
  });
});

describe("tasks that the kit was given", () => {
  const known = createEmailKit({
    ledger: ":memory:",
    agents: { desk: { address: "desk@a.example", ...server } },
    tasks: [prices, dated, note],
  });

  it("are known by their names, with their types", async () => {
    const receipt = await known.sendTask("prices", mail);
    expectTypeOf(receipt).toEqualTypeOf<TaskReceipt<{ prices: number[] }>>();
    expectTypeOf(await known.awaitReply("prices")).toEqualTypeOf<Outcome<{ prices: number[] }>>();
    expectTypeOf(await known.awaitReply("dated")).toEqualTypeOf<Outcome<{ on: Date }>>();
    expectTypeOf(await known.awaitReply("note")).toEqualTypeOf<Outcome<string>>();
    expectTypeOf(await known.sendTasks("dated", [mail])).toEqualTypeOf<TaskReceipt<{ on: Date }>[]>();
    known.nodes.awaitReply("prices", {
      receipt: (state: { receipt: TaskReceipt<{ prices: number[] }> }) => state.receipt,
      update: (outcome) => {
        expectTypeOf(outcome).toEqualTypeOf<Outcome<{ prices: number[] }>>();
        return {};
      },
    });
  });

  it("leave definitions and receipts as they are", async () => {
    const receipt = await known.sendTask(dated, mail);
    expectTypeOf(receipt).toEqualTypeOf<TaskReceipt<{ on: Date }>>();
    expectTypeOf(await known.awaitReply(receipt)).toEqualTypeOf<Outcome<{ on: Date }>>();
    expectTypeOf(await known.awaitReply(receipt, { task: dated })).toEqualTypeOf<Outcome<{ on: Date }>>();
    const generic = <Reply>(task: TaskDefinition<Reply>): Promise<Outcome<Reply>> => known.awaitReply(task);
    expectTypeOf(await generic(prices)).toEqualTypeOf<Outcome<{ prices: number[] }>>();
    expectTypeOf(known).toExtend<EmailKit<"desk">>();
  });

  it("make nodes, whose results have their types", () => {
    type State = { topic: string };
    const asking = ({ topic }: State) => ({ ...mail, subject: topic });
    const broadcast = known.nodes.broadcast("prices", {
      mail: (state: State) => ({ ...asking(state), to: ["x@b.example"] }),
      until: { quorum: 1 },
      update: (replies, state) => {
        expectTypeOf(replies).toEqualTypeOf<Replies<{ prices: number[] }>>();
        expectTypeOf(state).toEqualTypeOf<State>();
        return { total: 1 };
      },
    });
    expectTypeOf(broadcast).toEqualTypeOf<(state: State) => Promise<{ total: number }>>();
    const handOff = known.nodes.handOff("dated", {
      mail: (state: State) => ({ ...asking(state), monitor: "m@b.example", data: state }),
      update: (outcome) => {
        expectTypeOf(outcome).toEqualTypeOf<Outcome<{ on: Date }>>();
        return new Command({ goto: END });
      },
    });
    expectTypeOf(handOff).returns.resolves.toExtend<Command>();
    known.nodes.broadcast(note, {
      mail: () => ({ ...mail, to: [] }),
      update: ({ outcomes: [first] }) => {
        if (first?.kind === "replied") expectTypeOf(first.data).toEqualTypeOf<string>();
        return {};
      },
    });
  });

  it("do not compile where a node's mail lacks something", () => {
    const update = () => ({});
    // @ts-expect-error no such task
    known.nodes.broadcast("price", { mail: () => ({ ...mail, to: [] }), update });
    // @ts-expect-error no such task
    known.nodes.handOff("price", { mail: () => ({ ...mail, monitor: "m@b.example", data: {} }), update });
    // @ts-expect-error a broadcast goes to a list
    known.nodes.broadcast("prices", { mail: () => mail, update });
    // @ts-expect-error a hand-off has a monitor
    known.nodes.handOff("prices", { mail: () => ({ ...mail, data: {} }), update });
    // @ts-expect-error and says what is handed over
    known.nodes.handOff("prices", { mail: () => ({ ...mail, monitor: "m@b.example" }), update });
    // @ts-expect-error no such agent
    known.nodes.broadcast("prices", { mail: () => ({ ...mail, from: "sales", to: [] }), update });
  });

  it("are the only names", () => {
    // @ts-expect-error no such task
    void known.sendTask("price", mail);
    // @ts-expect-error no such task
    void known.awaitReply("price");
    // @ts-expect-error no such task
    known.nodes.sendTask("price", { mail: () => mail });
    // @ts-expect-error this kit was given none
    void kit.awaitReply("prices");
    // @ts-expect-error another task's receipt
    void known.sendTask(note, mail).then((receipt) => known.awaitReply(receipt, { task: prices }));
  });
});

describe("graphs", () => {
  const checkpointer = kit.checkpointer(new MemorySaver());

  it("keeps the graph's type with a zod state", async () => {
    const graph = kit.attach(
      "zod",
      new StateGraph(z.object({ topic: z.string(), total: z.number().optional() }))
        .addNode("ask", async (state) => {
          expectTypeOf(state.topic).toEqualTypeOf<string>();
          const outcome = await kit.awaitReply(prices);
          return { total: outcome.kind === "replied" ? outcome.data.prices.length : 0 };
        })
        .addEdge(START, "ask")
        .addEdge("ask", END)
        .compile({ checkpointer }),
    );
    expectTypeOf((await graph.invoke({ topic: "t" })).total).toEqualTypeOf<number | undefined>();
    // @ts-expect-error topic is a string
    void graph.invoke({ topic: 1 });
  });

  it("keeps it with an Annotation", async () => {
    const State = Annotation.Root({ topic: Annotation<string>, total: Annotation<number> });
    const graph = kit.attach(
      "annotation",
      new StateGraph(State)
        .addNode("ask", async (state) => {
          expectTypeOf(state.topic).toEqualTypeOf<string>();
          const outcome = await kit.awaitReply(prices);
          return { total: outcome.kind === "replied" ? outcome.data.prices.length : 0 };
        })
        .addEdge(START, "ask")
        .addEdge("ask", END)
        .compile({ checkpointer }),
    );
    expectTypeOf((await graph.invoke({ topic: "t" })).total).toEqualTypeOf<number>();
    // @ts-expect-error total is a number
    void graph.invoke({ total: "1" });
  });

  it("keeps it with a StateSchema, and with the ready nodes", async () => {
    const State = new StateSchema({ topic: z.string(), total: z.number().default(0) });
    const graph = kit.attach(
      "schema",
      new StateGraph(State)
        .addNode(
          "send",
          kit.nodes.sendTask(prices, {
            mail: (state: typeof State.State) => ({ ...mail, subject: state.topic }),
          }),
        )
        .addNode(
          "wait",
          kit.nodes.awaitReply(prices, {
            update: (outcome, state: typeof State.State) => {
              expectTypeOf(outcome).toEqualTypeOf<Outcome<{ prices: number[] }>>();
              return { total: outcome.kind === "replied" ? outcome.data.prices.length : state.total };
            },
          }),
        )
        .addEdge(START, "send")
        .addEdge("send", "wait")
        .addEdge("wait", END)
        .compile({ checkpointer }),
    );
    expectTypeOf((await graph.invoke({ topic: "t" })).total).toEqualTypeOf<number>();
  });

  it("infers the request's input and the finished state of a served graph", () => {
    const graph = kit.attach(
      "served",
      new StateGraph(z.object({ question: z.string(), answer: z.number().optional() }))
        .addNode("work", () => ({ answer: 1 }))
        .addEdge(START, "work")
        .addEdge("work", END)
        .compile({ checkpointer }),
    );
    kit.serveInbox("sales", graph, {
      from: ["*@b.example"],
      input: (request) => {
        expectTypeOf(request.text).toEqualTypeOf<string>();
        return { question: request.text };
      },
      reply: (state) => {
        expectTypeOf(state.answer).toEqualTypeOf<number | undefined>();
        return { data: state.answer };
      },
    });
    kit.serveInbox("desk", graph, {
      from: "anyone",
      // @ts-expect-error not the graph's input
      input: () => ({ question: 1 }),
      reply: () => ({}),
    });
  });
});
