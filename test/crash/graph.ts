import { appendFileSync } from "node:fs";
import type { RunnableConfig } from "@langchain/core/runnables";
import { Annotation, END, START, StateGraph } from "@langchain/langgraph";
import { PostgresSaver } from "@langchain/langgraph-checkpoint-postgres";
import { defineTask, silentLogger, type TaskReceipt } from "langgraph-email";
import { z } from "zod";
import { composeKit } from "../../src/kit.ts";
import { isPostgresUrl } from "../../src/ledger/postgres/url.ts";
import { instrumentedPorts, instrumentSaver } from "./instrument.ts";
import type { Life } from "./life.ts";
import { point } from "./points.ts";
import { openSaver } from "./stores.ts";

const research = defineTask("research", { reply: z.object({ answer: z.number() }) });
const approval = defineTask("approval", { reply: z.object({ approved: z.boolean() }) });

const bid = defineTask("bid", { reply: z.object({ price: z.number() }) });

const State = Annotation.Root({
  research: Annotation<string>,
  approval: Annotation<string>,
  receipts: Annotation<TaskReceipt<{ price: number }>[]>,
  done: Annotation<string>,
});
const LabState = Annotation.Root({ question: Annotation<string>, answer: Annotation<number> });

/** What holds it is kept in a file, and all other mails in the ledger. */
const LARGE = { filename: "tables.txt", contentType: "text/plain", content: "6, 12, 18, 24, 30\n".repeat(7_000) };

/**
 * The kit and the graphs under test: two nodes that send and wait at the same time, one asks a served agent of the same kit and one a person, whose mail is held until another one approves it; a join that
 * asks three more, of whom one cannot be reached and another one is asked instead; a node that waits for two of them, and calls the third one off; and the
 * agent's own graph.
 */
export function createWorld(life: Life) {
  const { ledger } = life;
  const savers: ReturnType<typeof openSaver>[] = [];
  const note = (event: string, nodeTaskId: string, node?: string) =>
    appendFileSync(`${life.directory}/journal.jsonl`, `${JSON.stringify({ event, nodeTaskId, node })}\n`);
  const kit = composeKit(
    {
      ledger,
      ...(isPostgresUrl(ledger) && { secret: "of all workers, to sign reply tokens" }),
      agents: life.accounts,
      review: { personalData: "hold", reviewer: life.people.kim },
      log: silentLogger,
      lease: `${life.leaseMs} ms`,
      clock: () => Date.now() + life.ahead,
      onDoubt: { resendAfter: `${life.resendMs} ms` },
      retry: { first: "20 ms" },
    },
    instrumentedPorts(life),
  );
  const saver = () => {
    const opened = openSaver(life);
    savers.push(opened);
    return kit.checkpointer(instrumentSaver(opened, (id) => note("stored", id)));
  };
  const node =
    <S, U>(name: string, body: (state: S) => Promise<U>) =>
    async (state: S, config: RunnableConfig): Promise<U> => {
      note("started", config.configurable?.["__pregel_task_id"] as string, name);
      point(`node.${name}:begin`);
      const update = await body(state);
      point(`node.${name}:end`);
      return update;
    };
  const graph = kit.attach(
    "crash",
    new StateGraph(State)
      .addNode(
        "askLab",
        node("askLab", async () => {
          const mail = { from: "desk" as const, to: life.accounts.lab.address, subject: "Work", body: "6 times 7?" };
          const receipt = await kit.sendTask(research, { ...mail, attachments: [LARGE] });
          const outcome = await kit.awaitReply(receipt, { task: research });
          return { research: outcome.kind === "replied" ? `replied ${outcome.data.answer}` : outcome.kind };
        }),
      )
      .addNode(
        "askBoss",
        node("askBoss", async () => {
          await kit.sendTask(approval, {
            from: "desk",
            to: life.people.boss,
            subject: "Laptops",
            body: "May we buy 40, and pay with 4111 1111 1111 1111?",
          });
          const outcome = await kit.awaitReply(approval);
          return { approval: outcome.kind === "replied" ? `replied ${outcome.data.approved}` : outcome.kind };
        }),
      )
      .addNode(
        "askBids",
        node("askBids", async (state: typeof State.State) => {
          const { alice, bob, carol, gone, refused } = life.people;
          const body = `What do you charge? (${state.research}, ${state.approval})`;
          const mail = (to: string) => ({ from: "desk" as const, to, subject: "Chairs", body });
          const mails = [mail(alice), { ...mail(gone), reassignTo: [refused, bob] }, mail(carol)];
          return { receipts: await kit.sendTasks(bid, mails) };
        }),
      )
      .addNode(
        "collect",
        node("collect", async ({ receipts, research, approval }: typeof State.State) => {
          const { outcomes } = await kit.awaitReplies(receipts, { until: { quorum: 2 }, cancelRest: true, task: bid });
          const prices = outcomes.map((outcome) => (outcome?.kind === "replied" ? outcome.data.price : outcome?.kind));
          return { done: [research, approval, ...prices].join(", ") };
        }),
      )
      .addEdge(START, "askLab")
      .addEdge(START, "askBoss")
      .addEdge(["askLab", "askBoss"], "askBids")
      .addEdge("askBids", "collect")
      .addEdge("collect", END)
      .compile({ checkpointer: saver() }),
  );
  const lab = kit.attach(
    "lab",
    new StateGraph(LabState)
      .addNode(
        "work",
        node("work", async () => ({ answer: 42 })),
      )
      .addEdge(START, "work")
      .addEdge("work", END)
      .compile({ checkpointer: saver() }),
  );
  kit.serveInbox("lab", lab, {
    from: [life.accounts.desk.address],
    input: ({ text }) => ({ question: text }),
    reply: ({ answer }) => ({ data: { answer } }),
  });
  return {
    kit,
    graph,
    async close() {
      await kit.close();
      for (const opened of savers) if (opened instanceof PostgresSaver) await opened.end();
    },
  };
}
