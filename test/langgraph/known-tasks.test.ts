import { Annotation, END, MemorySaver, START, StateGraph } from "@langchain/langgraph";
import { createEmailKit, defineTask, type EmailKit, type TaskReceipt } from "langgraph-email";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { z } from "zod";
import { startMailServer, type MailServer } from "../../src/dev/index.ts";
import { replyAs } from "../../src/testing/index.ts";
import { collectLog, thread } from "../support/desk.ts";

const visit = defineTask("visit", {
  reply: z.object({ on: z.string().transform((text) => new Date(`${text}T00:00:00Z`)) }),
});
const note = defineTask("note");
type Visit = { on: Date };

let mail: MailServer;
beforeEach(async () => {
  mail = await startMailServer();
  mail.account("kim@b.example");
});
afterEach(async () => {
  await mail.close();
});

function kitWith<const Task extends typeof visit | typeof note = never>(tasks?: readonly Task[]) {
  const { address, smtp, imap } = mail.account("desk@a.example");
  return createEmailKit({
    ledger: ":memory:",
    log: collectLog(),
    agents: { desk: { address, smtp, imap } },
    ...(tasks && { tasks }),
  });
}

const asking = { from: "desk", to: "kim@b.example", subject: "Visit", body: "When can we come?" } as const;
const State = Annotation.Root({ receipt: Annotation<TaskReceipt<Visit>>, year: Annotation<number> });

/** Sends in one node, and waits in another. */
function apart(
  kit: EmailKit<"desk">,
  send: () => Promise<TaskReceipt<Visit>>,
  wait: (receipt: TaskReceipt<Visit>) => Promise<{ kind: string; data?: Visit }>,
) {
  return kit.attach(
    "apart",
    new StateGraph(State)
      .addNode("send", async () => ({ receipt: await send() }))
      .addNode("wait", async ({ receipt }) => ({ year: (await wait(receipt)).data?.on.getUTCFullYear() ?? 0 }))
      .addEdge(START, "send")
      .addEdge("send", "wait")
      .addEdge("wait", END)
      .compile({ checkpointer: kit.checkpointer(new MemorySaver()) }),
  );
}

async function answered(kit: EmailKit<"desk">, graph: ReturnType<typeof apart>): Promise<unknown> {
  await graph.invoke({}, thread("1"));
  await kit.runOnce();
  const [task] = mail.mails("kim@b.example");
  await replyAs(mail, { from: "kim@b.example", mail: task!, text: "on: 2027-02-03", client: "plain" });
  await kit.runOnce();
  return (await graph.getState(thread("1"))).values.year;
}

describe("a task that the kit was given", () => {
  it("is sent and waited for by its name", async () => {
    await using kit = kitWith([visit, note]);
    const graph = apart(
      kit,
      () => kit.sendTask("visit", asking),
      () => kit.awaitReply("visit"),
    );
    expect(await answered(kit, graph)).toBe(2027);
  });

  it("has its schema applied where another node waits for its receipt", async () => {
    await using kit = kitWith([visit]);
    const graph = apart(
      kit,
      () => kit.sendTask(visit, asking),
      (receipt) => kit.awaitReply(receipt),
    );
    expect(await answered(kit, graph)).toBe(2027);
  });

  it("makes nodes by its name", async () => {
    await using kit = kitWith([visit]);
    const graph = kit.attach(
      "nodes",
      new StateGraph(State)
        .addNode("send", kit.nodes.sendTask("visit", { mail: () => asking, update: (receipt) => ({ receipt }) }))
        .addNode(
          "wait",
          kit.nodes.awaitReply("visit", {
            receipt: ({ receipt }: typeof State.State) => receipt,
            update: (outcome) => ({ year: outcome.kind === "replied" ? outcome.data.on.getUTCFullYear() : 0 }),
          }),
        )
        .addEdge(START, "send")
        .addEdge("send", "wait")
        .addEdge("wait", END)
        .compile({ checkpointer: kit.checkpointer(new MemorySaver()) }),
    );
    expect(await answered(kit, graph as never)).toBe(2027);
  });

  it("is checked when the kit is made", () => {
    expect(() => kitWith([visit, visit])).toThrow('Two tasks are named "visit"');
    const working = defineTask("note", { remind: "1 business day" });
    expect(() => kitWith([working])).toThrow("Give the kit a calendar");
  });

  it("is the only one of its name", async () => {
    await using kit = kitWith([note]);
    const other = defineTask("note", { deadline: "1 h" });
    await expect(kit.sendTask(other, asking)).rejects.toMatchObject({ code: "INVALID_CONFIG" });
    expect(() => kit.nodes.sendTask("nota" as "note", { mail: () => asking })).toThrow('No task "nota"');
    await expect(kit.awaitReply("nota" as "note")).rejects.toMatchObject({
      code: "UNKNOWN_TASK",
      message: expect.stringContaining("note"),
    });
  });
});

describe("a receipt of a task that the kit was not given", () => {
  it("is refused at the first wait of another node, and not only after a restart", async () => {
    await using kit = kitWith();
    const graph = apart(
      kit,
      () => kit.sendTask(visit, asking),
      (receipt) => kit.awaitReply(receipt),
    );
    await expect(graph.invoke({}, thread("1"))).rejects.toMatchObject({ code: "UNKNOWN_TASK" });
  });

  it("is read by the definition that the call is given", async () => {
    await using kit = kitWith();
    const graph = apart(
      kit,
      () => kit.sendTask(visit, asking),
      (receipt) => kit.awaitReply(receipt, { task: visit }),
    );
    expect(await answered(kit, graph)).toBe(2027);
  });

  it("is not read by another one's", async () => {
    await using kit = kitWith();
    const graph = apart(
      kit,
      () => kit.sendTask(visit, asking),
      (receipt) => kit.awaitReply(receipt, { task: note as never }),
    );
    await expect(graph.invoke({}, thread("1"))).rejects.toThrow('cannot be read by the definition of "note"');
  });

  it("needs none in the node that sends", async () => {
    await using kit = kitWith();
    const graph = kit.attach(
      "together",
      new StateGraph(State)
        .addNode("ask", async () => {
          const outcome = await kit.awaitReply(await kit.sendTask(visit, asking));
          return { year: outcome.kind === "replied" ? outcome.data.on.getUTCFullYear() : 0 };
        })
        .addEdge(START, "ask")
        .addEdge("ask", END)
        .compile({ checkpointer: kit.checkpointer(new MemorySaver()) }),
    );
    expect(await answered(kit, graph as never)).toBe(2027);
  });
});
