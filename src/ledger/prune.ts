import { one, type Sql } from "./database.ts";
import { threadLease } from "./threads.ts";

/** What retention has taken out of the ledger. */
export interface Removed {
  threads: number;
  tasks: number;
  requests: number;
  messages: number;
}

/** Threads in the order of their ids, from behind `after`. */
export async function threadIdsAfter(sql: Sql, after: string, limit: number): Promise<string[]> {
  const rows = await sql.all<{ id: string }>(
    "SELECT DISTINCT thread_id AS id FROM threads WHERE thread_id > :after ORDER BY thread_id LIMIT :limit",
    { after, limit },
  );
  return rows.map(({ id }) => id);
}

/** Nothing of the thread is open, and nothing of it has happened since. */
const FINISHED = `SELECT DISTINCT t.thread_id AS id FROM threads t WHERE t.thread_id IN :threadIds
  AND NOT EXISTS (SELECT 1 FROM threads o WHERE o.thread_id = t.thread_id AND (o.stalled_at IS NOT NULL OR o.retry_at IS NOT NULL))
  AND NOT EXISTS (SELECT 1 FROM leases l WHERE l.name = 'thread:' || t.thread_id AND l.holder IS NOT NULL)
  AND NOT EXISTS (SELECT 1 FROM waits w WHERE w.thread_id = t.thread_id AND w.closed_at IS NULL)
  AND NOT EXISTS (SELECT 1 FROM tasks k WHERE k.thread_id = t.thread_id AND (k.settled_at IS NULL OR k.settled_at >= :before))
  AND NOT EXISTS (SELECT 1 FROM tasks k JOIN wait_tasks wt ON wt.task_id = k.id JOIN waits w ON w.id = wt.wait_id
                  WHERE k.thread_id = t.thread_id AND (w.closed_at IS NULL OR w.closed_at >= :before))
  AND NOT EXISTS (SELECT 1 FROM tasks k JOIN outbox o ON o.task_id = k.id
                  WHERE k.thread_id = t.thread_id AND o.state IN ('due', 'leased', 'sending'))
  AND NOT EXISTS (SELECT 1 FROM requests r WHERE r.thread_id = t.thread_id AND (r.state <> 'answered' OR r.answered_at >= :before))
  AND NOT EXISTS (SELECT 1 FROM requests r JOIN outbox o ON o.request_id = r.id
                  WHERE r.thread_id = t.thread_id AND o.state IN ('due', 'leased', 'sending'))`;

/**
 * Removes those of the threads that ended before, with all that belongs to them. Their aliases stay, so that a reply that comes after all is known for what it is,
 * and so does the audit log.
 */
export async function pruneThreads(sql: Sql, threadIds: readonly string[], before: number): Promise<Removed> {
  const ids = (await sql.all<{ id: string }>(FINISHED, { threadIds, before })).map(({ id }) => id);
  const of = async (statement: string, parameters: Record<string, readonly string[]>) =>
    (await sql.all<{ id: string }>(statement, parameters)).map(({ id }) => id);
  const taskIds = await of("SELECT id FROM tasks WHERE thread_id IN :ids", { ids });
  const waitIds = await of("SELECT DISTINCT wait_id AS id FROM wait_tasks WHERE task_id IN :taskIds", { taskIds });
  const requestIds = await of("SELECT id FROM requests WHERE thread_id IN :ids", { ids });
  const asked = await of("SELECT message AS id FROM requests WHERE thread_id IN :ids", { ids });
  const answers = await of("SELECT id FROM messages WHERE task_id IN :taskIds", { taskIds });
  await sql.run("DELETE FROM wait_tasks WHERE wait_id IN :waitIds", { waitIds });
  await sql.run("DELETE FROM waits WHERE id IN :waitIds", { waitIds });
  await sql.run("DELETE FROM outbox WHERE task_id IN :taskIds", { taskIds });
  await sql.run("DELETE FROM outbox WHERE request_id IN :requestIds", { requestIds });
  const requests = await sql.run("DELETE FROM requests WHERE id IN :requestIds", { requestIds });
  await sql.run("DELETE FROM confirmations WHERE task_id IN :taskIds", { taskIds });
  const messages = await deleteMessages(sql, [...asked, ...answers]);
  const tasks = await sql.run("DELETE FROM tasks WHERE id IN :taskIds", { taskIds });
  await sql.run("DELETE FROM reviews WHERE thread_id IN :ids", { ids });
  await sql.run("DELETE FROM threads WHERE thread_id IN :ids", { ids });
  await sql.run("DELETE FROM leases WHERE name IN :names AND holder IS NULL", { names: ids.map(threadLease) });
  return { threads: ids.length, tasks, requests, messages };
}

/** Removes a batch of the mails that came in before and belong to no task and no request. Resolves with their number: less than `limit` at the end. */
export async function pruneMessages(sql: Sql, before: number, limit: number): Promise<number> {
  const rows = await sql.all<{ id: string }>(
    `SELECT id FROM messages AS m WHERE task_id IS NULL AND stored_at < :before AND received_at < :before
       AND NOT EXISTS (SELECT 1 FROM requests r WHERE r.message = m.id) ORDER BY stored_at LIMIT :limit`,
    { before, limit },
  );
  return deleteMessages(
    sql,
    rows.map(({ id }) => id),
  );
}

/** Removes the replies to single mails that went out, or never will, before. */
export async function pruneReplies(sql: Sql, before: number): Promise<void> {
  await sql.run(
    "DELETE FROM outbox WHERE request_id = id AND created_at < :before AND state IN ('submitted', 'refused', 'withdrawn')",
    { before },
  );
}

async function deleteMessages(sql: Sql, ids: readonly string[]): Promise<number> {
  await sql.run("DELETE FROM attachments WHERE message IN :ids", { ids });
  return sql.run("DELETE FROM messages WHERE id IN :ids", { ids });
}

/** Of these references, those that something in the ledger still needs. */
export async function usedBlobs(sql: Sql, references: readonly string[]): Promise<Set<string>> {
  const rows = await sql.all<{ raw: string }>(
    `SELECT raw FROM messages WHERE raw IN :references UNION SELECT raw FROM outbox WHERE raw IN :references
     UNION SELECT blob AS raw FROM attachments WHERE blob IN :references`,
    { references },
  );
  return new Set(rows.map(({ raw }) => raw));
}

const PRUNED_BEFORE = "pruned_before";

/** Until when mails have been removed: what was received earlier is not read in again, whatever becomes of the mailbox's uids. 0 where nothing was. */
export async function prunedBefore(sql: Sql): Promise<number> {
  const row = await one<{ value: string }>(sql, "SELECT value FROM meta WHERE key = :key", { key: PRUNED_BEFORE });
  return Number(row?.value ?? 0);
}

/** To be noted before the first mail is removed. */
export async function notePruning(sql: Sql, before: number): Promise<void> {
  if ((await prunedBefore(sql)) >= before) return;
  await sql.run("INSERT INTO meta (key, value) VALUES (:key, :value) ON CONFLICT (key) DO UPDATE SET value = :value", {
    key: PRUNED_BEFORE,
    value: String(before),
  });
}
