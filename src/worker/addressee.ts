import type { Agent } from "../accounts/agent.ts";
import type { MessageRecord } from "../ledger/messages.ts";
import { findRequest } from "../ledger/requests.ts";
import { matchesAddress, sameAddress, splitSubaddress } from "../mail/address.ts";
import type { MailMessage } from "../mail/message.ts";
import type { Correlation } from "./correlate.ts";
import type { WorkerDeps } from "./deps.ts";
import type { ServePort } from "./ports.ts";

/** Whose mail it is. `declined`: the rules of who serves that address do not take it. */
export interface Addressee {
  agent: Agent | undefined;
  declined: boolean;
}

/**
 * The agent that asked, or else the one that the mail is addressed to; of several with one address, the one that answered before in the conversation, or the first
 * whose rule takes it.
 */
export async function addresseeOf(
  deps: Pick<WorkerDeps, "ledger" | "serve">,
  agents: readonly Agent[],
  { message, correlation, record }: { message: MailMessage; correlation: Correlation; record: MessageRecord },
): Promise<Addressee> {
  if (correlation.kind === "task") {
    const asked = agents.find(({ name }) => name === correlation.task.agent);
    if (asked) return { agent: asked, declined: false };
  }
  const addressed = addressedAgents(agents, message);
  if (correlation.kind === "request") {
    const before = await findRequest(deps.ledger.db, correlation.requestId);
    const answering = addressed.find(({ name }) => name === before?.agent);
    if (answering) return { agent: answering, declined: false };
  }
  let declined = false;
  for (const agent of correlation.kind === "task" ? [] : addressed) {
    const served = deps.serve.served(agent.name);
    if (!served || !mayAsk(served, record.sender)) continue;
    if (await deps.serve.accepts(agent.name, record)) return { agent, declined: false };
    declined = true;
  }
  return { agent: addressed[0], declined };
}

export function mayAsk({ from }: NonNullable<ReturnType<ServePort["served"]>>, sender: string | null): boolean {
  return from === "anyone" || (sender !== null && from.some((pattern) => matchesAddress(pattern, sender)));
}

function addressedAgents(agents: readonly Agent[], message: MailMessage): readonly Agent[] {
  const recipients = [...message.to, ...message.cc].map((recipient) => recipient.address);
  const addressed = (form: (address: string) => string) =>
    agents.filter((agent) => recipients.some((address) => sameAddress(form(address), agent.address.address)));
  // Agents may share a mailbox by subaddresses: the whole address says more than its base.
  const exact = addressed((address) => address);
  const named = exact.length > 0 ? exact : addressed((address) => splitSubaddress(address).base);
  return named.length === 0 && agents.length === 1 ? agents : named;
}
