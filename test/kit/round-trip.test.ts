import { Annotation, END, MemorySaver, START, StateGraph } from "@langchain/langgraph";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { z } from "zod";
import { createEmailKit, defineTask, silentLogger } from "langgraph-email";
import { startMailServer, type MailServer } from "../../src/dev/index.ts";
import { answer, waitForEnd } from "../support/people.ts";

const approval = defineTask("approval", { reply: z.object({ approved: z.boolean() }) });

let mail: MailServer;
beforeEach(async () => {
  mail = await startMailServer();
});
afterEach(async () => {
  await mail.close();
});

function makeKit(options: Partial<Parameters<typeof createEmailKit>[0]> = {}) {
  const desk = mail.account("desk@a.example");
  mail.account("boss@b.example");
  return createEmailKit({
    ledger: ":memory:",
    log: silentLogger,
    agents: { desk: { address: desk.address, smtp: desk.smtp, imap: desk.imap } },
    ...options,
  });
}

const State = Annotation.Root({ request: Annotation<string>, verdict: Annotation<string> });

function makeGraph(kit: ReturnType<typeof makeKit>) {
  return kit.attach(
    "approvals",
    new StateGraph(State)
      .addNode("ask", async (state) => {
        await kit.sendTask(approval, {
          from: "desk",
          to: "boss@b.example",
          subject: `Approve: ${state.request}`,
          body: `May we ${state.request}?`,
        });
        const outcome = await kit.awaitReply(approval);
        return { verdict: outcome.kind === "replied" ? String(outcome.data.approved) : outcome.kind };
      })
      .addEdge(START, "ask")
      .addEdge("ask", END)
      .compile({ checkpointer: kit.checkpointer(new MemorySaver()) }),
  );
}

describe("the round trip", () => {
  it("mails a task, parks, and goes on with the reply of a person", async () => {
    await using kit = makeKit();
    const graph = makeGraph(kit);
    await using worker = await kit.start();
    await worker.ready;
    const config = { configurable: { thread_id: "t1" } };
    const parked = await graph.invoke({ request: "buy 40 laptops" }, config);
    expect(parked).toHaveProperty("__interrupt__");
    const task = await mail.waitForMail("boss@b.example");
    expect(task.header("subject")).toBe("Approve: buy 40 laptops");
    await answer(mail, "boss@b.example", task, "approved: yes");
    const end = await waitForEnd(graph, config);
    expect(end).toEqual({ request: "buy 40 laptops", verdict: "true" });
    expect(mail.mails("boss@b.example")).toHaveLength(1);
    const kinds = (await kit.events({ threadId: "t1" })).map((event) => event.kind);
    expect(kinds).toContain("parked");
    expect(kinds).toContain("submitted");
    expect(kinds.filter((kind) => kind === "resumed")).toHaveLength(1);
  });
});
