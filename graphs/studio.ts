// The graphs as LangGraph Studio shows them: `npm run dev` starts the local mail server beside them, or set the accounts' URLs.
import { MemorySaver } from "@langchain/langgraph";
import { createEmailKit } from "langgraph-email";
import { serveAnalysis, serveResearch } from "./agents.ts";
import { createPipeline } from "./pipeline.ts";

const { env } = process;

function accountOf(address: string) {
  const user = encodeURIComponent(address);
  return {
    address,
    smtp: env["SMTP_URL"] ?? `smtp://${user}:dev@127.0.0.1:2525`,
    imap: env["IMAP_URL"] ?? `imap://${user}:dev@127.0.0.1:1143`,
  };
}

const ledger = env["EMAIL_LEDGER"] ?? ":memory:";
const desk = createEmailKit({ ledger, agents: { desk: accountOf("desk@desk.example") } });
const lab = createEmailKit({ ledger, agents: { research: accountOf("research@lab.example") } });
const numbers = createEmailKit({ ledger, agents: { analysis: accountOf("analysis@numbers.example") } });

export const pipeline = createPipeline(
  desk,
  { research: "research@lab.example", analysis: "analysis@numbers.example", approver: "dana@boss.example" },
  new MemorySaver(),
);
export const research = serveResearch(lab, new MemorySaver());
export const analysis = serveAnalysis(numbers, new MemorySaver());
