import { createHash } from "node:crypto";
import type { Agent } from "../accounts/agent.ts";
import { blobReference } from "../blobs/blobs.ts";
import { insertAliases } from "../ledger/aliases.ts";
import { advanceCursor, endReading, READING_MS, readCursor } from "../ledger/cursors.ts";
import type { Sql } from "../ledger/database.ts";
import { appendEvent, type AuditEvent, ofTask } from "../ledger/events.ts";
import { findMessage, insertMessage, type MessageRecord, moveMessage } from "../ledger/messages.ts";
import { restoredAt } from "../ledger/restore.ts";
import { prunedBefore } from "../ledger/prune.ts";
import { findRequest, insertRequest, type RequestRecord } from "../ledger/requests.ts";
import { isSettled, type TaskRecord } from "../ledger/tasks.ts";
import { registerThread } from "../ledger/threads.ts";
import { sameAddress } from "../mail/address.ts";
import { normalizeMessageId } from "../mail/message-id.ts";
import { parseMail } from "../mail/parse.ts";
import { aboutTask, withSpan } from "../spans.ts";
import type { Mailbox, MailboxReader, StoredMail } from "../transport/transport.ts";
import { recordAway } from "./away.ts";
import { type Failure, settleBounce } from "./bounce.ts";
import { putClarification } from "./clarify.ts";
import { correlate, type Correlation } from "./correlate.ts";
import type { WorkerDeps } from "./deps.ts";
import { findExpecting } from "./expected.ts";
import { recordFeedback } from "./feedback.ts";
import { type Asks, askedWithinHour, countAsked } from "./loops.ts";
import { readProof } from "./proof.ts";
import { settle } from "./settle.ts";
import { type Box, parse, type Parsed, understand, type Understood, unreadable } from "./understand.ts";

/** How far before the ledger's making a mailbox is looked at first: clocks differ. */
const FIRST_LOOK_BACK_MS = 86_400_000;

/** Mails that are stored in one transaction at most; as many are being parsed while those before them are stored. */
const TOGETHER = 20;
/** For how long a pass over a mailbox may hold up threads that wait for more than one answer. Milliseconds. */
const MAX_READING_MS = 30_000;

/** Reads a mailbox on behalf of the agents that share it. */
export function mailboxReader(deps: WorkerDeps, mailbox: Mailbox, agents: readonly Agent[]): MailboxReader {
  const box = { key: mailbox.key, agents, junk: false };
  return {
    ...readerOf(deps, box, (mails, readingUntil) => receive(deps, box, mails, readingUntil)),
    ...(agents.some(({ junk }) => junk) && { junk: junkReader(deps, mailbox, agents) }),
  };
}

/** Of what a provider takes for junk, only what belongs to a task is kept or looked at. */
function junkReader(deps: WorkerDeps, mailbox: Mailbox, agents: readonly Agent[]): MailboxReader {
  const box = { key: mailbox.junkKey, agents, junk: true };
  return readerOf(deps, box, async (mails, readingUntil) => {
    for (const mail of mails) {
      // What cannot be told is looked at as any other mail is.
      const interested = await isOfTask(deps, agents, mail).catch(() => true);
      const until = () => readingUntil(mail === mails.at(-1));
      if (interested) await receive(deps, box, [mail], until);
      else await advanceCursor(deps.ledger.db, box.key, mail.uidValidity, mail.uid, until());
    }
  });
}

async function isOfTask(deps: WorkerDeps, agents: readonly Agent[], { raw }: StoredMail): Promise<boolean> {
  const parsed = await parseMail(raw, { putAttachment: async (content) => blobReference(content) });
  const keys = { tokenKey: deps.tokenKey, ledgerId: deps.ledger.id };
  const found = parsed.kind === "parsed" ? await correlate(deps.ledger.db, parsed.message, keys) : undefined;
  return found?.kind === "task" && agents.some(({ name, junk }) => junk && name === found.task.agent);
}

/** When the mails should be there that follow; null where none do. `last`: of the mails at hand. */
type ReadingUntil = (last: boolean) => number | null;

