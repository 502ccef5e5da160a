import type { Database } from "../ledger/database.ts";
import { EVENT_COLUMNS, type EventRow } from "../ledger/events.ts";
import { digestOf, lastSeal, markOf, type Seal, sealEvents, sealHash, sealsAfter } from "../ledger/seals.ts";

/** Where the log's chain stood: kept elsewhere, it shows later whether everything up to there is still what it was. Plain JSON. */
export interface AuditHead {
  seal: number;
  /** Events up to there. */
  events: number;
  hash: string;
}

/**
 * `altered`, `missing`: an event that was sealed · `inserted`: an event that claims a seal which does not name it ·
 * `broken-seal`: a seal that does not follow from its events and the seal before it · `missing-seal`: a gap in the chain · `truncated`: the chain ends before the anchor ·
 * `rewritten`: the chain has another hash at the anchor.
 */
export type AuditFinding =
  | { kind: "altered" | "missing" | "inserted"; seal: number; seq: number }
  | { kind: "broken-seal" | "missing-seal" | "truncated" | "rewritten"; seal: number };

export interface AuditReport {
  ok: boolean;
  /** Events that the chain covers. */
  events: number;
  findings: AuditFinding[];
  /** To be kept elsewhere, and given to a later `verifyAudit` as its anchor; undefined while the log is empty. */
  head: AuditHead | undefined;
}

const SEALS = 20;

/** Reads the whole chain and every event in it, and, where all is right, seals what was not sealed yet. */
export async function verifyAudit(
  db: Database,
  options: { anchor?: AuditHead | undefined; clock: () => number },
): Promise<AuditReport> {
  const { anchor } = options;
  const findings: AuditFinding[] = [];
  const ranges = new Map<number, [first: number, latest: number]>();
  let before: Seal | undefined;
  let events = 0;
  let anchored = anchor === undefined;
  for (;;) {
    const seals = await sealsAfter(db, before?.number ?? 0, SEALS);
    for (const seal of seals) {
      for (let number = (before?.number ?? 0) + 1; number < seal.number; number++) {
        findings.push({ kind: "missing-seal", seal: number });
      }
      ranges.set(seal.number, rangeOf(seal));
      const checked = await checkSeal(db, seal, before);
      findings.push(...checked.findings);
      events += checked.events;
      if (seal.number === anchor?.seal) {
        anchored = true;
        if (seal.hash !== anchor.hash) findings.push({ kind: "rewritten", seal: seal.number });
      }
      before = seal;
    }
    if (seals.length < SEALS) break;
  }
  findings.push(...(await astray(db, ranges, events)));
  if (!anchored) findings.push({ kind: "truncated", seal: anchor!.seal });
  if (findings.length === 0) await sealEvents(db, options.clock);
  const last = await lastSeal(db);
  const head = last && { seal: last.number, events: last.total, hash: last.hash };
  return { ok: findings.length === 0, events: findings.length === 0 ? (head?.events ?? 0) : events, findings, head };
}

function rangeOf({ events }: Seal): [first: number, latest: number] {
  return [events[0]?.[0] ?? 0, events.at(-1)?.[0] ?? 0];
}

/** Events that claim a seal in whose range they do not lie: looked for where the number of all is not that of those which were found. */
async function astray(
  db: Database,
  ranges: ReadonlyMap<number, readonly [number, number]>,
  found: number,
): Promise<AuditFinding[]> {
  const last = Math.max(0, ...ranges.keys());
  // Not those that are being sealed meanwhile.
  const claiming = "(seal <= :last OR seal > (SELECT COALESCE(MAX(number), 0) FROM seals))";
  const [all] = await db.all<{ count: number }>(`SELECT COUNT(*) AS count FROM events WHERE ${claiming}`, { last });
  if (all!.count === found) return [];
  const findings: AuditFinding[] = [];
  // Also from below the first.
  for (let after = Number.MIN_SAFE_INTEGER; ;) {
    const rows = await db.all<{ seq: number; seal: number }>(
      `SELECT seq, seal FROM events WHERE seq > :after AND ${claiming} ORDER BY seq LIMIT 10000`,
      { after, last },
    );
    for (const { seq, seal } of rows) {
      const [first, latest] = ranges.get(seal) ?? [Infinity, 0];
      if (seq < first || seq > latest) findings.push({ kind: "inserted", seal, seq });
    }
    if (rows.length === 0) return findings;
    after = rows.at(-1)!.seq;
  }
}

/** A seal against its events, each against its mark, and the seal against the one before it. */
async function checkSeal(
  db: Database,
  seal: Seal,
  before: Seal | undefined,
): Promise<{ findings: AuditFinding[]; events: number }> {
  const findings: AuditFinding[] = [];
  const seqs = seal.events.map(([seq]) => seq);
  const [first, latest] = rangeOf(seal);
  const rows = await db.all<EventRow>(
    `SELECT ${EVENT_COLUMNS} FROM events WHERE seq >= :first AND seq <= :latest AND seal = :number ORDER BY seq`,
    { first, latest, number: seal.number },
  );
  const digests = new Map(rows.map((row) => [row.seq, digestOf(row)]));
  for (const [seq, mark] of seal.events) {
    const digest = digests.get(seq);
    if (digest === undefined) findings.push({ kind: "missing", seal: seal.number, seq });
    else if (markOf(digest) !== mark) findings.push({ kind: "altered", seal: seal.number, seq });
  }
  const named = new Set(seqs);
  for (const { seq } of rows) if (!named.has(seq)) findings.push({ kind: "inserted", seal: seal.number, seq });
  if (findings.length > 0) return { findings, events: rows.length };
  const inOrder = seqs.map((seq) => digests.get(seq)!);
  const total = (before?.total ?? 0) + seal.events.length;
  if (seal.hash !== sealHash(before?.hash, seal, inOrder) || seal.total !== total) {
    findings.push({ kind: "broken-seal", seal: seal.number });
  }
  return { findings, events: rows.length };
}
