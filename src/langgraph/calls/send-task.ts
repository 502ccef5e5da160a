import { type Agent, agentNamed } from "../../accounts/agent.ts";
import { EmailKitError } from "../../errors.ts";
import { insertAliases } from "../../ledger/aliases.ts";
import { appendEvent, ofTask } from "../../ledger/events.ts";
import { readLease } from "../../ledger/leases.ts";
import type { Sql } from "../../ledger/database.ts";
import { hopsOfThread } from "../../ledger/requests.ts";
import { insertOutbox } from "../../ledger/outbox.ts";
import { holdSteps } from "../../ledger/next-mails.ts";
import { findTask, insertTask, type TaskRecord, type TaskStep } from "../../ledger/tasks.ts";
import { registerThread, threadLease } from "../../ledger/threads.ts";
import { parseAddress, sameAddress } from "../../mail/address.ts";
import { KIT_HEADER, taskHeader } from "../../mail/classify.ts";
import type { ComposeAttachment } from "../../mail/compose.ts";
import { referenceLine, taskAliases } from "../../mail/correlate.ts";
import { messageId } from "../../mail/message-id.ts";
import { replyForm } from "../../mail/reply-form.ts";
import { replySchemaAttachment } from "../../mail/reply-schema.ts";
import { requestData } from "../../mail/request-data.ts";
import { redact } from "../../policy/outbound-review.ts";
import { requireRecipients, requireScope } from "../../policy/permission.ts";
import { aboutTask, withSpan } from "../../spans.ts";
import { deadlineAt, type Deadline } from "../../time/deadline.ts";
import { composeFrom, replyAddress, reversePath } from "../../worker/conversation.ts";
import { settle } from "../../worker/settle.ts";
import { forecast, type Forecast } from "../../worker/forecast.ts";
import { hashId } from "../../mail/hash-id.ts";
import type { OpenKit } from "../context.ts";
import type { TaskDefinition } from "./define-task.ts";
import { askReviewer } from "./hold.ts";
import { currentNode, type CurrentNode } from "./node.ts";
import { tellCreated } from "./progress.ts";
import type { TaskReceipt } from "./receipt.ts";
import { auditRefusal } from "./refused.ts";
import { knownSecrets, reviewOutgoing } from "./review.ts";

/** The mail that a task is. */
export interface TaskMail<AgentName extends string = string> {
  /** The agent that asks. */
  from: AgentName;
  /** Who is asked: one address or several, of whom the first answer counts; it has bounced when it reached none of them. */
  to: string | readonly string[];
  /** Who gets a copy, such as a monitor. */
  cc?: string | readonly string[];
  subject: string;
  /** Plain text. The data and what the reply must hold are added below it. */
  body: string;
  /** What the work needs, as an object that JSON can say: the attachment `request.json`, which a served agent gets as `data`, and readable lines below `body`. */
  data?: object;
  /** Instead of the HTML that is made from the text. */
  html?: string;
  attachments?: readonly ComposeAttachment[];
  /** Who is asked instead, one after another, where the mail bounces for good: each in a conversation of its own, without what happened before. */
  reassignTo?: readonly string[];
  /**
   * Who is asked as well, or `instead` of those before, where nobody has answered by then: `after` is "4h", "2 business days" from the task's creation, or a date.
   * Their answers count like the first ones'.
   */
  escalate?: readonly { after: Deadline; to: string; instead?: boolean }[];
  /** Tells sends of one task by one node execution apart, as in a loop. */
  key?: string;
}

/**
 * Puts a task into the outbox, once: a re-execution of the node gets the receipt of the first time. The worker submits it.
 * @throws EmailKitError `GRAPH_NOT_ATTACHED`, `RUN_NOT_DURABLE`, `UNKNOWN_AGENT`, `SCOPE_MISSING`, `RECIPIENT_NOT_ALLOWED`, `REVIEW_REFUSED`, `BUDGET_EXCEEDED`, `INVALID_ADDRESS`, `INVALID_MESSAGE`, `MESSAGE_TOO_LARGE`, `TASK_ID_COLLISION`; nothing is mailed then.
 */
