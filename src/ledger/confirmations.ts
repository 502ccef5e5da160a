import { one, type Sql } from "./database.ts";

/** A question to whom a task asked, whether a mail in quarantine is theirs. Open until what follows from the answer is done. */
export interface ConfirmationRecord {
  /** The mail in quarantine. */
  message: string;
  /** The task that asks about it. */
  question: string;
  /** The task that the mail would answer. */
  taskId: string;
  agent: string;
  createdAt: number;
}

/** Whether another question may be asked about mails to this task: none is open, fewer than `most` were asked, and it is not such a question itself. */
export async function mayConfirm(sql: Sql, taskId: string, most: number): Promise<boolean> {
  const row = await one<{ asked: number; open: number; own: number }>(
    sql,
    `SELECT (SELECT COUNT(*) FROM confirmations WHERE task_id = :taskId) AS asked,
       (SELECT COUNT(*) FROM confirmations WHERE task_id = :taskId AND closed_at IS NULL) AS open,
       (SELECT COUNT(*) FROM confirmations WHERE question = :taskId) AS own`,
    { taskId },
  );
  return row !== undefined && row.asked < most && row.open === 0 && row.own === 0;
}

/** Resolves with false, and changes nothing, where one about this mail is known, or another one of its task is open. */
export async function insertConfirmation(sql: Sql, confirmation: ConfirmationRecord): Promise<boolean> {
  const changes = await sql.run(
    `INSERT INTO confirmations (message, question, task_id, agent, created_at) VALUES (:message, :question, :taskId, :agent, :createdAt)
     ON CONFLICT DO NOTHING`,
    { ...confirmation },
  );
  return changes > 0;
}

/** The open ones of these agents that something is to be done about: the question has its outcome, or has become pointless. */
export async function dueConfirmations(
  sql: Sql,
  agents: readonly string[],
  limit: number,
): Promise<ConfirmationRecord[]> {
  return sql.all<ConfirmationRecord>(
    `SELECT c.message, c.question, c.task_id AS "taskId", c.agent, c.created_at AS "createdAt" FROM confirmations c
       JOIN tasks q ON q.id = c.question JOIN tasks t ON t.id = c.task_id JOIN messages m ON m.id = c.message
     WHERE c.closed_at IS NULL AND c.agent IN :agents AND (q.settled_at IS NOT NULL OR t.settled_at IS NOT NULL OR m.disposition <> 'quarantined')
     ORDER BY c.created_at, c.message LIMIT :limit`,
    { agents, limit },
  );
}

export async function closeConfirmation(sql: Sql, message: string, now: number): Promise<void> {
  await sql.run("UPDATE confirmations SET closed_at = :now WHERE message = :message AND closed_at IS NULL", {
    message,
    now,
  });
}
