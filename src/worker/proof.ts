import type { Sql } from "../ledger/database.ts";
import {
  markProven,
  markSubmitted,
  type OutboxRow,
  outboxState,
  type UnprovenMail,
  unprovenMails,
} from "../ledger/outbox.ts";
import { holdPending, noticeRestore } from "../ledger/restore.ts";
import type { Logger } from "../log.ts";
import { gatherSignals, signalAlias } from "../mail/correlate.ts";
import type { MailMessage } from "../mail/message.ts";
import { normalizeMessageId } from "../mail/message-id.ts";
import { auditMail } from "./audit-mail.ts";
import type { Correlation } from "./correlate.ts";

/**
 * What a mail that came in proves about those that were sent. Whoever answers a mail has it, and who reports on it had it: where it was in doubt, it is submitted
 * then, and does not go out again. Where the ledger has not tried to send it, or does not even know it, the ledger is older than the world.
 */
export async function readProof(
  deps: { log: Logger },
  sql: Sql,
  { correlation, message }: { correlation?: Correlation | undefined; message?: MailMessage | undefined },
  now: number,
): Promise<void> {
  if (correlation?.kind === "lost") {
    const held = await noticeRestore(sql, now, "a reply to an unknown task came in");
    if (held !== undefined) tellHeld(deps.log, held);
  }
  // A reference in a text ties a mail to a task, and proves nothing.
  if (correlation?.kind !== "task" || correlation.signal === "body-reference" || !message) return;
  const proven = await provenBy(sql, correlation, message);
  if (proven.some(isUntried)) {
    tellHeld(deps.log, await holdPending(sql, now, "a reply to a mail that was not sent came in"));
  }
  for (const mail of proven) {
    await markProven(sql, mail.id, now);
    // Who is handing it over says the rest.
    if (mail.state !== "leased" && mail.state !== "sending") await submitProven(sql, mail, now);
  }
}

/** The mail that is replied to, or the only one of its task. References name those before it too, which need not have come. */
async function provenBy(
  sql: Sql,
  { task, signed }: Extract<Correlation, { kind: "task" }>,
  message: MailMessage,
): Promise<UnprovenMail[]> {
  const { mails, all } = await unprovenMails(sql, task.id);
  if (mails.length === 0) return [];
  const named = new Set(
    gatherSignals(message).flatMap((signal) =>
      signal.kind === "message-id" && !signal.where.includes("references") ? signalAlias(signal) : [],
    ),
  );
  return mails.filter((mail) => {
    // A token is signed; an id may be reckoned by who knows others of the task.
    if (!signed && isUntried(mail)) return false;
    return named.has(normalizeMessageId(mail.messageId)) || (all === 1 && (mail.mayBeOut || signed));
  });
}

function isUntried({ attempts, mayBeOut }: UnprovenMail): boolean {
  return attempts === 0 && !mayBeOut;
}

/** Whether it has been proven that the server had taken the mail; notes that it is submitted then. */
export async function submitProven(sql: Sql, row: OutboxRow, now: number): Promise<boolean> {
  const { state, submittedAt } = (await outboxState(sql, row.id)) ?? {};
  if (typeof submittedAt !== "number") return false;
  if (state === "submitted") return true;
  await markSubmitted(sql, row.id, submittedAt);
  await auditMail(sql, row, "submitted", now, { provenBy: "answer" });
  return true;
}

export function tellHeld(log: Logger, held: number): void {
  log.error(
    "The ledger was restored from a backup. What seemed to be due is held, since it may have been sent: see kit.doubtful(), then kit.resolveDoubt().",
    { held },
  );
}
