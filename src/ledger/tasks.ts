import type { Grade } from "../policy/assurance.ts";
import type { AttachmentRules } from "../policy/attachments.ts";
import type { InjectionThresholds } from "../policy/injection-score.ts";
import { deleteAsked, putAsked } from "./asked.ts";
import { one, type Sql, type SqlParameters } from "./database.ts";
import { withdraw } from "./outbox.ts";
import { decideWaits, undecideWaits } from "./waits.ts";
import type { FailedAttempt, StoredOutcome } from "./outcome.ts";

/** What settles a task: the lowest assurance grade that counts, and who may answer besides the addressees (addresses or `*@domain`). */
export interface Acceptance {
  grade: Grade;
  from: string[];
  /** From which injection scores on only data, or nothing, reaches the graph. Default: by who is known to have written. */
  injection?: InjectionThresholds;
  /** Which attachments a reply may have, besides what the kit refuses. */
  attachments?: AttachmentRules;
  /** How often a reply that does not hold what was asked for is answered with a mail that says so. */
  maxClarifications: number;
  /** Whether who answered is told what was understood. */
  receipt: boolean;
  /** How often a mail that bounced for a temporary reason is sent again to the same address. */
  retries: number;
  /** Whether the task's definition names whom to ask, when no candidate is left. */
  reassigns: boolean;
  /** What follows from an addressee's out-of-office reply. */
  onOutOfOffice: "wait" | "extend" | "reassign";
}

/** `remind`: those who were asked, in the same conversation · `ask`: somebody else as well, or `instead` of them. */
export type TaskStep = { at: number; kind: "remind" } | { at: number; kind: "ask"; to: string; instead: boolean };

/** A mail that is waited for and answers nothing, such as a code after a sign-up. */
export interface Expectation {
  /** Addresses or `*@domain`; empty for anyone. */
  from: string[];
  /** What the subject must contain, in any case; empty for anything. */
  subject: string;
}

/** A task as the ledger keeps it. Frozen but for its outcome, which is written once. */
export interface TaskRecord {
  id: string;
  name: string;
  agent: string;
  graph: string;
  threadId: string;
  runId: string | null;
  nodeTaskId: string;
  messageId: string;
  addressees: string[];
  subject: string;
  /** The text that was mailed: what history in a reply is matched against. */
  body: string;
  /** JSON Schema of the reply; absent where any text will do. */
  replySchema: Record<string, unknown> | null;
  accept: Acceptance;
  /** Set where no mail was sent: the task waits for one to come. */
  expects: Expectation | null;
  createdAt: number;
  deadlineAt: number;
  /** How often it was asked again so far. */
  clarifications: number;
  /** Who is asked next, where a mail bounces for good. */
  candidates: string[];
  /** Deliveries that failed so far. */
  attempts: FailedAttempt[];
  /** The addressees whom its last mail did not reach, or who are still to be mailed: empty where `resendAt` is null. */
  unreached: string[];
  /** When it is mailed to them, after such a failure. */
  resendAt: number | null;
  /** Set where the task's definition is to say who is asked then, and why: it bounced, or an addressee is away. */
  reassign: "bounce" | "away" | null;
  /** What is still to be done as long as nobody answers, earliest first. */
  steps: TaskStep[];
  /** Until when an addressee said to be away. */
  awayUntil: number | null;
  /** The span that asked, as W3C Trace Context section 3.2 writes it; null where nobody traces. */
  traceparent: string | null;
  settledAt: number | null;
  outcome: StoredOutcome | null;
}

/** In the place of a graph's name, for tasks that are sent from outside of any. */
export const TICKETS_GRAPH = "langgraph-email/mcp";

/** What is so of every task that nothing has happened to. */
export const UNTOUCHED = {
  clarifications: 0,
  candidates: [],
  attempts: [],
  unreached: [],
  resendAt: null,
  reassign: null,
  steps: [],
  awayUntil: null,
  settledAt: null,
  outcome: null,
} satisfies Partial<TaskRecord>;

