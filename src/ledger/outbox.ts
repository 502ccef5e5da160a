import { one, type Sql } from "./database.ts";

/**
 * `due`: to be submitted at `dueAt` · `leased`: claimed by a worker, nothing handed over · `sending`: being handed over · `submitted`: the server took it · `refused`: it never will ·
 * `unknown`: lost after the data was sent · `withdrawn`: its task was settled before it went out, or, where there is doubt, before it was known to have gone out ·
 * `held`: until a person has approved it.
 */
export type OutboxState = "due" | "leased" | "sending" | "submitted" | "refused" | "unknown" | "withdrawn" | "held";

/** `task`: asks · `clarification`: asks again, for what was missing in a reply · `reminder`: that an answer is waited for · `receipt`: says what was understood · `cancellation`: no answer is needed any more · `answer`: of a served agent. */
export type OutboxKind = "task" | "clarification" | "reminder" | "receipt" | "cancellation" | "answer";

/** What is not to go out any more once its task is settled. */
const ASKS = "kind IN ('task', 'clarification', 'reminder')";

/** A finished mail on its way out. Its bytes never change, so that a retry carries the same Message-ID. */
export interface OutboxRow {
  id: string;
  kind: OutboxKind;
  taskId: string | null;
  requestId: string | null;
  agent: string;
  messageId: string;
  envelope: { from: string; to: string[] };
  /** Reference into the blob store. */
  raw: string;
  dueAt: number;
  attempts: number;
  createdAt: number;
  /** The minute in which it was counted when it was leased; null for one that never was. */
  countedAt?: number | null;
  /** How many recipients were counted: without those whom nothing is mailed to any more. */
  recipients?: number;
}

interface Row {
  id: string;
  kind: OutboxKind;
  task_id: string | null;
  request_id: string | null;
  agent: string;
  message_id: string;
  envelope_json: string;
  raw: string;
  due_at: number;
  attempts: number;
  created_at: number;
  counted_at: number | null;
  recipients: number;
}

const INSERTED = "id, kind, task_id, request_id, agent, message_id, envelope_json, raw, due_at, attempts, created_at";
const COLUMNS = `${INSERTED}, counted_at, recipients`;
/** In the very words of the index `outbox_due`, which holds these rows alone. */
const PENDING = "state IN ('due', 'leased', 'sending')";

/** The server has it, or may have it. */
const MAY_BE_OUT = "(state IN ('sending', 'submitted', 'unknown') OR doubt = 1)";

export async function insertOutbox(sql: Sql, row: OutboxRow, state: "due" | "held" = "due"): Promise<void> {
  await sql.run(
    `INSERT INTO outbox (${INSERTED}, recipients, state) VALUES (:id, :kind, :taskId, :requestId, :agent, :messageId, :envelope, :raw, :dueAt, :attempts, :createdAt, :recipients, :state)
     ON CONFLICT (id) DO NOTHING`,
    {
      id: row.id,
      kind: row.kind,
      taskId: row.taskId,
      requestId: row.requestId,
      agent: row.agent,
      messageId: row.messageId,
      envelope: JSON.stringify(row.envelope),
      raw: row.raw,
      dueAt: row.dueAt,
      attempts: row.attempts,
      createdAt: row.createdAt,
      recipients: row.envelope.to.length,
      state,
    },
  );
}

/** A row that is due, with the LangGraph thread that it belongs to, and the span that asked for it. */
export type DueRow = OutboxRow & { threadId: string | null; traceparent: string | null };

/** Rows of these agents that are due, the longest due first. To be claimed with {@link leaseRows} in the same transaction. */
export async function dueRows(
  sql: Sql,
  options: { agents: readonly string[]; now: number; limit: number },
): Promise<DueRow[]> {
  const rows = await sql.all<Row & { thread_id: string | null; traceparent: string | null }>(
    `SELECT ${COLUMNS}, COALESCE((SELECT thread_id FROM tasks WHERE tasks.id = outbox.task_id),
                                 (SELECT thread_id FROM requests WHERE requests.id = outbox.request_id)) AS thread_id,
            (SELECT traceparent FROM tasks WHERE tasks.id = outbox.task_id) AS traceparent
     FROM outbox WHERE state = 'due' AND due_at <= :now AND agent IN :agents ORDER BY due_at, created_at LIMIT :limit`,
    options,
  );
  return rows.map((row) => ({ ...fromRow(row), threadId: row.thread_id, traceparent: row.traceparent }));
}

/** Claims due rows for `holder`; they are counted in the minute `countedAt`. */
export async function leaseRows(
  sql: Sql,
  ids: readonly string[],
  lease: { holder: string; until: number; countedAt: number | null },
): Promise<void> {
  await sql.run(
    `UPDATE outbox SET state = 'leased', holder = :holder, lease_until = :until, attempts = attempts + 1, counted_at = :countedAt
     WHERE id IN :ids AND state = 'due'`,
    { ids, ...lease },
  );
}

