import type { Sql } from "./database.ts";

/** One line of the audit log: what happened, to whom it belongs, and plain details. Only ever appended. */
export interface AuditEvent {
  seq: number;
  /** Milliseconds since the epoch. */
  at: number;
  kind: AuditKind;
  agent?: string;
  graph?: string;
  threadId?: string;
  runId?: string;
  taskId?: string;
  messageId?: string;
  data: Record<string, unknown>;
}

export type AuditKind =
  | "task-created"
  | "submitted"
  | "submission-deferred"
  | "submission-refused"
  | "submission-unknown"
  | "parked"
  | "received"
  | "expecting"
  | "clarifying"
  | "mailing-again"
  | "reminded"
  | "escalated"
  | "released"
  | "away"
  | "settled"
  | "resumed"
  | "run-failed"
  | "stalled"
  | "retried"
  | "request-received"
  | "request-answered";

interface Row {
  seq: number;
  at: number;
  kind: AuditKind;
  agent: string | null;
  graph: string | null;
  thread_id: string | null;
  run_id: string | null;
  task_id: string | null;
  message_id: string | null;
  data_json: string;
}

export async function appendEvent(sql: Sql, event: Omit<AuditEvent, "seq">): Promise<void> {
  await sql.run(
    `INSERT INTO events (at, kind, agent, graph, thread_id, run_id, task_id, message_id, data_json)
     VALUES (:at, :kind, :agent, :graph, :threadId, :runId, :taskId, :messageId, :data)`,
    {
      at: event.at,
      kind: event.kind,
      agent: event.agent ?? null,
      graph: event.graph ?? null,
      threadId: event.threadId ?? null,
      runId: event.runId ?? null,
      taskId: event.taskId ?? null,
      messageId: event.messageId ?? null,
      data: JSON.stringify(event.data),
    },
  );
}

/** Events in the order they happened: all, or a thread's, from behind `after`. */
export async function readEvents(
  sql: Sql,
  options: { threadId?: string; after?: number; limit?: number } = {},
): Promise<AuditEvent[]> {
  const { threadId, after = 0, limit = 10_000 } = options;
  const rows = await sql.all<Row>(
    `SELECT seq, at, kind, agent, graph, thread_id, run_id, task_id, message_id, data_json FROM events
     WHERE seq > :after ${threadId === undefined ? "" : "AND thread_id = :threadId"} ORDER BY seq LIMIT :limit`,
    { after, limit, ...(threadId !== undefined && { threadId }) },
  );
  return rows.map((row) => ({
    seq: row.seq,
    at: row.at,
    kind: row.kind,
    ...(row.agent !== null && { agent: row.agent }),
    ...(row.graph !== null && { graph: row.graph }),
    ...(row.thread_id !== null && { threadId: row.thread_id }),
    ...(row.run_id !== null && { runId: row.run_id }),
    ...(row.task_id !== null && { taskId: row.task_id }),
    ...(row.message_id !== null && { messageId: row.message_id }),
    data: JSON.parse(row.data_json) as Record<string, unknown>,
  }));
}

/** The number of the latest event; 0 where there is none. */
export async function lastEvent(sql: Sql): Promise<number> {
  const [row] = await sql.all<{ seq: number | null }>("SELECT MAX(seq) AS seq FROM events");
  return row?.seq ?? 0;
}
