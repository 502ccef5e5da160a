// The graphs as LangGraph's API server and Studio have them: the server brings its own saver. `npm run studio` starts it, with a mail server beside it.
import { createEmailKit } from "langgraph-email";
import { serveAnalysis, serveResearch } from "../agents.ts";
import { createAssistant } from "../assistant.ts";
import { createPipeline } from "../pipeline.ts";

const { env } = process;

function accountOf(address: string) {
  const user = encodeURIComponent(address);
  return {
    address,
    smtp: `smtp://${user}:dev@${env["STUDIO_SMTP"] ?? "127.0.0.1:2525"}`,
    imap: `imap://${user}:dev@${env["STUDIO_IMAP"] ?? "127.0.0.1:1143"}`,
  };
}

export const kit = createEmailKit({
  ledger: env["EMAIL_LEDGER"] ?? "studio.db",
  agents: {
    desk: accountOf("desk@desk.example"),
    research: accountOf("research@lab.example"),
    analysis: accountOf("analysis@numbers.example"),
  },
});

export const pipeline = createPipeline(kit, {
  research: "research@lab.example",
  analysis: "analysis@numbers.example",
  approver: "dana@boss.example",
});
export const assistant = await createAssistant(kit, ["research@lab.example", "dana@boss.example"]);
export const research = serveResearch(kit);
export const analysis = serveAnalysis(kit);
