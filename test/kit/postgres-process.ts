import { setTimeout as sleep } from "node:timers/promises";
import { PostgresSaver } from "@langchain/langgraph-checkpoint-postgres";
import { createEmailKit } from "langgraph-email";
import { askGraph } from "../support/desk.ts";

/** A worker in a process of its own, on a ledger that it shares. Settings come as JSON in the first argument; what it runs is told to the parent. */
export interface WorkerSettings {
  ledger: string;
  checkpoints: string;
  secret: string;
  smtp: string;
  imap: string;
  lease: string;
}

const { checkpoints, smtp, imap, ...settings } = JSON.parse(process.argv[2]!) as WorkerSettings;
const kit = createEmailKit({ ...settings, agents: { desk: { address: "desk@a.example", smtp, imap } } });
askGraph(kit, {
  saver: PostgresSaver.fromConnString(checkpoints),
  after: async () => {
    process.send?.("worked");
    await sleep(20);
  },
});
const worker = await kit.start();
await worker.ready;
process.send?.("ready");
