import type { RunnableConfig } from "@langchain/core/runnables";
import {
  BaseCheckpointSaver,
  type ChannelVersions,
  type Checkpoint,
  type CheckpointListOptions,
  type CheckpointMetadata,
  type CheckpointTuple,
  type PendingWrite,
} from "@langchain/langgraph-checkpoint";
import { EmailKitError } from "../errors.ts";
import { appendEvent } from "../ledger/events.ts";
import { readLease } from "../ledger/leases.ts";
import { threadLease } from "../ledger/threads.ts";
import { findWait, markParked, taskIdsOfWait } from "../ledger/waits.ts";
import { isAwaitReplyRequest } from "./calls/wait.ts";
import type { OpenKit, OpenKitOnce } from "./context.ts";
import { cancelThread } from "./drive/close-waits.ts";
import { READING_KEY, REQUEST_KEY, runOf, type StateReading } from "./run.ts";

/** A saver of any kind: what LangGraph's own savers, and others, have in common. */
// eslint-disable-next-line typescript/no-explicit-any -- a saver's version type is its own affair
export type AnySaver = BaseCheckpointSaver<any>;
type DeltaOptions = Parameters<AnySaver["getDeltaChannelHistory"]>[0];
type DeltaHistory = ReturnType<AnySaver["getDeltaChannelHistory"]>;

/**
 * Wraps any saver. Everything goes through to it, with three additions: a write of a run that lost its thread is refused,
 * a stored wait is noted in the audit log, and the waits of a deleted thread are cancelled.
 */
// eslint-disable-next-line typescript/no-explicit-any -- see AnySaver
export class EmailCheckpointSaver extends BaseCheckpointSaver<any> {
  readonly #inner: AnySaver;
  readonly #open: OpenKitOnce;

  /** Made by `kit.checkpointer(saver)`. */
  constructor(inner: AnySaver, open: OpenKitOnce) {
    super(inner.serde);
    this.#inner = inner;
    this.#open = open;
  }

  override async getTuple(config: RunnableConfig): Promise<CheckpointTuple | undefined> {
    const tuple = await this.#inner.getTuple(config);
    if (tuple) {
      runOf(config.configurable)?.stored?.set(tuple.checkpoint.id, Promise.resolve());
      const reading = config.configurable?.[READING_KEY] as StateReading | undefined;
      if (reading) reading.tuple = tuple;
    }
    return tuple;
  }

  override async *list(config: RunnableConfig, options?: CheckpointListOptions): AsyncGenerator<CheckpointTuple> {
    yield* this.#inner.list(config, options);
  }

  override async put(
    config: RunnableConfig,
    checkpoint: Checkpoint,
    metadata: CheckpointMetadata,
    newVersions: ChannelVersions,
  ): Promise<RunnableConfig> {
    const run = runOf(config.configurable);
    const marked = run?.request === undefined ? metadata : { ...metadata, [REQUEST_KEY]: run.request };
    const stored = this.#refuseStale(config).then(() => this.#inner.put(config, checkpoint, marked, newVersions));
    // Noted at once: a node may begin before its checkpoint is stored, and then waits for that with its mail.
    run?.stored?.set(checkpoint.id, stored);
    if (run?.trail && !config.configurable?.["checkpoint_ns"]) {
      const before = config.configurable?.["checkpoint_id"] as string | undefined;
      if (before !== undefined) run.trail.followedBy.set(before, metadata.source);
      run.trail.head = checkpoint.id;
    }
    return stored;
  }

  override async putWrites(
    config: RunnableConfig,
    writes: PendingWrite[],
    taskId: string,
    taskPath?: string,
  ): Promise<void> {
    await this.#refuseStale(config);
    await this.#inner.putWrites(config, writes, taskId, taskPath);
    const run = runOf(config.configurable);
    const waitIds = waitsIn(writes);
    if (waitIds.length > 0) run?.thrown?.delete(taskId);
    const parked = waitIds.filter((waitId) => !run?.parked?.has(waitId));
    await noteParked(await this.#open(), parked, run?.runId);
  }

  override async deleteThread(threadId: string): Promise<void> {
    await this.#inner.deleteThread(threadId);
    await cancelThread(await this.#open(), threadId);
  }

  override getNextVersion(current: number | undefined): number {
    return this.#inner.getNextVersion(current);
  }

  override async getDeltaChannelHistory(options: DeltaOptions): DeltaHistory {
    // Savers of older versions lack it; the base class then walks `getTuple`.
    return typeof this.#inner.getDeltaChannelHistory === "function"
      ? this.#inner.getDeltaChannelHistory(options)
      : super.getDeltaChannelHistory(options);
  }

  /** For savers that want it once, such as PostgresSaver; nothing for others. */
  async setup(): Promise<void> {
    await (this.#inner as { setup?: () => Promise<void> }).setup?.();
  }

  /** Closes the inner saver's connections, where it has any. */
  async end(): Promise<void> {
    await (this.#inner as { end?: () => Promise<void> }).end?.();
  }

  async #refuseStale(config: RunnableConfig): Promise<void> {
    const threadId = config.configurable?.["thread_id"] as string | undefined;
    if (threadId === undefined) return;
    const run = runOf(config.configurable);
    const kit = await this.#open();
    const lease = await readLease(kit.ledger.db, threadLease(threadId), kit.clock());
    if (run?.threadId === threadId ? lease.fence === run.lease.fence : lease.kind !== "held") return;
    throw new EmailKitError(
      "LEASE_LOST",
      run
        ? `A write to thread ${threadId} was refused: this run was silent for longer than its lease and another one has the thread.`
        : `A write to thread ${threadId} was refused: another run holds the thread, and this graph is not attached. Use the graph that kit.attach returned.`,
    );
  }
}

function waitsIn(writes: readonly PendingWrite[]): string[] {
  return writes
    .filter(([channel]) => channel === "__interrupt__")
    .flatMap(([, value]) => value)
    .map((entry) => (entry as { value?: unknown } | null)?.value)
    .filter(isAwaitReplyRequest)
    .map((request) => request.waitId);
}

/** Notes that the interrupts of these waits are stored in their thread. */
export async function noteParked(kit: OpenKit, waitIds: readonly string[], runId: string | undefined): Promise<void> {
  if (waitIds.length === 0) return;
  await kit.ledger.db.transaction(async (sql) => {
    for (const waitId of waitIds) {
      if (!(await markParked(sql, waitId, kit.clock()))) continue;
      const wait = (await findWait(sql, waitId))!;
      const [taskId] = await taskIdsOfWait(sql, waitId);
      await appendEvent(sql, {
        at: kit.clock(),
        kind: "parked",
        graph: wait.graph,
        threadId: wait.threadId,
        ...(runId !== undefined && { runId }),
        ...(taskId !== undefined && { taskId }),
        data: { waitId },
      });
    }
  });
}
