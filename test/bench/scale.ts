import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { Annotation, END, MemorySaver, START, StateGraph } from "@langchain/langgraph";
import { defineTask, silentLogger } from "langgraph-email";
import { Client } from "pg";
import { z } from "zod";
import { composeKit } from "../../src/kit.ts";
import type { KitPorts } from "../../src/open-kit.ts";
import type { Database } from "../../src/ledger/database.ts";
import { openPostgres } from "../../src/ledger/postgres.ts";
import { isPostgresUrl } from "../../src/ledger/postgres/url.ts";
import { openSqlite } from "../../src/ledger/sqlite.ts";
import type { MailboxReader } from "../../src/transport/transport.ts";
import { hasPostgres, startPostgres } from "../support/postgres.ts";
import { milliseconds, percentile, type Row } from "./row.ts";

const SIZES = { few: 100, many: Number(process.env["BENCH_WAITS"] ?? 100_000) };
const MESSAGES_PER_WAIT = 10;
const REPLIES = 150;
const WARM_UP = 20;

/**
 * A reply that is in the process's memory → matched, settled, its thread resumed and the next node started, with few and with many open waits in the
 * ledger, and ten times as many mails, in turn; no mail server takes part. And what a worker's memory holds for so many waits.
 */
export async function bench(): Promise<Row[]> {
  const directory = await mkdtemp(join(tmpdir(), "langgraph-email-scale-"));
  try {
    const rows = await benchOn("SQLite", (size) => join(directory, `${size}.db`));
    if (!hasPostgres) return rows;
    const server = await startPostgres();
    try {
      return [
        ...rows,
        ...(await benchOn(
          "PostgreSQL",
          () => server.ledgerUrl(),
          () => vacuum(server.url),
        )),
      ];
    } finally {
      await server.close();
    }
  } finally {
    await rm(directory, { recursive: true });
  }
}

/** What PostgreSQL does by itself, some time after many rows have come in. */
async function vacuum(url: string): Promise<void> {
  const client = new Client({ connectionString: url });
  await client.connect();
  await client.query("VACUUM ANALYZE");
  await client.end();
}

async function benchOn(
  name: string,
  ledgerOf: (size: keyof typeof SIZES) => string,
  settle: () => Promise<void> = async () => {},
): Promise<Row[]> {
  const few = await openDesk(ledgerOf("few"), SIZES.few);
  const many = await openDesk(ledgerOf("many"), SIZES.many);
  await settle();
  try {
    const before = usedMemory();
    await few.start();
    const withFew = usedMemory();
    await many.start();
    const withMany = usedMemory();
    const samples: { few: number[]; many: number[] } = { few: [], many: [] };
    for (let index = 0; index < REPLIES + WARM_UP; index++) {
      const [ofFew, ofMany] = [await few.roundTrip(`t${index}`), await many.roundTrip(`t${index}`)];
      if (index < WARM_UP) continue;
      samples.few.push(ofFew);
      samples.many.push(ofMany);
    }
    const [atFew, atMany] = [percentile(samples.few, 0.5), percentile(samples.many, 0.5)];
    const ratio = atMany / atFew;
    const grown = withMany - withFew - (withFew - before);
    return [
      { what: `scale (${name}): match → settle → resume, p50 at ${SIZES.few} open waits`, value: milliseconds(atFew) },
      { what: `scale (${name}): the same at ${SIZES.many}`, value: milliseconds(atMany) },
      { what: `scale (${name}): ratio`, value: ratio.toFixed(2), target: "≤ 1.20", ok: ratio <= 1.2 },
      {
        what: `scale (${name}): memory of a worker for ${SIZES.many - SIZES.few} more waits`,
        value: `${(grown / 1e6).toFixed(1)} MB`,
        target: "≤ 5 MB",
        ok: grown <= 5e6,
      },
    ];
  } finally {
    await few.close();
    await many.close();
  }
}

const approval = defineTask("approval", { reply: z.object({ approved: z.boolean() }) });

/** A kit with a worker whose mail goes no further than this process, on a ledger with so many open waits. */
async function openDesk(ledger: string, size: number) {
  const post = inProcessPost();
  const server = { host: "localhost", user: "desk", auth: { password: "x" } };
  const kit = composeKit(
    {
      ledger,
      secret: "the same secret for all of these workers",
      log: silentLogger,
      agents: { desk: { address: "desk@a.example", smtp: server, imap: server } },
    },
    post.ports,
  );
  const started = new Map<string, (at: number) => void>();
  const State = Annotation.Root({ id: Annotation<string> });
  const graph = kit.attach(
    "bench",
    new StateGraph(State)
      .addNode("ask", async ({ id }) => {
        await kit.sendTask(approval, { from: "desk", to: "boss@b.example", subject: id, body: "May we?" });
        await kit.awaitReply(approval);
        return {};
      })
      .addNode("next", ({ id }) => {
        started.get(id)?.(performance.now());
        return {};
      })
      .addEdge(START, "ask")
      .addEdge("ask", "next")
      .addEdge("next", END)
      .compile({ checkpointer: kit.checkpointer(new MemorySaver()) }),
  );
  const park = (id: string) => graph.invoke({ id }, { configurable: { thread_id: id } });
  await park("original");
  await kit.runOnce();
  await multiply(await post.ports.openDatabase(ledger), size - 1);
  return {
    start: async () => (await kit.start()).ready,
    /** Parks a thread, answers its task, and resolves with the time from the reply to the next node, in milliseconds. */
    async roundTrip(id: string): Promise<number> {
      await park(id);
      const task = await post.submitted(id);
      const arrived = new Promise<number>((resolve) => {
        started.set(id, resolve);
      });
      // What follows from the submission is over: the thread is idle.
      await sleep(100);
      const begin = performance.now();
      await post.deliver(replyTo(task, id));
      return (await arrived) - begin;
    },
    close: () => kit.close(),
  };
}

