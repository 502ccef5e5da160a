import type { Agent } from "../accounts/agent.ts";
import { EmailKitError, isOutage } from "../errors.ts";
import { insertAliases } from "../ledger/aliases.ts";
import type { Sql } from "../ledger/database.ts";
import { forgetHold } from "../ledger/holds.ts";
import {
  abandonedRows,
  markDoubtful,
  markFailed,
  markSending,
  markSubmitted,
  nextOutboxTime,
  type OutboxRow,
  renewOutboxLease,
  reschedule,
} from "../ledger/outbox.ts";
import type { Suppression } from "../ledger/suppressions.ts";
import { findTask } from "../ledger/tasks.ts";
import { sameAddress } from "../mail/address.ts";
import { normalizeMessageId } from "../mail/message-id.ts";
import { throttleOf } from "../policy/throttle.ts";
import type { RefusedRecipient, SubmitResult } from "../transport/transport.ts";
import { pause } from "../transport/wait.ts";
import { withSpan } from "../spans.ts";
import { backoffMs } from "../time/backoff.ts";
import { auditMail } from "./audit-mail.ts";
import { settleBounce } from "./bounce.ts";
import type { WorkerDeps } from "./deps.ts";
import { refusalOf, refuseMail } from "./gate.ts";
import { expireDue } from "./expire.ts";
import { recordFeedback } from "./feedback.ts";
import { submitProven } from "./proof.ts";
import { throttleAccount } from "./throttle.ts";
import { accountUnit } from "./units.ts";
import { leaseDue, type LeasedRow, suppressionText, uncount } from "./lease.ts";

const BATCH = 20;
/** About five minutes in all. */
const STORE_RETRY = { firstMs: 200, maxMs: 5_000, tries: 65 };
/** Between tries of a mail that is refused for now. */
export const SUBMIT_RETRY = { firstMs: 15_000, maxMs: 1_800_000 };

/** Hands over what is due, each mail for itself: a server that is slow with one holds up no other. */
export interface Dispatcher {
  /** Begins with everything that is due and has room, until `signal` aborts. Resolves with the number of mails; throws what the ledger did with an earlier one. */
  fill(signal: AbortSignal): Promise<number>;
  /** Resolves when nothing is under way. */
  idle(): Promise<void>;
}

/** @param onDone There is room again. */
export function createDispatcher(deps: WorkerDeps, onDone: () => void): Dispatcher {
  const underWay: UnderWay = new Map();
  const errors: unknown[] = [];
  const begin = (row: LeasedRow, holder: string, signal: AbortSignal) => {
    const work = dispatch(deps, row, holder, signal)
      .catch((error: unknown) => void errors.push(error))
      .finally(() => {
        underWay.delete(row.id);
        onDone();
      });
    underWay.set(row.id, { agent: row.agent, work });
  };
  return {
    async fill(signal) {
      const [error] = errors.splice(0);
      if (error !== undefined) throw error;
      return dispatchDue(deps, signal, underWay, begin);
    },
    async idle() {
      await Promise.all([...underWay.values()].map(({ work }) => work));
    },
  };
}

/** By the mail's id in the outbox. */
type UnderWay = Map<string, { agent: string; work: Promise<unknown> }>;

async function dispatchDue(
  deps: WorkerDeps,
  signal: AbortSignal,
  underWay: UnderWay,
  begin: (row: LeasedRow, holder: string, signal: AbortSignal) => void,
): Promise<number> {
  const { db } = deps.ledger;
  let tried = 0;
  const holder = deps.newId();
  for (;;) {
    const due = await nextDispatch(deps);
    if (signal.aborted || due === undefined || due > deps.clock()) return tried;
    if (tried === 0) {
      await takeUpAbandoned(deps, underWay);
      // What has passed its deadline here must not go out any more.
      await expireDue(deps, "not-sent");
    }
    const agents = agentsWithRoom(deps, underWay);
    if (agents.length === 0) return tried;
    const { leased, refused } = await db.transaction((sql) => lease(deps, sql, agents, holder));
    if (leased.length + refused.length === 0) return tried;
    for (const row of leased) begin(row, holder, signal);
    tried += leased.length + refused.length;
  }
}

/** Not at each mail that ends: to claim some together costs as much as to claim one. */
function agentsWithRoom({ agents }: WorkerDeps, underWay: UnderWay): Agent[] {
  const rows = [...underWay.values()];
  return [...agents.values()].filter(({ name }) => rows.filter(({ agent }) => agent === name).length <= BATCH / 2);
}

async function lease(deps: WorkerDeps, sql: Sql, agents: readonly Agent[], holder: string) {
  const now = deps.clock();
  const result = await leaseDue(sql, { agents, holder, now, leaseMs: deps.leaseMs, limit: BATCH });
  for (const { row, suppression } of result.refused) {
    const refused = refusedBefore(suppression);
    await auditMail(sql, row, "submission-refused", now, { diagnostic: refused.diagnostic });
    const all = row.envelope.to.map((address) => ({ ...refused, address }));
    await settleRefused(sql, row, all, now);
  }
  return result;
}

