import type { Sql } from "./database.ts";

/** What a mail may name a task or a request by: a Message-ID of ours or of a provider, a synthetic reference, a body reference. */
export interface Alias {
  id: string;
  kind: "message-id" | "synthetic" | "provider" | "body-reference";
}

export type AliasTarget = { taskId: string } | { requestId: string };

export async function insertAliases(sql: Sql, target: AliasTarget, aliases: readonly Alias[]): Promise<void> {
  for (const alias of aliases) {
    await sql.run(
      `INSERT INTO aliases (id, kind, task_id, request_id) VALUES (:id, :kind, :taskId, :requestId) ON CONFLICT (id) DO NOTHING`,
      {
        id: alias.id,
        kind: alias.kind,
        taskId: "taskId" in target ? target.taskId : null,
        requestId: "requestId" in target ? target.requestId : null,
      },
    );
  }
}

/** The first of `ids`, in their order, that names a task or a request. */
export async function resolveAlias(
  sql: Sql,
  ids: readonly string[],
): Promise<{ id: string; target: AliasTarget } | undefined> {
  for (const id of ids) {
    const [row] = await sql.all<{ task_id: string | null; request_id: string | null }>(
      "SELECT task_id, request_id FROM aliases WHERE id = :id",
      { id },
    );
    if (row?.task_id) return { id, target: { taskId: row.task_id } };
    if (row?.request_id) return { id, target: { requestId: row.request_id } };
  }
  return undefined;
}
