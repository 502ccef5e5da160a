import { isDeepStrictEqual } from "node:util";
import { agentNamed } from "./accounts/agent.ts";
import { exportAudit } from "./audit/export.ts";
import { followEvents } from "./audit/follow.ts";
import { forget } from "./audit/forget.ts";
import { readTrace } from "./audit/trace.ts";
import { verifyAudit } from "./audit/verify.ts";
import {
  checkLedger,
  checkNumbers,
  checkSecret,
  DEFAULTS,
  type EmailKitConfig,
  readAgents,
  readInbound,
  readRetryPolicy,
  readBreaker,
  readLoops,
  readDoubtPolicy,
} from "./config.ts";
import type { EmailKit, StartOptions } from "./email-kit.ts";
import { EmailKitError } from "./errors.ts";
import { awaitMail } from "./langgraph/calls/await-mail.ts";
import { awaitReplies } from "./langgraph/calls/await-replies.ts";
import { awaitReply } from "./langgraph/calls/await-reply.ts";
import { cancelTask } from "./langgraph/calls/cancel-task.ts";
import type { TaskDefinition } from "./langgraph/calls/define-task.ts";
import { definitionOf, readTasks } from "./langgraph/calls/known-tasks.ts";
import { emailApproval } from "./langgraph/calls/email-approval.ts";
import { createNodes } from "./langgraph/calls/nodes.ts";
import type { TaskReceipt } from "./langgraph/calls/receipt.ts";
import { sendTask, sendTasks, type TaskMail } from "./langgraph/calls/send-task.ts";
import { createTools } from "./langgraph/calls/tools.ts";
import { EmailCheckpointSaver } from "./langgraph/checkpointer.ts";
import { kitOpeners, type OpenKit } from "./langgraph/context.ts";
import { attachGraph } from "./langgraph/drive/attach.ts";
import { checkServer, resumeThreads, type ServerClient } from "./langgraph/drive/server.ts";
import type { DrivenGraph } from "./langgraph/drive/thread-state.ts";
import { serveInboxes, type ServedInbox } from "./langgraph/serve-inbox.ts";
import { appendEvent, readEvents } from "./ledger/events.ts";
import { lateMessages, messagesByDisposition } from "./ledger/messages.ts";
import { doubtfulMails, holdPending, resolveDoubt } from "./ledger/restore.ts";
import { forgetRefusals } from "./ledger/reviews.ts";
import type { Sql } from "./ledger/database.ts";
import { allSuppressions } from "./ledger/suppressions.ts";
import { retryStalled, stalledThreads } from "./ledger/threads.ts";
import { connectAgents, type KitPorts, openKit, PORTS } from "./open-kit.ts";
import { requireScope } from "./policy/permission.ts";
import { readCalendar } from "./time/calendar.ts";
import { durationMs } from "./time/duration.ts";
import { decideHeld, heldMails } from "./worker/held.ts";
import { pauseSending, resumeSending, sendingStatus, suppress, unsuppress } from "./worker/sending.ts";
import type { WorkerDeps } from "./worker/deps.ts";
import { discardMessage, releaseMessage } from "./worker/release.ts";
import { prune } from "./worker/prune.ts";
import { stopOnSignal } from "./worker/signals.ts";
import { runOnce, startWorker, type Worker } from "./worker/worker.ts";

/**
 * Puts a kit together; opens nothing yet, so that a graph's module can export it.
 * @throws EmailKitError `INVALID_CONFIG`, `INVALID_ADDRESS` at once, for what can be seen without a connection.
 */
export function createEmailKit<const AgentName extends string, Task extends TaskDefinition = never>(
  config: EmailKitConfig<AgentName, Task>,
): EmailKit<AgentName, Task> {
  return composeKit(config, PORTS);
}

