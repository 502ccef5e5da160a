// A worker in a process of its own, with its own tracing: it tells its spans when it is asked.
import { SqliteSaver } from "@langchain/langgraph-checkpoint-sqlite";
import { trace } from "@opentelemetry/api";
import { createEmailKit } from "langgraph-email";
import { askGraph } from "./support/desk.ts";
import { startTracing } from "./support/tracing.ts";

const { directory, smtp, imap } = JSON.parse(process.argv[2]!) as Record<"directory" | "smtp" | "imap", string>;
const tracing = startTracing();
const kit = createEmailKit({
  ledger: `${directory}/mail.db`,
  agents: { desk: { address: "desk@a.example", smtp, imap } },
});
askGraph(kit, {
  saver: SqliteSaver.fromConnString(`${directory}/checkpoints.db`),
  after: () => trace.getTracer("app").startSpan("after").end(),
});
process.on("message", () => process.send?.(tracing.spans()));
await kit.start();
