// The graphs of the tests on LangGraph's API server, as its process loads them.
import { createEmailKit } from "langgraph-email";
import { askGraph, manyGraph, namedGraph, payGraph } from "./scenario-graphs.ts";

const { env } = process;

function kitOn(ledger: string) {
  return createEmailKit({
    ledger,
    agents: {
      desk: { address: env["DESK"]!, smtp: env["DESK_SMTP"]!, imap: env["DESK_IMAP"]! },
      lab: { address: env["LAB"]!, smtp: env["LAB_SMTP"]!, imap: env["LAB_IMAP"]! },
    },
    lease: "5 s",
    retry: { tries: 2, first: "100 ms" },
  });
}

export const kit = kitOn(env["EMAIL_LEDGER"]!);
export const ask = askGraph(kit, "ask");
export const many = manyGraph(kit, "many");
export const pay = payGraph(kit, "pay");
/** A later version of it may have another node. */
export const changing = namedGraph(kit, "changing", env["CHANGING_NODE"] ?? "ask");

/** Answers requests, after it has asked somebody itself. */
export const lab = askGraph(kit, "lab");
kit.serveInbox("lab", lab, {
  from: "anyone",
  input: ({ text, subject }) => ({ to: text.trim(), subject }),
  reply: ({ outcome }) => ({ text: `They ${outcome.kind}.` }),
});

/** Its worker runs elsewhere. */
export const remote = askGraph(kitOn(env["REMOTE_LEDGER"]!), "remote");
