import type { Agent } from "../accounts/agent.ts";
import { type Disposition, earlierReplies } from "../ledger/messages.ts";
import type { StoredOutcome } from "../ledger/outcome.ts";
import type { TaskRecord } from "../ledger/tasks.ts";
import { matchesAddress, sameAddress } from "../mail/address.ts";
import type { Classification } from "../mail/classify.ts";
import type { DeliveryStatus } from "../mail/delivery-status.ts";
import type { MailMessage } from "../mail/message.ts";
import type { ReplyParts } from "../mail/strip-thread-history.ts";
import { parseStructuredReply } from "../mail/structured-reply.ts";
import { assuranceGrade, type Grade, isExpectedSender, meetsGrade } from "../policy/assurance.ts";
import { mayClarify } from "./clarify.ts";
import type { Correlation } from "./correlate.ts";
import type { WorkerDeps } from "./deps.ts";

/** What is to be done with a mail; `outcome` where it ends the task that it belongs to. */
export interface Verdict {
  disposition: Disposition;
  reason?: string;
  grade?: Grade;
  outcome?: StoredOutcome;
  /** What the reply lacks, where the other side is to be asked again instead of ending the task. */
  clarify?: string[];
  /** An addressee is away, until that day (`YYYY-MM-DD`) where it says so. */
  away?: { recipient: string; until?: string };
}

interface Mail {
  message: MailMessage;
  classification: Classification;
  correlation: Correlation;
  parts: ReplyParts;
  agent: Agent | undefined;
}

/** Decides by what kind of mail it is, and then by whom it is from. */
export async function judge(deps: WorkerDeps, mail: Mail): Promise<Verdict> {
  const { classification, correlation } = mail;
  const task = correlation.kind === "task" ? correlation.task : undefined;
  switch (classification.kind) {
    case "own":
      return isForAnotherAgent(mail) ? judgeRequest(deps, mail) : { disposition: "own" };
    case "delivery-status":
      return task
        ? judgeDelivery(task, classification.report)
        : unmatched("A delivery report for no task of this ledger.");
    case "auto-reply":
      if (task && (await answersInJson(deps, mail, task))) return judgeReply(deps, mail, task);
      return { ...automatic(task, classification.kind), ...(task && awayOf(task, mail.message, classification)) };
    case "feedback-report":
    case "disposition-notification":
      return automatic(task, classification.kind);
    case "bulk":
      return task ? judgeReply(deps, mail, task) : unmatched("A mail to a list, or in bulk.");
    case "agent":
    case "person":
      if (task) return judgeReply(deps, mail, task);
      if (correlation.kind === "other-ledger") {
        return { disposition: "other-ledger", reason: "It bears a token of another ledger." };
      }
      return judgeRequest(deps, mail);
  }
}

function automatic(task: TaskRecord | undefined, kind: Classification["kind"]): Verdict {
  return task
    ? { disposition: "recorded", reason: `An automatic message (${kind}); the task waits on.` }
    : unmatched(`An automatic message (${kind}).`);
}

function awayOf(
  task: TaskRecord,
  message: MailMessage,
  { returnsAt }: Extract<Classification, { kind: "auto-reply" }>,
): Pick<Verdict, "away"> {
  const from = message.from?.address;
  if (!from || !task.addressees.some((addressee) => sameAddress(addressee, from))) return {};
  return { away: { recipient: from, ...(returnsAt && { until: returnsAt }) } };
}

/** RFC 3834 asks every program to mark what it writes: an agent of another make is told from a vacation notice by what it says. */
async function answersInJson(deps: WorkerDeps, mail: Mail, task: TaskRecord): Promise<boolean> {
  if (!task.replySchema) return false;
  const result = await parseReply(deps, mail, task.replySchema);
  return result.kind === "parsed" && ["attachment", "fence", "object"].includes(result.source);
}

/** RFC 3464: only what is said of an addressee counts; a forward target's failure is recorded. */
function judgeDelivery(task: TaskRecord, report: DeliveryStatus): Verdict {
  const ofAddressee = (address: string) => task.addressees.some((addressee) => sameAddress(addressee, address));
  const failed = report.recipients.filter(({ action }) => action === "failed");
  const failure = failed.find(({ finalRecipient }) => ofAddressee(finalRecipient));
  if (!failure) {
    return {
      disposition: "recorded",
      reason: failed.length > 0 ? "The failed recipient is none of the task's addressees." : "A delay or a receipt.",
    };
  }
  const failedAddresses = new Set(failed.map(({ finalRecipient }) => finalRecipient.toLowerCase()));
  if (!task.addressees.every((addressee) => failedAddresses.has(addressee.toLowerCase()))) {
    return { disposition: "recorded", reason: `${failure.finalRecipient} failed; another addressee may still answer.` };
  }
  return {
    disposition: "settled",
    outcome: {
      kind: "bounced",
      recipient: failure.finalRecipient,
      ...(failure.status && { status: failure.status }),
      diagnostic: failure.diagnosticCode ?? "",
      permanent: failure.permanent,
      attempts: [],
    },
  };
}

