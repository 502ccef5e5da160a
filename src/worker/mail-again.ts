import { insertAliases } from "../ledger/aliases.ts";
import type { Sql } from "../ledger/database.ts";
import { appendEvent, type AuditEvent, ofTask } from "../ledger/events.ts";
import { findOutbox, insertOutbox, markFailed, reachedBy } from "../ledger/outbox.ts";
import { restoredAt } from "../ledger/restore.ts";
import { markResent, markStepped, nextTaskMail, postponeResend, tasksToMail } from "../ledger/next-mails.ts";
import { type TaskRecord, type TaskStep } from "../ledger/tasks.ts";
import type { Agent } from "../accounts/agent.ts";
import { EmailKitError } from "../errors.ts";
import { parseAddress, sameAddress } from "../mail/address.ts";
import { KIT_HEADER, readHops, taskHeader } from "../mail/classify.ts";
import { referenceLine, taskAliases } from "../mail/correlate.ts";
import { messageId } from "../mail/message-id.ts";
import { parseMail } from "../mail/parse.ts";
import { firstNotAllowed } from "../policy/allowlist.ts";
import { composeFrom, composeFollowUp, putFollowUp, replyAddress, reversePath } from "./conversation.ts";
import type { WorkerDeps } from "./deps.ts";
import { attachmentContents } from "./parts.ts";
import { settle } from "./settle.ts";

const BATCH = 50;
const ASK_AGAIN_MS = 60_000;
const MAY_BE_SENT = "It was due before the ledger was restored from a backup: this mail may have been sent.";

/** Puts into the outbox what is due: mails that go out again after a bounce, reminders, and mails to whom a task escalates. Resolves with their number. */
export async function mailAgain(deps: WorkerDeps): Promise<number> {
  const { db } = deps.ledger;
  const now = deps.clock();
  const next = await nextTaskMail(db);
  if (next === undefined || next > now) return 0;
  const isOurs = (task: TaskRecord) =>
    deps.agents.has(task.agent) && (task.reassign === null || deps.tasks.get(task.name)?.reassignTo !== undefined);
  const again = (await tasksToMail(db, "resend", now, BATCH)).filter(isOurs);
  for (const task of again) await alone(deps, task, () => resend(deps, task));
  const stepping = (await tasksToMail(db, "step", now, BATCH)).filter(isOurs);
  for (const task of stepping) {
    const step = task.steps[0]!;
    await alone(deps, task, () => (step.kind === "remind" ? remind(deps, task) : escalate(deps, task, step)));
  }
  // Looked at again when the next one is due: what failed would keep this pass busy.
  return 0;
}

/** What cannot be mailed keeps no other task from it; it is tried again at the next pass. */
async function alone(deps: WorkerDeps, task: TaskRecord, work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (error) {
    deps.log.error("A task could not be mailed again", { taskId: task.id, error: String(error) });
  }
}

export async function nextMailAgain(deps: WorkerDeps): Promise<number | undefined> {
  return nextTaskMail(deps.ledger.db);
}

/** A fresh conversation, with the first mail's content and nothing of what happened since. */
async function resend(deps: WorkerDeps, task: TaskRecord): Promise<void> {
  const to = task.reassign === null ? task.unreached : await reassign(deps, task);
  if (!to) return;
  const event = { kind: "mailed-again" as const, data: {} };
  const mail = { suffix: String(task.attempts.length), to, event, dueAt: task.resendAt! };
  await mailAfresh(deps, task, mail, (sql) => markResent(sql, task, [...othersAsked(task), ...to]));
}

/** Who was asked, and is not mailed again. */
function othersAsked({ addressees, unreached }: TaskRecord): string[] {
  return addressees.filter((address) => !unreached.includes(address));
}

/** Asks the task's definition who is next. Resolves with undefined where it is nobody, which ends a task that has bounced, or where it is to be asked again. */
async function reassign(deps: WorkerDeps, task: TaskRecord): Promise<string[] | undefined> {
  const { id: taskId, name, subject, threadId, agent, attempts } = task;
  const { db } = deps.ledger;
  let named: string | undefined;
  try {
    named = await deps.tasks.get(name)!.reassignTo!({ taskId, name, subject, threadId, agent, attempts });
  } catch (error) {
    deps.log.error("reassignTo of a task threw, and is asked again in a minute", { taskId, error: String(error) });
    await postponeResend(db, task, deps.clock() + ASK_AGAIN_MS);
    return undefined;
  }
  const next = named === undefined ? undefined : usable(deps, task, named);
  if (next !== undefined) return [next];
  const { at: _, ...last } = attempts.at(-1)!;
  await db.transaction(async (sql) => {
    // Who is away may still answer.
    const others = task.reassign === "away" ? task.addressees : othersAsked(task);
    if (!(await markResent(sql, task, others))) return;
    if (others.length === 0) await settle(sql, task, { kind: "bounced", ...last, attempts }, deps.clock());
  });
  return undefined;
}

function usable(deps: WorkerDeps, task: TaskRecord, named: string): string | undefined {
  try {
    const { address } = parseAddress(named);
    if (task.attempts.some(({ permanent, recipient }) => permanent && sameAddress(recipient, address))) {
      throw new EmailKitError("INVALID_ADDRESS", `${address} has bounced for this task already.`);
    }
    const agent = deps.agents.get(task.agent)!;
    if (sameAddress(agent.address.address, address)) {
      throw new EmailKitError("INVALID_ADDRESS", `Agent "${task.agent}" cannot ask itself.`);
    }
    if (firstNotAllowed(agent.recipients, [address]) === undefined) return address;
    throw new EmailKitError("RECIPIENT_NOT_ALLOWED", `Agent "${task.agent}" may not mail ${address}.`);
  } catch (error) {
    deps.log.error("reassignTo of a task named nobody who can be asked", { taskId: task.id, error: String(error) });
    return undefined;
  }
}