function refusedBefore(suppression: Suppression): RefusedRecipient {
  const { address, status } = suppression;
  const diagnostic = suppressionText(suppression);
  return { address, diagnostic, permanent: true, ...(status !== null && { enhancedStatus: status }) };
}

export async function nextDispatch(deps: WorkerDeps): Promise<number | undefined> {
  return nextOutboxTime(deps.ledger.db);
}

async function dispatch(deps: WorkerDeps, row: LeasedRow, holder: string, signal: AbortSignal): Promise<void> {
  const { db } = deps.ledger;
  const refusal = refusalOf(deps.agents.get(row.agent)!, row);
  if (refusal) {
    await db.transaction(async (sql) => {
      const now = deps.clock();
      await refuseMail(sql, row, refusal, now);
      await uncount(sql, deps.agents.get(row.agent), row);
      await auditMail(sql, row, "submission-refused", now, { diagnostic: refusal.message, code: refusal.code });
    });
    deps.log.warn(`A mail was not submitted: ${refusal.message}`, { code: refusal.code, messageId: row.messageId });
    return;
  }
  const heartbeat = setInterval(() => {
    renewOutboxLease(db, row.id, holder, deps.clock() + deps.leaseMs).catch(() => {});
  }, deps.leaseMs / 3);
  try {
    const result = await submitInSpan(deps, row, holder);
    await untilStored(signal, () => db.transaction((sql) => record(deps, sql, row, result, holder)));
    if (result.kind === "submitted") return;
    deps.log.warn(`A mail was not submitted: ${result.error.message}`, {
      code: result.error.code,
      messageId: row.messageId,
    });
  } finally {
    clearInterval(heartbeat);
  }
}

/** What became of a mail is known here alone: forgotten, it would go out a second time. */
async function untilStored(signal: AbortSignal, store: () => Promise<void>): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await store();
    } catch (error) {
      if (signal.aborted || attempt === STORE_RETRY.tries || !isOutage(error)) throw error;
      await pause(backoffMs(attempt, STORE_RETRY), signal);
    }
  }
}

/** A span of its own for each try: what is an error for the server, may be none for the task. */
async function submitInSpan(deps: WorkerDeps, row: LeasedRow, holder: string): Promise<SubmitResult> {
  const server = deps.agents.get(row.agent)!.account.smtp;
  const attributes = {
    "messaging.message.id": row.messageId,
    "messaging.message.conversation_id": row.taskId ?? undefined,
    "server.address": server?.host,
    "server.port": server?.port,
    "langgraph_email.agent": row.agent,
    "langgraph_email.thread_id": row.threadId ?? undefined,
    "langgraph_email.mail": row.kind,
  };
  return withSpan("submit", { attributes, follows: [row.traceparent] }, async (span) => {
    const result = await submit(deps, row, holder);
    span.set({ "langgraph_email.result": result.kind });
    if (result.kind !== "submitted") span.set({ "error.type": result.error.code });
    return result;
  });
}

async function submit(deps: WorkerDeps, row: OutboxRow, holder: string): Promise<SubmitResult> {
  let raw: Uint8Array;
  try {
    raw = await deps.blobs.get(row.raw);
  } catch (error) {
    // Others' mail goes out meanwhile, and this one when its content is back, or its task expires.
    if (!(error instanceof EmailKitError)) throw error;
    return { kind: "deferred", diagnostic: error.message, error };
  }
  return deps.submitters.get(row.agent)!.submit({
    envelope: row.envelope,
    raw,
    async onHandover() {
      if (!(await markSending(deps.ledger.db, row.id, holder))) throw new Error("The mail is not to go out any more.");
    },
  });
}

async function record(deps: WorkerDeps, sql: Sql, row: LeasedRow, result: SubmitResult, holder: string): Promise<void> {
  const now = deps.clock();
  const agent = deps.agents.get(row.agent)!;
  if (result.kind === "refused" || result.kind === "deferred") {
    const throttle = throttleOf(result);
    if (throttle) {
      await throttleAccount(sql, agent, { kind: throttle, diagnostic: result.diagnostic }, now);
      // Also where it says that for good: it means the account, and the mail goes out when that may send again.
      return defer(deps, sql, row, result, holder);
    }
  }
  switch (result.kind) {
    case "submitted": {
      await markSubmitted(sql, row.id, now);
      const target = row.taskId ? { taskId: row.taskId } : { requestId: row.requestId! };
      await insertAliases(sql, target, result.serverMessageIds.map(normalizeMessageId));
      await auditMail(sql, row, "submitted", now, {
        response: result.response,
        serverMessageIds: result.serverMessageIds,
      });
      await forgetHold(sql, accountUnit(agent), now);
      // Copies may have gone out, and nothing to those who are asked.
      await settleRefused(sql, row, [...row.suppressed.map(refusedBefore), ...result.refused], now);
      await recordRefused(deps, sql, row, result.refused, now);
      return;
    }
    case "refused": {
      await markFailed(sql, row.id, "refused", result.diagnostic);
      await auditMail(sql, row, "submission-refused", now, { diagnostic: result.diagnostic });
      await settleRefused(sql, row, [...row.suppressed.map(refusedBefore), ...refusedWhole(row, result)], now);
      await recordRefused(deps, sql, row, result.refused, now);
      return;
    }
    case "deferred":
      return defer(deps, sql, row, result, holder);
    case "unknown":
      await recordUnknown(deps, sql, row, result.diagnostic);
  }
}

