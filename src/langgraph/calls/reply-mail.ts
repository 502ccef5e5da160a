import type { Agent } from "../../accounts/agent.ts";
import { EmailKitError } from "../../errors.ts";
import { insertAliases } from "../../ledger/aliases.ts";
import { appendEvent } from "../../ledger/events.ts";
import { readLease } from "../../ledger/leases.ts";
import { findOutbox, insertOutbox } from "../../ledger/outbox.ts";
import { registerThread, threadLease } from "../../ledger/threads.ts";
import { KIT_HEADER } from "../../mail/classify.ts";
import { messageId, normalizeMessageId } from "../../mail/message-id.ts";
import { parseMail } from "../../mail/parse.ts";
import { answerAddress, replyReferences, replySubject } from "../../mail/references.ts";
import { requireRecipients, requireScope } from "../../policy/permission.ts";
import { composeFrom } from "../../worker/conversation.ts";
import { hashId } from "../../mail/hash-id.ts";
import type { OpenKit } from "../context.ts";
import { askReviewer } from "./hold.ts";
import { currentNode } from "./node.ts";
import { auditRefusal } from "./refused.ts";
import { reviewOutgoing } from "./review.ts";
import { readMail } from "./stored-mail.ts";
import { requireDurable } from "./wait.ts";

/** RFC 3834 section 2: what a machine wrote is not answered by one. */
const ANSWERED: ReadonlySet<string> = new Set(["person", "agent"]);

/**
 * Puts an answer to a mail that came to the agent into the outbox, in the same conversation, once for each tool call. Resolves with whom it goes to.
 * @throws EmailKitError `MESSAGE_NOT_FOUND`, `SCOPE_MISSING`, `RECIPIENT_NOT_ALLOWED`, `REVIEW_REFUSED`, `INVALID_MESSAGE`, and as `sendTask`.
 */
export async function replyMail(
  kit: OpenKit,
  agent: Agent,
  { mail, body }: { mail: string; body: string },
): Promise<{ to: string; held: boolean }> {
  const node = currentNode("reply", kit.ledger.id);
  requireDurable(node, "reply");
  requireScope(agent, "reply", "answer a mail");
  const { record } = await readMail(kit, agent.name, mail);
  const parsed = await parseMail(await kit.blobs.get(record.raw), { putAttachment: async () => "" });
  const to = parsed.kind === "parsed" ? answerAddress(parsed.message) : undefined;
  if (parsed.kind !== "parsed" || to === undefined || !ANSWERED.has(record.classification)) {
    throw new EmailKitError("INVALID_MESSAGE", "That mail cannot be answered: a machine wrote it, or nobody.");
  }
  await auditRefusal(kit, node, { agent: agent.name, to: [to] }, async () => requireRecipients(agent, [to]));
  const { threadId, nodeTaskId, toolCallId, runId, run } = node;
  const { graph } = run;
  const id = hashId("reply", kit.ledger.id, threadId, nodeTaskId, toolCallId, record.id);
  await node.stored;
  const content = { subject: replySubject(record.subject), body, attachments: [] };
  const of = { graph, threadId, runId, nodeTaskId };
  const known = await findOutbox(kit.ledger.db, id);
  if (known) return { to, held: false };
  const findings = await reviewOutgoing(kit, agent, { id, graph, threadId, recipients: [to], ...content });
  const question = { id, content, recipients: [to], findings: findings ?? [], of, deadlineAt: Infinity, instead: null };
  const hold = findings && (await askReviewer(kit, agent, question));
  const now = kit.clock();
  const ownId = messageId(id, agent.address.address.split("@")[1]!);
  const raw = await composeFrom(agent, {
    messageId: ownId,
    date: new Date(now),
    to: [to],
    subject: content.subject,
    text: body,
    ...replyReferences(parsed.message),
    autoSubmitted: "auto-replied",
    headers: { [KIT_HEADER]: "answer" },
    maxBytes: kit.maxBytes,
  });
  const blob = await kit.blobs.put(raw);
  await kit.ledger.db.transaction(async (sql) => {
    const lease = await readLease(sql, threadLease(threadId), now);
    if (lease.fence !== run.lease.fence) {
      throw new EmailKitError("LEASE_LOST", `A reply was not mailed: thread ${threadId} has gone to another run.`);
    }
    if (await findOutbox(sql, id)) return;
    const envelope = { from: agent.address.address, to: [to] };
    // It belongs to no task and answers no request of a served agent: it stands for itself.
    const row = { id, kind: "answer" as const, taskId: null, requestId: id, agent: agent.name, messageId: ownId };
    await insertOutbox(
      sql,
      { ...row, envelope, raw: blob, dueAt: now, attempts: 0, createdAt: now },
      hold ? "held" : "due",
    );
    await insertAliases(sql, { requestId: id }, [normalizeMessageId(ownId)]);
    await registerThread(sql, threadId, graph);
    await appendEvent(sql, {
      at: now,
      kind: "answered",
      agent: agent.name,
      graph,
      threadId,
      ...(runId !== null && { runId }),
      from: agent.address.address,
      to: [to],
      subject: content.subject,
      messageId: ownId,
      body: blob,
      data: { message: record.id },
    });
    await hold?.(sql);
  });
  return { to, held: hold !== undefined };
}
