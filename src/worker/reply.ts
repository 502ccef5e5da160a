import { earlierReplies } from "../ledger/messages.ts";
import type { StoredOutcome } from "../ledger/outcome.ts";
import type { TaskRecord } from "../ledger/tasks.ts";
import { REQUEST_DATA_FILENAME } from "../mail/request-data.ts";
import { perhapsJson } from "../mail/structured/attachments.ts";
import { notRead } from "../mail/clarification.ts";
import { parseStructuredReply } from "../mail/structured-reply.ts";
import { assuranceGrade, type Grade, isExpectedSender, meetsGrade } from "../policy/assurance.ts";
import { refusedAttachment } from "../policy/attachments.ts";
import { mayClarify } from "./clarify.ts";
import type { WorkerDeps } from "./deps.ts";
import { attachmentContents, attachmentsOf } from "./parts.ts";
import { injectionReason, scoreMail } from "./injection.ts";
import { senderVerdict } from "./sender.ts";
import type { InjectionVerdict, Mail, Verdict } from "./verdict.ts";

type ReplyDeps = Pick<WorkerDeps, "ledger" | "blobs" | "inbound" | "clock" | "log">;

/**
 * A reply settles its task when it is known well enough who sent it, gives no orders to machines, and holds what was asked for.
 * @param released A person has let it through, in spite of this grade. Who has also looked at what it says takes responsibility for that: then only the last counts.
 */
export async function judgeReply(
  deps: ReplyDeps,
  mail: Mail,
  task: TaskRecord,
  released?: { grade: Grade; looked: boolean },
): Promise<Verdict> {
  const { message } = mail;
  const expected = [...task.addressees, ...task.accept.from];
  const grade =
    released?.grade ??
    assuranceGrade({
      signal: mail.correlation.kind === "task" ? mail.correlation.signal : "none",
      sender: isExpectedSender(message.from?.address, expected) ? "expected" : "other",
      verdict: await senderVerdict(deps, mail),
      ...(mail.junk && { junk: true }),
    });
  if (!released && !meetsGrade(grade, task.accept.grade)) {
    const from = message.from?.address ?? "nobody";
    return {
      disposition: "quarantined",
      grade,
      senderInDoubt: true,
      reason: `From ${from} with grade ${grade}${mail.junk ? ", from the Junk folder" : ""}; the task asks for ${task.accept.grade}.`,
    };
  }
  if (task.outcome) return { disposition: "late", grade, reason: "The task had its outcome already." };
  if (mail.unreadOctets !== undefined) return judgeUnread(deps, mail, task, { grade, octets: mail.unreadOctets });
  const looked = released?.looked === true;
  const refused =
    refusedAttachment(message.attachments, deps.inbound.attachments ?? {}) ??
    refusedAttachment(message.attachments, task.accept.attachments ?? {});
  if (!looked && refused) return { disposition: "quarantined", grade, reason: refused };
  const injection = await scoreMail(deps, mail, grade === "A" ? "owner" : "expected", task, !looked);
  if (!looked && injection.band === "quarantine") {
    return { disposition: "quarantined", grade, injection, reason: injectionReason(injection) };
  }
  const outcome = await readReply(deps, mail, task, { grade, injection });
  if (outcome.kind === "unparseable" && mayClarify(task)) {
    const clarify = outcome.issues;
    return { disposition: "clarifying", grade, injection, outcome, reason: clarify.join(" "), clarify };
  }
  return {
    disposition: "settled",
    grade,
    injection,
    outcome,
    ...(outcome.kind === "unparseable" && { reason: outcome.issues.join(" ") }),
  };
}

/** Nothing of it was read but who sent it, and what it answers. */
async function judgeUnread(
  deps: ReplyDeps,
  { message }: Mail,
  task: TaskRecord,
  { grade, octets }: { grade: Grade; octets: number },
): Promise<Verdict> {
  const issues = [notRead(octets, deps.inbound.maxBytes)];
  const earlier = await earlierReplies(deps.ledger.db, task.id);
  const outcome = { kind: "unparseable" as const, text: "", from: message.from?.address ?? "", issues, earlier };
  const [reason] = issues as [string];
  return mayClarify(task)
    ? { disposition: "clarifying", grade, outcome, reason, clarify: issues }
    : { disposition: "settled", grade, outcome, reason };
}

async function readReply(
  deps: ReplyDeps,
  mail: Mail,
  task: TaskRecord,
  { grade, injection }: { grade: Grade; injection: InjectionVerdict },
): Promise<StoredOutcome> {
  const { message, parts } = mail;
  const reply = {
    // What may be orders to a machine reaches the graph as data that the schema has checked, and otherwise without them.
    text: injection.band === "pass" ? parts.text : injection.sanitized,
    from: message.from?.address ?? "",
    grade,
    injection: { score: injection.score, band: injection.band },
    ...(message.messageId && { messageId: message.messageId }),
    receivedAt: new Date(deps.clock()).toISOString(),
    attachments: attachmentsOf(message),
  };
  if (!task.replySchema) return { kind: "replied", data: reply.text, ...reply };
  const result = await parseReply(deps, mail, task.replySchema);
  if (result.kind === "parsed") return { kind: "replied", data: result.data, ...reply };
  const earlier = await earlierReplies(deps.ledger.db, task.id);
  return { kind: "unparseable", text: reply.text, from: reply.from, issues: issuesOf(result), earlier };
}

export async function parseReply(deps: ReplyDeps, mail: Mail, schema: Record<string, unknown>) {
  // What was asked with, which some programs send back, is no answer.
  const own = mail.message.attachments.filter(({ filename }) => filename !== REQUEST_DATA_FILENAME);
  const attachments = await attachmentContents(deps.blobs, perhapsJson(own));
  return parseStructuredReply({ parts: mail.parts, attachments }, schema);
}

function issuesOf(result: Exclude<Awaited<ReturnType<typeof parseStructuredReply>>, { kind: "parsed" }>): string[] {
  if (result.kind === "invalid") return result.issues.map((issue) => `${issue.path.join(".")}: ${issue.message}`);
  if (result.kind === "incomplete") {
    const unsaid = result.missing.filter((name) => !result.reason.includes(name));
    return [result.reason, ...unsaid.map((name) => `${name} is missing.`)];
  }
  return [result.reason];
}
