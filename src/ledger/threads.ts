import { READING_MS } from "./cursors.ts";
import { one, type Sql } from "./database.ts";

/** What the worker knows of a LangGraph thread besides its state: whose it is, and how its runs fared. */
export interface ThreadRecord {
  threadId: string;
  graph: string;
  /** Runs that threw, one after another. */
  failures: number;
  retryAt: number | null;
  stalledAt: number | null;
  lastError: string | null;
  /** The assistant of LangGraph's API server that ran it last; null where it runs in a process of its own. */
  assistant: string | null;
}

const COLUMNS = `t.thread_id AS "threadId", t.graph, t.failures, t.retry_at AS "retryAt", t.stalled_at AS "stalledAt", t.last_error AS "lastError", t.assistant`;
const SELECT = `SELECT ${COLUMNS} FROM threads AS t`;

const THREAD = "thread:";
const DRIVER = "driver:";
/** Leases of threads that somebody holds or drives, or did when they vanished: few. MATERIALIZED, since PostgreSQL would begin with all threads where it has no statistics yet. */
const HELD = `WITH held AS MATERIALIZED (
         SELECT substr(name, ${THREAD.length + 1}) AS thread_id, lease_until FROM leases WHERE holder IS NOT NULL AND (name LIKE '${THREAD}%' OR name LIKE '${DRIVER}%')
       )`;

export function threadLease(threadId: string): string {
  return THREAD + threadId;
}

/** Of who has the API server run the thread; the run itself holds the thread's lease. */
export function driverLease(threadId: string): string {
  return DRIVER + threadId;
}

/** @param assistant Of the run that begins, where LangGraph's API server runs it. */
export async function registerThread(sql: Sql, threadId: string, graph: string, assistant?: string): Promise<void> {
  await sql.run(
    `INSERT INTO threads (thread_id, graph, assistant) VALUES (:threadId, :graph, :assistant) ON CONFLICT (thread_id, graph)
       ${assistant === undefined ? "DO NOTHING" : "DO UPDATE SET assistant = :assistant WHERE threads.assistant IS DISTINCT FROM :assistant"}`,
    { threadId, graph, assistant: assistant ?? null },
  );
}

export async function findThread(sql: Sql, threadId: string, graph: string): Promise<ThreadRecord | undefined> {
  return one<ThreadRecord>(sql, `${SELECT} WHERE thread_id = :threadId AND graph = :graph`, { threadId, graph });
}

/** Which threads a worker resumes. */
export interface ThreadScope {
  /** The graphs that it runs itself. */
  graphs: readonly string[];
  /** Whether it reaches the API server, for threads that run there, of whatever graph. */
  server: boolean;
}

const IN_SCOPE = "(CASE WHEN t.assistant IS NULL THEN t.graph IN :graphs ELSE :server = 1 END)";

function scoped({ graphs, server }: ThreadScope) {
  return { graphs, server: server ? 1 : 0 };
}

/**
 * Threads in the scope with something to do, whose lease nobody holds: a wait that was decided and has not woken its thread yet,
 * a retry that is due, or a run whose process vanished. Stalled ones are left out, and those with a request to begin or to answer: whoever serves it resumes them too.
 * One that has other waits besides is left out while a mailbox is being read: what comes in one pass goes in one resume.
 */
