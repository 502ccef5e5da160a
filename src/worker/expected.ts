import type { Sql } from "../ledger/database.ts";
import type { StoredOutcome } from "../ledger/outcome.ts";
import { type Expectation, expectingTasks, type TaskRecord } from "../ledger/tasks.ts";
import { matchesAddress } from "../mail/address.ts";
import type { MailMessage } from "../mail/message.ts";
import { notRead } from "../mail/clarification.ts";
import { extractVerification } from "../mail/verification.ts";
import type { WorkerDeps } from "./deps.ts";
import { refusedAttachment } from "../policy/attachments.ts";
import { injectionReason, scoreMail } from "./injection.ts";
import { attachmentsOf } from "./parts.ts";
import { senderVerdict } from "./sender.ts";
import type { InjectionVerdict, Mail, Verdict } from "./verdict.ts";

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

/**
 * Whether such a mail reaches the graph: who sent it is a stranger's claim, and has the lowest grade.
 * @param released A person has let it through.
 */
export async function judgeExpected(
  deps: Pick<WorkerDeps, "blobs" | "inbound" | "log">,
  mail: Mail,
  receivedAt: number,
  released = false,
): Promise<Verdict> {
  const { message } = mail;
  const from = message.from?.address ?? "";
  const kept = (reason: string) => ({ disposition: "quarantined" as const, grade: "E" as const, reason });
  if (!released) {
    if ((await senderVerdict(deps, mail)) === "fail") return kept(`It is not from ${from}, says who verified it.`);
    const refused = refusedAttachment(message.attachments, deps.inbound.attachments);
    if (refused) return kept(refused);
  }
  if (mail.unreadOctets !== undefined) {
    const issues = [notRead(mail.unreadOctets, deps.inbound.maxBytes)];
    return {
      disposition: "settled",
      grade: "E",
      outcome: { kind: "unparseable", text: "", from, issues, earlier: [] },
    };
  }
  const injection = await scoreMail(deps, mail, "stranger", undefined, !released);
  if (!released && injection.band === "quarantine") return { ...kept(injectionReason(injection)), injection };
  return { disposition: "settled", grade: "E", injection, outcome: expectedOutcome(mail, receivedAt, injection) };
}

function expectedOutcome({ message, parts }: Mail, at: number, injection: InjectionVerdict): StoredOutcome {
  const receivedAt = new Date(at).toISOString();
  const passed = injection.band === "pass";
  const data: ExpectedMail = {
    subject: passed ? message.subject : "",
    verification: extractVerification({
      subject: message.subject,
      ...(message.text !== undefined && { text: message.text }),
      ...(message.html !== undefined && { html: message.html }),
      ...(message.from && { from: message.from }),
      date: receivedAt,
    }),
  };
  return {
    kind: "replied",
    data,
    text: passed ? parts.text : injection.sanitized,
    from: message.from?.address ?? "",
    grade: "E",
    injection: { score: injection.score, band: injection.band },
    ...(message.messageId && { messageId: message.messageId }),
    receivedAt,
    attachments: attachmentsOf(message),
  };
}
