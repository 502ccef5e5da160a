import { Annotation, END, MemorySaver, START, StateGraph } from "@langchain/langgraph";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { defineTask, type EmailKit, type TaskDefinition } from "langgraph-email";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { z } from "zod";
import { startMailServer, type MailServer } from "../../src/dev/index.ts";
import { replyAs, waitForEnd } from "../../src/testing/index.ts";
import { deskKit, thread, until } from "../support/desk.ts";

// A version of a graph asks and ends with its process; the reply comes; another version goes on.
let mail: MailServer;
let directory: string;
let saver: MemorySaver;
beforeEach(async () => {
  mail = await startMailServer();
  mail.account(BOSS);
  directory = await mkdtemp(join(tmpdir(), "langgraph-email-changed-"));
  saver = new MemorySaver();
});
afterEach(async () => {
  await mail.close();
  await rm(directory, { recursive: true });
});

const BOSS = "boss@b.example";
const State = Annotation.Root({ got: Annotation<unknown>, ended: Annotation<string> });
const offer = (more = {}) => defineTask("offer", { reply: z.object({ price: z.number(), ...more }) });

interface Version {
  node?: string;
  task?: TaskDefinition;
  name?: string;
  /** A node before the one that asks. */
  before?: boolean;
  after?: string;
  /** The waiting node's former name, under which it stays for the threads that wait in it. */
  formerly?: string;
}

function graphOf(kit: EmailKit<"desk">, version: Version = {}) {
  const { node = "ask", task = offer(), name = "pricing", after = "after" } = version;
  const ask = async () => {
    const receipt = await kit.sendTask(task, { from: "desk", to: BOSS, subject: "Offer", body: "Which price?" });
    const outcome = await kit.awaitReply(receipt);
    return { got: outcome.kind === "replied" ? outcome.data : outcome.kind };
  };
  const steps = [...(version.before ? ["first"] : []), node, after];
  const graph = new StateGraph(State) as StateGraph<typeof State.spec, typeof State.State, typeof State.Update, string>;
  for (const step of steps) graph.addNode(step, step === node ? ask : () => ({ ended: step }));
  for (const [place, step] of steps.entries()) graph.addEdge(steps[place - 1] ?? START, step);
  graph.addEdge(after, END);
  const { formerly } = version;
  if (formerly !== undefined) {
    graph.addNode(formerly, ask).addEdge(formerly, after);
    graph.addConditionalEdges(START, () => node, [node, formerly]);
  }
  return kit.attach(name, graph.compile({ checkpointer: kit.checkpointer(saver) }));
}

const kitOf = () => deskKit(mail, { ledger: join(directory, "mail.db"), retry: { tries: 1 } });

/** The first version asks; the reply is in before the second one starts. */
async function ask(version: Version, text: string): Promise<void> {
  const kit = kitOf();
  await graphOf(kit, version).invoke({}, thread("1"));
  await kit.runOnce();
  await replyAs(mail, { from: BOSS, mail: mail.mails(BOSS)[0]!, text });
  await kit.close();
}

describe("a graph that has changed while it waited", () => {
  it.each<[string, Version]>([
    ["nodes before the waiting one", { before: true }],
    ["the node after it", { after: "other" }],
    ["its node renamed, and kept under the old name", { node: "enquire", formerly: "ask" }],
  ])("goes on where it waits: %s", async (_, version) => {
    await ask({}, "price: 7");
    await using kit = kitOf();
    const graph = graphOf(kit, version);
    await kit.runOnce();
    expect(await waitForEnd(graph, thread("1"))).toMatchObject({ got: { price: 7 }, ended: version.after ?? "after" });
    expect(mail.mails(BOSS)).toHaveLength(1);
  });

  it("without the node that waits is stalled, and goes on when the node is back", async () => {
    await ask({}, "price: 7");
    const renamed = kitOf();
    graphOf(renamed, { node: "enquire" });
    await renamed.runOnce();
    const [stalled] = await renamed.stalled();
    expect(stalled).toMatchObject({ threadId: "1", lastError: expect.stringContaining('"ask"') });
    await renamed.close();
    await using kit = kitOf();
    const graph = graphOf(kit);
    expect(await kit.retry("1")).toBe(true);
    await kit.runOnce();
    expect(await waitForEnd(graph, thread("1"))).toMatchObject({ got: { price: 7 } });
  });

  it("under another name waits for a process that attaches the old one", async () => {
    await ask({}, "price: 7");
    const renamed = kitOf();
    graphOf(renamed, { name: "prices" });
    await renamed.runOnce();
    expect(await renamed.stalled()).toEqual([]);
    await renamed.close();
    await using kit = kitOf();
    const graph = graphOf(kit);
    await kit.runOnce();
    expect(await waitForEnd(graph, thread("1"))).toMatchObject({ got: { price: 7 } });
  });

  it("with a schema that wants more asks again, for that, and reads the answer by it", async () => {
    await ask({}, "price: 7");
    const task = offer({ currency: z.enum(["EUR", "USD"]) });
    await using kit = kitOf();
    const graph = graphOf(kit, { task });
    await kit.runOnce();
    const again = await until("the question", () => mail.mails(BOSS)[1]);
    expect(Buffer.from(again.raw).toString()).toContain("currency");
    await replyAs(mail, { from: BOSS, mail: again, text: "price: 7\ncurrency: EUR" });
    await kit.runOnce();
    expect(await waitForEnd(graph, thread("1"))).toMatchObject({ got: { price: 7, currency: "EUR" } });
  });
});
