import { randomUUID } from "node:crypto";
import type { BaseCheckpointSaver } from "@langchain/langgraph-checkpoint";
import type { Agent } from "./accounts/agent.ts";
import { followEvents } from "./audit/follow.ts";
import type { BlobStore } from "./blobs/blobs.ts";
import { fileBlobs } from "./blobs/files.ts";
import { memoryBlobs } from "./blobs/memory.ts";
import {
  checkLedger,
  checkSecret,
  DEFAULTS,
  type EmailKitConfig,
  readAgents,
  readRetryPolicy,
  readTokenKey,
  readUnknownPolicy,
} from "./config.ts";
import { EmailKitError } from "./errors.ts";
import { hashId } from "./langgraph/base32.ts";
import { awaitMail, type MailExpectation, type MailOutcome } from "./langgraph/calls/await-mail.ts";
import { awaitReplies, type AwaitRepliesOptions, type Replies } from "./langgraph/calls/await-replies.ts";
import { cancelTask } from "./langgraph/calls/cancel-task.ts";
import { awaitReply } from "./langgraph/calls/await-reply.ts";
import type { TaskDefinition } from "./langgraph/calls/define-task.ts";
import { createNodes, type EmailNodes } from "./langgraph/calls/nodes.ts";
import type { Outcome } from "./langgraph/calls/outcome.ts";
import type { TaskReceipt } from "./langgraph/calls/receipt.ts";
import { sendTask, type TaskMail } from "./langgraph/calls/send-task.ts";
import { createTools, type EmailTools } from "./langgraph/calls/tools.ts";
import { EmailCheckpointSaver } from "./langgraph/checkpointer.ts";
import type { OpenKit } from "./langgraph/context.ts";
import { attachGraph, type AttachOptions } from "./langgraph/drive/attach.ts";
import { inProcessResume } from "./langgraph/drive/in-process.ts";
import type { DrivenGraph } from "./langgraph/drive/thread-state.ts";
import { inProcessServe, type ServedInbox, type ServeOptions } from "./langgraph/serve-inbox.ts";
import { type AuditEvent, appendEvent, readEvents } from "./ledger/events.ts";
import { openLedger } from "./ledger/ledger.ts";
import { type Disposition, lateMessages, type MessageRecord, messagesByDisposition } from "./ledger/messages.ts";
import { databaseBlobs } from "./ledger/blobs.ts";
import type { Database } from "./ledger/database.ts";
import { openPostgres } from "./ledger/postgres.ts";
import { isPostgresUrl } from "./ledger/postgres/url.ts";
import { openSqlite } from "./ledger/sqlite.ts";
import { retryStalled, stalledThreads, type ThreadRecord } from "./ledger/threads.ts";
import { consoleLogger } from "./log.ts";
import { type Duration, durationMs } from "./time/duration.ts";
import { readCalendar } from "./time/calendar.ts";
import { createMailbox } from "./transport/imap.ts";
import { createSubmitter } from "./transport/smtp.ts";
import type { Mailbox } from "./transport/transport.ts";
import type { WorkerDeps } from "./worker/deps.ts";
import { releaseMessage } from "./worker/release.ts";
import { stopOnSignal } from "./worker/signals.ts";
import { runOnce, startWorker, type Worker } from "./worker/worker.ts";

/** A compiled graph, of whatever state. */
export interface CompiledGraph {
  invoke(input: never, options?: never): Promise<unknown>;
}

type InputOf<Graph extends CompiledGraph> = Parameters<Graph["invoke"]>[0];
type StateOf<Graph extends CompiledGraph> = Awaited<ReturnType<Graph["invoke"]>>;

export interface StartOptions {
  /** On which signals the worker stops and lets the process end, as `worker.stop()` does. A program that listens for one itself ends as it likes. Default: `["SIGTERM"]`. */
  stopOn?: readonly NodeJS.Signals[];
  /** How long runs may take to come to their next step when such a signal comes. Default: "10 s". */
  grace?: Duration;
}

