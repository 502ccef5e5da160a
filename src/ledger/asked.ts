import { splitSubaddress } from "../mail/address.ts";
import type { Sql } from "./database.ts";

/** Who was asked by an open task: by these, a mail that names no task finds those that it may mean. */
interface Asking {
  id: string;
  agent: string;
  addressees: readonly string[];
}

export async function putAsked(sql: Sql, { id, agent, addressees }: Asking): Promise<void> {
  for (const address of new Set(addressees.map(askedAddress))) {
    await sql.run("INSERT INTO asked (task_id, agent, address) VALUES (:id, :agent, :address)", { id, agent, address });
  }
}

/** Others are asked now. */
export async function replaceAsked(sql: Sql, task: Asking): Promise<void> {
  await deleteAsked(sql, task.id);
  await putAsked(sql, task);
}

export async function deleteAsked(sql: Sql, taskId: string): Promise<void> {
  await sql.run("DELETE FROM asked WHERE task_id = :taskId", { taskId });
}

/** The agent's open tasks that ask this address, newest first. */
export async function tasksAsking(
  sql: Sql,
  agent: string,
  address: string,
  limit: number,
): Promise<{ id: string; name: string; subject: string }[]> {
  return sql.all(
    `SELECT tasks.id, tasks.name, tasks.subject FROM asked JOIN tasks ON tasks.id = asked.task_id
     WHERE asked.agent = :agent AND asked.address = :address ORDER BY tasks.created_at DESC, tasks.id LIMIT :limit`,
    { agent, address: askedAddress(address), limit },
  );
}

/** Who is written to under a subaddress may answer without it. */
function askedAddress(address: string): string {
  return splitSubaddress(address).base.toLowerCase();
}
