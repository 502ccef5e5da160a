import { existsSync, readFileSync } from "node:fs";
import type { DeliveredMail, MailServer } from "../../src/dev/index.ts";
import type { Life } from "./life.ts";
import { ANSWERS, type SentReply } from "./people.ts";
import { ledgerRows, storedResults } from "./stores.ts";

const EXPECTED = { research: "replied 42", approval: "replied true", done: "replied 42, replied true, 7, 9, open" };
const NODES = ["askLab", "askBoss", "askBids", "collect", "work"];
/** Of each kind; a third one is called off only where the mail that asks has gone out. */
const MAILS = /^answer,(cancellation,)?clarification,(task,?){8}$/;

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

export async function inspectWreck(life: Life): Promise<Wreck> {
  const inWindow = await ledgerRows<{ id: string }>(life, "outbox", "SELECT id FROM outbox WHERE state = 'sending'");
  return {
    inWindow: inWindow.map(({ id }) => id),
    stored: await storedResults(life),
    journal: readJournal(life.directory).length,
    heldUntil: Math.max(
      await heldUntil(life, "leases", "holder IS NOT NULL"),
      await heldUntil(life, "outbox", "state IN ('leased', 'sending')"),
    ),
  };
}

async function heldUntil(life: Life, table: string, where: string): Promise<number> {
  const select = `SELECT MAX(lease_until) AS at FROM ${table} WHERE ${where}`;
  return (await ledgerRows<{ at: number | null }>(life, table, select))[0]?.at ?? 0;
}

type Answering = { address: string; replies: readonly SentReply[] };

/** Every claim that does not hold, in words. */
export async function check(
  mail: MailServer,
  life: Life,
  found: { values: Record<string, unknown>; wrecks: readonly Wreck[]; people: readonly Answering[] },
): Promise<string[]> {
  return [
    ...checkState(found.values),
    ...(await checkNodes(life, found.wrecks)),
    ...(await checkMails(mail, life, found.wrecks)),
    ...(await checkLedger(life, found.people)),
  ];
}

function checkState(values: Record<string, unknown>): string[] {
  return Object.entries(EXPECTED)
    .filter(([key, value]) => values[key] !== value)
    .map(([key, value]) => `state: ${key} is "${String(values[key])}", not "${value}"`);
}

/** No node whose result was stored has run twice. */
async function checkNodes(life: Life, wrecks: readonly Wreck[]): Promise<string[]> {
  const problems: string[] = [];
  const journal = readJournal(life.directory);
  const stored = new Set<string>();
  const before = new Map(wrecks.map((wreck) => [wreck.journal, wreck.stored]));
  for (const [place, { event, nodeTaskId, node }] of journal.entries()) {
    for (const id of before.get(place) ?? []) stored.add(id);
    if (event === "stored") stored.add(nodeTaskId);
    else if (stored.has(nodeTaskId)) problems.push(`nodes: ${node} ran again after its result was stored`);
  }
  const names = new Map(journal.filter(({ node }) => node).map(({ node, nodeTaskId }) => [nodeTaskId, node]));
  const results = (await storedResults(life)).map((id) => names.get(id));
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
async function checkMails(mail: MailServer, life: Life, wrecks: readonly Wreck[]): Promise<string[]> {
  const problems: string[] = [];
  const outbox = await ledgerRows<Sent>(
    life,
    "outbox",
    "SELECT id, kind, message_id, raw, state, envelope_json FROM outbox",
  );
  const blobs = await ledgerRows<{ id: string; content: Uint8Array }>(life, "blobs", "SELECT id, content FROM blobs");
  const small = new Map(blobs.map(({ id, content }) => [id, Buffer.from(content)]));
  const { gone, refused, ...people } = life.people;
  const toPeople = Object.values(people).flatMap((address) => mail.mails(address));
  const toAgents = [life.accounts.lab, life.accounts.desk].flatMap(({ address }) => mail.mails(address));
  const kinds = outbox.map(({ kind }) => kind).toSorted((a, b) => a.localeCompare(b));
  if (!MAILS.test(kinds.join())) problems.push(`mails: the outbox holds ${kinds.join(", ")}`);
  for (const row of outbox) {
    const name = `mails: ${row.kind} ${row.id.slice(0, 6)}`;
    const isTo = (address: string) => row.envelope_json.includes(`"${address}"`);
    const bytes =
      small.get(row.raw) ?? readFileSync(`${life.directory}/mail.db.blobs/${row.raw.slice(0, 2)}/${row.raw}`);
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
async function checkLedger(life: Life, people: readonly Answering[]): Promise<string[]> {
  const problems: string[] = [];
  const count = async (table: string, where: string): Promise<number> =>
    (await ledgerRows<{ n: number }>(life, table, `SELECT COUNT(*) AS n FROM ${table} WHERE ${where}`))[0]?.n ?? 0;
  const expect = async (what: string, counted: Promise<number> | number, expected: number) => {
    const found = await counted;
    if (found !== expected) problems.push(`ledger: ${found} ${what}, not ${expected}`);
  };
  const replies = people.flatMap((person) => person.replies);
  await expect("replies by people", replies.length, Object.values(ANSWERS).flat().length);
  for (const { messageId } of replies)
    await expect(`records of ${messageId}`, count("messages", `message_id = '${messageId}'`), 1);
  await expect("tasks", count("tasks", "TRUE"), 6);
  await expect("tasks called off", count("tasks", "outcome_kind = 'cancelled'"), 1);
  await expect("tasks replied to", count("tasks", "outcome_kind = 'replied'"), 5);
  await expect("mails that settled a task", count("messages", "disposition = 'settled'"), 5);
  await expect("requests", count("requests", "TRUE"), 1);
  await expect("requests answered", count("requests", "state = 'answered'"), 1);
  await expect("waits", count("waits", "TRUE"), 3);
  // That an outcome was handed over is noted "soon": after a power cut the wait may count as left behind, and nothing else follows from that.
  const over = life.power ? "closed_at IS NOT NULL AND decided_at IS NOT NULL" : "closed_as = 'consumed'";
  await expect("waits that are over", count("waits", over), 3);
  await expect("threads held", count("leases", "name LIKE 'thread:%' AND holder IS NOT NULL"), 0);
  await expect("threads that failed", count("threads", "failures > 0 OR stalled_at IS NOT NULL"), 0);
  await expect('"task-created" events', count("events", "kind = 'task-created'"), 5);
  await expect('"settled" events', count("events", "kind = 'settled'"), 6);
  await expect(
    '"submitted" events',
    count("events", "kind = 'submitted'"),
    await count("outbox", "state = 'submitted'"),
  );
  await expect('"approved" events', count("events", "kind = 'approved'"), 1);
  await expect('"mailing-again" events', count("events", "kind = 'mailing-again'"), 2);
  await expect('"run-failed" events', count("events", "kind = 'run-failed'"), 0);
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
