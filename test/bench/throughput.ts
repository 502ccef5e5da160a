import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Annotation, Command, END, interrupt, START, StateGraph } from "@langchain/langgraph";
import type { BaseCheckpointSaver } from "@langchain/langgraph-checkpoint";
import { PostgresSaver } from "@langchain/langgraph-checkpoint-postgres";
import { SqliteSaver } from "@langchain/langgraph-checkpoint-sqlite";
import { createEmailKit, defineTask, silentLogger } from "langgraph-email";
import { Pool } from "pg";
import { z } from "zod";
import { configuredServers } from "../servers/configured.ts";
import { hasPostgres, startPostgres } from "../support/postgres.ts";
import { watchFloor } from "./floor.ts";
import type { Row } from "./row.ts";
import type { Order, Report } from "./throughput-server.ts";

const THREADS = Number(process.env["BENCH_THREADS"] ?? 1_000);

/** Where ledger and checkpoints lie. */
interface Store {
  name: string;
  ledger: () => string;
  /** Of its own place. */
  saver: () => Promise<BaseCheckpointSaver>;
}

/**
 * Threads that wait, each resumed by a reply of its own, on disk as in production; against the same mails to the same server in the same run, read
 * with nothing but imapflow and mailparser; on each of the servers that MAIL_TEST_SERVER names, and on the first one with PostgreSQL too. Time runs from
 * the first reply's submission until the last thread's next node starts.
 */
export async function bench(): Promise<Row[]> {
  await using stack = new AsyncDisposableStack();
  const directory = await mkdtemp(join(tmpdir(), "langgraph-email-throughput-"));
  stack.defer(() => rm(directory, { recursive: true }));
  let files = 0;
  const file = () => join(directory, `${files++}.db`);
  const sqlite: Store = { name: "SQLite", ledger: file, saver: async () => SqliteSaver.fromConnString(file()) };
  const rows: Row[] = [];
  for (const { name } of configuredServers()) rows.push(...(await benchOn(name, sqlite)));
  if (!hasPostgres) return rows;
  const server = await startPostgres({ durable: true });
  stack.defer(() => server.close());
  const pool = new Pool({ connectionString: server.url });
  // A connection that ends with the server is no error.
  pool.on("error", () => {});
  stack.defer(() => pool.end());
  let schemas = 0;
  const saver = async () => {
    const made = new PostgresSaver(pool, undefined, { schema: `checkpoints_${schemas++}` });
    await made.setup();
    return made;
  };
  const postgres: Store = { name: "PostgreSQL", ledger: () => server.ledgerUrl(), saver };
  return [...rows, ...(await benchOn(configuredServers()[0]!.name, postgres))];
}

const rate = (ms: number) => `${Math.round((THREADS * 1000) / ms)}/s`;

/** What LangGraph alone takes to resume so many threads, which is part of what the kit takes. In milliseconds. */
async function bareResumes(store: Store): Promise<number> {
  const State = Annotation.Root({ subject: Annotation<string>, approved: Annotation<boolean> });
  const graph = new StateGraph(State)
    .addNode("ask", () => ({ approved: interrupt<string, boolean>("May we?") }))
    .addNode("next", () => ({}))
    .addEdge(START, "ask")
    .addEdge("ask", "next")
    .addEdge("next", END)
    .compile({ checkpointer: await store.saver() });
  const thread = (index: number) => ({ configurable: { thread_id: `t${index}` }, durability: "sync" as const });
  for (let index = 0; index < THREADS; index++) await graph.invoke({ subject: "Question" }, thread(index));
  const begin = performance.now();
  for (let index = 0; index < THREADS; index++) await graph.invoke(new Command({ resume: true }), thread(index));
  return performance.now() - begin;
}