async function defer(
  deps: WorkerDeps,
  sql: Sql,
  row: LeasedRow,
  { diagnostic, error }: Extract<SubmitResult, { kind: "refused" | "deferred" }>,
  holder: string,
): Promise<void> {
  const now = deps.clock();
  if (await submitProven(sql, row, now)) return;
  const dueAt = now + backoffMs(row.attempts, SUBMIT_RETRY);
  // Whoever took it over has taken back what was counted here.
  if (!(await reschedule(sql, row.id, dueAt, diagnostic, holder))) return;
  await uncount(sql, deps.agents.get(row.agent), row);
  await auditMail(sql, row, "submission-deferred", now, { diagnostic, code: error.code, dueAt });
}

/** What the server says of recipients counts for the agent's reputation, whatever the mail was. */
async function recordRefused(
  deps: WorkerDeps,
  sql: Sql,
  row: OutboxRow,
  refused: readonly RefusedRecipient[],
  now: number,
): Promise<void> {
  const recipients = refused
    .filter(({ permanent }) => permanent)
    .map(({ address, enhancedStatus: status }) => ({ address, ...(status !== undefined && { status }) }));
  if (recipients.length === 0) return;
  const task = row.taskId === null ? undefined : await findTask(sql, row.taskId);
  await recordFeedback(deps, sql, { agent: row.agent, task }, { kind: "bounced", recipients }, now);
}

/** What it means for a task that a mail of its was not taken for these. */
async function settleRefused(
  sql: Sql,
  row: OutboxRow,
  refused: readonly Omit<RefusedRecipient, "replyCode">[],
  now: number,
): Promise<void> {
  if (!row.taskId || row.kind !== "task" || refused.length === 0) return;
  const failures = refused.map(({ address: recipient, enhancedStatus: status, diagnostic, permanent }) => {
    return { recipient, ...(status && { status }), diagnostic, permanent };
  });
  await settleBounce(sql, row.taskId, failures, now);
}

/** Each recipient of a mail that was refused as a whole, with what was said of them or of all. */
function refusedWhole(row: OutboxRow, result: Extract<SubmitResult, { kind: "refused" }>): RefusedRecipient[] {
  const { refused, diagnostic, enhancedStatus } = result;
  return row.envelope.to.map((address) => {
    const own = refused.find((one) => sameAddress(one.address, address));
    return own ?? { address, diagnostic, permanent: true, ...(enhancedStatus !== undefined && { enhancedStatus }) };
  });
}

async function recordUnknown(deps: WorkerDeps, sql: Sql, row: OutboxRow, diagnostic: string): Promise<void> {
  const now = deps.clock();
  if (await submitProven(sql, row, now)) return;
  const reason = `It may or may not have been accepted: ${diagnostic}`;
  await markDoubtful(sql, row.id);
  if (deps.onDoubt.kind === "hold") await markFailed(sql, row.id, "unknown", reason);
  else await reschedule(sql, row.id, now + deps.onDoubt.afterMs, reason);
  await auditMail(sql, row, "submission-unknown", now, { diagnostic, policy: deps.onDoubt.kind });
}

/** A process that died while it handed a mail over leaves the same doubt as a connection that broke then. */
async function takeUpAbandoned(deps: WorkerDeps, underWay: UnderWay): Promise<void> {
  const { db } = deps.ledger;
  const now = deps.clock();
  const isOthers = ({ id }: OutboxRow) => !underWay.has(id);
  if (!(await abandonedRows(db, now)).some(isOthers)) return;
  await db.transaction(async (sql) => {
    for (const row of (await abandonedRows(sql, now)).filter(isOthers)) {
      const what = "the process that submitted it vanished";
      if (row.state === "sending") {
        await recordUnknown(deps, sql, row, what);
        continue;
      }
      if (await submitProven(sql, row, now)) continue;
      await reschedule(sql, row.id, now, what);
      await uncount(sql, deps.agents.get(row.agent), row);
      await auditMail(sql, row, "submission-deferred", now, { diagnostic: what, dueAt: now });
    }
  });
}
