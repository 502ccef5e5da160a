import { BaseCallbackHandler } from "@langchain/core/callbacks/base";
import { Annotation, END, MemorySaver, START, StateGraph } from "@langchain/langgraph";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { defineTask, type EmailKit } from "langgraph-email";
import { startMailServer, type MailServer } from "../../../src/dev/index.ts";
import { replyAs, waitForEnd } from "../../../src/testing/index.ts";
import { deskKit, thread } from "../../support/desk.ts";

let mail: MailServer;
beforeEach(async () => {
  mail = await startMailServer();
  mail.account("boss@b.example");
});
afterEach(async () => {
  await mail.close();
});

/** What a tracer such as LangSmith's hears of each root run. */
class RootRuns extends BaseCallbackHandler {
  override name = "root-runs";
  readonly seen: { runName: string | undefined; tags: string[]; metadata: Record<string, unknown> }[] = [];

  override handleChainStart(...args: unknown[]): void {
    const [parentRunId, tags, metadata, runName] = [args[3], args[4], args[5], args[7]];
    if (parentRunId !== undefined) return;
    this.seen.push({
      runName: runName as string | undefined,
      tags: tags as string[],
      metadata: metadata as Record<string, unknown>,
    });
  }
}

const State = Annotation.Root({ outcome: Annotation<string> });
const task = defineTask("approval");

function graphOf(kit: EmailKit<"desk">, config: Record<string, unknown>, node: { failures?: number }) {
  let failures = node.failures ?? 0;
  return kit.attach(
    "ask",
    new StateGraph(State)
      .addNode("ask", async () => {
        await kit.sendTask(task, { from: "desk", to: "boss@b.example", subject: "May we?", body: "?" });
        const { kind } = await kit.awaitReply(task);
        if (failures-- > 0) throw new Error("The machine is on fire.");
        return { outcome: kind };
      })
      .addEdge(START, "ask")
      .addEdge("ask", END)
      .compile({ checkpointer: kit.checkpointer(new MemorySaver()) })
      .withConfig(config),
  );
}

async function run(config: Record<string, unknown>, node: { failures?: number } = {}) {
  const runs = new RootRuns();
  await using kit = deskKit(mail, { retry: { first: "1 ms" } });
  const graph = graphOf(kit, { ...config, callbacks: [runs] }, node);
  await using _worker = await kit.start();
  await graph.invoke({}, thread("t1"));
  await replyAs(mail, { from: "boss@b.example", mail: await mail.waitForMail("boss@b.example"), text: "yes" });
  await waitForEnd(graph, thread("t1"));
  return runs.seen;
}

describe("the traces of runs that a worker makes", () => {
  it("say why they are there", async () => {
    const [first, resumed, ...rest] = await run({});
    expect(first).toMatchObject({ runName: "LangGraph", tags: [] });
    expect(first!.metadata).not.toHaveProperty("langgraph_email");
    expect(resumed).toMatchObject({
      runName: "ask (resume)",
      tags: ["langgraph-email"],
      metadata: {
        thread_id: "t1",
        langgraph_email: "resume",
        langgraph_email_reason: "decided",
        langgraph_email_tasks: "approval",
        langgraph_email_outcomes: "replied",
      },
    });
    expect(rest).toEqual([]);
    expect(JSON.stringify(resumed)).not.toMatch(/boss|May we/);
  });

  it("keep what the user has given the graph", async () => {
    const [, resumed] = await run({ runName: "Purchase", tags: ["shop"], metadata: { tenant: "blue" } });
    expect(resumed).toMatchObject({
      runName: "Purchase",
      tags: ["shop", "langgraph-email"],
      metadata: { tenant: "blue", langgraph_email: "resume" },
    });
  });

  it("tell a retry from an answer", async () => {
    const [, resumed, again] = await run({}, { failures: 1 });
    expect(resumed?.metadata).toMatchObject({ langgraph_email_reason: "decided" });
    expect(again?.metadata).toMatchObject({
      langgraph_email_reason: "retry",
      langgraph_email_tasks: "approval",
      langgraph_email_outcomes: "replied",
    });
  });
});
