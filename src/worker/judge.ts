import { tasksAsking } from "../ledger/asked.ts";
import { answeredTo } from "../ledger/outbox.ts";
import { findTask, type TaskRecord } from "../ledger/tasks.ts";
import { sameAddress } from "../mail/address.ts";
import { asksForNoAnswer } from "../mail/bounce-signs.ts";
import type { Classification } from "../mail/classify.ts";
import type { DeliveryStatus } from "../mail/delivery-status.ts";
import type { FeedbackReport } from "../mail/feedback-report.ts";
import type { MailMessage } from "../mail/message.ts";
import { mayAsk } from "./addressee.ts";
import { isReached } from "./bounce.ts";
import type { WorkerDeps } from "./deps.ts";
import { injectionReason, scoreMail } from "./injection.ts";
import { refusedAttachment } from "../policy/attachments.ts";
import { asksOf } from "./loops.ts";
import { judgeReply, parseReply } from "./reply.ts";
import { senderVerdict } from "./sender.ts";
import type { Mail, Verdict } from "./verdict.ts";

/** So many of the tasks that a mail may mean are named. */
const MOST_GUESSED = 10;

/** Decides by what kind of mail it is, and then by whom it is from. */
export async function judge(deps: WorkerDeps, mail: Mail): Promise<Verdict> {
  const { classification, correlation } = mail;
  const task = correlation.kind === "task" ? correlation.task : undefined;
  switch (classification.kind) {
    case "own":
      return isForAnotherAgent(deps, mail) ? judgeRequest(deps, mail) : { disposition: "own" };
    case "delivery-status":
      return {
        ...(task
          ? judgeDelivery(task, classification.report)
          : unmatched("A delivery report for no task of this ledger.")),
        ...bouncesOf(await recipientsOf(deps, mail), classification.report),
      };
    case "auto-reply":
      // No notice of an absence is that large.
      if (task && (mail.unreadOctets !== undefined || (await answersInJson(deps, mail, task))))
        return judgeReply(deps, mail, task);
      if (task && (await senderVerdict(deps, mail)) === "fail") {
        return { disposition: "recorded", grade: "D", reason: "An automatic message that is not from whom it says." };
      }
      return { ...automatic(task, classification.kind), ...(task && awayOf(task, mail.message, classification)) };
    case "feedback-report":
      return { ...automatic(task, classification.kind), ...(await complaintOf(deps, mail, classification.report)) };
    case "disposition-notification":
      return automatic(task, classification.kind);
    case "bulk":
      return task ? judgeReply(deps, mail, task) : unmatched("A mail to a list, or in bulk.");
    case "agent":
    case "person":
      if (task) return judgeReply(deps, mail, task);
      if (correlation.kind === "pruned") {
        return { disposition: "late", reason: "Its task had its outcome, and was removed with `kit.prune`." };
      }
      if (correlation.kind === "lost") {
        return unmatched("It answers a task that this ledger does not know: it was restored from an older backup.");
      }
      if (correlation.kind === "other-ledger") {
        return { disposition: "other-ledger", reason: "It bears a token of another ledger." };
      }
      return (await judgeGuess(deps, mail)) ?? judgeRequest(deps, mail);
  }
}

/** From somebody who was asked something, and without a sign of what it answers: a person must say. What a served agent may be asked is a request. */
async function judgeGuess(deps: WorkerDeps, { message, agent, correlation }: Mail): Promise<Verdict | undefined> {
  const from = message.from?.address;
  if (!agent || !from || correlation.kind !== "none" || deps.serve.served(agent.name)) return undefined;
  const open = await tasksAsking(deps.ledger.db, agent.name, from, MOST_GUESSED);
  if (open.length === 0) return undefined;
  const suspected = open.length === 1 ? await findTask(deps.ledger.db, open[0]!.id) : undefined;
  const asked = open.map(({ id, name }) => `${name} (${id})`).join(", ");
  return {
    disposition: "quarantined",
    grade: "E",
    ...(suspected && { suspected }),
    reason: `It bears no sign of what it answers. ${from} was asked: ${asked}.`,
  };
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
  const failed = report.recipients.filter(({ action }) => action === "failed");
  const failures = failed
    .filter(({ finalRecipient }) => isReached(task, finalRecipient))
    .map(({ finalRecipient: recipient, status, diagnosticCode: diagnostic = "", permanent }) => {
      return { recipient, ...(status && { status }), diagnostic, permanent };
    });
  const [failure] = failures;
  if (!failure) {
    return {
      disposition: "recorded",
      reason: failed.length > 0 ? "The failed recipient is none of the task's addressees." : "A delay or a receipt.",
    };
  }
  const reason = `${failure.recipient} failed; another addressee may still answer.`;
  const isLast = task.addressees.every((address) => failures.some(({ recipient }) => sameAddress(recipient, address)));
  return { ...(isLast ? { disposition: "settled" } : { disposition: "recorded", reason }), failures };
}