function readerOf(
  deps: WorkerDeps,
  { key }: Box,
  store: (mails: readonly StoredMail[], readingUntil: ReadingUntil) => Promise<void>,
): MailboxReader {
  const { db } = deps.ledger;
  const pass = { begunAt: 0, uidValidity: "" };
  return {
    async cursor(uidValidity) {
      Object.assign(pass, { begunAt: deps.clock(), uidValidity });
      const uid = await readCursor(db, key, uidValidity);
      if (uid !== undefined) return { uid };
      return { uid: 0, since: Math.max(deps.ledger.createdAt - FIRST_LOOK_BACK_MS, await prunedBefore(db)) };
    },
    async store(mails, more) {
      if (mails.length === 0) return endReading(db, key, pass.uidValidity);
      await store(mails, (last) =>
        last && !more ? null : Math.min(deps.clock() + READING_MS, pass.begunAt + MAX_READING_MS),
      );
    },
  };
}

/** Understands the mails and stores them, some at a time. A rejection means that from one of them on, none is stored. */
async function receive(
  deps: WorkerDeps,
  box: Box,
  mails: readonly StoredMail[],
  readingUntil: ReadingUntil,
): Promise<void> {
  const parsed: Promise<Parsed>[] = [];
  const parseNext = (mail: StoredMail) => {
    const next = parse(deps, box.key, mail);
    next.catch(() => {});
    parsed.push(next);
  };
  for (const mail of mails.slice(0, TOGETHER)) parseNext(mail);
  let group: Understood[] = [];
  const storeGroup = async (last: boolean) => {
    await storeTogether(deps, group, readingUntil(last));
    group = [];
  };
  for (const place of mails.keys()) {
    const ahead = mails[place + TOGETHER];
    if (ahead) parseNext(ahead);
    const understandIt = async () => understand(deps, box, await parsed[place]!);
    let understood = await understandIt().catch(async (error: unknown) => {
      if (group.length > 0) await storeGroup(false);
      throw error;
    });
    if (group.some((before) => changes(before, understood))) {
      await storeGroup(false);
      understood = await understandIt();
    }
    group.push(understood);
    const last = place === mails.length - 1;
    if (last || group.length === TOGETHER) await storeGroup(last);
  }
}

/** Whether what a mail does could change what is made of another one. */
function changes(before: Understood, after: Understood): boolean {
  return before.task ? before.task.id === after.task?.id : before.verdict.disposition === "request" && !after.task;
}

/** All or nothing, or else one by one, so that a mail that cannot be stored holds up only those behind it. What throws at what it says holds up nothing. */
async function storeTogether(deps: WorkerDeps, group: Understood[], readingUntil: number | null): Promise<void> {
  const last = group.at(-1)!.record;
  let received: (Received | undefined)[];
  try {
    await Promise.all(group.map(({ stored }) => stored));
    received = await deps.ledger.db.transaction(async (sql) => {
      const stored = [];
      for (const understood of group) stored.push(await store(deps, sql, understood));
      await advanceCursor(sql, last.mailbox, last.uidValidity, last.uid, readingUntil);
      return stored;
    });
  } catch (error) {
    const [first] = group as [Understood];
    if (group.length === 1) {
      if (error instanceof WaitBegan) return storeTogether(deps, [await error.mail.again()], readingUntil);
      if (first.verdict.disposition === "unreadable") throw error;
      return storeTogether(deps, [unreadable(deps, first, error)], readingUntil);
    }
    for (const understood of group) await storeTogether(deps, [understood], readingUntil);
    return;
  }
  for (const each of received) if (each) await trace(each);
}

