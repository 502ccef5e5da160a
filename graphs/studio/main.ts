// Starts LangGraph's API server on the graphs, with a local mail server beside it: Studio shows them.
import { spawn } from "node:child_process";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { startMailServer } from "langgraph-email/testing";

const graphs = join(import.meta.dirname, "..");
const directory = join(process.cwd(), ".langgraph-email");
mkdirSync(directory, { recursive: true });
// Whoever signs in, with the password dev, has a mailbox.
await using mail = await startMailServer({ directory, autoCreate: true });
const dana = mail.account("dana@boss.example");
console.log(`The mails of dana@boss.example, who approves: ${dana.imap}. Answer there (${dana.smtp}), or in Studio.`);

const server = spawn(
  "langgraphjs",
  ["dev", "--config", join(graphs, "langgraph.json"), "--host", "127.0.0.1", ...process.argv.slice(2)],
  {
    stdio: "inherit",
    env: {
      ...process.env,
      EMAIL_LEDGER: join(directory, "studio.db"),
      STUDIO_SMTP: `${mail.host}:${mail.smtp.port}`,
      STUDIO_IMAP: `${mail.host}:${mail.imap.port}`,
    },
  },
);
for (const signal of ["SIGINT", "SIGTERM"] as const) process.on(signal, () => server.kill("SIGTERM"));
await new Promise((resolve) => {
  server.once("exit", resolve);
});
