import { createHash, randomBytes } from "node:crypto";
import { withoutTokens } from "../mail/reply-token.ts";
import type { Sql } from "./database.ts";
import type { TaskRecord } from "./tasks.ts";

/** One line of the audit log: what happened, to whom it belongs, and plain details, never a mail's text. Only ever appended. */
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
  /** RFC 5322 Message-ID of the mail that it is about. */
  messageId?: string;
  /** Address of who wrote that mail, or answered. */
  from?: string;
  /** Addresses that it goes to, or came to. */
  to?: string[];
  subject?: string;
  /** SHA-256 of the mail's bytes: its reference in the blob store. */
  body?: string;
  /** The person who did it, where the caller named one. */
  actor?: string;
  data: Record<string, unknown>;
  /** What was taken out by `kit.forget`: `from`, `to`, `subject`, `messageId`, `actor`, or names in `data`. */
  forgotten?: string[];
}

export type AuditKind =
  | "task-created"
  | "queued"
  | "submitted"
  | "throttled"
  | "paused"
  | "unpaused"
  | "suppressed"
  | "unsuppressed"
  | "submission-deferred"
  | "submission-refused"
  | "submission-unknown"
  | "parked"
  | "received"
  | "expecting"
  | "clarifying"
  | "mailing-again"
  | "mailed-again"
  | "reminded"
  | "escalated"
  | "receipted"
  | "called-off"
  | "answer-refused"
  | "confirming"
  | "released"
  | "discarded"
  | "away"
  | "settled"
  | "reopened"
  | "wait-expired"
  | "resumed"
  | "taken-over"
  | "run-failed"
  | "stalled"
  | "retried"
  | "send-refused"
  | "review-refused"
  | "held"
  | "approved"
  | "rejected"
  | "loop-stopped"
  | "request-received"
  | "request-answered"
  | "answered"
  | "pruned"
  | "restored"
  | "doubt-resolved"
  | "forgotten";

/** A personal detail, or what is left of it: its name and the SHA-256 of salt and value. */
export type PersonalEntry = { name: string; salt: string; value: unknown } | { name: string; hash: string };

/** An event as it is stored. What may be personal lies apart, each value with a salt of its own, so that it can be taken out of a sealed log. */
export interface EventRow {
  seq: number;
  at: number;
  kind: AuditKind;
  agent: string | null;
  graph: string | null;
  thread_id: string | null;
  run_id: string | null;
  task_id: string | null;
  body: string | null;
  data_json: string;
  personal_json: string;
}

export const EVENT_COLUMNS = "seq, at, kind, agent, graph, thread_id, run_id, task_id, body, data_json, personal_json";

/** Whose an event is that belongs to a task. */
export function ofTask({
  agent,
  graph,
  threadId,
  runId,
  id,
}: TaskRecord): Pick<AuditEvent, "agent" | "graph" | "threadId" | "runId" | "taskId"> {
  return { agent, graph, threadId, ...(runId !== null && { runId }), taskId: id };
}

/** Without the tokens that stand in addresses: who reads the log could answer in others' names. */
export async function appendEvent(
  sql: Sql,
  { data: details, ...about }: Omit<AuditEvent, "seq" | "forgotten">,
): Promise<void> {
  const event = { ...withoutTokensIn(about), data: withoutTokensIn(details) };
  const data = Object.entries(event.data).filter(([, value]) => value !== undefined);
  const plain = data.filter(([, value]) => isPlain(value));
  await sql.run(
    `INSERT INTO events (at, kind, agent, graph, thread_id, run_id, task_id, body, data_json, personal_json)
     VALUES (:at, :kind, :agent, :graph, :threadId, :runId, :taskId, :body, :data, :personal)`,
    {
      at: event.at,
      kind: event.kind,
      agent: event.agent ?? null,
      graph: event.graph ?? null,
      threadId: event.threadId ?? null,
      runId: event.runId ?? null,
      taskId: event.taskId ?? null,
      body: event.body ?? null,
      data: JSON.stringify(Object.fromEntries(plain)),
      personal: JSON.stringify([
        ...NAMES.filter((name) => event[name] !== undefined).map((name) => salted(name, event[name])),
        ...(event.to ?? []).map((address) => salted("to", address)),
        ...data.filter(([, value]) => !isPlain(value)).map(([name, value]) => salted(`data.${name}`, value)),
      ]),
    },
  );
}

