import type { ExportFilter, ExportFormat } from "./audit/export.ts";
import type { ForgetReport } from "./audit/forget.ts";
import type { Trace } from "./audit/trace.ts";
import type { AuditHead, AuditReport } from "./audit/verify.ts";
import type { AwaitRepliesOptions, Replies } from "./langgraph/calls/await-replies.ts";
import type { MailExpectation, MailOutcome } from "./langgraph/calls/await-mail.ts";
import type { ReplyOf, TaskDefinition } from "./langgraph/calls/define-task.ts";
import type { EmailApprovalOptions, InterruptingMiddleware } from "./langgraph/calls/email-approval.ts";
import type { EmailNodes } from "./langgraph/calls/nodes.ts";
import type { Outcome } from "./langgraph/calls/outcome.ts";
import type { TaskReceipt } from "./langgraph/calls/receipt.ts";
import type { TaskMail } from "./langgraph/calls/send-task.ts";
import type { EmailTools } from "./langgraph/calls/tools.ts";
import type { AnySaver, EmailCheckpointSaver } from "./langgraph/checkpointer.ts";
import type { AttachOptions } from "./langgraph/drive/attach.ts";
import type { ServerClient } from "./langgraph/drive/server.ts";
import type { ServeOptions } from "./langgraph/serve-inbox.ts";
import type { AuditEvent } from "./ledger/events.ts";
import type { Disposition, MessageRecord } from "./ledger/messages.ts";
import type { DoubtfulMail } from "./ledger/restore.ts";
import type { ThreadRecord } from "./ledger/threads.ts";
import type { Duration } from "./time/duration.ts";
import type { HeldMail } from "./worker/held.ts";
import type { ActOptions, ReleaseOptions } from "./worker/release.ts";
import type { Pruned, PruneOptions } from "./worker/prune.ts";
import type { Suppression } from "./ledger/suppressions.ts";
import type { SendingStatus } from "./worker/sending.ts";
import type { Worker } from "./worker/worker.ts";

/** A compiled graph, of whatever state. */
export interface CompiledGraph {
  invoke(input: never, options?: never): Promise<unknown>;
}

type InputOf<Graph extends CompiledGraph> = Parameters<Graph["invoke"]>[0];
type StateOf<Graph extends CompiledGraph> = Awaited<ReturnType<Graph["invoke"]>>;

export interface RunOnceOptions {
  /**
   * LangGraph's API server, whose threads the worker resumes there: a `Client` of `@langchain/langgraph-sdk`. Threads of graphs that the server runs
   * wait without it. Default: none.
   */
  server?: ServerClient;
}

export interface StartOptions extends RunOnceOptions {
  /** On which signals the worker stops and lets the process end, as `worker.stop()` does. A program that listens for one itself ends as it likes. Default: `["SIGTERM"]`. */
  stopOn?: readonly NodeJS.Signals[];
  /** How long runs may take to come to their next step when such a signal comes. Default: "10 s". */
  grace?: Duration;
}

/** Everything that a graph needs to work with people and agents by mail. Opens its ledger at the first use; makes connections only for a worker. */
export interface EmailKit<
  AgentName extends string = string,
  Task extends TaskDefinition = never,
