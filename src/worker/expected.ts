import type { Sql } from "../ledger/database.ts";
import type { StoredOutcome } from "../ledger/outcome.ts";
import { type Expectation, expectingTasks, type TaskRecord } from "../ledger/tasks.ts";
import type { MessageRecord } from "../ledger/messages.ts";
import { matchesAddress } from "../mail/address.ts";
import type { MailMessage } from "../mail/message.ts";
import type { ReplyParts } from "../mail/strip-thread-history.ts";
import { notRead } from "../mail/clarification.ts";
import { extractVerification } from "../mail/verification.ts";
import type { WorkerDeps } from "./deps.ts";
import { attachmentsOf } from "./parts.ts";

/** What the ledger keeps of a mail that was waited for. */
export interface ExpectedMail {
  subject: string;
  verification: ReturnType<typeof extractVerification>;
}

export function fitsExpectation(expects: Expectation, mail: { sender: string | null; subject: string }): boolean {
  const { sender } = mail;
  const from =
    expects.from.length === 0 || (sender !== null && expects.from.some((one) => matchesAddress(one, sender)));
  return from && mail.subject.toLowerCase().includes(expects.subject.toLowerCase());
}

/** The agent's oldest task that waits for such a mail. */
export async function findExpecting(sql: Sql, agent: string, message: MailMessage): Promise<TaskRecord | undefined> {
  const mail = { sender: message.from?.address ?? null, subject: message.subject };
  const tasks = await expectingTasks(sql, agent);
  return tasks.find((task) => task.expects && fitsExpectation(task.expects, mail));
}

/** Who sent such a mail is not known for sure: it has the lowest grade. */
export function expectedOutcome(
  { inbound }: Pick<WorkerDeps, "inbound">,
  { receivedAt, content: { unreadOctets } }: MessageRecord,
  message: MailMessage,
  parts: ReplyParts,
): StoredOutcome {
  const from = message.from?.address ?? "";
  if (unreadOctets !== undefined) {
    return { kind: "unparseable", text: "", from, issues: [notRead(unreadOctets, inbound.maxBytes)], earlier: [] };
  }
  const data: ExpectedMail = {
    subject: message.subject,
    verification: extractVerification({
      subject: message.subject,
      ...(message.text !== undefined && { text: message.text }),
      ...(message.html !== undefined && { html: message.html }),
      ...(message.from && { from: message.from }),
      date: new Date(receivedAt).toISOString(),
    }),
  };
  return {
    kind: "replied",
    data,
    text: parts.text,
    from,
    grade: "E",
    ...(message.messageId && { messageId: message.messageId }),
    receivedAt: new Date(receivedAt).toISOString(),
    attachments: attachmentsOf(message),
  };
}