async function benchOn(kind: string, store: Store): Promise<Row[]> {
  const child = fork(new URL("throughput-server.ts", import.meta.url), [kind], {
    execArgv: ["--conditions=langgraph-email-source"],
  });
  try {
    const { accounts } = await heard(child, "ready");
    const started = countTo(THREADS);
    await using bench = await waitingThreads(store, accounts.desk, started.note);
    const ours = await answered(child, "desk", started.all);
    const events = await bench.kit.events({ limit: 1_000_000 });
    const resumed = events.filter((event) => event.kind === "resumed").length;
    if (resumed !== THREADS) throw new Error(`${resumed} resumes for ${THREADS} threads`);
    const parsed = countTo(THREADS);
    await using _floor = await watchFloor(accounts.floor, parsed.note);
    const floor = await answered(child, "floor", parsed.all);
    const bare = await bareResumes(store);
    const ratio = floor / ours;
    const name = `throughput (${kind}, ${store.name})`;
    return [
      { what: `${name}: ${THREADS} threads resumed by replies`, value: rate(ours) },
      { what: `${name}: floor (IDLE → fetch → simpleParser)`, value: rate(floor) },
      { what: `${name}: LangGraph alone resumes, no mail`, value: rate(bare) },
      { what: `${name}: ratio`, value: ratio.toFixed(2), target: "≥ 0.80", ok: ratio >= 0.8 },
      // One process reads the mails and resumes the threads: it cannot be quicker than both together.
      {
        what: `${name}: ratio to the floor and LangGraph alone`,
        value: ((floor + bare) / ours).toFixed(2),
      },
    ];
  } finally {
    const gone = once(child, "exit");
    child.disconnect();
    await gone;
  }
}

async function waitingThreads(store: Store, desk: { address: string; smtp: string; imap: string }, next: () => void) {
  const approval = defineTask("approval", { reply: z.object({ approved: z.boolean() }) });
  const kit = createEmailKit({
    ledger: store.ledger(),
    secret: "the same secret for all of these workers",
    agents: { desk },
    log: silentLogger,
  });
  const State = Annotation.Root({ subject: Annotation<string>, approved: Annotation<boolean> });
  const graph = kit.attach(
    "bench",
    new StateGraph(State)
      .addNode("ask", async ({ subject }) => {
        await kit.sendTask(approval, { from: "desk", to: "boss@b.example", subject, body: "May we?" });
        const outcome = await kit.awaitReply(approval);
        return { approved: outcome.kind === "replied" && outcome.data.approved };
      })
      .addNode("next", ({ approved }) => {
        if (approved) next();
        return {};
      })
      .addEdge(START, "ask")
      .addEdge("ask", "next")
      .addEdge("next", END)
      .compile({ checkpointer: kit.checkpointer(await store.saver()) }),
  );
  for (let index = 0; index < THREADS; index++) {
    await graph.invoke({ subject: `Question ${index}` }, { configurable: { thread_id: `t${index}` } });
  }
  await kit.runOnce();
  const worker = await kit.start();
  await worker.ready;
  return { kit, [Symbol.asyncDispose]: () => kit.close() };
}

/** How long it takes from the first reply's submission until `all` have arrived. */
async function answered(child: ChildProcess, to: Order["to"], all: Promise<number>): Promise<number> {
  const begun = heard(child, "begun");
  child.send({ kind: "answer", to, count: THREADS } satisfies Order);
  const { at } = await begun;
  return (await all) - at;
}

async function heard<Kind extends Report["kind"]>(
  child: ChildProcess,
  kind: Kind,
): Promise<Extract<Report, { kind: Kind }>> {
  for (;;) {
    const [report] = (await once(child, "message")) as [Report];
    if (report.kind === kind) return report as Extract<Report, { kind: Kind }>;
  }
}

/** `all` resolves with the time of the last one. */
function countTo(count: number): { note: () => void; all: Promise<number> } {
  const { promise, resolve } = Promise.withResolvers<number>();
  let left = count;
  return {
    note: () => {
      left -= 1;
      if (left === 0) resolve(performance.timeOrigin + performance.now());
    },
    all: promise,
  };
}