> extends AsyncDisposable {
  /** Mails a task, once, however often the node is executed. Inside a node or tool of an attached graph. `task`: its definition, or the name of one that the kit was given in `tasks`. */
  sendTask<Reply>(task: TaskDefinition<Reply>, mail: TaskMail<AgentName>): Promise<TaskReceipt<Reply>>;
  sendTask<Name extends Task["name"]>(task: Name, mail: TaskMail<AgentName>): Promise<TaskReceipt<ReplyOf<Task, Name>>>;
  /**
   * Parks the graph until the task has an outcome, and returns it. `task`: its definition, or the name of one that the kit was given in `tasks`, or the
   * receipt of its send. A receipt holds no schema: where another node has sent it, and the kit was not given the definition, `options.task` is that.
   * Throws LangGraph's interrupt, which must pass.
   */
  awaitReply<Reply>(
    task: TaskDefinition<Reply> | TaskReceipt<Reply>,
    options?: { task?: TaskDefinition<Reply> },
  ): Promise<Outcome<Reply>>;
  awaitReply<Name extends Task["name"]>(task: Name): Promise<Outcome<ReplyOf<Task, Name>>>;
  /** Mails several tasks of one kind; `key` defaults to the place in the list. Where one of them goes to an address that it may not go to, none is mailed. */
  sendTasks<Reply>(task: TaskDefinition<Reply>, mails: readonly TaskMail<AgentName>[]): Promise<TaskReceipt<Reply>[]>;
  sendTasks<Name extends Task["name"]>(
    task: Name,
    mails: readonly TaskMail<AgentName>[],
  ): Promise<TaskReceipt<ReplyOf<Task, Name>>[]>;
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
  /** Ready nodes: the same calls, and what is made of them. */
  readonly nodes: EmailNodes<AgentName, Task>;
  /** LangChain tools with which a model mails and waits as one agent. */
  tools(agent: AgentName): EmailTools;
  /**
   * langchain's `humanInTheLoopMiddleware`, whose questions go out by mail, one for each tool call, and are answered by mail: yes, no, or yes with changed values.
   * Silence, a bounce and an answer that is neither reject the call. The interrupt is the middleware's own, so that a user interface can decide as well; the first answer counts.
   */
  emailApproval<Middleware extends InterruptingMiddleware>(
    middleware: Middleware,
    options: EmailApprovalOptions<AgentName>,
  ): Middleware;
  /** Wraps a saver of any kind: pass the result to `compile({ checkpointer })`. */
  checkpointer(saver: AnySaver): EmailCheckpointSaver;
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
  runOnce(options?: RunOnceOptions): Promise<void>;
  /** The audit log: what happened in a thread, or in all, oldest first. */
  events(options?: { threadId?: string; after?: number; limit?: number }): Promise<AuditEvent[]>;
  /**
   * Checks that no event of the audit log was altered, taken out or put in, and seals what came since. Without an `anchor`, which is the `head` of an earlier report,
   * it cannot see that the end was cut off, or that all was written anew: keep one elsewhere.
   */
  verifyAudit(options?: { anchor?: AuditHead }): Promise<AuditReport>;
  /** All that happened in a thread; `traceAsText`, `traceAsMermaid` and `traceAsHtml` show it. */
  trace(threadId: string): Promise<Trace>;
  /** The audit log as JSON lines or CSV, or the mails that it tells of as an mbox: in pieces, as for `Readable.from`. */
  export(format: ExportFormat, filter?: ExportFilter): AsyncIterable<Uint8Array>;
  /**
   * Takes a person out of the ledger: the address, what they wrote and what was written to them; the audit log's chain stays whole. The mailbox, the graph's checkpoints
   * and the suppression list are not touched. @throws EmailKitError `ADDRESS_IN_USE` while a thread of theirs is not over.
   */
  forget(address: string, options?: ActOptions): Promise<ForgetReport>;
  /** Calls `listener` for every event from now on, also of other processes on the same ledger. Where it throws, that is logged. Returns the way to stop. */
  follow(listener: (event: AuditEvent) => void): Promise<() => void>;
  /** Mails that came in, by what was done with them: `quarantined`, `late`, `unreadable`, … */
  messages(disposition: Disposition): Promise<MessageRecord[]>;
  /** Lets a quarantined mail through (`id` as `messages` gives it): the graph goes on exactly as the reply would have made it, and a reply that lacks something is asked about. */
  release(id: string, options?: ReleaseOptions): Promise<"settled" | "clarifying" | "late" | "request">;
  /** Puts a quarantined mail away for good: it is kept as `discarded`, and changes nothing. */
  discard(id: string, options?: ActOptions): Promise<void>;
  /** Mails that the review holds until somebody approves them. */
  held(): Promise<HeldMail[]>;
  /** Sends a held mail (`id` as `held` gives it). Resolves with false where it is held no more. */
  approve(id: string, options?: ActOptions): Promise<boolean>;
  /** Gives a held mail up: its task ends as `cancelled`, by `reviewer`. Resolves with false where it is held no more. */
  reject(id: string, reason: string, options?: ActOptions): Promise<boolean>;
  /** Threads whose runs threw too often. */
  stalled(): Promise<ThreadRecord[]>;
  /**
   * To be called after the ledger was restored from a backup, before a worker starts: mails that seem to be due may have been sent since, and are held. Resolves with their
   * number. Mostly noticed without: by a file beside the ledger, by the identity of a PostgreSQL database, or by replies to what the ledger does not know.
   */
  holdAfterRestore(): Promise<number>;
  /** Mails of which nobody knows whether they were sent: after a restore, or with `onDoubt: "hold"`. A reply takes a mail off this list. */
  doubtful(): Promise<DoubtfulMail[]>;
  /** Says of doubtful mails, all or those with these ids, that they were sent, or that they were not, and so go out now. Resolves with their number. */
  resolveDoubt(as: "sent" | "not-sent", ids?: readonly string[]): Promise<number>;
  /**
   * Removes threads that ended so long ago, with their tasks, mails and blobs, and other mails as old. What is open stays with all of its thread: an unsettled task, a wait,
   * a request, a mail on its way out, a stalled thread. The audit log stays too, and a reply that comes after all is kept as `late`. May run beside workers.
   */
  prune(options: PruneOptions): Promise<Pruned>;
  /** Lets a stalled thread be tried again. Resolves with false when it is not stalled. */
  retry(threadId: string, options?: ActOptions): Promise<boolean>;
  /** How each agent's sending stands: what waits, what of its budgets is used, its reputation, and whether it is paused or throttled. */
  sending(): Promise<SendingStatus[]>;
  /** Keeps an agent from sending, until `resumeSending`: its mails wait, until their deadlines. Resolves with false when it is paused already. */
  pauseSending(agent: AgentName, reason: string, options?: ActOptions): Promise<boolean>;
  /** Lets a paused agent send again; its reputation begins anew. Resolves with false when it is not paused. */
  resumeSending(agent: AgentName, options?: ActOptions): Promise<boolean>;
  /** The addresses that nothing is mailed to any more, oldest first: a task to them has bounced at once. */
  suppressed(): Promise<Suppression[]>;
  /** Puts an address on that list. Resolves with false when it is there already. */
  suppress(address: string, options?: ActOptions): Promise<boolean>;
  /** Takes an address off that list. Resolves with false when it is not there. */
  unsuppress(address: string, options?: ActOptions): Promise<boolean>;
  /** Stops the worker, if it runs, and closes the ledger. */
  close(): Promise<void>;
}
