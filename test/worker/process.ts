import { SqliteSaver } from "@langchain/langgraph-checkpoint-sqlite";
import { createEmailKit } from "langgraph-email";
import { askGraph, thread } from "../support/desk.ts";

/** A process of its own with a worker, for tests that end it. Settings come as JSON in the first argument; what happens is told to the parent. */
export interface ProcessSettings {
  directory: string;
  smtp: string;
  imap: string;
  lease?: string;
  /** Mail a task to this address, on thread t1. */
  ask?: string;
  /** How long the node after the wait takes. */
  workMs?: number;
  grace?: string;
}

const settings = JSON.parse(process.argv[2]!) as ProcessSettings;
const tell = (message: string) => process.send?.(message);
const kit = createEmailKit({
  ledger: `${settings.directory}/mail.db`,
  agents: { desk: { address: "desk@a.example", smtp: settings.smtp, imap: settings.imap } },
  ...(settings.lease && { lease: settings.lease }),
});
const graph = askGraph(kit, {
  saver: SqliteSaver.fromConnString(`${settings.directory}/checkpoints.db`),
  after: async () => {
    tell("working");
    await new Promise((resolve) => {
      setTimeout(resolve, settings.workMs ?? 0);
    });
    tell("worked");
  },
});
await kit.follow(({ kind }) => tell(kind));
const worker = await kit.start({ ...(settings.grace && { grace: settings.grace }) });
await worker.ready;
tell("ready");
if (settings.ask) await graph.invoke({ to: settings.ask }, thread("t1"));
