import { appendFileSync } from "node:fs";
import { BaseCallbackHandler } from "@langchain/core/callbacks/base";
import { SqliteSaver } from "@langchain/langgraph-checkpoint-sqlite";
import { createEmailKit } from "langgraph-email";
import { createPipeline } from "../pipeline.ts";
import { tell } from "./messages.ts";
import { readSettings } from "./settings.ts";
import { createSteps } from "./steps.ts";

const settings = readSettings();
const { accounts, directory, killed } = settings;
const steps = createSteps(killed);
const kit = createEmailKit({
  ledger: `${directory}/desk.db`,
  agents: { desk: accounts.desk },
  // How long a process that was killed keeps its successor waiting.
  lease: killed ? "1 s" : "30 s",
});
const graph = createPipeline(
  kit,
  { research: accounts.research.address, analysis: accounts.analysis.address, approver: settings.approver },
  SqliteSaver.fromConnString(`${directory}/desk-checkpoints.db`),
  [BaseCallbackHandler.fromMethods({ handleChainStart: noteNode })],
);
const config = { configurable: { thread_id: settings.threadId } };

await kit.follow((event) => {
  tell({ kind: "event", event });
  steps.event(event);
});
const worker = await kit.start();
await worker.ready;
tell({ kind: "ready" });
// After a crash: go on where the thread stopped.
const begun = (await graph.getState(config)).createdAt !== undefined;
await graph.invoke(begun ? null : { topic: settings.topic }, config);
tell({ kind: "result", state: await ended() });
await worker.stop();
await kit.close();
process.disconnect?.();

/** The graph may be parked for weeks, and the worker resumes it. Here we look whether it has come to its end. */
async function ended(): Promise<Record<string, unknown>> {
  for (;;) {
    const state = await graph.getState(config);
    if (state.next.length === 0 && state.tasks.length === 0) return state.values as Record<string, unknown>;
    await new Promise((resolve) => {
      setTimeout(resolve, 50);
    });
  }
}

/** Every start of a node, in a file that outlives the process: the checkpoints are held against it at the end. */
function noteNode(
  ...[, , , , , metadata, , name]: Parameters<NonNullable<BaseCallbackHandler["handleChainStart"]>>
): void {
  const node = metadata?.["langgraph_node"];
  if (typeof node !== "string" || name !== node || node.startsWith("__")) return;
  appendFileSync(`${directory}/nodes.jsonl`, `${JSON.stringify({ at: Date.now(), node })}\n`);
  tell({ kind: "node", name: node });
  steps.node(node);
}
