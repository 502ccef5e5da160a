import type { Agent, SendingUnit } from "../accounts/agent.ts";
import type { Limits } from "../policy/budget.ts";

/** One thing that a mail counts for, and its limits where it has some. */
export interface Unit {
  kind: SendingUnit;
  /** In the ledger: `agent:desk`. */
  name: string;
  limits: Limits | undefined;
}

export function accountUnit({ sending }: Agent): string {
  return `account:${sending.account}`;
}

export function agentUnit(agent: string): string {
  return `agent:${agent}`;
}

/** What a mail of this agent counts for, the widest first. A thread is counted only where it is limited: there is no end of them. */
export function unitsOf(agent: Agent, threadId: string | null): Unit[] {
  const { domain, limits } = agent.sending;
  const unit = (kind: SendingUnit, name: string): Unit => ({ kind, name, limits: limits[kind] });
  return [
    unit("account", accountUnit(agent)),
    unit("domain", `domain:${domain}`),
    unit("agent", agentUnit(agent.name)),
    ...(limits.thread && threadId !== null ? [unit("thread", `thread:${threadId}`)] : []),
  ];
}

/** Such as `"agent desk"`. */
export function unitTitle(name: string): string {
  return name.replace(":", " ");
}
