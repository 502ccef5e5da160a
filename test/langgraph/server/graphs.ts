// The graphs of the tests on LangGraph's API server, as its process loads them.
import { createEmailKit } from "langgraph-email";
import { scenarioGraphs } from "./scenario-graphs.ts";

const { env } = process;

function kitOn(ledger: string) {
  return createEmailKit({
    ledger,
    agents: { desk: { address: env["DESK"]!, smtp: env["DESK_SMTP"]!, imap: env["DESK_IMAP"]! } },
    lease: "5 s",
    retry: { tries: 2, first: "100 ms" },
  });
}

export const kit = kitOn(env["EMAIL_LEDGER"]!);
export const { ask, many } = scenarioGraphs(kit);

/** Its worker runs elsewhere. */
export const { ask: remote } = scenarioGraphs(kitOn(env["REMOTE_LEDGER"]!), undefined, "remote-");