async function judgeReply(deps: WorkerDeps, mail: Mail, task: TaskRecord): Promise<Verdict> {
  const { message } = mail;
  const expected = [...task.addressees, ...task.accept.from];
  const grade = assuranceGrade({
    signal: mail.correlation.kind === "task" ? mail.correlation.signal : "none",
    sender: isExpectedSender(message.from?.address, expected) ? "expected" : "other",
    verdict: "none",
  });
  if (!meetsGrade(grade, task.accept.grade)) {
    const from = message.from?.address ?? "nobody";
    return {
      disposition: "quarantined",
      grade,
      reason: `From ${from} with grade ${grade}; the task asks for ${task.accept.grade}.`,
    };
  }
  if (task.outcome) return { disposition: "late", grade, reason: "The task had its outcome already." };
  const outcome = await readReply(deps, mail, task, grade);
  if (outcome.kind === "unparseable" && mayClarify(task)) {
    return { disposition: "clarifying", grade, reason: outcome.issues.join(" "), clarify: outcome.issues };
  }
  return {
    disposition: "settled",
    grade,
    outcome,
    ...(outcome.kind === "unparseable" && { reason: outcome.issues.join(" ") }),
  };
}

async function readReply(deps: WorkerDeps, mail: Mail, task: TaskRecord, grade: Grade): Promise<StoredOutcome> {
  const { message, parts } = mail;
  const reply = {
    text: parts.text,
    from: message.from!.address,
    grade,
    ...(message.messageId && { messageId: message.messageId }),
    receivedAt: new Date(deps.clock()).toISOString(),
    attachments: message.attachments.map(({ filename, contentType, size, blob }) => ({
      filename,
      contentType,
      size,
      blob,
    })),
  };
  if (!task.replySchema) return { kind: "replied", data: parts.text, ...reply };
  const result = await parseReply(deps, mail, task.replySchema);
  if (result.kind === "parsed") return { kind: "replied", data: result.data, ...reply };
  const earlier = await earlierReplies(deps.ledger.db, task.id);
  return { kind: "unparseable", text: parts.text, from: reply.from, issues: issuesOf(result), earlier };
}

async function parseReply(deps: WorkerDeps, mail: Mail, schema: Record<string, unknown>) {
  const attachments = await Promise.all(
    mail.message.attachments.map(async ({ filename, contentType, blob }) => ({
      filename,
      contentType,
      content: await deps.blobs.get(blob),
    })),
  );
  return parseStructuredReply({ parts: mail.parts, attachments }, schema);
}

function issuesOf(result: Exclude<Awaited<ReturnType<typeof parseStructuredReply>>, { kind: "parsed" }>): string[] {
  if (result.kind === "invalid") return result.issues.map((issue) => `${issue.path.join(".")}: ${issue.message}`);
  if (result.kind === "incomplete") return [result.reason, ...result.missing.map((name) => `${name} is missing.`)];
  return [result.reason];
}

/** Two agents of one ledger may ask each other: then our own mail is a request. */
function isForAnotherAgent({ correlation, agent }: Mail): boolean {
  return correlation.kind === "sent-by-us" && agent !== undefined && agent.name !== correlation.from;
}

/** A mail that answers nothing of ours: work for a served agent, if it may be asked. */
function judgeRequest(deps: WorkerDeps, mail: Mail): Verdict {
  const { message, agent, classification } = mail;
  const served = agent && deps.serve.served(agent.name);
  if (!served) return unmatched("Nobody waits for it.");
  if (classification.kind === "agent" && classification.role !== "task") {
    return unmatched("An agent's answer to no task of this ledger.");
  }
  const from = message.from?.address;
  const allowed = served.from === "anyone" || (from && served.from.some((pattern) => matchesAddress(pattern, from)));
  if (!from || !allowed) {
    return {
      disposition: "quarantined",
      reason: `${from ?? "A sender without an address"} may not ask "${agent.name}".`,
    };
  }
  return { disposition: "request" };
}

function unmatched(reason: string): Verdict {
  return { disposition: "unmatched", reason };
}