/** It counts for so many. */
export async function setRecipients(sql: Sql, id: string, recipients: number): Promise<void> {
  await sql.run("UPDATE outbox SET recipients = :recipients WHERE id = :id", { id, recipients });
}

/** A due row waits until then. */
export async function postpone(sql: Sql, id: string, dueAt: number): Promise<void> {
  await sql.run("UPDATE outbox SET due_at = :dueAt WHERE id = :id AND state = 'due'", { id, dueAt });
}

/** How many mails of each of these agents wait to go out, and to how many recipients. */
export async function queuedMails(
  sql: Sql,
  agents: readonly string[],
): Promise<Map<string, { mails: number; recipients: number }>> {
  const rows = await sql.all<{ agent: string; mails: number; recipients: number }>(
    "SELECT agent, COUNT(*) AS mails, CAST(SUM(recipients) AS INTEGER) AS recipients FROM outbox WHERE state = 'due' AND agent IN :agents GROUP BY agent",
    { agents },
  );
  return new Map(rows.map(({ agent, mails, recipients }) => [agent, { mails, recipients }]));
}

/** To how many recipients the mails of a thread's open tasks are that wait to go out. */
export async function queuedOfThread(sql: Sql, threadId: string): Promise<number> {
  const row = await one<{ n: number | null }>(
    sql,
    `SELECT CAST(SUM(recipients) AS INTEGER) AS n FROM tasks JOIN outbox ON outbox.task_id = tasks.id
     WHERE tasks.thread_id = :threadId AND tasks.settled_at IS NULL AND outbox.state = 'due'`,
    { threadId },
  );
  return row?.n ?? 0;
}

/** The holder is still at it. */
export async function renewOutboxLease(sql: Sql, id: string, holder: string, until: number): Promise<void> {
  await sql.run("UPDATE outbox SET lease_until = :until WHERE id = :id AND holder = :holder", { id, holder, until });
}

/** The mail is about to be handed over: from here on nobody knows what became of it unless we say so. Resolves with false when it must not go out any more. */
export async function markSending(sql: Sql, id: string, holder: string): Promise<boolean> {
  const changes = await sql.run(
    `UPDATE outbox SET state = 'sending' WHERE id = :id AND holder = :holder AND submitted_at IS NULL
       AND NOT (${ASKS} AND EXISTS (SELECT 1 FROM tasks WHERE tasks.id = outbox.task_id AND tasks.settled_at IS NOT NULL))`,
    { id, holder },
  );
  return changes > 0;
}

/** Rows whose submitter vanished: those `leased` are safe to send again, of those `sending` nobody knows. */
export async function abandonedRows(sql: Sql, now: number): Promise<(OutboxRow & { state: "leased" | "sending" })[]> {
  const rows = await sql.all<Row & { state: "leased" | "sending" }>(
    `SELECT ${COLUMNS}, state FROM outbox WHERE ${PENDING} AND state <> 'due' AND lease_until < :now`,
    { now },
  );
  return rows.map((row) => ({ ...fromRow(row), state: row.state }));
}

/** When something becomes due, or a lease runs out. */
export async function nextOutboxTime(sql: Sql): Promise<number | undefined> {
  const row = await one<{ at: number | null }>(
    sql,
    `SELECT MIN(CASE state WHEN 'due' THEN due_at ELSE lease_until + 1 END) AS at FROM outbox WHERE ${PENDING}`,
  );
  return row?.at ?? undefined;
}

export async function markSubmitted(sql: Sql, id: string, now: number): Promise<void> {
  await sql.run(
    "UPDATE outbox SET state = 'submitted', submitted_at = :now, holder = NULL, lease_until = NULL, last_error = NULL, doubt = 0 WHERE id = :id",
    { id, now },
  );
}

/** The server may have taken the mail, and nobody has said so. Stays until somebody does. */
export async function markDoubtful(sql: Sql, id: string): Promise<void> {
  await sql.run("UPDATE outbox SET doubt = 1 WHERE id = :id", { id });
}

/** The server had taken the mail, as is proven by an answer to it. Who is handing it over may not know yet. */
export async function markProven(sql: Sql, id: string, now: number): Promise<void> {
  await sql.run("UPDATE outbox SET submitted_at = :now WHERE id = :id AND submitted_at IS NULL", { id, now });
}

/** A mail that nobody has called submitted. `mayBeOut`: the server may have it. */
export type UnprovenMail = OutboxRow & { state: OutboxState; mayBeOut: boolean };