/** Everything that a graph needs to work with people and agents by mail. Opens its ledger at the first use; makes connections only for a worker. */
export interface EmailKit<AgentName extends string = string> extends AsyncDisposable {
  /** Mails a task, once, however often the node is executed. Inside a node or tool of an attached graph. */
  sendTask<Reply>(task: TaskDefinition<Reply>, mail: TaskMail<AgentName>): Promise<TaskReceipt<Reply>>;
  /**
   * Parks the graph until the task has an outcome, and returns it. `task`: its definition, or the receipt of its send; with a receipt, the definition
   * too where the schema has transforms. Throws LangGraph's interrupt, which must pass.
   */
  awaitReply<Reply>(
    task: TaskDefinition<Reply> | TaskReceipt<Reply>,
    definition?: TaskDefinition<Reply>,
  ): Promise<Outcome<Reply>>;
  /** Mails several tasks of one kind; `key` defaults to the place in the list. */
  sendTasks<Reply>(task: TaskDefinition<Reply>, mails: readonly TaskMail<AgentName>[]): Promise<TaskReceipt<Reply>[]>;
  /** Parks the graph once for several tasks, until all, any, the first answered or enough of them have an outcome. */
  awaitReplies<Reply>(
    receipts: readonly TaskReceipt<Reply>[],
    options?: AwaitRepliesOptions<Reply>,
  ): Promise<Replies<Reply>>;
  /** Replies that came after the task's outcome, oldest first: kept and shown, and never applied. */
  lateReplies(receipt: TaskReceipt): Promise<MessageRecord[]>;
  /** Ends a task as `cancelled`, and tells whoever was asked. Resolves with false when it had its outcome already. */
  cancelTask(receipt: TaskReceipt, reason: string): Promise<boolean>;
  /** Parks the graph until a mail comes that is no reply, such as a one-time code, and returns it with the code and the link in it. */
  awaitMail(expectation: MailExpectation<AgentName>): Promise<MailOutcome>;
  /** The same two calls as ready nodes. */
  readonly nodes: EmailNodes<AgentName>;
  /** LangChain tools with which a model mails and waits as one agent. */
  tools(agent: AgentName): EmailTools;
  /** Wraps a saver of any kind: pass the result to `compile({ checkpointer })`. */
  checkpointer(saver: BaseCheckpointSaver): EmailCheckpointSaver;
  /** Makes the compiled graph's runs durable and exclusive, and known to the worker under `name`, which must stay the same while threads wait. Returns the same graph. */
  attach<Graph extends CompiledGraph>(name: string, graph: Graph, options?: AttachOptions): Graph;
  /** Lets an agent answer mail that asks for work: each request is one run of the attached graph, and its result goes back in the same conversation. */
  serveInbox<Graph extends CompiledGraph>(
    agent: AgentName,
    graph: Graph,
    options: ServeOptions<InputOf<Graph>, StateOf<Graph>>,
  ): void;
  /**
   * Signs in to every agent's submission server and opens its mailbox, without sending or reading: to be called once at setup.
   * @throws EmailKitError the first account's error: `SMTP_AUTH_FAILED`, `IMAP_UNREACHABLE`, `MAILBOX_NOT_FOUND`, …
   */
  verify(): Promise<void>;
  /** Starts the worker: it submits, watches the mailboxes, resumes, serves and expires, until it is stopped. While it runs, the same one is returned. */
  start(options?: StartOptions): Promise<Worker>;
  /** Does all of that once and ends, for a cron job or a webhook: no process needs to run while a graph waits. */
  runOnce(): Promise<void>;
  /** The audit log: what happened in a thread, or in all, oldest first. */
  events(options?: { threadId?: string; after?: number; limit?: number }): Promise<AuditEvent[]>;
  /** Calls `listener` for every event from now on, also of other processes on the same ledger. Returns the way to stop. */
  follow(listener: (event: AuditEvent) => void): Promise<() => void>;
  /** Mails that came in, by what was done with them: `quarantined`, `late`, `unreadable`, … */
  messages(disposition: Disposition): Promise<MessageRecord[]>;
  /** Lets a quarantined mail through (`id` as `messages` gives it): the graph goes on exactly as the reply would have made it. */
  release(id: string): Promise<"settled" | "late" | "request">;
  /** Threads whose runs threw too often. */
  stalled(): Promise<ThreadRecord[]>;
  /** Lets a stalled thread be tried again. Resolves with false when it is not stalled. */
  retry(threadId: string): Promise<boolean>;
  /** Stops the worker, if it runs, and closes the ledger. */
  close(): Promise<void>;
}

/**
 * Puts a kit together; opens nothing yet, so that a graph's module can export it.
 * @throws EmailKitError `INVALID_CONFIG`, `INVALID_ADDRESS` at once, for what can be seen without a connection.
 */
export function createEmailKit<const AgentName extends string>(config: EmailKitConfig<AgentName>): EmailKit<AgentName> {
  return composeKit(config, { openDatabase, createSubmitter, createMailbox });
}

