import { resolveAlias } from "../ledger/aliases.ts";
import type { Sql } from "../ledger/database.ts";
import { findTask, type TaskRecord } from "../ledger/tasks.ts";
import { gatherSignals, signalAlias, tokenAlias } from "../mail/correlate.ts";
import { normalizeMessageId } from "../mail/message-id.ts";
import type { MailMessage } from "../mail/message.ts";
import { verifyToken } from "../mail/reply-token.ts";
import type { Evidence } from "../policy/assurance.ts";

/** What a mail belongs to. */
export type Correlation =
  /** `signed`: by a token that this ledger gave out, also where it says no more of a reply than an id does. */
  | { kind: "task"; task: TaskRecord; signal: Evidence["signal"]; signed: boolean }
  /** A mail in a conversation that a served agent has answered in. */
  | { kind: "request"; requestId: string }
  /** A task mail of this ledger, seen in a mailbox of its own: between two of its agents, or come back. `from`: the agent that sent it. */
  | { kind: "sent-by-us"; from: string }
  | { kind: "other-ledger" }
  /** A task that had its outcome, and was removed by retention. */
  | { kind: "pruned" }
  /** It bears a token that this ledger gave out, for a task that it does not know: it was restored from a backup. */
  | { kind: "lost" }
  | { kind: "none" };

/** Looks for every signal of a mail in the ledger, the most trusted first. */
export async function correlate(
  sql: Sql,
  message: MailMessage,
  keys: { tokenKey: Uint8Array; ledgerId: string },
): Promise<Correlation> {
  // It carries the very ids that its reply would be known by.
  const own = message.messageId && (await resolveAlias(sql, normalizeMessageId(message.messageId)));
  const sent = own && "taskId" in own ? await findTask(sql, own.taskId) : undefined;
  if (sent) return { kind: "sent-by-us", from: sent.agent };
  let foreign = false;
  let pruned = false;
  let lost = false;
  let request: Correlation | undefined;
  for (const signal of gatherSignals(message)) {
    const verdict = signal.kind === "token" ? verifyToken(keys.tokenKey, keys.ledgerId, signal.token) : undefined;
    if (verdict?.kind === "other-ledger") foreign = true;
    if (verdict && verdict.kind !== "valid") continue;
    const alias = signal.kind === "token" ? tokenAlias((verdict as { taskRef: string }).taskRef) : signalAlias(signal);
    const target = await resolveAlias(sql, alias);
    if (!target) {
      lost ||= signal.kind === "token";
      continue;
    }
    if ("requestId" in target) {
      request ??= { kind: "request", requestId: target.requestId };
      continue;
    }
    const task = await findTask(sql, target.taskId);
    // It stands in the envelope, for bounces: a reply that bears it is known by no more than an id.
    const isBounceToken = verdict?.kind === "valid" && verdict.purpose === "bounce";
    const signed = signal.kind === "token";
    if (task) return { kind: "task", task, signal: isBounceToken ? "message-id" : signal.kind, signed };
    pruned = true;
  }
  if (pruned) return { kind: "pruned" };
  if (lost && !request) return { kind: "lost" };
  return request ?? (foreign ? { kind: "other-ledger" } : { kind: "none" });
}
