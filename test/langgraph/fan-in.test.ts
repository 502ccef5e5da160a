import { StatementSync } from "node:sqlite";
import { Annotation, END, MemorySaver, Send, START, StateGraph } from "@langchain/langgraph";
import { defineTask, type EmailKit } from "langgraph-email";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { type DeliveredMail, type MailServer, startMailServer } from "../../src/dev/index.ts";
import { waitForEnd } from "../../src/testing/index.ts";
import { deskKit, thread, until } from "../support/desk.ts";

const question = defineTask("question");
const BOSS = "boss@b.example";
const DESK = "desk@a.example";

let mail: MailServer;
beforeEach(async () => {
  mail = await startMailServer();
  mail.account(BOSS);
});
afterEach(async () => {
  await mail.close();
});

const State = Annotation.Root({
  name: Annotation<string>,
  answers: Annotation<string[]>({ reducer: (a, b) => [...a, ...b], default: () => [] }),
});

/** So many branches, each of which asks and waits, and a join. `after`: what a branch does with its answer. */
function branches(kit: EmailKit<"desk">, count: number, after: () => Promise<void> = async () => {}) {
  const runs = { ask: 0, join: 0 };
  const names = Array.from({ length: count }, (_, index) => `question ${index}`);
  const graph = kit.attach(
    "fan",
    new StateGraph(State)
      .addNode("ask", async ({ name }) => {
        runs.ask++;
        await kit.sendTask(question, { from: "desk", to: BOSS, subject: name, body: "?" });
        const outcome = await kit.awaitReply(question);
        await after();
        return { answers: [outcome.kind === "replied" ? outcome.text : outcome.kind] };
      })
      .addNode("join", () => {
        runs.join++;
        return {};
      })
      .addConditionalEdges(START, () => names.map((name) => new Send("ask", { name })), ["ask"])
      .addEdge("ask", "join")
      .addEdge("join", END)
      .compile({ checkpointer: kit.checkpointer(new MemorySaver()) }),
  );
  return { graph, runs };
}

function reply(task: DeliveredMail): void {
  const id = task.header("message-id")!;
  const lines = [
    `From: ${BOSS}`,
    `To: ${task.header("reply-to")}`,
    `Subject: Re: ${task.header("subject")}`,
    `Message-ID: <reply.${id.slice(1)}`,
    `In-Reply-To: ${id}`,
    "",
    `Yes, ${task.header("subject")}`,
  ];
  mail.deliver(lines.join("\r\n"), DESK);
}

const timesOf = async (kit: EmailKit<"desk">, kind: string) =>
  (await kit.events({ limit: 100_000 })).filter((event) => event.kind === kind).map(({ at }) => at);

it("resumes five hundred branches once, where all replies lie in the mailbox when the worker starts", async () => {
  await using kit = deskKit(mail);
  const { graph, runs } = branches(kit, 500);
  await graph.invoke({}, thread("1"));
  await kit.runOnce();
  for (const task of mail.mails(BOSS)) reply(task);
  await using _worker = await kit.start();
  // To look at so large a thread again and again would slow it down.
  await until("the join", () => runs.join > 0, 60_000);
  const { answers } = await waitForEnd(graph, thread("1"));
  expect(new Set(answers).size).toBe(500);
  expect(await timesOf(kit, "resumed")).toHaveLength(1);
  expect(runs).toEqual({ ask: 1_000, join: 1 });
}, 90_000);

it("takes all that comes in during a resume into the next one", async () => {
  await using kit = deskKit(mail);
  const gate = Promise.withResolvers<void>();
  const { graph, runs } = branches(kit, 40, () => gate.promise);
  await using worker = await kit.start();
  await graph.invoke({}, thread("1"));
  const tasks = await until("the mails", () => mail.mails(BOSS).length === 40 && mail.mails(BOSS));
  await worker.ready;
  reply(tasks[0]!);
  await until("the first resume", async () => (await timesOf(kit, "resumed")).length === 1);
  for (const task of tasks.slice(1)) reply(task);
  await until("all replies", async () => (await timesOf(kit, "settled")).length === 40);
  expect(await timesOf(kit, "resumed")).toHaveLength(1);
  gate.resolve();
  await waitForEnd(graph, thread("1"));
  expect(await timesOf(kit, "resumed")).toHaveLength(2);
  expect(runs).toEqual({ ask: 40 + 40 + 39, join: 1 });
});

it("resumes an idle thread at once, though it waits for others as well", async () => {
  await using kit = deskKit(mail);
  const { graph } = branches(kit, 6);
  await using worker = await kit.start();
  await graph.invoke({}, thread("1"));
  const tasks = await until("the mails", () => mail.mails(BOSS).length === 6 && mail.mails(BOSS));
  await worker.ready;
  for (const [index, task] of tasks.slice(0, 5).entries()) {
    reply(task);
    await until(`resume ${index + 1}`, async () => (await timesOf(kit, "resumed")).length === index + 1);
  }
  const settled = await timesOf(kit, "settled");
  const delays = (await timesOf(kit, "resumed")).map((at, index) => at - settled[index]!);
  // The least of them says what the kit waits for; the others, how busy the machine is.
  expect(Math.min(...delays)).toBeLessThan(50);
});

it("asks the ledger little for each branch that waits on", async () => {
  await using kit = deskKit(mail);
  const { graph, runs } = branches(kit, 200);
  await graph.invoke({}, thread("1"));
  await kit.runOnce();
  reply(mail.mails(BOSS)[0]!);
  const [all, run] = [vi.spyOn(StatementSync.prototype, "all"), vi.spyOn(StatementSync.prototype, "run")];
  await kit.runOnce();
  expect(await timesOf(kit, "resumed")).toHaveLength(1);
  expect(runs).toEqual({ ask: 400, join: 0 });
  // Twice for the task, and once whether the run still holds its thread.
  expect(all.mock.calls.length + run.mock.calls.length).toBeLessThan(3 * 199 + 150);
  vi.restoreAllMocks();
});
