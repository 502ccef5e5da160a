import { createEmailKit } from "langgraph-email";

/** A process of its own that submits what others have put into the outbox, within a budget. Settings come as JSON in the first argument. */
export interface BudgetSettings {
  ledger: string;
  secret: string;
  smtp: string;
  imap: string;
  perDay: number;
}

const { ledger, secret, smtp, imap, perDay } = JSON.parse(process.argv[2]!) as BudgetSettings;
const kit = createEmailKit({
  ledger,
  secret,
  agents: { desk: { address: "desk@a.example", smtp, imap, budget: { perDay } } },
});
const worker = await kit.start();
await worker.ready;
process.send?.("ready");