/** Every recipient of ours that the report gives up for good, also where another one may still answer. */
function bouncesOf(mailed: readonly string[], { recipients }: DeliveryStatus): Pick<Verdict, "feedback"> {
  const lost = recipients.filter(
    ({ action, permanent, finalRecipient }) =>
      action === "failed" && permanent && mailed.some((address) => sameAddress(address, finalRecipient)),
  );
  if (lost.length === 0) return {};
  const about = lost.map(({ finalRecipient, status }) => ({ address: finalRecipient, ...(status && { status }) }));
  return { feedback: { kind: "bounced", recipients: about } };
}

/** RFC 5965 section 7.3 and practice: the other types complain of nothing, or of something else. */
const COMPLAINTS = new Set(["abuse", "fraud", "opt-out", "opt-out-list"]);

/** Who complained. Where the report does not name them, the only one who can have. */
async function complaintOf(deps: WorkerDeps, mail: Mail, report: FeedbackReport): Promise<Pick<Verdict, "feedback">> {
  if (!COMPLAINTS.has(report.feedbackType)) return {};
  const asked = await recipientsOf(deps, mail);
  if (asked.length === 0) return {};
  const named = asked.filter((address) => report.originalRecipients.some((one) => sameAddress(one, address)));
  const recipients = named.length === 0 && asked.length === 1 ? asked : named;
  return { feedback: { kind: "complained", recipients: recipients.map((address) => ({ address })) } };
}

/** Whom the mail that it is about went to. */
async function recipientsOf({ ledger }: WorkerDeps, { correlation }: Mail): Promise<string[]> {
  if (correlation.kind === "request") return answeredTo(ledger.db, correlation.requestId);
  if (correlation.kind !== "task") return [];
  const { addressees, attempts } = correlation.task;
  return [...new Set([...attempts.map(({ recipient }) => recipient), ...addressees])];
}

/** Two agents of one ledger may ask each other: then our own mail is a request. Those of one address get each other's copies. */
function isForAnotherAgent({ agents }: WorkerDeps, { correlation, agent }: Mail): boolean {
  if (correlation.kind !== "sent-by-us" || !agent) return false;
  const from = agents.get(correlation.from)?.address.address;
  return from === undefined || !sameAddress(from, agent.address.address);
}

/** A mail that answers nothing of ours: work for a served agent, if it may be asked. */
async function judgeRequest(deps: WorkerDeps, mail: Mail): Promise<Verdict> {
  const { message, agent, classification } = mail;
  const served = agent && deps.serve.served(agent.name);
  if (!served) return unmatched("Nobody waits for it.");
  if (classification.kind === "agent" && classification.role !== "task") {
    return unmatched("An agent's answer to no task of this ledger.");
  }
  if (asksForNoAnswer(message)) return unmatched("A notice of a mail system, which is not answered.");
  const from = message.from?.address;
  if (!from || !mayAsk(served, from)) {
    return {
      disposition: "quarantined",
      reason: `${from ?? "A sender without an address"} may not ask "${agent.name}".`,
    };
  }
  if (mail.declined) return unmatched("No rule of who serves this address takes it.");
  if ((await senderVerdict(deps, mail)) === "fail") {
    return { disposition: "quarantined", reason: `It is not from ${from}, says who verified it.` };
  }
  const refused = refusedAttachment(message.attachments, deps.inbound.attachments ?? {});
  if (refused) return { disposition: "quarantined", reason: refused };
  const provenance = served.from === "anyone" ? "stranger" : "expected";
  const injection = await scoreMail(deps, mail, provenance, undefined);
  if (injection.band === "quarantine")
    return { disposition: "quarantined", injection, reason: injectionReason(injection) };
  return { disposition: "request", injection, asks: asksOf(message, mail.correlation) };
}

function unmatched(reason: string): Verdict {
  return { disposition: "unmatched", reason };
}