/** The mail, the task that it settles, the request that it makes, the cursor and the audit: all or nothing. */
async function store(deps: WorkerDeps, sql: Sql, mail: Understood): Promise<Received | undefined> {
  const understood = await withoutLoop(deps, sql, await asExpected(sql, mail));
  const { task, verdict, correlation, clarification } = understood;
  const outcome = clarification ? undefined : verdict.outcome;
  const record: MessageRecord = {
    ...mail.record,
    disposition: verdict.disposition,
    reason: verdict.reason ?? null,
    taskId: task?.id ?? null,
    grade: verdict.grade ?? null,
  };
  if (record.disposition === "request" && record.receivedAt < (await restoredAt(sql))) {
    const reason = "It came in before the ledger was restored from a backup, and may have been answered.";
    Object.assign(record, { disposition: "quarantined", reason });
  }
  const late = task && (outcome ?? verdict.failures) && (await isSettled(sql, task.id));
  if (late) Object.assign(record, { disposition: "late", reason: "The task had its outcome already." });
  if (await insertMessage(sql, record)) {
    await readProof(deps, sql, mail, record.storedAt);
    await auditReceived(sql, record, understood);
    if (task && outcome && !late) await settle(sql, task, outcome, record.storedAt, record.messageId);
    // What follows from it may have been mailed before a restore.
    const since = record.receivedAt < (await restoredAt(sql)) ? record.receivedAt : record.storedAt;
    if (task && verdict.failures && !late) await fail(sql, task, verdict.failures, record, since);
    if (task && clarification) {
      await putClarification(sql, deps, deps.agents.get(task.agent)!, task, clarification, record.storedAt);
    }
    await understood.confirm?.(sql);
    if (verdict.loop !== undefined) {
      const about = { at: record.storedAt, ...(record.agent && { agent: record.agent }), ...ofMail(record) };
      await appendEvent(sql, { ...about, kind: "loop-stopped", data: { asked: verdict.loop } });
    }
    const asked = task?.agent ?? record.agent;
    if (verdict.feedback && asked !== null) {
      await recordFeedback(deps, sql, { agent: asked, task }, verdict.feedback, record.storedAt);
    }
    if (task && verdict.away) await recordAway(sql, task, verdict.away, record.storedAt, since);
    if (record.disposition === "request") {
      await acceptRequest(deps, sql, record, correlation ?? { kind: "none" }, verdict.asks);
    }
    return task && { task, record };
  }
}

/** A mail that is stored, and the task that it belongs to. */
interface Received {
  task: TaskRecord;
  record: MessageRecord;
}

async function trace({ task, record }: Received): Promise<void> {
  const attributes = {
    ...aboutTask(task),
    "langgraph_email.classification": record.classification,
    "langgraph_email.disposition": record.disposition,
    "langgraph_email.grade": record.grade ?? undefined,
  };
  await withSpan("receive", { attributes, follows: [task.traceparent], startedAt: record.storedAt }, async () => {});
}

/** Somebody has begun to wait for the mail since it was looked at. */
class WaitBegan extends Error {
  readonly mail: NonNullable<Understood["expecting"]>;

  constructor(mail: NonNullable<Understood["expecting"]>) {
    super("A wait for the mail began meanwhile.");
    this.mail = mail;
  }
}

/** Looked for in the transaction, so that a wait for such a mail which begins meanwhile is not missed. */
async function asExpected(sql: Sql, mail: Understood): Promise<Understood> {
  const { expecting } = mail;
  const task = expecting && (await findExpecting(sql, expecting.agent, expecting.message));
  if (!task) return mail;
  if (!expecting.verdict) throw new WaitBegan(expecting);
  const { record, stored, to } = mail;
  return { record, stored, task, verdict: expecting.verdict, to };
}

/** Keeps out a request of two that keep each other busy. Counted in the transaction, where all that came before is known. */
async function withoutLoop(deps: WorkerDeps, sql: Sql, mail: Understood): Promise<Understood> {
  const { record, verdict } = mail;
  const { agent, sender, storedAt: at } = record;
  if (verdict.disposition !== "request" || !verdict.asks?.follows || !agent || !sender) return mail;
  const asked = await askedWithinHour(sql, agent, sender, at);
  if (asked < deps.loops.perPair) return mail;
  const reason = `${sender} and "${agent}" have answered each other ${asked} times within an hour.`;
  return { ...mail, verdict: { ...verdict, disposition: "quarantined", reason, loop: asked } };
}