export async function sendTask<Reply>(
  kit: OpenKit,
  definition: TaskDefinition<Reply>,
  mail: TaskMail,
): Promise<TaskReceipt<Reply>> {
  return receiptOf(kit, await (await beginTask(kit, definition, mail))());
}

/** {@link sendTask} for several. Who may not be asked is found before the first is put into the outbox. */
export async function sendTasks<Reply>(
  kit: OpenKit,
  definition: TaskDefinition<Reply>,
  mails: readonly TaskMail[],
): Promise<TaskReceipt<Reply>[]> {
  const begun = [];
  for (const [place, mail] of mails.entries())
    begun.push(await beginTask(kit, definition, { key: String(place), ...mail }));
  const receipts = [];
  for (const put of begun) receipts.push(receiptOf<Reply>(kit, await put()));
  return receipts;
}

/** Checks who asks and who is asked, unless that is known from an earlier execution. Resolves with what puts the task into the outbox. */
async function beginTask(kit: OpenKit, definition: TaskDefinition, mail: TaskMail): Promise<() => Promise<TaskRecord>> {
  const node = currentNode("sendTask", kit.ledger.id);
  if (node.run.notDurable) {
    throw new EmailKitError(
      "RUN_NOT_DURABLE",
      `Task "${definition.name}" was not mailed: ${node.run.notDurable}, so a crash could mail it twice. Run the graph with a checkpointer and durability "sync".`,
    );
  }
  const agent = agentNamed(kit.agents, mail.from);
  if (definition.reassignTo && !kit.tasks.has(definition.name)) {
    throw new EmailKitError(
      "UNKNOWN_TASK",
      `Task "${definition.name}" was not mailed: workers find its \`reassignTo\` by its name. Give the kit its definition, createEmailKit({ tasks: [${definition.name}] }).`,
    );
  }
  const id = taskIdOf(kit, node, definition, mail);
  await node.stored;
  const known = await findTask(kit.ledger.db, id);
  if (known) return async () => known;
  const audited = <T>(act: () => Promise<T>) =>
    auditRefusal(kit, node, { agent: agent.name, to: asList(mail.to), task: definition.name }, act);
  const asked = await audited(async () => askedBy(agent, definition, mail));
  const { threadId, run } = node;
  const attributes = aboutTask({ id, name: definition.name, agent: agent.name, graph: run.graph, threadId });
  return () =>
    withSpan("send_task", { attributes }, ({ traceparent }) =>
      audited(() => createTask(kit, node, { agent, id, traceparent, asked }, definition, mail)),
    );
}

/** Whom a mail goes to, and whom it may go to later. */
interface Asked {
  to: string[];
  cc: string[];
  candidates: string[];
  recipients: string[];
}

function askedBy(agent: Agent, definition: TaskDefinition, mail: TaskMail): Asked {
  requireScope(agent, "send", `mail task "${definition.name}"`);
  const addresses = (list: string | readonly string[] = []) => asList(list).map((one) => parseAddress(one).address);
  const to = addresses(mail.to);
  if (to.length === 0) {
    throw new EmailKitError("INVALID_ADDRESS", `Task "${definition.name}" has nobody in \`to\`.`);
  }
  const cc = addresses(mail.cc);
  const candidates = addresses(mail.reassignTo);
  const asked = [...to, ...candidates, ...addresses(mail.escalate?.map((step) => step.to))];
  requireOthers(agent, asked);
  const recipients = [...asked, ...cc];
  requireRecipients(agent, recipients);
  return { to, cc, candidates, recipients };
}

function taskIdOf(kit: OpenKit, node: CurrentNode, definition: TaskDefinition, mail: TaskMail): string {
  const { threadId, nodeTaskId, toolCallId } = node;
  const id = hashId("task", kit.ledger.id, threadId, nodeTaskId, toolCallId, definition.name, mail.key ?? null);
  if (node.execution.sent.has(id)) {
    throw new EmailKitError(
      "TASK_ID_COLLISION",
      `Task "${definition.name}" was sent twice by one execution of a node${mail.key === undefined ? "" : ` with the key "${mail.key}"`}. Give each send of a loop its own \`key\`.`,
    );
  }
  node.execution.sent.set(id, definition);
  return id;
}

