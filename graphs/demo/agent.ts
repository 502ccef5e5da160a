import { SqliteSaver } from "@langchain/langgraph-checkpoint-sqlite";
import { createEmailKit } from "langgraph-email";
import { serveAnalysis, serveResearch } from "../agents.ts";
import { createThinker } from "../model.ts";
import { tell } from "./messages.ts";
import { readSettings } from "./settings.ts";

const settings = readSettings();
const name = process.argv[2] === "analysis" ? "analysis" : "research";
const account = settings.accounts[name];
const saver = SqliteSaver.fromConnString(`${settings.directory}/${name}-checkpoints.db`);
const common = { ledger: `${settings.directory}/${name}.db` };

const kit =
  name === "research"
    ? createEmailKit({ ...common, agents: { research: account } })
    : createEmailKit({ ...common, agents: { analysis: account } });
if (name === "research") serveResearch(kit as Parameters<typeof serveResearch>[0], saver);
else serveAnalysis(kit as Parameters<typeof serveAnalysis>[0], saver);

await kit.follow((event) => tell({ kind: "event", event }));
const worker = await kit.start();
await worker.ready;
tell({ kind: "ready", thinker: (await createThinker()).name });

process.once("SIGTERM", () => {
  stop().catch(() => process.exit(1));
});

async function stop(): Promise<void> {
  await worker.stop();
  await kit.close();
  process.disconnect?.();
}