async function fail(
  sql: Sql,
  task: TaskRecord,
  failures: readonly Failure[],
  { id, disposition, storedAt }: MessageRecord,
  since: number,
): Promise<void> {
  const became = await settleBounce(sql, task.id, failures, storedAt, since);
  if (became === "mailed-again") await moveMessage(sql, id, disposition, "recorded", "The task is mailed again.");
}

export async function acceptRequest(
  deps: Pick<WorkerDeps, "serve">,
  sql: Sql,
  record: MessageRecord,
  correlation: Correlation,
  asks: Asks = { hops: 0, follows: false },
): Promise<void> {
  const served = deps.serve.served(record.agent!)!;
  const before = await requestBefore(sql, record, correlation);
  const requestId = requestIdOf(record);
  const threadId = before?.threadId ?? uuidOf(requestId);
  const created = await insertRequest(sql, {
    id: requestId,
    agent: record.agent!,
    graph: served.graph,
    threadId,
    message: record.id,
    // What asks again in a conversation is as far along as what it follows.
    hops: Math.max(asks.hops, before?.hops ?? 0),
    createdAt: record.storedAt,
  });
  if (!created) return;
  if (asks.follows && record.sender) await countAsked(sql, record.agent!, record.sender, record.storedAt);
  await registerThread(sql, threadId, served.graph);
  if (record.messageId) {
    await insertAliases(sql, { requestId }, [normalizeMessageId(record.messageId)]);
  }
  await appendEvent(sql, {
    at: record.storedAt,
    kind: "request-received",
    agent: record.agent!,
    graph: served.graph,
    threadId,
    ...ofMail(record),
    data: { requestId },
  });
}

/** LangGraph's API server takes UUIDs only: RFC 9562 section 5.8. */
function uuidOf(requestId: string): string {
  const bytes = createHash("sha256").update(requestId).digest().subarray(0, 16);
  bytes[6] = (bytes[6]! & 0x0f) | 0x80;
  bytes[8] = (bytes[8]! & 0x3f) | 0x80;
  return bytes.toString("hex").replace(/^(.{8})(.{4})(.{4})(.{4})/, "$1-$2-$3-$4-");
}

/** The request that this mail follows up, if the same sender made it: a Message-ID can be known to others. */
async function requestBefore(
  sql: Sql,
  record: MessageRecord,
  correlation: Correlation,
): Promise<RequestRecord | undefined> {
  if (correlation.kind !== "request") return undefined;
  const before = await findRequest(sql, correlation.requestId);
  const asked = before && (await findMessage(sql, before.message));
  if (!asked?.sender || !record.sender || before?.agent !== record.agent) return undefined;
  return sameAddress(asked.sender, record.sender) ? before : undefined;
}

/** The same mail delivered twice is one request: by its Message-ID and sender, and what it says. */
function requestIdOf(record: MessageRecord): string {
  const key = record.messageId ? [record.agent, record.sender, record.messageId, record.content.text] : [record.id];
  return createHash("sha256").update(JSON.stringify(key)).digest("hex");
}

async function auditReceived(
  sql: Sql,
  record: MessageRecord,
  { task, to, verdict: { injection } }: Understood,
): Promise<void> {
  await appendEvent(sql, {
    at: record.storedAt,
    kind: "received",
    ...(task && ofTask(task)),
    ...(record.agent && { agent: record.agent }),
    ...ofMail(record),
    ...(to && { to }),
    data: {
      message: record.id,
      classification: record.classification,
      disposition: record.disposition,
      ...(record.reason && { reason: record.reason }),
      ...(record.grade && { grade: record.grade }),
      ...(injection && { injection: { score: injection.score, band: injection.band, rules: injection.rules } }),
    },
  });
}

/** What the audit log says of a mail that came in. */
export function ofMail(record: MessageRecord): Pick<AuditEvent, "messageId" | "from" | "subject" | "body"> {
  const { messageId, sender, subject, raw: body } = record;
  return { ...(messageId && { messageId }), ...(sender && { from: sender }), subject, body };
}