/** Asks somebody else: besides those who were asked, or instead of them. */
async function escalate(deps: WorkerDeps, task: TaskRecord, step: Extract<TaskStep, { kind: "ask" }>): Promise<void> {
  const addressees = step.instead ? [step.to] : [...task.addressees, step.to];
  const event = { kind: "escalated" as const, data: { instead: step.instead } };
  const mail = { suffix: `step-${task.steps.length}`, to: [step.to], event, dueAt: step.at };
  await mailAfresh(deps, task, mail, (sql) => markStepped(sql, task, addressees));
}

async function mailAfresh(
  deps: WorkerDeps,
  task: TaskRecord,
  mail: { suffix: string; to: string[]; event: Pick<AuditEvent, "kind" | "data">; dueAt: number },
  claim: (sql: Sql) => Promise<boolean>,
): Promise<void> {
  const { suffix, to, event, dueAt } = mail;
  const agent = deps.agents.get(task.agent)!;
  const now = deps.clock();
  const id = `${task.id}.${suffix}`;
  const domain = agent.address.address.split("@")[1]!;
  const ids = { messageId: messageId(id, domain), syntheticId: messageId(`t.${id}`, domain), taskId: task.id };
  const { raw: bytes, cc } = await recompose(deps, agent, task, ids, to, now);
  const raw = await deps.blobs.put(bytes);
  const recipients = [...to, ...cc];
  await deps.ledger.db.transaction(async (sql) => {
    if (!(await claim(sql))) return;
    await insertAliases(sql, { taskId: task.id }, taskAliases(ids));
    await insertOutbox(sql, {
      id,
      kind: "task",
      taskId: task.id,
      requestId: null,
      agent: agent.name,
      messageId: ids.messageId,
      envelope: { from: reversePath(deps, agent, task.id), to: recipients },
      raw,
      dueAt: now,
      attempts: 0,
      createdAt: now,
    });
    if (dueAt < (await restoredAt(sql))) await markFailed(sql, id, "unknown", MAY_BE_SENT);
    await appendEvent(sql, {
      at: now,
      ...event,
      ...ofTask(task),
      messageId: ids.messageId,
      from: agent.address.address,
      to: recipients,
      subject: task.subject,
      body: raw,
    });
  });
}

async function recompose(
  deps: WorkerDeps,
  agent: Agent,
  task: TaskRecord,
  ids: { messageId: string; syntheticId: string },
  to: string[],
  now: number,
): Promise<{ raw: Uint8Array; cc: string[] }> {
  const first = (await findOutbox(deps.ledger.db, task.id))!;
  const parsed = await parseMail(await deps.blobs.get(first.raw), {
    putAttachment: (content) => deps.blobs.put(content),
  });
  if (parsed.kind !== "parsed")
    throw new Error(`Task ${task.id}: its first mail cannot be read again: ${parsed.reason}`);
  const { message } = parsed;
  const replyTo = replyAddress(deps, agent, task.id);
  const copies = message.cc.map(({ address }) => address);
  const cc = copies.filter((copy) => !to.some((address) => sameAddress(address, copy)));
  const raw = await composeFrom(agent, {
    messageId: ids.messageId,
    date: new Date(now),
    to,
    cc,
    ...(replyTo !== undefined && { replyTo }),
    subject: task.subject,
    text: message.text ?? task.body,
    ...(message.html !== undefined && { html: message.html }),
    references: [ids.syntheticId],
    attachments: await attachmentContents(deps.blobs, message.attachments),
    autoSubmitted: "auto-generated",
    headers: { [KIT_HEADER]: taskHeader(readHops(message)) },
    maxBytes: deps.maxBytes,
  });
  return { raw, cc };
}

async function remind(deps: WorkerDeps, task: TaskRecord): Promise<void> {
  const agent = deps.agents.get(task.agent)!;
  const now = deps.clock();
  const place = task.steps.length;
  const reached = await reachedBy(deps.ledger.db, task.id);
  // Nobody is reminded of what nobody got.
  const asked = othersAsked(task).filter((address) => reached.has(address));
  const mails = await Promise.all(
    asked.map((to) =>
      composeFollowUp(deps, agent, task, {
        id: `${task.id}.reminder-${place}-${task.addressees.indexOf(to)}`,
        kind: "reminder",
        to,
        asked: reached.get(to)!,
        text: reminderText(task),
        now,
      }),
    ),
  );
  await deps.ledger.db.transaction(async (sql) => {
    if (!(await markStepped(sql, task, task.addressees))) return;
    for (const mail of mails) await putFollowUp(sql, deps, agent, task, mail, now);
  });
}

function reminderText(task: TaskRecord): string {
  const quoted = task.body
    .split("\n")
    .map((line) => `> ${line}`)
    .join("\n");
  const day = new Date(task.deadlineAt).toISOString().slice(0, 16).replace("T", " ");
  return [`A reminder: this waits for your answer, until ${day} UTC.`, `-- \n${referenceLine(task.id)}`, quoted].join(
    "\n\n",
  );
}