interface TaskRow {
  id: string;
  name: string;
  agent: string;
  graph: string;
  thread_id: string;
  run_id: string | null;
  node_task_id: string;
  message_id: string;
  addressees_json: string;
  subject: string;
  body: string;
  reply_schema_json: string | null;
  accept_json: string;
  expects_json: string | null;
  created_at: number;
  deadline_at: number;
  clarifications: number;
  candidates_json: string;
  attempts_json: string;
  unreached_json: string;
  resend_at: number | null;
  reassign: TaskRecord["reassign"];
  steps_json: string;
  away_until: number | null;
  traceparent: string | null;
  settled_at: number | null;
  outcome_json: string | null;
}

const COLUMNS =
  "id, name, agent, graph, thread_id, run_id, node_task_id, message_id, addressees_json, subject, body, reply_schema_json, accept_json, expects_json, created_at, deadline_at, clarifications, candidates_json, attempts_json, unreached_json, resend_at, reassign, steps_json, away_until, traceparent, settled_at, outcome_json";

/** Resolves with false, and changes nothing, when the id exists. */
export async function insertTask(sql: Sql, task: TaskRecord): Promise<boolean> {
  const changes = await sql.run(
    `INSERT INTO tasks (${COLUMNS}, step_at) VALUES (:id, :name, :agent, :graph, :threadId, :runId, :nodeTaskId, :messageId, :addressees, :subject, :body, :replySchema, :accept, :expects, :createdAt, :deadlineAt, :clarifications, :candidates, :attempts, :unreached, :resendAt, :reassign, :steps, :awayUntil, :traceparent, :settledAt, :outcome, :stepAt)
     ON CONFLICT (id) DO NOTHING`,
    {
      id: task.id,
      name: task.name,
      agent: task.agent,
      graph: task.graph,
      threadId: task.threadId,
      runId: task.runId,
      nodeTaskId: task.nodeTaskId,
      messageId: task.messageId,
      addressees: JSON.stringify(task.addressees),
      subject: task.subject,
      body: task.body,
      replySchema: task.replySchema && JSON.stringify(task.replySchema),
      accept: JSON.stringify(task.accept),
      expects: task.expects && JSON.stringify(task.expects),
      createdAt: task.createdAt,
      deadlineAt: task.deadlineAt,
      clarifications: task.clarifications,
      candidates: JSON.stringify(task.candidates),
      attempts: JSON.stringify(task.attempts),
      unreached: JSON.stringify(task.unreached),
      resendAt: task.resendAt,
      reassign: task.reassign,
      steps: JSON.stringify(task.steps),
      awayUntil: task.awayUntil,
      traceparent: task.traceparent,
      settledAt: task.settledAt,
      outcome: task.outcome && JSON.stringify(task.outcome),
      stepAt: task.steps[0]?.at ?? null,
    },
  );
  if (changes === 0) return false;
  await putAsked(sql, task);
  return true;
}

export async function findTask(sql: Sql, id: string): Promise<TaskRecord | undefined> {
  const row = await one<TaskRow>(sql, `SELECT ${COLUMNS} FROM tasks WHERE id = :id`, { id });
  return row && fromRow(row);
}

/** @param where What follows `WHERE`, order and limit included. */
export async function tasksWhere(sql: Sql, where: string, parameters: SqlParameters): Promise<TaskRecord[]> {
  return (await sql.all<TaskRow>(`SELECT ${COLUMNS} FROM tasks WHERE ${where}`, parameters)).map(fromRow);
}

export async function isSettled(sql: Sql, id: string): Promise<boolean> {
  const row = await one(sql, "SELECT 1 AS settled FROM tasks WHERE id = :id AND settled_at IS NOT NULL", { id });
  return row !== undefined;
}