async function createTask(
  kit: OpenKit,
  node: CurrentNode,
  { agent, id, traceparent, asked }: { agent: Agent; asked: Asked } & Pick<TaskRecord, "id" | "traceparent">,
  definition: TaskDefinition,
  mail: TaskMail,
): Promise<TaskRecord> {
  const { to, cc, candidates, recipients } = asked;
  const now = kit.clock();
  const steps = stepsOf(kit, definition, mail, now);
  const data = mail.data && requestData(mail.data);
  const attachments = [...(mail.attachments ?? []), ...(data ? [data.attachment] : [])];
  const words = data ? `${mail.body.trimEnd()}\n\n${data.text}` : mail.body;
  const hops = await hopsOfThread(kit.ledger.db, node.threadId);
  const domain = agent.address.address.split("@")[1]!;
  const ids = { messageId: messageId(id, domain), syntheticId: messageId(`t.${id}`, domain) };
  const replyTo = replyAddress(kit, agent, id);
  const body = taskBody(words, definition, id);
  const raw = await composeFrom(agent, {
    messageId: ids.messageId,
    date: new Date(now),
    to,
    cc,
    ...(replyTo !== undefined && { replyTo }),
    subject: mail.subject,
    text: body,
    ...(mail.html !== undefined && { html: mail.html }),
    references: [ids.syntheticId],
    attachments: [...attachments, ...replySchemaAttachment(definition.replySchema)],
    autoSubmitted: "auto-generated",
    headers: { [KIT_HEADER]: taskHeader(hops) },
    maxBytes: kit.maxBytes,
  });
  const task: TaskRecord = {
    id,
    name: definition.name,
    agent: agent.name,
    graph: node.run.graph,
    threadId: node.threadId,
    runId: node.runId,
    nodeTaskId: node.nodeTaskId,
    messageId: ids.messageId,
    addressees: to,
    subject: mail.subject,
    body,
    replySchema: definition.replySchema ?? null,
    accept: { ...definition.accept, from: [...definition.accept.from] },
    createdAt: now,
    deadlineAt: deadlineAt(now, definition.deadline, kit.calendar),
    expects: null,
    clarifications: 0,
    candidates,
    attempts: [],
    unreached: [],
    resendAt: null,
    reassign: null,
    steps,
    awayUntil: null,
    traceparent,
    settledAt: null,
    outcome: null,
  };
  const { graph, threadId } = task;
  const content = { subject: mail.subject, body: words, html: mail.html, attachments };
  const findings = await reviewOutgoing(kit, agent, { id, graph, threadId, task: task.name, recipients, ...content });
  const { deadlineAt: until } = task;
  const hold =
    findings &&
    (await askReviewer(kit, agent, { id, content, recipients, findings, of: task, deadlineAt: until, instead: null }));
  const blob = await kit.blobs.put(raw);
  const envelope = { from: reversePath(kit, agent, id), to: [...to, ...cc] };
  let created = false;
  await kit.ledger.db.transaction(async (sql) => {
    const lease = await readLease(sql, threadLease(node.threadId), now);
    if (lease.fence !== node.run.lease.fence) {
      throw new EmailKitError(
        "LEASE_LOST",
        `Task "${definition.name}" was not mailed: thread ${node.threadId} has gone to another run.`,
      );
    }
    if (!(await insertTask(sql, task))) return;
    if (hops > kit.loops.hops) return stopLoop(sql, node, task, hops);
    const goes = await forecast(sql, kit.agents, { agent, threadId: node.threadId, weight: envelope.to.length }, now);
    if (goes.kind === "never" || (goes.kind === "later" && definition.overBudget === "error")) {
      throw overBudget(definition, goes, envelope.to.length);
    }
    await insertAliases(sql, { taskId: id }, taskAliases({ ...ids, taskId: id }));
    await insertOutbox(
      sql,
      {
        id,
        kind: "task",
        taskId: id,
        requestId: null,
        agent: agent.name,
        messageId: ids.messageId,
        envelope,
        raw: blob,
        dueAt: now,
        attempts: 0,
        createdAt: now,
      },
      hold ? "held" : "due",
    );
    await registerThread(sql, node.threadId, node.run.graph);
    await appendEvent(sql, {
      at: now,
      kind: "task-created",
      ...ofTask(task),
      messageId: ids.messageId,
      from: agent.address.address,
      to: envelope.to,
      subject: hold ? redact(mail.subject, knownSecrets(kit, agent)) : mail.subject,
      body: blob,
      data: { name: definition.name },
    });
    if (goes.kind === "later" && !hold) await appendEvent(sql, queuedEvent(task, goes));
    created = true;
    if (!hold) return;
    await holdSteps(sql, id);
    await hold(sql);
  });
  if (created) tellCreated(task);
  // Another process may have been first.
  return (await findTask(kit.ledger.db, id))!;
}

