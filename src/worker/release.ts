import { EmailKitError } from "../errors.ts";
import type { Sql } from "../ledger/database.ts";
import { appendEvent, ofTask } from "../ledger/events.ts";
import { type Disposition, assignMessage, findMessage, type MessageRecord, moveMessage } from "../ledger/messages.ts";
import { findTask, type TaskRecord } from "../ledger/tasks.ts";
import { classify } from "../mail/classify.ts";
import { parseMail } from "../mail/parse.ts";
import { composeClarification, putClarification } from "./clarify.ts";
import type { WorkerDeps } from "./deps.ts";
import { judgeExpected } from "./expected.ts";
import { partsOf } from "./parts.ts";
import { acceptRequest, ofMail } from "./receive.ts";
import { judgeReply } from "./reply.ts";
import { settle } from "./settle.ts";

type Deps = Pick<
  WorkerDeps,
  "ledger" | "blobs" | "agents" | "inbound" | "clock" | "serve" | "log" | "tokenKey" | "maxBytes"
>;

/** Of what a person does by hand. */
export interface ActOptions {
  /** Who does it, for the audit log: a name or an address. */
  actor?: string;
}

export interface ReleaseOptions extends ActOptions {
  /** The id of the task that the mail answers. Default: the one that it says, or seems to mean. */
  answers?: string;
}

/**
 * Lets a quarantined mail through, as if it had been good enough: a reply settles its task, or is asked about where it lacks something; a request is served.
 * Resolves with what became of it: `late` where the task had its outcome meanwhile.
 * @throws EmailKitError `MESSAGE_NOT_FOUND` when it is not in quarantine, `GRAPH_NOT_ATTACHED` for a request to an agent that this process does not serve,
 * `UNKNOWN_AGENT` for a reply that has to be asked about where the agent is not configured, `TASK_AMBIGUOUS` where the mail may answer several tasks and none is named.
 */
export async function releaseMessage(
  deps: Deps,
  messageId: string,
  { actor, answers }: ReleaseOptions = {},
): Promise<"settled" | "clarifying" | "late" | "request"> {
  const { db } = deps.ledger;
  const record = await quarantined(db, messageId);
  const now = deps.clock();
  const released = {
    at: now,
    kind: "released" as const,
    ...(record.agent && { agent: record.agent }),
    ...ofMail(record),
    ...(actor !== undefined && { actor }),
  };
  const taskId = answers ?? record.taskId ?? undefined;
  const task = taskId === undefined ? undefined : await findTask(db, taskId);
  if (taskId !== undefined && !task) {
    throw new EmailKitError(
      "TASK_NOT_FOUND",
      `The ledger holds no task ${taskId} that mail ${messageId} could answer.`,
    );
  }
  if (!task) {
    if (record.grade === "E") {
      throw new EmailKitError(
        "TASK_AMBIGUOUS",
        `Mail ${messageId} may answer several tasks; say which: kit.release(id, { answers: taskId }). ${record.reason}`,
      );
    }
    if (record.agent === null || !deps.serve.served(record.agent)) {
      throw new EmailKitError(
        "GRAPH_NOT_ATTACHED",
        `Mail ${messageId} asks "${record.agent}" for work, and this process does not serve its inbox. Release it where kit.serveInbox was called.`,
      );
    }
    return db.transaction(async (sql): Promise<"request"> => {
      await take(sql, record.id, "request");
      await acceptRequest(deps, sql, { ...record, disposition: "request", storedAt: now }, { kind: "none" });
      await appendEvent(sql, { ...released, data: { message: record.id } });
      return "request";
    });
  }
  const { mail, agent, message } = await asReply(deps, record, task);
  const { outcome, clarify } = task.expects
    ? await judgeExpected(deps, mail, record.receivedAt, true)
    : await judgeReply(deps, mail, task, { grade: record.grade ?? "E", looked: true });
  if (clarify && !agent) {
    throw new EmailKitError(
      "UNKNOWN_AGENT",
      `Mail ${messageId} lacks something, and "${task.agent}" has to ask for it. Release it with the kit of that agent.`,
    );
  }
  const reply = { from: record.sender ?? "", messageId: message.messageId };
  const question = clarify && agent && (await composeClarification(deps, agent, task, reply, clarify, now));
  return db.transaction(async (sql) => {
    await take(sql, record.id, "late");
    await assignMessage(sql, record.id, task.id, "late");
    await appendEvent(sql, { ...ofTask(task), ...released, data: { message: record.id } });
    if (question) {
      if (!(await putClarification(sql, deps, agent, task, question, now))) return "late";
      await moveMessage(sql, record.id, "late", "clarifying");
      return "clarifying";
    }
    if (!outcome || !(await settle(sql, task, outcome, now, record.messageId))) return "late";
    await moveMessage(sql, record.id, "late", "settled");
    return "settled";
  });
}