/** The thread's tasks of a name that no other node execution waits for or has taken, and whether this one does. */
export async function unclaimedTasks(
  sql: Sql,
  options: { threadId: string; graph: string; name: string; nodeTaskId: string; checkpointId: string },
): Promise<{ task: TaskRecord; mine: boolean }[]> {
  const waitBy = (condition: string) =>
    `EXISTS (SELECT 1 FROM wait_tasks wt JOIN waits w ON w.id = wt.wait_id WHERE wt.task_id = tasks.id AND ${condition})`;
  // A wait of an earlier checkpoint that got nothing has no claim: an update of the state took its place.
  const taken = "w.node_task_id <> :nodeTaskId AND (w.delivered_at IS NOT NULL OR w.checkpoint_id = :checkpointId)";
  const rows = await sql.all<TaskRow & { mine: number }>(
    `SELECT ${COLUMNS}, ${waitBy("w.node_task_id = :nodeTaskId")} AS mine FROM tasks
     WHERE thread_id = :threadId AND graph = :graph AND name = :name AND NOT ${waitBy(taken)}`,
    options,
  );
  return rows.map((row) => ({ task: fromRow(row), mine: Boolean(row.mine) })).filter(({ task }) => !isSuperseded(task));
}

/** Whether the part of the thread that asked is gone. */
function isSuperseded({ outcome }: TaskRecord): boolean {
  return outcome?.kind === "cancelled" && (outcome.by === "new-input" || outcome.by === "thread-deleted");
}

/** A thread's tasks without an outcome. */
export async function openTasks(sql: Sql, threadId: string): Promise<TaskRecord[]> {
  return tasksWhere(sql, `thread_id = :threadId AND settled_at IS NULL`, { threadId });
}

/** The agent's open tasks that wait for a mail to come, oldest first. */
export async function expectingTasks(sql: Sql, agent: string): Promise<TaskRecord[]> {
  return tasksWhere(sql, `agent = :agent AND expects_json IS NOT NULL AND settled_at IS NULL ORDER BY created_at, id`, {
    agent,
  });
}

/** Open tasks whose deadline has come; `which`: all, or those whose mail still lies in the outbox, so that nobody can have answered. */
export async function dueTasks(
  sql: Sql,
  options: { now: number; limit: number; which: "all" | "not-sent" },
): Promise<TaskRecord[]> {
  const { now, limit, which } = options;
  const notSent = "AND EXISTS (SELECT 1 FROM outbox WHERE outbox.task_id = tasks.id AND outbox.state = 'due')";
  return tasksWhere(
    sql,
    `settled_at IS NULL AND deadline_at <= :now ${which === "all" ? "" : notSent} ORDER BY deadline_at LIMIT :limit`,
    { now, limit },
  );
}

/** What an agent has asked for from outside of any graph, newest first. */
export async function ticketsOf(sql: Sql, agent: string, limit: number): Promise<TaskRecord[]> {
  // Written out, or SQLite would not see that the index is about these.
  return tasksWhere(sql, `graph = '${TICKETS_GRAPH}' AND agent = :agent ORDER BY created_at DESC LIMIT :limit`, {
    agent,
    limit,
  });
}

export async function nextDeadline(sql: Sql): Promise<number | undefined> {
  const row = await one<{ at: number | null }>(
    sql,
    "SELECT MIN(deadline_at) AS at FROM tasks WHERE settled_at IS NULL",
  );
  return row?.at ?? undefined;
}

/** Freezes the outcome of an open task; resolves with false when another outcome came first. Withdraws what has not gone out, and decides the waits for it. */
export async function settleTask(sql: Sql, id: string, outcome: StoredOutcome, now: number): Promise<boolean> {
  const changes = await sql.run(
    "UPDATE tasks SET outcome_json = :outcome, outcome_kind = :kind, settled_at = :now WHERE id = :id AND settled_at IS NULL",
    { id, outcome: JSON.stringify(outcome), kind: outcome.kind, now },
  );
  if (changes === 0) return false;
  await deleteAsked(sql, id);
  await withdraw(sql, id);
  await decideWaits(sql, id, now);
  return true;
}