export async function readyThreads(
  sql: Sql,
  options: ThreadScope & { now: number; limit: number },
): Promise<ThreadRecord[]> {
  return sql.all<ThreadRecord>(
    // What is settled far outnumbers what is open: each part of the union reads an index that holds the open ones alone.
    // CROSS JOIN, since SQLite keeps its order: the few that are open first.
    `${HELD} SELECT ${COLUMNS} FROM (
         SELECT thread_id, graph FROM waits WHERE closed_at IS NULL AND decided_at IS NOT NULL AND delivered_at IS NULL AND woken_at IS NULL
         UNION SELECT thread_id, graph FROM threads WHERE retry_at IS NOT NULL AND retry_at <= :now
         UNION SELECT t.thread_id, t.graph FROM held CROSS JOIN threads AS t WHERE t.thread_id = held.thread_id AND held.lease_until < :now
       ) AS candidates CROSS JOIN threads AS t
     WHERE t.thread_id = candidates.thread_id AND t.graph = candidates.graph
       AND ${IN_SCOPE} AND t.stalled_at IS NULL AND (t.retry_at IS NULL OR t.retry_at <= :now)
       AND NOT EXISTS (SELECT 1 FROM leases l WHERE l.name IN ('${THREAD}' || t.thread_id, '${DRIVER}' || t.thread_id) AND l.holder IS NOT NULL AND l.lease_until >= :now)
       AND (NOT EXISTS (SELECT 1 FROM requests r WHERE r.thread_id = t.thread_id AND r.state IN ('pending', 'started'))
            OR EXISTS (SELECT 1 FROM requests r WHERE r.thread_id = t.thread_id AND r.state = 'waiting'))
       AND (NOT EXISTS (SELECT 1 FROM cursors WHERE reading_until > :now AND reading_until <= :now + ${READING_MS})
            OR NOT EXISTS (SELECT 1 FROM waits w WHERE w.thread_id = t.thread_id AND w.graph = t.graph AND w.closed_at IS NULL AND w.decided_at IS NULL))
     LIMIT :limit`,
    { ...scoped(options), now: options.now, limit: options.limit },
  );
}

/** When a retry becomes due, the lease of a run that may have vanished runs out, or a mailbox that is being read need not be waited for any more. */
export async function nextThreadTime(sql: Sql, scope: ThreadScope, now: number): Promise<number | undefined> {
  const row = await one<{ at: number | null }>(
    sql,
    `${HELD} SELECT MIN(at) AS at FROM (
       SELECT MIN(retry_at) AS at FROM threads AS t WHERE stalled_at IS NULL AND retry_at IS NOT NULL AND ${IN_SCOPE}
       UNION ALL
       SELECT MIN(held.lease_until) + 1 AS at FROM held CROSS JOIN threads AS t
         WHERE t.thread_id = held.thread_id AND t.stalled_at IS NULL AND ${IN_SCOPE}
       UNION ALL SELECT MIN(reading_until) AS at FROM cursors WHERE reading_until > :now AND reading_until <= :now + ${READING_MS}
     ) AS times`,
    { ...scoped(scope), now },
  );
  return row?.at ?? undefined;
}

export async function recordSuccess(sql: Sql, threadId: string, graph: string): Promise<void> {
  await sql.run(
    `UPDATE threads SET failures = 0, retry_at = NULL, stalled_at = NULL, last_error = NULL
     WHERE thread_id = :threadId AND graph = :graph AND (failures > 0 OR retry_at IS NOT NULL OR stalled_at IS NOT NULL)`,
    { threadId, graph },
  );
}

/** Counts a run that threw; `retryAt` null means that the thread is stalled. */
export async function recordFailure(
  sql: Sql,
  threadId: string,
  graph: string,
  failure: { error: string; retryAt: number | null; now: number },
): Promise<void> {
  await sql.run(
    `UPDATE threads SET failures = failures + 1, retry_at = :retryAt, last_error = :error,
       stalled_at = :stalledAt WHERE thread_id = :threadId AND graph = :graph`,
    {
      threadId,
      graph,
      retryAt: failure.retryAt,
      error: failure.error,
      stalledAt: failure.retryAt === null ? failure.now : null,
    },
  );
}

/** Lets a stalled thread be tried again now. Resolves with the graphs in which it was stalled. */
export async function retryStalled(sql: Sql, threadId: string, now: number): Promise<string[]> {
  const rows = await sql.all<{ graph: string }>(
    `UPDATE threads SET failures = 0, stalled_at = NULL, retry_at = :now WHERE thread_id = :threadId AND stalled_at IS NOT NULL
     RETURNING graph`,
    { threadId, now },
  );
  return rows.map(({ graph }) => graph);
}

export async function stalledThreads(sql: Sql): Promise<ThreadRecord[]> {
  const rows = await sql.all<ThreadRecord>(`${SELECT} WHERE stalled_at IS NOT NULL ORDER BY stalled_at`);
  // SQLite's rows have no prototype, which shows where they are printed.
  return rows.map((row) => ({ ...row }));
}
