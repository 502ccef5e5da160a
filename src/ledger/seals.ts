import { createHash } from "node:crypto";
import { type Database, one, type Sql } from "./database.ts";
import { commitment, EVENT_COLUMNS, type EventRow, type PersonalEntry } from "./events.ts";

/**
 * The audit log's chain. Events are sealed in batches, in the order in which the sealer sees them, and each seal covers the one before it. Were events chained where
 * they are written, every transaction would have to wait for the one before it: this way, numbers may even become visible out of order.
 */
export interface Seal {
  /** From 1, without a gap. */
  number: number;
  /** Milliseconds since the epoch. */
  at: number;
  /** Events sealed so far, with this seal's. */
  total: number;
  /** Of each event, in order: its number and the beginning of its digest, so that the one that was altered can be named. */
  events: [seq: number, mark: string][];
  /** SHA-256 over the seal before this one, and the digests of these events: base64url. */
  hash: string;
}

interface SealRow extends Omit<Seal, "events"> {
  events_json: string;
}

/** Events that one seal covers at most. */
const BATCH = 1_000;
const MARK_LENGTH = 12;

/** Seals what is not sealed yet. Resolves with the number of events. */
export async function sealEvents(db: Database, clock: () => number): Promise<number> {
  let sealed = 0;
  // Looked for first, since a transaction would make others wait.
  while (await one(db, "SELECT 1 AS found FROM events WHERE seal IS NULL LIMIT 1")) {
    const count = await db.transaction((sql) => sealBatch(sql, clock()));
    sealed += count;
    if (count < BATCH) break;
  }
  return sealed;
}

async function sealBatch(sql: Sql, at: number): Promise<number> {
  const last = await lastSeal(sql);
  const number = (last?.number ?? 0) + 1;
  const rows = await sql.all<EventRow>(
    `SELECT ${EVENT_COLUMNS} FROM events WHERE seal IS NULL ORDER BY seq LIMIT :limit`,
    { limit: BATCH },
  );
  if (rows.length === 0) return 0;
  const digests = rows.map((row) => ({ seq: row.seq, digest: digestOf(row) }));
  const seal = {
    number,
    at,
    total: (last?.total ?? 0) + rows.length,
    events: JSON.stringify(digests.map(({ seq, digest }) => [seq, markOf(digest)])),
    hash: sealHash(
      last?.hash,
      { number, at },
      digests.map(({ digest }) => digest),
    ),
  };
  await sql.run(
    "INSERT INTO seals (number, at, total, events_json, hash) VALUES (:number, :at, :total, :events, :hash)",
    seal,
  );
  // Whatever was committed between the two statements is left to the next seal.
  const [first, latest] = [rows[0]!.seq, rows.at(-1)!.seq];
  const changes = await sql.run(
    "UPDATE events SET seal = :number WHERE seal IS NULL AND seq >= :first AND seq <= :latest AND CAST(seq AS TEXT) IN :seqs",
    { number, first, latest, seqs: rows.map(({ seq }) => String(seq)) },
  );
  if (changes !== rows.length) throw new Error("The audit log is being sealed by two processes.");
  return rows.length;
}

export async function lastSeal(sql: Sql): Promise<Omit<Seal, "events"> | undefined> {
  return one(sql, "SELECT number, at, total, hash FROM seals ORDER BY number DESC LIMIT 1");
}

export async function sealsAfter(sql: Sql, number: number, limit: number): Promise<Seal[]> {
  const rows = await sql.all<SealRow>(
    "SELECT number, at, total, events_json, hash FROM seals WHERE number > :number ORDER BY number LIMIT :limit",
    { number, limit },
  );
  return rows.map(({ events_json, ...seal }) => ({ ...seal, events: JSON.parse(events_json) as Seal["events"] }));
}

/** The event's own digest: everything but what may be personal, and of that the commitments. */
export function digestOf(row: EventRow): string {
  const personal = (JSON.parse(row.personal_json) as PersonalEntry[]).map((entry) => [entry.name, commitment(entry)]);
  const { seq, at, kind, agent, graph, thread_id, run_id, task_id, body, data_json } = row;
  return sha256([seq, at, kind, agent, graph, thread_id, run_id, task_id, body, data_json, personal]);
}

export function markOf(digest: string): string {
  return digest.slice(0, MARK_LENGTH);
}

/** @param before The hash of the seal before it; undefined for the first. */
export function sealHash(
  before: string | undefined,
  { number, at }: Pick<Seal, "number" | "at">,
  digests: readonly string[],
): string {
  return sha256([before ?? null, number, at, digests]);
}

function sha256(value: unknown): string {
  return createHash("sha256").update(JSON.stringify(value)).digest("base64url");
}