/**
 * Lets a reply through because its sender has been confirmed. Nobody has looked at what it says: where its attachments or the injection score keep it back, it
 * stays in quarantine, and its reason says so.
 * @throws EmailKitError as {@link releaseMessage}.
 */
export async function releaseConfirmed(deps: Deps, messageId: string, { actor }: { actor: string }): Promise<void> {
  const { db } = deps.ledger;
  const record = await quarantined(db, messageId);
  const task = record.taskId === null ? undefined : await findTask(db, record.taskId);
  const reply = task && (await asReply(deps, record, task));
  const verdict = reply && (await judgeReply(deps, reply.mail, task, { grade: record.grade ?? "E", looked: false }));
  if (verdict?.disposition !== "quarantined") return void (await releaseMessage(deps, messageId, { actor }));
  await moveMessage(db, record.id, "quarantined", "quarantined", `${actor} sent it. ${verdict.reason}`);
}

/** What tied it to its task is in its grade already. */
async function asReply(deps: Deps, record: MessageRecord, task: TaskRecord) {
  const parsed = await parseMail(await deps.blobs.get(record.raw), {
    putAttachment: (content) => deps.blobs.put(content),
  });
  if (parsed.kind !== "parsed")
    throw new EmailKitError("MESSAGE_NOT_FOUND", `The mail ${record.id} can no longer be read.`);
  const { message } = parsed;
  const correlation = { kind: "task" as const, task, signal: "none" as const, signed: false };
  const agent = deps.agents.get(task.agent);
  const classification = classify(message, { addresses: [], isOwn: () => false });
  const parts = partsOf(message, correlation);
  const { unreadOctets } = record.content;
  return {
    message,
    agent,
    mail: { message, classification, correlation, parts, raw: record.raw, agent, unreadOctets },
  };
}

/**
 * Puts a quarantined mail away for good: it is kept, and changes nothing.
 * @throws EmailKitError `MESSAGE_NOT_FOUND` when it is not in quarantine.
 */
export async function discardMessage(
  deps: Pick<Deps, "ledger" | "clock">,
  messageId: string,
  { actor }: ActOptions = {},
): Promise<void> {
  await deps.ledger.db.transaction(async (sql) => {
    const record = await quarantined(sql, messageId);
    const task = record.taskId === null ? undefined : await findTask(sql, record.taskId);
    await take(sql, record.id, "discarded");
    await appendEvent(sql, {
      at: deps.clock(),
      kind: "discarded",
      ...(record.agent && { agent: record.agent }),
      ...(task && ofTask(task)),
      ...ofMail(record),
      ...(actor !== undefined && { actor }),
      data: { message: record.id },
    });
  });
}

async function quarantined(sql: Sql, messageId: string): Promise<MessageRecord> {
  const record = await findMessage(sql, messageId);
  if (record?.disposition === "quarantined") return record;
  throw notQuarantined(messageId);
}

/** Out of quarantine, once: another process may have been first. */
async function take(sql: Sql, messageId: string, to: Disposition): Promise<void> {
  if (!(await moveMessage(sql, messageId, "quarantined", to))) throw notQuarantined(messageId);
}

function notQuarantined(messageId: string): EmailKitError {
  return new EmailKitError(
    "MESSAGE_NOT_FOUND",
    `No mail ${messageId} is in quarantine. kit.messages("quarantined") lists them, with their ids.`,
  );
}
