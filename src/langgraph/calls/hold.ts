import type { Agent } from "../../accounts/agent.ts";
import type { Sql } from "../../ledger/database.ts";
import { appendEvent, ofTask } from "../../ledger/events.ts";
import { insertReview } from "../../ledger/reviews.ts";
import type { TaskRecord } from "../../ledger/tasks.ts";
import { referenceLine } from "../../mail/correlate.ts";
import { renderHtml } from "../../mail/html/render.ts";
import { replyForm } from "../../mail/reply-form.ts";
import { type OutgoingContent, redact, type ReviewFinding } from "../../policy/outbound-review.ts";
import { prepareQuestion } from "../../worker/question.ts";
import { hashId } from "../../mail/hash-id.ts";
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
  // Before the mail's own: what nobody has decided says so.
  const deadlineAt = Math.min(now + withinMs, held.deadlineAt - 1);
  const clean = (text: string) => redact(text, knownSecrets(kit, agent));
  const subject = clean(held.content.subject);
  const { task, blob, put } = await prepareQuestion(kit, agent, {
    ...held.of,
    id,
    name: "outbound_review",
    role: "task",
    addressees: reviewer === undefined ? [] : [reviewer],
    subject: `Approve? ${subject}`,
    body: questionText(agent, held, { subject, deadlineAt, id, clean }),
    replySchema: DECISION,
    createdAt: now,
    deadlineAt,
  });
  const details = { agent: agent.name, to: [...held.recipients], subject, findings: held.findings };
  return async (sql) => {
    if (!(await put(sql))) return;
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
      ...ofTask(task),
      taskId: held.id,
      to: details.to,
      subject,
      ...(blob && { messageId: task.messageId, body: blob }),
      data: { findings: held.findings, reviewer, until: new Date(deadlineAt).toISOString() },
    });
  };
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
