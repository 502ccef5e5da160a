import { EmailKitError } from "../errors.ts";
import { type Allowlist, firstNotAllowed } from "./allowlist.ts";

/** `read`: its mailbox · `reply`: in conversations that it was addressed in · `send`: begin conversations, and reply. */
export type Scope = "read" | "reply" | "send";

export const SCOPES: readonly Scope[] = ["read", "reply", "send"];

/** An agent, as far as its permissions go. */
export interface Sender {
  name: string;
  scopes: readonly Scope[];
  recipients: Allowlist;
}

export function hasScope({ scopes }: Pick<Sender, "scopes">, needed: Scope): boolean {
  return scopes.includes(needed) || (needed === "reply" && scopes.includes("send"));
}

/** @throws EmailKitError `SCOPE_MISSING`. @param what What the agent was to do, such as `mail a task`. */
export function requireScope(sender: Sender, needed: Scope, what: string): void {
  if (hasScope(sender, needed)) return;
  throw new EmailKitError(
    "SCOPE_MISSING",
    `Agent "${sender.name}" may not ${what}: it needs the scope "${needed}" and has ${JSON.stringify(sender.scopes)}. Add it to agents.${sender.name}.scopes in createEmailKit, or use another agent.`,
  );
}

/** @throws EmailKitError `RECIPIENT_NOT_ALLOWED` for the first address that the agent may not mail. */
export function requireRecipients(sender: Sender, addresses: readonly string[]): void {
  const refused = firstNotAllowed(sender.recipients, addresses);
  if (refused === undefined) return;
  throw new EmailKitError(
    "RECIPIENT_NOT_ALLOWED",
    `Agent "${sender.name}" may not mail ${refused}; nothing was mailed. Its \`allow\` and \`deny\` in createEmailKit say whom it may.`,
  );
}
