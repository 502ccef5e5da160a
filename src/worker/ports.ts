import type { FailedAttempt } from "../ledger/outcome.ts";
import type { MessageRecord } from "../ledger/messages.ts";
import type { ThreadRecord, ThreadScope } from "../ledger/threads.ts";

/** What the worker asks of LangGraph. */
export interface ResumePort {
  /** The threads that this process can run on. */
  scope(): ThreadScope;
  /**
   * Runs a thread on as far as it goes: every wait that has its outcome, a run that vanished, a retry that is due.
   * Resolves with `busy` while somebody else runs it, and where a signal ended it; failures of the graph are recorded, not thrown.
   * @param abort Breaks the run off: a node in flight runs again at the next start.
   * @param drain Ends the run at its next step boundary; what has no result yet is left for the next start.
   */
  resume(
    thread: Pick<ThreadRecord, "threadId" | "graph" | "assistant">,
    abort: AbortSignal,
    drain: AbortSignal,
  ): Promise<{ kind: "ran" | "idle" | "busy" | "failed" }>;
}

/** A delivery of the task has failed, or who was asked is away: the last of `attempts` says how. */
export interface ReassignRequest {
  taskId: string;
  name: string;
  subject: string;
  threadId: string;
  /** Which asks. */
  agent: string;
  /** Every delivery that failed, oldest first. */
  attempts: readonly FailedAttempt[];
}

/** Names who is asked next; undefined for nobody. */
export type Reassign = (request: ReassignRequest) => string | undefined | Promise<string | undefined>;

/** What the worker asks of served agents. */
export interface ServePort {
  /** The agents whose inboxes take requests, with who may ask (address patterns, or `anyone`) and the graph that answers. */
  served(agent: string): { graph: string; from: readonly string[] | "anyone" } | undefined;
  /** Whether the rule of the agent's inbox takes the mail; true where there is none. */
  accepts(agent: string, record: MessageRecord): Promise<boolean>;
  graphs(): string[];
  /** Starts or continues the request's run; when its graph has finished, the answer is in the outbox. */
  serve(
    requestId: string,
    abort: AbortSignal,
    drain: AbortSignal,
  ): Promise<{ kind: "answered" | "waiting" | "busy" | "failed" }>;
}