/** Ports without servers: what is submitted can be looked at, and what is delivered is read at once. */
function inProcessPost() {
  const taken = new Map<string, string>();
  const listeners = new Map<string, (raw: string) => void>();
  let reader: MailboxReader | undefined;
  let uid = 0;
  const ports: KitPorts = {
    openDatabase: async (ledger) => (isPostgresUrl(ledger) ? openPostgres(ledger) : openSqlite(ledger)),
    createSubmitter: () => ({
      async submit({ raw, onHandover }) {
        await onHandover?.();
        const text = Buffer.from(raw).toString();
        const subject = header(text, "Subject");
        taken.set(subject, text);
        listeners.get(subject)?.(text);
        return { kind: "submitted", response: "250 OK", serverMessageIds: [], refused: [] };
      },
      verify: async () => {},
      close: async () => {},
    }),
    createMailbox: () => ({
      key: "desk@localhost/INBOX",
      junkKey: "desk@localhost/\\Junk",
      drain: async () => 0,
      verify: async () => {},
      async watch(given, { signal, onState }) {
        reader = given;
        onState?.({ kind: "connected", idle: true });
        await new Promise((resolve) => {
          signal.addEventListener("abort", resolve);
        });
      },
      close: async () => {},
    }),
  };
  return {
    ports,
    submitted: (subject: string) =>
      new Promise<string>((resolve) => {
        const there = taken.get(subject);
        if (there === undefined) listeners.set(subject, resolve);
        else resolve(there);
      }),
    async deliver(text: string): Promise<void> {
      const raw = Buffer.from(text);
      const mail = { uid: ++uid, uidValidity: "1", receivedAt: Date.now(), size: raw.length, raw, truncated: false };
      await reader!.store([mail], false);
    },
  };
}

const header = (mail: string, name: string) => new RegExp(`^${name}: (.*)$`, "m").exec(mail)?.[1]?.trim() ?? "";

function replyTo(task: string, id: string): string {
  const messageId = header(task, "Message-ID");
  return [
    "From: The Boss <boss@b.example>",
    `To: ${header(task, "Reply-To")}`,
    `Subject: Re: ${id}`,
    `Message-ID: <reply.${messageId.slice(1)}`,
    `In-Reply-To: ${messageId}`,
    "MIME-Version: 1.0",
    "Content-Type: text/plain; charset=utf-8",
    "",
    "approved: yes",
    "",
  ].join("\r\n");
}

/** Of each table, the columns that tell one copy from the next. */
const KEYS: Record<string, string[]> = {
  tasks: ["id", "thread_id", "node_task_id", "message_id"],
  outbox: ["id", "task_id", "message_id"],
  aliases: ["id", "task_id"],
  waits: ["id", "thread_id", "node_task_id"],
  wait_tasks: ["task_id", "wait_id"],
  threads: ["thread_id"],
  leases: ["name"],
  events: ["thread_id", "task_id"],
};

/** Copies the one thread that waits, with all that belongs to it. */
async function multiply(db: Database, copies: number): Promise<void> {
  for (const [table, keys] of Object.entries(KEYS)) {
    const [row] = await db.all<Record<string, unknown>>(`SELECT * FROM ${table} LIMIT 1`);
    if (!row) throw new Error(`Nothing in ${table} to be copied`);
    const columns = Object.keys(row).filter((column) => column !== "seq");
    const values = columns.map((column) => (keys.includes(column) ? `o.${column} || '-' || n.i` : `o.${column}`));
    await db.run(
      `INSERT INTO ${table} (${columns.join(", ")})
       WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ${copies})
       SELECT ${values.join(", ")} FROM ${table} AS o CROSS JOIN n`,
    );
  }
  await db.run(
    `INSERT INTO messages (id, agent, mailbox, uid_validity, uid, message_id, sender, subject, classification, disposition, raw, content_json, received_at, stored_at)
     WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ${copies * MESSAGES_PER_WAIT})
     SELECT 'old-' || n.i, 'desk', 'desk@localhost/INBOX', '0', n.i, '<old.' || n.i || '@b.example>', 'someone@b.example', 'Offer', 'person', 'unmatched', 'none', '{}', n.i, n.i FROM n`,
  );
  await db.close();
}

/** In octets, of what is reachable. */
function usedMemory(): number {
  setFlagsFromString("--expose-gc");
  const collect = runInNewContext("gc") as () => void;
  collect();
  collect();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}