/** Agents that ask each other on and on: the task ends before it is mailed, and each of them answers the one before. */
async function stopLoop(sql: Sql, node: CurrentNode, task: TaskRecord, hops: number): Promise<void> {
  const reason = `It would be number ${hops} of mails that lead to one another; \`loops.hops\` allows fewer.`;
  await registerThread(sql, node.threadId, node.run.graph);
  await appendEvent(sql, {
    at: task.createdAt,
    kind: "loop-stopped",
    ...ofTask(task),
    to: task.addressees,
    data: { reason, hops },
  });
  await settle(sql, task, { kind: "cancelled", by: "policy", reason }, task.createdAt);
}

function overBudget(
  definition: TaskDefinition,
  goes: Exclude<Forecast, { kind: "now" }>,
  weight: number,
): EmailKitError {
  const held = `Task "${definition.name}" was not mailed: ${goes.because}`;
  return new EmailKitError(
    "BUDGET_EXCEEDED",
    goes.kind === "never"
      ? `${held} never holds ${weight} recipients. Raise it, or ask fewer at once.`
      : `${held} is in the way${goes.at === undefined ? "" : ` until ${new Date(goes.at).toISOString()}`}. With overBudget: "queue" the mail would wait.`,
  );
}

function queuedEvent(task: TaskRecord, { because, at }: Extract<Forecast, { kind: "later" }>) {
  const data = { because, ...(at !== undefined && { until: new Date(at).toISOString() }) };
  return { at: task.createdAt, kind: "queued" as const, ...ofTask(task), messageId: task.messageId, data };
}

/** What an agent gets from itself is taken for a copy, and answers nothing. */
function requireOthers(agent: Agent, addresses: readonly string[]): void {
  if (!addresses.some((address) => sameAddress(address, agent.address.address))) return;
  throw new EmailKitError(
    "INVALID_ADDRESS",
    `Agent "${agent.name}" cannot ask itself: ${agent.address.address} is its own address. Name another one.`,
  );
}

function stepsOf({ calendar }: OpenKit, definition: TaskDefinition, mail: TaskMail, now: number): TaskStep[] {
  const reminders = definition.remind
    .map((time) => ({ at: deadlineAt(now, time, calendar), kind: "remind" as const }))
    // A date that has passed: the task itself says it now.
    .filter(({ at }) => at > now);
  const escalations = (mail.escalate ?? []).map(({ after, to, instead = false }) => ({
    at: deadlineAt(now, after, calendar),
    kind: "ask" as const,
    to: parseAddress(to).address,
    instead,
  }));
  return [...reminders, ...escalations].toSorted((a, b) => a.at - b.at);
}

function taskBody(body: string, definition: TaskDefinition, taskId: string): string {
  const form = definition.replySchema ? replyForm(definition.replySchema) : "";
  return [body.trimEnd(), form, `-- \n${referenceLine(taskId)}`].filter((part) => part !== "").join("\n\n");
}

function receiptOf<Reply>(kit: OpenKit, task: TaskRecord): TaskReceipt<Reply> {
  return {
    kind: "langgraph-email/receipt",
    taskId: task.id,
    ledgerId: kit.ledger.id,
    name: task.name,
    agent: task.agent,
    to: task.addressees,
    subject: task.subject,
    messageId: task.messageId,
    deadline: new Date(task.deadlineAt).toISOString(),
  };
}

function asList(value: string | readonly string[]): readonly string[] {
  return typeof value === "string" ? [value] : value;
}