/** Notes until when an addressee is away, and the deadline that follows from it. Only a later day than was known changes anything. */
export async function markAway(sql: Sql, id: string, awayUntil: number, deadlineAt: number): Promise<boolean> {
  const changes = await sql.run(
    `UPDATE tasks SET away_until = :awayUntil, deadline_at = :deadlineAt
     WHERE id = :id AND settled_at IS NULL AND (away_until IS NULL OR away_until < :awayUntil)`,
    { id, awayUntil, deadlineAt },
  );
  return changes > 0;
}

/**
 * Counts one more clarification of an open task, and adds its text to what replies are read against. Resolves with false when the task was
 * settled or clarified meanwhile.
 */
export async function countClarification(sql: Sql, task: TaskRecord, text: string): Promise<boolean> {
  const changes = await sql.run(
    `UPDATE tasks SET clarifications = clarifications + 1, body = body || :text
     WHERE id = :id AND clarifications = :clarifications AND settled_at IS NULL`,
    { id: task.id, clarifications: task.clarifications, text: `\n\n${text}` },
  );
  return changes > 0;
}

/** Takes back an outcome that the task's own schema refused: the task is open again, and whoever waits for it parks again. Resolves with false when that was done before. */
export async function reopenTask(sql: Sql, task: TaskRecord): Promise<boolean> {
  const changes = await sql.run(
    "UPDATE tasks SET outcome_json = NULL, outcome_kind = NULL, settled_at = NULL, reply_schema_json = :replySchema WHERE id = :id AND settled_at = :settledAt AND clarifications = :clarifications",
    {
      id: task.id,
      settledAt: task.settledAt,
      clarifications: task.clarifications,
      replySchema: task.replySchema && JSON.stringify(task.replySchema),
    },
  );
  if (changes === 0) return false;
  await putAsked(sql, task);
  await undecideWaits(sql, task.id);
  return true;
}

/** Puts another outcome in the place of one that the task's own schema refused. Resolves with false when that was done before. */
export async function replaceOutcome(
  sql: Sql,
  task: TaskRecord,
  outcome: StoredOutcome,
  now: number,
): Promise<boolean> {
  const changes = await sql.run(
    "UPDATE tasks SET outcome_json = :outcome, outcome_kind = :kind WHERE id = :id AND settled_at = :settledAt AND outcome_kind <> :kind",
    {
      kind: outcome.kind,
      id: task.id,
      settledAt: task.settledAt,
      outcome: JSON.stringify(outcome),
    },
  );
  if (changes === 0) return false;
  await undecideWaits(sql, task.id);
  await decideWaits(sql, task.id, now);
  return true;
}

function fromRow(row: TaskRow): TaskRecord {
  return {
    id: row.id,
    name: row.name,
    agent: row.agent,
    graph: row.graph,
    threadId: row.thread_id,
    runId: row.run_id,
    nodeTaskId: row.node_task_id,
    messageId: row.message_id,
    addressees: JSON.parse(row.addressees_json) as string[],
    subject: row.subject,
    body: row.body,
    replySchema: row.reply_schema_json === null ? null : (JSON.parse(row.reply_schema_json) as Record<string, unknown>),
    accept: JSON.parse(row.accept_json) as Acceptance,
    expects: row.expects_json === null ? null : (JSON.parse(row.expects_json) as Expectation),
    createdAt: row.created_at,
    deadlineAt: row.deadline_at,
    clarifications: row.clarifications,
    candidates: JSON.parse(row.candidates_json) as string[],
    attempts: JSON.parse(row.attempts_json) as FailedAttempt[],
    unreached: JSON.parse(row.unreached_json) as string[],
    resendAt: row.resend_at,
    reassign: row.reassign,
    steps: JSON.parse(row.steps_json) as TaskStep[],
    awayUntil: row.away_until,
    traceparent: row.traceparent,
    settledAt: row.settled_at,
    outcome: row.outcome_json === null ? null : (JSON.parse(row.outcome_json) as StoredOutcome),
  };
}
