import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Annotation, Command, END, interrupt, START, StateGraph } from "@langchain/langgraph";
import { SqliteSaver } from "@langchain/langgraph-checkpoint-sqlite";
import { createEmailKit, defineTask } from "langgraph-email";
import { ImapFlow } from "imapflow";
import { simpleParser } from "mailparser";
import { z } from "zod";
import type { Order, Report } from "./latency-server.ts";
import { milliseconds, percentile, type Row } from "./row.ts";

const REPLIES = 150;
const WARM_UP = 15;

const now = () => performance.timeOrigin + performance.now();

/**
 * A reply accepted by the SMTP server → the graph's next node starts, on files as in production; against the same mail on the same server, in turn with it, read with
 * nothing but imapflow and mailparser.
 */
export async function bench(): Promise<Row[]> {
  const directory = await mkdtemp(join(tmpdir(), "langgraph-email-latency-"));
  const child = fork(new URL("latency-server.ts", import.meta.url), {
    execArgv: ["--conditions=langgraph-email-source"],
  });
  try {
    const [ready] = (await once(child, "message")) as [Extract<Report, { kind: "ready" }>];
    await using floor = await watchFloor(ready.accounts.floor);
    const kit = await measureKit(directory, ready, child, floor);
    return kit;
  } finally {
    child.disconnect();
    await rm(directory, { recursive: true });
  }
}

async function measureKit(
  directory: string,
  ready: Extract<Report, { kind: "ready" }>,
  child: ChildProcess,
  floor: Arrivals,
): Promise<Row[]> {
  const approval = defineTask("approval", { reply: z.object({ approved: z.boolean() }) });
  const started = createArrivals();
  await using kit = createEmailKit({ ledger: join(directory, "mail.db"), agents: { desk: ready.accounts.desk } });
  const State = Annotation.Root({ subject: Annotation<string>, approved: Annotation<boolean> });
  const graph = kit.attach(
    "bench",
    new StateGraph(State)
      .addNode("send", async ({ subject }) => {
        await kit.sendTask(approval, { from: "desk", to: "boss@b.example", subject, body: "May we?" });
        return {};
      })
      .addNode("wait", async () => {
        const outcome = await kit.awaitReply(approval);
        return { approved: outcome.kind === "replied" && outcome.data.approved };
      })
      .addNode("next", ({ subject }) => {
        started.note(subject);
        return {};
      })
      .addEdge(START, "send")
      .addEdge("send", "wait")
      .addEdge("wait", "next")
      .addEdge("next", END)
      .compile({ checkpointer: kit.checkpointer(SqliteSaver.fromConnString(join(directory, "checkpoints.db"))) }),
  );
  await using worker = await kit.start();
  await worker.ready;
  const bare = bareGraph(directory);
  const samples: Samples = { kit: [], floor: [], langgraph: [] };
  for (let index = 0; index < REPLIES + WARM_UP; index++) {
    const subject = `Question ${index}`;
    await graph.invoke({ subject }, { configurable: { thread_id: `t${index}` } });
    const ofKit = await latency(child, { kind: "answer", subject }, started.next(subject));
    const ofFloor = await latency(child, { kind: "answer-floor", subject }, floor.next(`Re: ${subject}`));
    const ofLangGraph = await bare(subject);
    if (index < WARM_UP) continue;
    samples.langgraph.push(ofLangGraph);
    samples.kit.push(ofKit);
    samples.floor.push(ofFloor);
  }
  return rowsOf(samples);
}

interface Samples {
  kit: number[];
  floor: number[];
  langgraph: number[];
}

/** What LangGraph alone takes, with the same saver: from `invoke` with the answer to the start of the next node. */
function bareGraph(directory: string): (subject: string) => Promise<number> {
  const started = createArrivals();
  const State = Annotation.Root({ subject: Annotation<string>, approved: Annotation<boolean> });
  const graph = new StateGraph(State)
    .addNode("wait", () => ({ approved: interrupt<string, boolean>("May we?") }))
    .addNode("next", ({ subject }) => {
      started.note(subject);
      return {};
    })
    .addEdge(START, "wait")
    .addEdge("wait", "next")
    .addEdge("next", END)
    .compile({ checkpointer: SqliteSaver.fromConnString(join(directory, "bare.db")) });
  return async (subject) => {
    const config = { configurable: { thread_id: subject }, durability: "sync" as const };
    await graph.invoke({ subject }, config);
    const arrival = started.next(subject);
    const begun = now();
    await graph.invoke(new Command({ resume: true }), config);
    return (await arrival) - begun;
  };
}

function rowsOf({ kit, floor, langgraph }: Samples): Row[] {
  return [0.5, 0.99].flatMap((part) => {
    const name = `p${part * 100}`;
    const [ours, bare, resume] = [percentile(kit, part), percentile(floor, part), percentile(langgraph, part)];
    const ratio = ours / bare;
    return [
      { what: `latency ${name}: reply accepted → next node starts`, value: milliseconds(ours) },
      { what: `latency ${name}: floor (IDLE → fetch → simpleParser)`, value: milliseconds(bare) },
      {
        what: `latency ${name}: ratio`,
        value: ratio.toFixed(2),
        ...(part === 0.5 && { target: "≤ 1.25", ok: ratio <= 1.25 }),
      },
      { what: `latency ${name}: LangGraph alone (invoke with the answer → next node)`, value: milliseconds(resume) },
      { what: `latency ${name}: ratio to the floor with LangGraph`, value: (ours / (bare + resume)).toFixed(2) },
    ];
  });
}

/** Lets the person answer, and measures from the server's 250 to the arrival. */
async function latency(child: ChildProcess, order: Order, arrival: Promise<number>): Promise<number> {
  const accepted = once(child, "message") as Promise<[Extract<Report, { kind: "accepted" }>]>;
  child.send(order);
  const [[{ at }], arrived] = await Promise.all([accepted, arrival]);
  return arrived - at;
}

interface Arrivals extends AsyncDisposable {
  /** Resolves with the time at which what bears this subject has arrived. */
  next(subject: string): Promise<number>;
}

function createArrivals() {
  const waiting = new Map<string, (at: number) => void>();
  return {
    note: (subject: string) => waiting.get(subject)?.(now()),
    next: (subject: string) =>
      new Promise<number>((resolve) => {
        waiting.set(subject, resolve);
      }),
  };
}

/** The least that any program must do to know what a new mail says. */
async function watchFloor(account: { imap: string }): Promise<Arrivals> {
  const url = new URL(account.imap);
  const client = new ImapFlow({
    host: url.hostname,
    port: Number(url.port),
    secure: false,
    doSTARTTLS: false,
    auth: { user: decodeURIComponent(url.username), pass: url.password },
    logger: false,
  });
  await client.connect();
  await client.mailboxOpen("INBOX", { readOnly: true });
  const arrivals = createArrivals();
  let last = 0;
  let reading: Promise<void> = Promise.resolve();
  const read = async () => {
    for (const mail of await client.fetchAll(`${last + 1}:*`, { uid: true, source: true }, { uid: true })) {
      if (mail.uid <= last || !mail.source) continue;
      last = mail.uid;
      const { subject } = await simpleParser(mail.source);
      arrivals.note(subject ?? "");
    }
    void client.idle();
  };
  client.on("exists", () => {
    reading = reading.then(read);
  });
  void client.idle();
  return {
    next: arrivals.next,
    async [Symbol.asyncDispose]() {
      client.close();
    },
  };
}