/** What a kit reaches the outside world through, besides its blob store. */
export interface KitPorts {
  openDatabase: (ledger: string) => Promise<Database>;
  createSubmitter: typeof createSubmitter;
  createMailbox: typeof createMailbox;
}

/** {@link createEmailKit} on other ports: not part of the package's interface. */
export function composeKit<const AgentName extends string>(
  config: EmailKitConfig<AgentName>,
  ports: KitPorts,
): EmailKit<AgentName> {
  const agents = readAgents(config.agents);
  checkLedger(config.ledger);
  checkSecret(config.secret, config.ledger);
  if (config.calendar) readCalendar(config.calendar);
  const onUnknown = readUnknownPolicy(config.onUnknown);
  const leaseMs = durationMs(config.lease ?? DEFAULTS.lease);
  const retry = readRetryPolicy(config.retry);
  const graphs = new Map<string, DrivenGraph>();
  const inboxes = new Map<string, ServedInbox>();
  let opening: Promise<OpenKit> | undefined;
  let running: Promise<Worker> | undefined;

  const open = (): Promise<OpenKit> => {
    opening ??= openKit(config, ports, agents, { leaseMs, retry }).catch((error: unknown) => {
      opening = undefined;
      throw error;
    });
    return opening;
  };
  const workerDeps = async (): Promise<{ deps: WorkerDeps; close: () => Promise<void> }> => {
    const kit = await open();
    const submitters = new Map(
      [...agents.values()].map((agent) => [
        agent.name,
        ports.createSubmitter(agent.account.smtp, { log: kit.log, closeTimeoutMs: CLOSE_TIMEOUT_MS }),
      ]),
    );
    const mailboxes = mailboxesOf([...agents.values()], kit, ports);
    const deps: WorkerDeps = {
      ...kit,
      submitters,
      mailboxes,
      resume: inProcessResume(kit, graphs),
      serve: inProcessServe(kit, inboxes),
      onUnknown,
      leaseMs,
      concurrency: config.concurrency ?? DEFAULTS.concurrency,
    };
    const closables = [...submitters.values(), ...mailboxes.map(({ mailbox }) => mailbox)];
    return { deps, close: async () => void (await Promise.all(closables.map((closable) => closable.close()))) };
  };
  const close = async () => {
    await (await running)?.stop();
    const kit = opening;
    opening = undefined;
    await (await kit)?.ledger.db.close();
  };
  const startOnce = async ({ stopOn = ["SIGTERM"], grace = DEFAULTS.grace }: StartOptions): Promise<Worker> => {
    const graceMs = durationMs(grace);
    const { deps, close: closeConnections } = await workerDeps();
    const worker = startWorker(deps);
    let over: Promise<void> | undefined;
    const finish = async () => {
      for (const off of signals) off();
      running = undefined;
      await closeConnections();
    };
    const stop: Worker["stop"] = async (options) => {
      await worker.stop(options);
      await (over ??= finish());
    };
    const signals = stopOn.map((signal) => stopOnSignal(signal, () => stop({ graceMs })));
    return { ready: worker.ready, stop, [Symbol.asyncDispose]: () => stop() };
  };
  const send: EmailKit<AgentName>["sendTask"] = async (task, mail) => sendTask(await open(), task, mail);
  const wait: EmailKit<AgentName>["awaitReply"] = async (task, definition) =>
    awaitReply(await open(), task, definition);

  return {
    sendTask: send,
    awaitReply: wait,
    async sendTasks(task, mails) {
      const kit = await open();
      const receipts = [];
      for (const [place, mail] of mails.entries())
        receipts.push(await sendTask(kit, task, { key: String(place), ...mail }));
      return receipts;
    },
    awaitReplies: async (receipts, options) => awaitReplies(await open(), receipts, options),
    lateReplies: async (receipt) => lateMessages((await open()).ledger.db, receipt.taskId),
    cancelTask: async (receipt, reason) => cancelTask(await open(), receipt, reason),
    awaitMail: async (expectation) => awaitMail(await open(), expectation),
    nodes: createNodes<AgentName>({ sendTask: send, awaitReply: wait }),
    tools: (agent) => {
      requireAgent(agents, agent);
      return createTools(open, agent);
    },
    checkpointer: (saver) => new EmailCheckpointSaver(saver, open),
    attach(name, graph, options) {
      if (graphs.has(name)) {
        throw new EmailKitError(
          "INVALID_CONFIG",
          `A graph is attached as "${name}" already. Give each graph its own name.`,
        );
      }
      graphs.set(name, attachGraph(open, name, graph, options));
      return graph;
    },
    serveInbox(agent, graph, options) {
      requireAgent(agents, agent);
      const attached = [...graphs].find(([, driven]) => (driven as unknown) === graph);
      if (!attached) {
        throw new EmailKitError(
          "GRAPH_NOT_ATTACHED",
          `Attach the graph that serves "${agent}" first: kit.attach("name", graph).`,
        );
      }
      if (inboxes.has(agent)) throw new EmailKitError("INVALID_CONFIG", `The inbox of "${agent}" is served already.`);
      inboxes.set(agent, { graph: attached[0], driven: attached[1], options: options as ServedInbox["options"] });
    },
    async verify() {
      const { deps, close: closeConnections } = await workerDeps();
      try {
        for (const submitter of deps.submitters.values()) await submitter.verify();
        for (const { mailbox } of deps.mailboxes) await mailbox.verify();
      } finally {
        await closeConnections();
      }
    },
    start(options = {}) {
      running ??= startOnce(options).catch((error: unknown) => {
        running = undefined;
        throw error;
      });
      return running;
    },
    async runOnce() {
      const { deps, close: closeConnections } = await workerDeps();
      try {
        await runOnce(deps);
      } finally {
        await closeConnections();
      }
    },
    events: async (options) => readEvents((await open()).ledger.db, options),
    follow: async (listener) => followEvents((await open()).ledger.db, listener),
    messages: async (disposition) => messagesByDisposition((await open()).ledger.db, disposition),
    async release(id) {
      const kit = await open();
      return releaseMessage({ ...kit, serve: inProcessServe(kit, inboxes) }, id);
    },
    stalled: async () => stalledThreads((await open()).ledger.db),
    async retry(threadId) {
      const kit = await open();
      const now = kit.clock();
      return kit.ledger.db.transaction(async (sql) => {
        if (!(await retryStalled(sql, threadId, now))) return false;
        await appendEvent(sql, { at: now, kind: "retried", threadId, data: {} });
        return true;
      });
    },
    close,
    [Symbol.asyncDispose]: close,
  };
}