/** {@link createEmailKit} on other ports: not part of the package's interface. */
export function composeKit<const AgentName extends string>(
  config: EmailKitConfig<AgentName>,
  ports: KitPorts,
): EmailKit<AgentName, TaskDefinition> {
  const agents = readAgents(config.agents, config);
  checkLedger(config.ledger);
  checkSecret(config.secret, config.ledger);
  checkNumbers(config);
  if (config.calendar) readCalendar(config.calendar);
  const tasks = readTasks(config.tasks ?? [], config.calendar);
  const onDoubt = readDoubtPolicy(config.onDoubt);
  const breaker = readBreaker(config.breaker);
  const loops = readLoops(config.loops);
  const inbound = readInbound(config.inbound);
  const leaseMs = durationMs(config.lease ?? DEFAULTS.lease);
  const retry = readRetryPolicy(config.retry);
  const graphs = new Map<string, DrivenGraph>();
  const inboxes = new Map<string, ServedInbox>();
  let opening: Promise<OpenKit> | undefined;
  let running: { worker: Promise<Worker>; options: StartOptions } | undefined;
  /** What uses the ledger besides the worker, and ends by itself. */
  const passes = new Set<Promise<void>>();

  const open = (): Promise<OpenKit> => {
    opening ??= openKit(config, ports, { agents, tasks, leaseMs, retry, loops, inbound }).catch((error: unknown) => {
      opening = undefined;
      throw error;
    });
    return opening;
  };
  const workerDeps = async (server?: ServerClient): Promise<{ deps: WorkerDeps; close: () => Promise<void> }> => {
    const kit = await open();
    const { close, ...servers } = connectAgents([...agents.values()], kit, ports);
    const deps: WorkerDeps = {
      ...kit,
      ...servers,
      resume: resumeThreads(kit, graphs, server),
      serve: serveInboxes(kit, inboxes, server),
      onDoubt,
      breaker,
      leaseMs,
      concurrency: config.concurrency ?? DEFAULTS.concurrency,
    };
    return { deps, close };
  };
  const close = async () => {
    await (await running?.worker)?.stop();
    await Promise.allSettled(passes);
    const kit = opening;
    opening = undefined;
    await (await kit)?.ledger.db.close();
  };
  const startOnce = async ({ server, stopOn = ["SIGTERM"], grace = DEFAULTS.grace }: StartOptions): Promise<Worker> => {
    checkServer(server);
    const graceMs = durationMs(grace);
    const { deps, close: closeConnections } = await workerDeps(server);
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
  const once = async (server: ServerClient | undefined) => {
    checkServer(server);
    const { deps, close: closeConnections } = await workerDeps(server);
    try {
      await runOnce(deps);
    } finally {
      await closeConnections();
    }
  };
  const act = async <T>(work: (at: { sql: Sql; now: number }) => Promise<T>): Promise<T> => {
    const { ledger, clock } = await open();
    return ledger.db.transaction((sql) => work({ sql, now: clock() }));
  };
  const definition = (task: TaskDefinition | string) => definitionOf(tasks, task);

  const kit: EmailKit<AgentName, TaskDefinition> = {
    sendTask: async (task: TaskDefinition | string, mail: TaskMail) => sendTask(await open(), definition(task), mail),
    async awaitReply(task: TaskDefinition | TaskReceipt | string, options?: { task?: TaskDefinition }) {
      const isReceipt = typeof task === "object" && "taskId" in task;
      return awaitReply(await open(), isReceipt ? task : definition(task), options);
    },
    sendTasks: async (task: TaskDefinition | string, mails: readonly TaskMail[]) =>
      sendTasks(await open(), definition(task), mails),
    awaitReplies: async (receipts, options) => awaitReplies(await open(), receipts, options),
    lateReplies: async (receipt) => lateMessages((await open()).ledger.db, receipt.taskId),
    cancelTask: async (receipt, reason) => cancelTask(await open(), receipt, reason),
    awaitMail: async (expectation) => awaitMail(await open(), expectation),
    nodes: createNodes(open, definition),
    tools: (agent) => createTools(open, agentNamed(agents, agent)),
    emailApproval: (middleware, options) => {
      agentNamed(agents, options.from);
      return emailApproval(open, middleware, options);
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
      requireScope(agentNamed(agents, agent), "reply", "serve its inbox");
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
    async start(options = {}) {
      const given = Object.keys(options) as (keyof StartOptions)[];
      if (running && given.some((name) => !isDeepStrictEqual(options[name], running?.options[name]))) {
        throw new EmailKitError(
          "INVALID_CONFIG",
          "The worker runs already, with other options. Stop it first: (await kit.start()).stop().",
        );
      }
      running ??= {
        options,
        worker: startOnce(options).catch((error: unknown) => {
          running = undefined;
          throw error;
        }),
      };
      return running.worker;
    },
    runOnce({ server } = {}) {
      const pass = once(server).finally(() => passes.delete(pass));
      passes.add(pass);
      return pass;
    },
    events: async (options) => readEvents((await open()).ledger.db, options),
    async verifyAudit({ anchor } = {}) {
      const { ledger, clock } = await open();
      return verifyAudit(ledger.db, { anchor, clock });
    },
    async forget(address, options) {
      const { ledger, blobs, clock } = await open();
      return forget({ db: ledger.db, blobs, clock }, address, options);
    },
    trace: async (threadId) => readTrace((await open()).ledger.db, threadId),
    async *export(format, filter) {
      const { ledger, blobs } = await open();
      yield* exportAudit({ db: ledger.db, blobs }, format, filter);
    },
    async follow(listener) {
      const { ledger, log } = await open();
      return followEvents({ db: ledger.db, log }, listener);
    },
    messages: async (disposition) => messagesByDisposition((await open()).ledger.db, disposition),
    async release(id, options) {
      const kit = await open();
      return releaseMessage({ ...kit, serve: serveInboxes(kit, inboxes) }, id, options);
    },
    discard: async (id, options) => discardMessage(await open(), id, options),
    prune: async (options) => prune(await open(), options),
    held: async () => heldMails((await open()).ledger.db),
    approve: async (id, options) => decideHeld(await open(), id, { approved: true }, options),
    reject: async (id, reason, options) => decideHeld(await open(), id, { approved: false, reason }, options),
    async holdAfterRestore() {
      const kit = await open();
      return kit.ledger.db.transaction((sql) => holdPending(sql, kit.clock(), "says the operator"));
    },
    doubtful: async () => doubtfulMails((await open()).ledger.db),
    async resolveDoubt(as, ids) {
      const kit = await open();
      const now = kit.clock();
      return kit.ledger.db.transaction(async (sql) => {
        const which = ids ?? (await doubtfulMails(sql)).map(({ id }) => id);
        const count = await resolveDoubt(sql, as, which, now);
        if (count > 0)
          await appendEvent(sql, { at: now, kind: "doubt-resolved", data: { as, count, ids: [...which] } });
        return count;
      });
    },
    stalled: async () => stalledThreads((await open()).ledger.db),
    async retry(threadId, { actor } = {}) {
      const kit = await open();
      const now = kit.clock();
      return kit.ledger.db.transaction(async (sql) => {
        const graphs = await retryStalled(sql, threadId, now);
        if (graphs.length > 0) await forgetRefusals(sql, threadId);
        for (const graph of graphs) {
          const by = actor === undefined ? {} : { actor };
          await appendEvent(sql, { at: now, kind: "retried", graph, threadId, ...by, data: {} });
        }
        return graphs.length > 0;
      });
    },
    sending: () => act(({ sql, now }) => sendingStatus(sql, agents, now)),
    pauseSending: (agent, reason, options) =>
      act(({ sql, now }) => pauseSending(sql, agentNamed(agents, agent).name, reason, { now, ...options })),
    resumeSending: (agent, options) =>
      act(({ sql, now }) => resumeSending(sql, agentNamed(agents, agent).name, { now, ...options })),
    suppressed: async () => allSuppressions((await open()).ledger.db),
    suppress: (address, options) => act(({ sql, now }) => suppress(sql, address, { now, ...options })),
    unsuppress: (address, options) => act(({ sql, now }) => unsuppress(sql, address, { now, ...options })),
    close,
    [Symbol.asyncDispose]: close,
  };
  kitOpeners.set(kit, open);
  return kit;
}
