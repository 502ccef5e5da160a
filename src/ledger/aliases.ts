import { one, type Sql } from "./database.ts";

/** A task, or a request of a served agent. */
export type AliasTarget = { taskId: string } | { requestId: string };

/** Binds what a mail may name a task or a request by: its token's reference, Message-IDs of ours or of a provider, a body reference. The first binding stays. */
export async function insertAliases(sql: Sql, target: AliasTarget, aliases: readonly string[]): Promise<void> {
  for (const id of aliases) {
    await sql.run(
      `INSERT INTO aliases (id, task_id, request_id) VALUES (:id, :taskId, :requestId) ON CONFLICT (id) DO NOTHING`,
      {
        id,
        taskId: "taskId" in target ? target.taskId : null,
        requestId: "requestId" in target ? target.requestId : null,
      },
    );
  }
}

export async function resolveAlias(sql: Sql, id: string): Promise<AliasTarget | undefined> {
  const row = await one<{ task_id: string | null; request_id: string | null }>(
    sql,
    "SELECT task_id, request_id FROM aliases WHERE id = :id",
    { id },
  );
  if (row?.task_id) return { taskId: row.task_id };
  return row?.request_id ? { requestId: row.request_id } : undefined;
}
