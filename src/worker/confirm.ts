import type { Sql } from "../ledger/database.ts";
import { markConfirmed, markSubmitted, type OutboxRow, outboxState, unconfirmedMails } from "../ledger/outbox.ts";
import { gatherSignals, signalAlias } from "../mail/correlate.ts";
import type { MailMessage } from "../mail/message.ts";
import { normalizeMessageId } from "../mail/message-id.ts";
import { auditMail } from "./audit-mail.ts";

/**
 * Whoever answers a mail has it, and who reports on it had it: what was in doubt is submitted then, and does not go out again. The mail is the one
 * that is replied to, or the only one of its task. References name those before it too, which need not have come.
 */
export async function confirmSubmitted(sql: Sql, taskId: string, message: MailMessage, now: number): Promise<void> {
  const { mails, all } = await unconfirmedMails(sql, taskId);
  if (mails.length === 0) return;
  const named = new Set(
    gatherSignals(message).flatMap((signal) =>
      signal.kind === "message-id" && !signal.where.includes("references") ? signalAlias(signal) : [],
    ),
  );
  for (const mail of mails) {
    // What was never tried tells of a ledger from a backup: see proof.ts.
    if (mail.attempts === 0) continue;
    const isMeant = all === 1 && mail.mayBeOut;
    if (!isMeant && !named.has(normalizeMessageId(mail.messageId))) continue;
    await markConfirmed(sql, mail.id, now);
    if (mail.state !== "leased" && mail.state !== "sending") await isConfirmed(sql, mail, now);
  }
}

/** Whether an answer has shown that the server had taken the mail; notes that it is submitted then. */
export async function isConfirmed(sql: Sql, row: OutboxRow, now: number): Promise<boolean> {
  const { state, submittedAt } = (await outboxState(sql, row.id)) ?? {};
  if (typeof submittedAt !== "number") return false;
  if (state === "submitted") return true;
  await markSubmitted(sql, row.id, submittedAt);
  await auditMail(sql, row, "submitted", now, { confirmedBy: "answer" });
  return true;
}
