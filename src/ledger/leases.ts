import { one, type Sql } from "./database.ts";

/** A timed claim. `fence` grows with each acquisition, so that a holder that was paused past its lease can be told from the next one. */
export interface Lease {
  name: string;
  holder: string;
  fence: number;
}

/** Takes the lease if it is free or has run out; undefined while somebody else holds it. */
export async function acquireLease(
  sql: Sql,
  name: string,
  holder: string,
  now: number,
  leaseMs: number,
): Promise<Lease | undefined> {
  const row = await one<{ fence: number }>(
    sql,
    `INSERT INTO leases (name, holder, fence, lease_until) VALUES (:name, :holder, 1, :until)
     ON CONFLICT (name) DO UPDATE SET holder = :holder, fence = leases.fence + 1, lease_until = :until
       WHERE leases.holder IS NULL OR leases.lease_until < :now
     RETURNING fence`,
    { name, holder, now, until: now + leaseMs },
  );
  return row && { name, holder, fence: row.fence };
}

/** Resolves with false when the lease has gone to another holder. */
export async function renewLease(sql: Sql, lease: Lease, now: number, leaseMs: number): Promise<boolean> {
  const changes = await sql.run(
    "UPDATE leases SET lease_until = :until WHERE name = :name AND holder = :holder AND fence = :fence",
    { name: lease.name, holder: lease.holder, fence: lease.fence, until: now + leaseMs },
  );
  return changes > 0;
}

export async function releaseLease(sql: Sql, lease: Lease): Promise<void> {
  await sql.run(
    "UPDATE leases SET holder = NULL, lease_until = 0 WHERE name = :name AND holder = :holder AND fence = :fence",
    { name: lease.name, holder: lease.holder, fence: lease.fence },
  );
}

/** Gives the lease up with its work unfinished: whoever comes next finds it as if the holder had vanished. */
export async function abandonLease(sql: Sql, lease: Lease): Promise<void> {
  await sql.run("UPDATE leases SET lease_until = 0 WHERE name = :name AND holder = :holder AND fence = :fence", {
    name: lease.name,
    holder: lease.holder,
    fence: lease.fence,
  });
}

/** The state of a lease: `free` after a release (or never taken), `held`, or `expired` when its holder vanished without a release. */
export async function readLease(
  sql: Sql,
  name: string,
  now: number,
): Promise<{ kind: "free"; fence: number } | { kind: "held" | "expired"; fence: number; until: number }> {
  const row = await one<{ holder: string | null; fence: number; lease_until: number }>(
    sql,
    "SELECT holder, fence, lease_until FROM leases WHERE name = :name",
    { name },
  );
  if (!row?.holder) return { kind: "free", fence: row?.fence ?? 0 };
  return { kind: row.lease_until < now ? "expired" : "held", fence: row.fence, until: row.lease_until };
}
