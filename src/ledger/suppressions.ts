import { canonicalAddress } from "../mail/address.ts";
import type { Sql } from "./database.ts";

/** An address that nothing is mailed to any more. */
export interface Suppression {
  /** In lower case. */
  address: string;
  /** `bounced`: there is no such mailbox · `complained`: who reads it reported our mail · `manual`: a person put it here. */
  reason: "bounced" | "complained" | "manual";
  /** RFC 3463 status of the bounce. */
  status: string | null;
  /** The task that it followed from. */
  taskId: string | null;
  at: number;
}

const SELECT = `SELECT address, reason, status, task_id AS "taskId", at FROM suppressions`;

/** Resolves with false when it was there before; the first reason stands. */
export async function insertSuppression(sql: Sql, suppression: Suppression): Promise<boolean> {
  const { address, ...rest } = suppression;
  const changes = await sql.run(
    `INSERT INTO suppressions (address, reason, status, task_id, at) VALUES (:address, :reason, :status, :taskId, :at)
     ON CONFLICT (address) DO NOTHING`,
    { address: canonicalAddress(address), ...rest },
  );
  return changes > 0;
}

export async function deleteSuppression(sql: Sql, address: string): Promise<boolean> {
  const changes = await sql.run("DELETE FROM suppressions WHERE address = :address", {
    address: canonicalAddress(address),
  });
  return changes > 0;
}

/** Those of these addresses that are suppressed, by their canonical form. */
export async function suppressionsOf(sql: Sql, addresses: readonly string[]): Promise<Map<string, Suppression>> {
  if (addresses.length === 0) return new Map();
  const rows = await sql.all<Suppression>(`${SELECT} WHERE address IN :addresses`, {
    addresses: [...new Set(addresses.map(canonicalAddress))],
  });
  return new Map(rows.map((row) => [row.address, row]));
}

/** Oldest first. */
export async function allSuppressions(sql: Sql): Promise<Suppression[]> {
  return sql.all<Suppression>(`${SELECT} ORDER BY at, address`);
}