/** Those of a task, and how many mails it has in all. */
export async function unprovenMails(sql: Sql, taskId: string): Promise<{ mails: UnprovenMail[]; all: number }> {
  const rows = await sql.all<Row & { state: OutboxState; submitted_at: number | null; may_be_out: number }>(
    `SELECT ${COLUMNS}, state, submitted_at, CASE WHEN ${MAY_BE_OUT} THEN 1 ELSE 0 END AS may_be_out FROM outbox WHERE task_id = :taskId`,
    { taskId },
  );
  const open = rows.filter((row) => row.submitted_at === null && row.state !== "refused" && row.state !== "held");
  const mails = open.map((row) => ({ ...fromRow(row), state: row.state, mayBeOut: row.may_be_out === 1 }));
  return { mails, all: rows.length };
}

/** Whom a task's mails have reached, or may have; and the Message-ID of the last one that asked each of them. */
export async function reachedBy(sql: Sql, taskId: string): Promise<Map<string, string>> {
  const rows = await sql.all<{ envelope_json: string; message_id: string }>(
    `SELECT envelope_json, message_id FROM outbox WHERE task_id = :taskId AND kind = 'task' AND ${MAY_BE_OUT} ORDER BY created_at`,
    { taskId },
  );
  return new Map(
    rows.flatMap(({ envelope_json, message_id }) =>
      (JSON.parse(envelope_json) as OutboxRow["envelope"]).to.map((to) => [to, message_id] as const),
    ),
  );
}

/** Who got the answer to a request, or to a mail that an agent answered by itself. */
export async function answeredTo(sql: Sql, requestId: string): Promise<string[]> {
  const rows = await sql.all<{ envelope_json: string }>(
    "SELECT envelope_json FROM outbox WHERE request_id = :requestId",
    { requestId },
  );
  return rows.flatMap((row) => (JSON.parse(row.envelope_json) as OutboxRow["envelope"]).to);
}

/** Withdraws what would still ask for a task that is settled. */
export async function withdraw(sql: Sql, taskId: string): Promise<void> {
  await sql.run(
    `UPDATE outbox SET state = 'withdrawn' WHERE task_id = :taskId AND ${ASKS} AND state IN ('due', 'held')`,
    {
      taskId,
    },
  );
}

/** A held mail goes out after all, or never, or may have gone out, for the reason `doubt`. Resolves with false when it is held no more. */
export async function unhold(
  sql: Sql,
  id: string,
  state: "due" | "withdrawn" | "unknown",
  now: number,
  doubt: string | null = null,
): Promise<boolean> {
  const changes = await sql.run(
    "UPDATE outbox SET state = :state, due_at = :now, last_error = :doubt WHERE id = :id AND state = 'held'",
    { id, state, now, doubt },
  );
  return changes > 0;
}

export async function markFailed(sql: Sql, id: string, state: "refused" | "unknown", error: string): Promise<void> {
  await sql.run(
    "UPDATE outbox SET state = :state, holder = NULL, lease_until = NULL, last_error = :error WHERE id = :id",
    { id, state, error },
  );
}

/** Due again at `dueAt`, unless its task has been settled meanwhile. Resolves with false where `holder` (if given) no longer has it. */
export async function reschedule(
  sql: Sql,
  id: string,
  dueAt: number,
  error: string,
  holder: string | null = null,
): Promise<boolean> {
  const changes = await sql.run(
    `UPDATE outbox SET due_at = :dueAt, holder = NULL, lease_until = NULL, last_error = :error,
       state = CASE WHEN ${ASKS} AND (SELECT settled_at FROM tasks WHERE tasks.id = outbox.task_id) IS NOT NULL THEN 'withdrawn' ELSE 'due' END
     WHERE id = :id AND holder = COALESCE(CAST(:holder AS TEXT), holder)`,
    { id, dueAt, error, holder },
  );
  return changes > 0;
}

export async function findOutbox(sql: Sql, id: string): Promise<OutboxRow | undefined> {
  const row = await one<Row>(sql, `SELECT ${COLUMNS} FROM outbox WHERE id = :id`, { id });
  return row && fromRow(row);
}

export async function outboxState(
  sql: Sql,
  id: string,
): Promise<{ state: OutboxState; attempts: number; lastError: string | null; submittedAt: number | null } | undefined> {
  return one(
    sql,
    `SELECT state, attempts, last_error AS "lastError", submitted_at AS "submittedAt" FROM outbox WHERE id = :id`,
    { id },
  );
}

function fromRow(row: Row): OutboxRow {
  return {
    id: row.id,
    kind: row.kind,
    taskId: row.task_id,
    requestId: row.request_id,
    agent: row.agent,
    messageId: row.message_id,
    envelope: JSON.parse(row.envelope_json) as OutboxRow["envelope"],
    raw: row.raw,
    dueAt: row.due_at,
    attempts: row.attempts,
    createdAt: row.created_at,
    countedAt: row.counted_at,
    recipients: row.recipients,
  };
}
