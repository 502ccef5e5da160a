import { existsSync, readFileSync } from "node:fs";
import { DatabaseSync } from "node:sqlite";
import type { DeliveredMail, MailServer } from "../../src/dev/index.ts";
import type { Life } from "./life.ts";
import { ANSWERS, type SentReply } from "./people.ts";

const EXPECTED = { research: "replied 42", approval: "replied true", done: "replied 42, replied true, 7, 9, open" };
const NODES = ["askLab", "askBoss", "askBids", "collect", "work"];
/** Of each kind; a third one is called off only where the mail that asks has gone out. */
const MAILS = /^answer,(cancellation,)?clarification,(task,?){7}$/;

/** What is seen from outside when a process has died. */
export interface Wreck {
  /** Mails that were being handed over: nobody knows whether the server has them. */
  inWindow: string[];
  /** Node runs whose result was stored. */
  stored: string[];
  /** How far the journal went. */
  journal: number;
  /** When the last of what the process held runs out, in milliseconds since the epoch; 0 where it held nothing. */
  heldUntil: number;
}

interface JournalEntry {
  event: "started" | "stored";
  nodeTaskId: string;
  node?: string;
}

export function inspectWreck({ directory }: Life): Wreck {
  return {
    inWindow: query<{ id: string }>(
      `${directory}/mail.db`,
      "outbox",
      "SELECT id FROM outbox WHERE state = 'sending'",
    ).map(({ id }) => id),
    stored: storedResults(directory),
    journal: readJournal(directory).length,
    heldUntil: Math.max(
      heldUntil(`${directory}/mail.db`, "leases", "holder IS NOT NULL"),
      heldUntil(`${directory}/mail.db`, "outbox", "state IN ('leased', 'sending')"),
    ),
  };
}

function heldUntil(file: string, table: string, where: string): number {
  return (
    query<{ at: number | null }>(file, table, `SELECT MAX(lease_until) AS at FROM ${table} WHERE ${where}`)[0]?.at ?? 0
  );
}

function storedResults(directory: string): string[] {
  const rows = query<{ id: string }>(
    `${directory}/checkpoints.db`,
    "writes",
    "SELECT DISTINCT task_id AS id FROM writes WHERE channel NOT IN ('__interrupt__', '__resume__', '__error__', '__error_source_node__')",
  );
  return rows.map(({ id }) => id);
}

type Answering = { address: string; replies: readonly SentReply[] };

/** Every claim that does not hold, in words. */
export function check(
  mail: MailServer,
  life: Life,
  found: { values: Record<string, unknown>; wrecks: readonly Wreck[]; people: readonly Answering[] },
): string[] {
  return [
    ...checkState(found.values),
    ...checkNodes(life.directory, found.wrecks),
    ...checkMails(mail, life, found.wrecks),
    ...checkLedger(life, found.people),
  ];
}

function checkState(values: Record<string, unknown>): string[] {
  return Object.entries(EXPECTED)
    .filter(([key, value]) => values[key] !== value)
    .map(([key, value]) => `state: ${key} is "${String(values[key])}", not "${value}"`);
}

/** No node whose result was stored has run twice. */
function checkNodes(directory: string, wrecks: readonly Wreck[]): string[] {
  const problems: string[] = [];
  const journal = readJournal(directory);
  const stored = new Set<string>();
  const before = new Map(wrecks.map((wreck) => [wreck.journal, wreck.stored]));
  for (const [place, { event, nodeTaskId, node }] of journal.entries()) {
    for (const id of before.get(place) ?? []) stored.add(id);
    if (event === "stored") stored.add(nodeTaskId);
    else if (stored.has(nodeTaskId)) problems.push(`nodes: ${node} ran again after its result was stored`);
  }
  const names = new Map(journal.filter(({ node }) => node).map(({ node, nodeTaskId }) => [nodeTaskId, node]));
  const results = storedResults(directory).map((id) => names.get(id));
  for (const name of NODES) {
    const times = results.filter((result) => result === name).length;
    if (times !== 1) problems.push(`nodes: ${times} results of ${name} are stored`);
  }
  return problems;
}

interface Sent {
  id: string;
  kind: string;
  message_id: string;
  raw: string;
  state: string;
  envelope_json: string;
}

