import type { Agent } from "../../accounts/agent.ts";
import { insertAliases } from "../../ledger/aliases.ts";
import type { Sql } from "../../ledger/database.ts";
import { appendEvent, ofTask } from "../../ledger/events.ts";
import { insertOutbox } from "../../ledger/outbox.ts";
import { insertReview } from "../../ledger/reviews.ts";
import { insertTask, type TaskRecord } from "../../ledger/tasks.ts";
import { KIT_HEADER } from "../../mail/classify.ts";
import { referenceLine, taskAliases } from "../../mail/correlate.ts";
import { renderHtml } from "../../mail/html/render.ts";
import { messageId } from "../../mail/message-id.ts";
import { replyForm } from "../../mail/reply-form.ts";
import { type OutgoingContent, redact, type ReviewFinding } from "../../policy/outbound-review.ts";
import { composeFrom, replyAddress, reversePath } from "../../worker/conversation.ts";
import { hashId } from "../base32.ts";
import type { OpenKit } from "../context.ts";
import { knownSecrets } from "./review.ts";

/** A mail that lies in the outbox as `held`. */
export interface Hold {
  /** Of the mail in the outbox. */
  id: string;
  content: OutgoingContent;
  recipients: readonly string[];
  findings: ReviewFinding[];
  /** What it belongs to. */
  of: Pick<TaskRecord, "graph" | "threadId" | "runId" | "nodeTaskId"> & Partial<Pick<TaskRecord, "traceparent">>;
  /** It is of no use after that. */
  deadlineAt: number;
  /** The mail that goes out instead where this one is rejected. */
  instead: string | null;
}

/** JSON Schema of the reviewer's answer. */
const DECISION = {
  type: "object",
  properties: {
    approved: { type: "boolean", description: "yes to send it, no to reject it" },
    reason: { type: "string", description: "why, where you reject it" },
  },
  required: ["approved"],
};

/**
 * Prepares the question to the reviewer: a task like any other, whose outcome sends the held mail or gives it up. Returns what stores it, in the transaction that
 * puts the mail into the outbox.
 */
export async function askReviewer(kit: OpenKit, agent: Agent, held: Hold): Promise<(sql: Sql) => Promise<void>> {
  const now = kit.clock();
  const { reviewer, withinMs } = agent.review;
  const id = hashId("review", held.id);
  const domain = agent.address.address.split("@")[1]!;
  const ids = { messageId: messageId(id, domain), syntheticId: messageId(`t.${id}`, domain) };
  // Before the mail's own: what nobody has decided says so.
  const deadlineAt = Math.min(now + withinMs, held.deadlineAt - 1);
  const clean = (text: string) => redact(text, knownSecrets(kit, agent));
  const subject = clean(held.content.subject);
  const question: TaskRecord = {
    traceparent: null,
    ...held.of,
    id,
    name: "outbound_review",
    agent: agent.name,
    messageId: ids.messageId,
    addressees: reviewer === undefined ? [] : [reviewer],
    subject: `Approve? ${subject}`,
    body: questionText(agent, held, { subject, deadlineAt, id, clean }),
    replySchema: DECISION,
    accept: {
      grade: "B",
      from: [],
      maxClarifications: 2,
      receipt: false,
      retries: 2,
      reassigns: false,
      onOutOfOffice: "wait",
    },
    expects: null,
    createdAt: now,
    deadlineAt,
    clarifications: 0,
    candidates: [],
    attempts: [],
    resendAt: null,
    reassign: null,
    steps: [],
    awayUntil: null,
    settledAt: null,
    outcome: null,
  };
  const raw = reviewer === undefined ? undefined : await composeQuestion(kit, agent, question, reviewer, ids);
  const blob = raw && (await kit.blobs.put(raw));
  const details = { agent: agent.name, to: [...held.recipients], subject, findings: held.findings };
  return async (sql) => {
    if (!(await insertTask(sql, question))) return;
    await insertReview(sql, {
      id: held.id,
      question: id,
      instead: held.instead,
      threadId: held.of.threadId,
      details,
      createdAt: now,
    });
    await appendEvent(sql, {
      at: now,
      kind: "held",
      ...ofTask(question),
      taskId: held.id,
      to: details.to,
      subject,
      ...(blob && { messageId: ids.messageId, body: blob }),
      data: { findings: held.findings, reviewer, until: new Date(deadlineAt).toISOString() },
    });
    if (reviewer === undefined || !blob) return;
    await insertAliases(sql, { taskId: id }, taskAliases({ ...ids, taskId: id }));
    await insertOutbox(sql, {
      id,
      kind: "task",
      taskId: id,
      requestId: null,
      agent: agent.name,
      messageId: ids.messageId,
      envelope: { from: reversePath(kit, agent, id), to: [reviewer] },
      raw: blob,
      dueAt: now,
      attempts: 0,
      createdAt: now,
    });
  };
}

async function composeQuestion(
  kit: OpenKit,
  agent: Agent,
  question: TaskRecord,
  reviewer: string,
  ids: { messageId: string; syntheticId: string },
): Promise<Uint8Array> {
  const replyTo = replyAddress(kit, agent, question.id);
  return composeFrom(agent, {
    messageId: ids.messageId,
    date: new Date(question.createdAt),
    to: [reviewer],
    ...(replyTo !== undefined && { replyTo }),
    subject: question.subject,
    text: question.body,
    references: [ids.syntheticId],
    autoSubmitted: "auto-generated",
    headers: { [KIT_HEADER]: "task" },
  });
}

/** As much of a text as is shown. Characters. */
const LONGEST_SHOWN = 50_000;

function questionText(
  agent: Agent,
  { content, recipients, findings }: Hold,
  {
    subject,
    deadlineAt,
    id,
    clean,
  }: { subject: string; deadlineAt: number; id: string; clean: (text: string) => string },
): string {
  const until = new Date(deadlineAt).toISOString().slice(0, 16).replace("T", " ");
  const quoted = (text: string) =>
    clean(
      text.length > LONGEST_SHOWN
        ? `${text.slice(0, LONGEST_SHOWN)}\n[and ${text.length - LONGEST_SHOWN} characters more]`
        : text,
    )
      .trimEnd()
      .split("\n")
      .map((line) => `> ${line}`)
      .join("\n");
  const attachments = content.attachments.map(
    ({ filename, contentType, content: bytes }) =>
      `> [${clean(filename)}, ${contentType}, ${Buffer.byteLength(bytes)} octets]`,
  );
  const html = content.html === undefined ? undefined : renderHtml(content.html);
  return [
    `Agent "${agent.name}" wants to send the mail below. It is held until you decide, and is not sent if you do not until ${until} UTC.`,
    replyForm(DECISION),
    `Found:\n${findings.map(({ rule, where, excerpt }) => `- ${rule} in ${where}${excerpt && `: ${excerpt}`}`).join("\n")}`,
    `-- \n${referenceLine(id)}`,
    `> To: ${recipients.join(", ")}\n> Subject: ${subject}\n>\n${quoted(content.body)}`,
    ...(html ? [`> The same in HTML:\n${quoted(html.lines.map(({ text }) => text).join("\n"))}`] : []),
    ...(html && html.links.length > 0
      ? [quoted(html.links.map(({ href, text }) => `${text} <${href}>`).join("\n"))]
      : []),
    attachments.join("\n"),
  ]
    .filter((part) => part !== "")
    .join("\n\n");
}
