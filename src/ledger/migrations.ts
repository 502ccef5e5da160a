import { EmailKitError } from "../errors.ts";
import type { Database } from "./database.ts";
import { one } from "./database.ts";
import { TICKETS_GRAPH } from "./tasks.ts";

/** Refuses what would change the past, so that no slip does. Whoever owns the database can drop these: for that there is the chain of seals. */
function appendOnly(table: string, columns: string): string {
  const refuse = "FOR EACH ROW BEGIN SELECT RAISE(ABORT, 'The audit log is only ever appended to'); END;";
  return `
  CREATE TRIGGER ${table}_kept BEFORE DELETE ON ${table} ${refuse}
  CREATE TRIGGER ${table}_unchanged BEFORE UPDATE OF ${columns} ON ${table} ${refuse}`;
}

/** Numbered by their place, from 1. A published one is never changed. Times are milliseconds since the epoch; `*_json` columns hold JSON. */
const MIGRATIONS = [
  /* 1 */ `
  CREATE TABLE tasks (
    id TEXT PRIMARY KEY,
    name TEXT NOT NULL,
    agent TEXT NOT NULL,
    graph TEXT NOT NULL,
    thread_id TEXT NOT NULL,
    run_id TEXT,
    node_task_id TEXT NOT NULL,
    message_id TEXT NOT NULL,
    addressees_json TEXT NOT NULL,
    subject TEXT NOT NULL,
    body TEXT NOT NULL,
    reply_schema_json TEXT,
    accept_json TEXT NOT NULL,
    expects_json TEXT,
    created_at INTEGER NOT NULL,
    deadline_at INTEGER NOT NULL,
    clarifications INTEGER NOT NULL DEFAULT 0,
    candidates_json TEXT NOT NULL DEFAULT '[]',
    attempts_json TEXT NOT NULL DEFAULT '[]',
    unreached_json TEXT NOT NULL DEFAULT '[]',
    resend_at INTEGER,
    reassign TEXT,
    steps_json TEXT NOT NULL DEFAULT '[]',
    step_at INTEGER,
    away_until INTEGER,
    traceparent TEXT,
    settled_at INTEGER,
    outcome_kind TEXT,
    outcome_json TEXT
  ) STRICT;
  CREATE INDEX tasks_by_thread ON tasks (thread_id, name);
  CREATE INDEX tickets ON tasks (agent, created_at) WHERE graph = '${TICKETS_GRAPH}';
  CREATE INDEX tasks_expecting ON tasks (agent, created_at) WHERE expects_json IS NOT NULL AND settled_at IS NULL;
  CREATE INDEX tasks_resend ON tasks (resend_at) WHERE resend_at IS NOT NULL AND settled_at IS NULL;
  CREATE INDEX tasks_step ON tasks (step_at) WHERE step_at IS NOT NULL AND settled_at IS NULL;
  CREATE INDEX tasks_due ON tasks (deadline_at) WHERE settled_at IS NULL;

  CREATE TABLE asked (
    task_id TEXT NOT NULL REFERENCES tasks (id),
    agent TEXT NOT NULL,
    address TEXT NOT NULL,
    PRIMARY KEY (task_id, address)
  ) STRICT;
  CREATE INDEX asked_by_address ON asked (agent, address);

  CREATE TABLE outbox (
    id TEXT PRIMARY KEY,
    kind TEXT NOT NULL,
    task_id TEXT REFERENCES tasks (id),
    request_id TEXT,
    agent TEXT NOT NULL,
    message_id TEXT NOT NULL,
    envelope_json TEXT NOT NULL,
    raw TEXT NOT NULL,
    state TEXT NOT NULL,
    due_at INTEGER NOT NULL,
    attempts INTEGER NOT NULL DEFAULT 0,
    holder TEXT,
    lease_until INTEGER,
    last_error TEXT,
    created_at INTEGER NOT NULL,
    submitted_at INTEGER,
    recipients INTEGER NOT NULL,
    counted_at INTEGER,
    doubt INTEGER NOT NULL DEFAULT 0
  ) STRICT;
  CREATE INDEX outbox_due ON outbox (due_at) WHERE state IN ('due', 'leased', 'sending');
  CREATE INDEX outbox_queue ON outbox (due_at, created_at, agent) WHERE state = 'due';
  CREATE INDEX outbox_by_agent ON outbox (agent, recipients) WHERE state = 'due';
  CREATE INDEX outbox_by_task ON outbox (task_id);
  CREATE INDEX outbox_by_request ON outbox (request_id) WHERE request_id IS NOT NULL;
  CREATE INDEX outbox_replies ON outbox (created_at) WHERE request_id = id;
  CREATE INDEX outbox_by_raw ON outbox (raw);
  CREATE INDEX outbox_in_doubt ON outbox (created_at) WHERE state = 'unknown';

  CREATE TABLE aliases (
    id TEXT PRIMARY KEY,
    task_id TEXT,
    request_id TEXT
  ) STRICT;

  CREATE TABLE messages (
    id TEXT PRIMARY KEY,
    agent TEXT,
    mailbox TEXT NOT NULL,
    uid_validity TEXT NOT NULL,
    uid INTEGER NOT NULL,
    message_id TEXT,
    sender TEXT,
    subject TEXT NOT NULL,
    classification TEXT NOT NULL,
    disposition TEXT NOT NULL,
    reason TEXT,
    task_id TEXT REFERENCES tasks (id),
    grade TEXT,
    raw TEXT NOT NULL,
    content_json TEXT NOT NULL,
    received_at INTEGER NOT NULL,
    stored_at INTEGER NOT NULL
  ) STRICT;
  CREATE INDEX messages_by_agent ON messages (agent, received_at, id);
  CREATE INDEX messages_unmatched ON messages (agent, received_at) WHERE (disposition = 'unmatched' OR (disposition = 'quarantined' AND grade = 'E'));
  CREATE INDEX messages_by_task ON messages (task_id);
  CREATE INDEX messages_by_disposition ON messages (disposition, stored_at);
  CREATE INDEX messages_of_no_task ON messages (stored_at) WHERE task_id IS NULL;
  CREATE INDEX messages_by_raw ON messages (raw);

  CREATE TABLE attachments (
    blob TEXT NOT NULL,
    message TEXT NOT NULL REFERENCES messages (id),
    PRIMARY KEY (blob, message)
  ) STRICT;
  CREATE INDEX attachments_by_message ON attachments (message);

  CREATE TABLE waits (
    id TEXT PRIMARY KEY,
    graph TEXT NOT NULL,
    thread_id TEXT NOT NULL,
    node TEXT NOT NULL,
    node_task_id TEXT NOT NULL,
    checkpoint_id TEXT NOT NULL,
    until_json TEXT NOT NULL,
    deadline_at INTEGER,
    created_at INTEGER NOT NULL,
    decided_at INTEGER,
    decision TEXT,
    parked_at INTEGER,
    woken_at INTEGER,
    delivered_at INTEGER,
    closed_at INTEGER,
    closed_as TEXT
  ) STRICT;
  CREATE INDEX waits_open ON waits (thread_id) WHERE closed_at IS NULL;
  CREATE INDEX waits_due ON waits (deadline_at) WHERE closed_at IS NULL AND decided_at IS NULL AND deadline_at IS NOT NULL;
  CREATE INDEX waits_ready ON waits (thread_id, graph) WHERE closed_at IS NULL AND decided_at IS NOT NULL AND delivered_at IS NULL AND woken_at IS NULL;

  CREATE TABLE wait_tasks (
    task_id TEXT NOT NULL REFERENCES tasks (id),
    wait_id TEXT NOT NULL REFERENCES waits (id),
    place INTEGER NOT NULL,
    counted INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (task_id, wait_id)
  ) STRICT;
  CREATE INDEX wait_tasks_by_wait ON wait_tasks (wait_id);

  CREATE TABLE threads (
    thread_id TEXT NOT NULL,
    graph TEXT NOT NULL,
    failures INTEGER NOT NULL DEFAULT 0,
    retry_at INTEGER,
    stalled_at INTEGER,
    last_error TEXT,
    assistant TEXT,
    PRIMARY KEY (thread_id, graph)
  ) STRICT;
  CREATE INDEX threads_retry ON threads (retry_at) WHERE retry_at IS NOT NULL;
  CREATE INDEX threads_stalled ON threads (stalled_at) WHERE stalled_at IS NOT NULL;

  CREATE TABLE requests (
    id TEXT PRIMARY KEY,
    agent TEXT NOT NULL,
    graph TEXT NOT NULL,
    thread_id TEXT NOT NULL,
    message TEXT NOT NULL REFERENCES messages (id),
    state TEXT NOT NULL,
    hops INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    answered_at INTEGER
  ) STRICT;
  CREATE INDEX requests_open ON requests (graph, created_at) WHERE state IN ('pending', 'started');
  CREATE INDEX requests_by_thread ON requests (thread_id);
  CREATE INDEX requests_by_message ON requests (message);

  CREATE TABLE reviews (
    id TEXT PRIMARY KEY,
    question TEXT NOT NULL,
    instead TEXT,
    thread_id TEXT NOT NULL,
    details_json TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    decided_at INTEGER
  ) STRICT;
  CREATE INDEX reviews_open ON reviews (question) WHERE decided_at IS NULL;
  CREATE INDEX reviews_by_thread ON reviews (thread_id);

  CREATE TABLE confirmations (
    message TEXT PRIMARY KEY,
    question TEXT NOT NULL,
    task_id TEXT NOT NULL,
    agent TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    closed_at INTEGER
  ) STRICT;
  CREATE INDEX confirmations_by_task ON confirmations (task_id);
  CREATE INDEX confirmations_by_question ON confirmations (question);
  CREATE UNIQUE INDEX confirmations_open ON confirmations (task_id) WHERE closed_at IS NULL;

  CREATE TABLE cursors (
    mailbox TEXT NOT NULL,
    uid_validity TEXT NOT NULL,
    uid INTEGER NOT NULL,
    reading_until INTEGER,
    PRIMARY KEY (mailbox, uid_validity)
  ) STRICT;
  CREATE INDEX cursors_reading ON cursors (reading_until) WHERE reading_until IS NOT NULL;

  CREATE TABLE leases (
    name TEXT PRIMARY KEY,
    holder TEXT,
    fence INTEGER NOT NULL,
    lease_until INTEGER NOT NULL
  ) STRICT;
  CREATE INDEX leases_held ON leases (lease_until) WHERE holder IS NOT NULL;

  CREATE TABLE counts (
    unit TEXT NOT NULL,
    kind TEXT NOT NULL,
    at INTEGER NOT NULL,
    recipients INTEGER NOT NULL,
    PRIMARY KEY (unit, kind, at)
  ) STRICT;
  CREATE INDEX counts_by_age ON counts (at);

  CREATE TABLE holds (
    unit TEXT PRIMARY KEY,
    since INTEGER NOT NULL,
    until INTEGER,
    times INTEGER NOT NULL,
    reason TEXT NOT NULL
  ) STRICT;

  CREATE TABLE suppressions (
    address TEXT PRIMARY KEY,
    reason TEXT NOT NULL,
    status TEXT,
    task_id TEXT,
    at INTEGER NOT NULL
  ) STRICT;

  CREATE TABLE events (
    seq INTEGER PRIMARY KEY,
    at INTEGER NOT NULL,
    kind TEXT NOT NULL,
    agent TEXT,
    graph TEXT,
    thread_id TEXT,
    run_id TEXT,
    task_id TEXT,
    body TEXT,
    data_json TEXT NOT NULL,
    personal_json TEXT NOT NULL,
    seal INTEGER
  ) STRICT;
  CREATE INDEX events_by_thread ON events (thread_id, seq);
  CREATE INDEX events_unsealed ON events (seq) WHERE seal IS NULL;

  CREATE TABLE seals (
    number INTEGER PRIMARY KEY,
    at INTEGER NOT NULL,
    total INTEGER NOT NULL,
    events_json TEXT NOT NULL,
    hash TEXT NOT NULL
  ) STRICT;
  ${appendOnly("events", "seq, at, kind, agent, graph, thread_id, run_id, task_id, body, data_json")}
  ${appendOnly("seals", "number, at, total, events_json, hash")}
  `,
  /* 2 */ `
  CREATE TABLE blobs (
    id TEXT PRIMARY KEY,
    content BLOB NOT NULL,
    put_at INTEGER NOT NULL
  ) STRICT;
  `,
];

/** Brings the database to this version's schema. @throws EmailKitError `LEDGER_VERSION` when a newer version wrote it. */
export async function migrate(db: Database): Promise<void> {
  await db.transaction(async (sql) => {
    await sql.run("CREATE TABLE IF NOT EXISTS meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT");
    const version = Number(
      (await one<{ value: string }>(sql, "SELECT value FROM meta WHERE key = 'schema'"))?.value ?? 0,
    );
    if (version === MIGRATIONS.length) return;
    if (version > MIGRATIONS.length) {
      throw new EmailKitError(
        "LEDGER_VERSION",
        `The ledger ${db.name} has schema ${version}; this version of langgraph-email knows up to ${MIGRATIONS.length}. Upgrade the package, or use another ledger.`,
      );
    }
    for (const script of MIGRATIONS.slice(version)) {
      for (const statement of script.split(";\n").filter((part) => part.trim() !== "")) await sql.run(statement);
    }
    await sql.run(
      "INSERT INTO meta (key, value) VALUES ('schema', :version) ON CONFLICT (key) DO UPDATE SET value = :version",
      { version: String(MIGRATIONS.length) },
    );
  });
}