const NAMES = ["messageId", "from", "subject", "actor"] as const;

function withoutTokensIn<T>(value: T): T {
  const json = JSON.stringify(value);
  const clean = withoutTokens(json);
  return clean === json ? value : (JSON.parse(clean) as T);
}

/** Numbers, ids, kinds and dates; whatever has a space or an `@` in it may name somebody. */
function isPlain(value: unknown): boolean {
  return /^[\w.:,{}[\]"-]*$/.test(JSON.stringify(value));
}

function salted(name: string, value: unknown): PersonalEntry {
  return { name, salt: randomBytes(16).toString("base64url"), value };
}

/** What the log's chain covers of a personal detail, before and after it is taken out. */
export function commitment(entry: PersonalEntry): string {
  if ("hash" in entry) return entry.hash;
  return createHash("sha256")
    .update(JSON.stringify([entry.salt, entry.value]))
    .digest("base64url");
}

export interface EventQuery {
  threadId?: string;
  agent?: string;
  /** Only those of this run. */
  runId?: string;
  /** Milliseconds since the epoch: not earlier. */
  since?: number;
  /** Milliseconds since the epoch: earlier. */
  until?: number;
  /** Only those behind this number. Default: 0. */
  after?: number;
  /** Default: 10 000. */
  limit?: number;
}

/** Events in the order they happened. */
export async function readEvents(sql: Sql, query: EventQuery = {}): Promise<AuditEvent[]> {
  const { after = 0, limit = 10_000, ...asked } = query;
  const given = Object.entries(asked).filter(([, value]) => value !== undefined) as [keyof typeof asked, never][];
  const rows = await sql.all<EventRow>(
    `SELECT ${EVENT_COLUMNS} FROM events WHERE ${["seq > :after", ...given.map(([name]) => CONDITIONS[name])].join(" AND ")} ORDER BY seq LIMIT :limit`,
    { after, limit, ...Object.fromEntries(given) },
  );
  return rows.map(fromRow);
}

const CONDITIONS = {
  threadId: "thread_id = :threadId",
  agent: "agent = :agent",
  runId: "run_id = :runId",
  since: "at >= :since",
  until: "at < :until",
};

function fromRow(row: EventRow): AuditEvent {
  const entries = JSON.parse(row.personal_json) as PersonalEntry[];
  const known = entries.filter((entry) => "salt" in entry);
  const valueOf = (name: string) => known.find((entry) => entry.name === name)?.value as string | undefined;
  const to = known.filter(({ name }) => name === "to").map(({ value }) => value as string);
  const forgotten = [
    ...new Set(entries.filter((entry) => "hash" in entry).map(({ name }) => name.replace(/^data\./, ""))),
  ];
  const details = known
    .filter(({ name }) => name.startsWith("data."))
    .map(({ name, value }) => [name.slice("data.".length), value] as const);
  const named = NAMES.map((name) => [name, valueOf(name)] as const).filter(([, value]) => value !== undefined);
  return {
    seq: row.seq,
    at: row.at,
    kind: row.kind,
    ...(row.agent !== null && { agent: row.agent }),
    ...(row.graph !== null && { graph: row.graph }),
    ...(row.thread_id !== null && { threadId: row.thread_id }),
    ...(row.run_id !== null && { runId: row.run_id }),
    ...(row.task_id !== null && { taskId: row.task_id }),
    ...Object.fromEntries(named),
    ...(to.length > 0 && { to }),
    ...(row.body !== null && { body: row.body }),
    data: { ...(JSON.parse(row.data_json) as Record<string, unknown>), ...Object.fromEntries(details) },
    ...(forgotten.length > 0 && { forgotten }),
  };
}

/** The number of the latest event; 0 where there is none. */
/** The last one that no power cut can take: of all kinds, `resumed` alone is committed without a sync of the disk. */
export async function lastSyncedEvent(sql: Sql): Promise<number> {
  const [row] = await sql.all<{ seq: number }>(
    "SELECT seq FROM events WHERE kind <> 'resumed' ORDER BY seq DESC LIMIT 1",
  );
  return row?.seq ?? 0;
}

export async function lastEvent(sql: Sql): Promise<number> {
  const [row] = await sql.all<{ seq: number | null }>("SELECT MAX(seq) AS seq FROM events");
  return row?.seq ?? 0;
}