/** No mail went out twice, but where the process died in the window; and there with the same bytes. */
function checkMails(mail: MailServer, life: Life, wrecks: readonly Wreck[]): string[] {
  const problems: string[] = [];
  const outbox = query<Sent>(
    `${life.directory}/mail.db`,
    "outbox",
    "SELECT id, kind, message_id, raw, state, envelope_json FROM outbox",
  );
  const { gone, refused, ...people } = life.people;
  const toPeople = Object.values(people).flatMap((address) => mail.mails(address));
  const toAgents = [life.accounts.lab, life.accounts.desk].flatMap(({ address }) => mail.mails(address));
  const kinds = outbox.map(({ kind }) => kind).toSorted((a, b) => a.localeCompare(b));
  if (!MAILS.test(kinds.join())) problems.push(`mails: the outbox holds ${kinds.join(", ")}`);
  for (const row of outbox) {
    const name = `mails: ${row.kind} ${row.id.slice(0, 6)}`;
    const isTo = (address: string) => row.envelope_json.includes(`"${address}"`);
    const bytes = readFileSync(`${life.directory}/mail.db.blobs/${row.raw.slice(0, 2)}/${row.raw}`);
    // What cannot be delivered comes back in a report.
    const holds = (copy: DeliveredMail) =>
      isTo(gone)
        ? copy.header("from")!.startsWith("MAILER-DAEMON@") && Buffer.from(copy.raw).includes(bytes)
        : copy.header("message-id") === row.message_id;
    const copies = [...toPeople, ...toAgents].filter(holds);
    const windows = wrecks.filter(({ inWindow }) => inWindow.includes(row.id)).length;
    if (!isTrue(row, { copies: copies.length, isRefused: isTo(refused), isSilent: isTo(people.carol) }))
      problems.push(`${name} is ${row.state}, and was delivered ${copies.length} times`);
    if (copies.length > 1 + windows)
      problems.push(`${name} was delivered ${copies.length} times, with ${windows} kills in the window`);
    if (!copies.every((copy) => isTo(gone) || Buffer.from(copy.raw).subarray(-bytes.length).equals(bytes))) {
      problems.push(`${name} was delivered with other bytes than those in the ledger`);
    }
  }
  const known = new Set(outbox.map((row) => row.message_id));
  const strangers = toPeople.filter((copy) => !known.has(copy.header("message-id")!));
  if (strangers.length > 0) problems.push(`mails: people got ${strangers.length} mails that are not in the outbox`);
  return problems;
}

/** Whether the ledger says of a mail what became of it. */
function isTrue(row: Sent, seen: { copies: number; isRefused: boolean; isSilent: boolean }): boolean {
  if (seen.isRefused) return row.state === "refused" && seen.copies === 0;
  // Who never answers may have been called off before the mail went out, or went out again: then nobody can say.
  if (seen.isSilent && row.state === "withdrawn") return true;
  return row.state === "submitted" && seen.copies > 0;
}

/** No reply is lost, every task has one outcome, and nothing is left over. */
function checkLedger({ directory }: Life, people: readonly Answering[]): string[] {
  const file = `${directory}/mail.db`;
  const problems: string[] = [];
  const count = (table: string, where: string): number =>
    query<{ n: number }>(file, table, `SELECT COUNT(*) AS n FROM ${table} WHERE ${where}`)[0]?.n ?? 0;
  const expect = (what: string, found: number, expected: number) => {
    if (found !== expected) problems.push(`ledger: ${found} ${what}, not ${expected}`);
  };
  const replies = people.flatMap((person) => person.replies);
  expect("replies by people", replies.length, Object.values(ANSWERS).flat().length);
  for (const { messageId } of replies)
    expect(`records of ${messageId}`, count("messages", `message_id = '${messageId}'`), 1);
  expect("tasks", count("tasks", "1"), 5);
  expect("tasks called off", count("tasks", "outcome_kind = 'cancelled'"), 1);
  expect("tasks replied to", count("tasks", "outcome_kind = 'replied'"), 4);
  expect("mails that settled a task", count("messages", "disposition = 'settled'"), 4);
  expect("requests", count("requests", "1"), 1);
  expect("requests answered", count("requests", "state = 'answered'"), 1);
  expect("waits", count("waits", "1"), 3);
  expect("waits that were consumed", count("waits", "closed_as = 'consumed'"), 3);
  expect("threads held", count("leases", "name LIKE 'thread:%' AND holder IS NOT NULL"), 0);
  expect("threads that failed", count("threads", "failures > 0 OR stalled_at IS NOT NULL"), 0);
  expect('"task-created" events', count("events", "kind = 'task-created'"), 5);
  expect('"settled" events', count("events", "kind = 'settled'"), 5);
  expect('"submitted" events', count("events", "kind = 'submitted'"), count("outbox", "state = 'submitted'"));
  expect('"mailing-again" events', count("events", "kind = 'mailing-again'"), 2);
  expect('"run-failed" events', count("events", "kind = 'run-failed'"), 0);
  return problems;
}

function readJournal(directory: string): JournalEntry[] {
  const file = `${directory}/journal.jsonl`;
  if (!existsSync(file)) return [];
  return readFileSync(file, "utf8")
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line) as JournalEntry);
}

/** Rows, or none where the file or the table is not there yet. */
function query<Row>(file: string, table: string, statement: string): Row[] {
  if (!existsSync(file)) return [];
  const db = new DatabaseSync(file, { timeout: 1_000 });
  try {
    if (!db.prepare("SELECT 1 FROM sqlite_schema WHERE name = ?").get(table)) return [];
    return db.prepare(statement).all() as Row[];
  } finally {
    db.close();
  }
}