/** The worker has let submissions end before it closes their connections. */
const CLOSE_TIMEOUT_MS = 1_000;

async function openDatabase(ledger: string): Promise<Database> {
  return isPostgresUrl(ledger) ? openPostgres(ledger) : openSqlite(ledger);
}

async function openKit(
  config: EmailKitConfig,
  ports: KitPorts,
  agents: Map<string, Agent>,
  times: Pick<OpenKit, "leaseMs" | "retry">,
): Promise<OpenKit> {
  const clock = config.clock ?? Date.now;
  const db = await ports.openDatabase(config.ledger);
  const fresh = { id: hashId(randomUUID()).slice(0, 16), now: clock() };
  const ledger = await openLedger(db, fresh).catch(async (error: unknown) => {
    await db.close();
    throw error;
  });
  return {
    ledger,
    blobs: config.blobs ?? defaultBlobs(config.ledger, db),
    tokenKey: await readTokenKey(config.ledger, config.secret),
    agents,
    clock,
    ...(config.calendar && { calendar: config.calendar }),
    newId: randomUUID,
    log: config.log ?? consoleLogger(),
    ...times,
    maxBytes: config.maxBytes ?? DEFAULTS.maxBytes,
  };
}

/** Mails lie beside the ledger, wherever that is. */
function defaultBlobs(ledger: string, db: Database): BlobStore {
  if (isPostgresUrl(ledger)) return databaseBlobs(db);
  return ledger === ":memory:" ? memoryBlobs() : fileBlobs(`${ledger}.blobs`);
}

/** Agents may share a mailbox, by subaddresses: it is watched once. */
function mailboxesOf(agents: readonly Agent[], kit: OpenKit, ports: KitPorts): WorkerDeps["mailboxes"] {
  const shared = new Map<string, { mailbox: Mailbox; agents: Agent[] }>();
  for (const agent of agents) {
    const mailbox = ports.createMailbox(agent.account.imap, { mailbox: agent.account.mailbox, log: kit.log });
    const known = shared.get(mailbox.key);
    if (known) known.agents.push(agent);
    else shared.set(mailbox.key, { mailbox, agents: [agent] });
  }
  return [...shared.values()];
}

function requireAgent(agents: ReadonlyMap<string, Agent>, name: string): void {
  if (agents.has(name)) return;
  throw new EmailKitError("UNKNOWN_AGENT", `No agent "${name}". Configured: ${[...agents.keys()].join(", ")}.`);
}
