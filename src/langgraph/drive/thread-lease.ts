import { EmailKitError } from "../../errors.ts";
import { appendEvent } from "../../ledger/events.ts";
import { abandonLease, acquireLease, readLease, releaseLease, renewLease, type Lease } from "../../ledger/leases.ts";
import { registerThread, threadLease } from "../../ledger/threads.ts";
import type { OpenKit } from "../context.ts";

/** A thread that is held: nobody else runs it until `release`. */
export interface HeldThread {
  lease: Lease;
  /** Whether the run before this one vanished without an end. */
  recovering: boolean;
  /** Aborts when the lease was lost to another holder. */
  signal: AbortSignal;
  release(): Promise<void>;
  /** Instead of `release`, for a run that was broken off: the next holder takes it up. */
  abandon(): Promise<void>;
}

/** How often a held lease is looked at again, besides at every commit of this process. */
const RETRY_MS = 250;

/** What a run belongs to that workers take up where its process vanishes. */
export interface RunOwner {
  graph: string;
  /** Where LangGraph's API server runs it. */
  assistant?: string;
}

/**
 * Takes the thread's lease and renews it until it is released.
 * @param onBusy `wait` until it is free, `reject` with `THREAD_BUSY`.
 */
export async function holdThread(
  kit: OpenKit,
  threadId: string,
  options: { onBusy: "wait" | "reject"; signal?: AbortSignal | undefined; of?: RunOwner },
): Promise<HeldThread> {
  const holder = kit.newId();
  for (;;) {
    options.signal?.throwIfAborted();
    const held = await tryHold(kit, threadId, { holder, of: options.of });
    if (held) return held;
    if (options.onBusy === "reject") {
      throw new EmailKitError(
        "THREAD_BUSY",
        `Thread ${threadId} is being run elsewhere. Wait for that run, or attach the graph with onBusy: "wait".`,
      );
    }
    await nextCommit(kit, options.signal, RETRY_MS);
  }
}

/** As `holdThread`, but resolves with undefined where somebody else holds it. `name`: of another lease about the thread. */
export async function tryHoldThread(kit: OpenKit, threadId: string, name?: string): Promise<HeldThread | undefined> {
  return tryHold(kit, threadId, { holder: kit.newId(), name });
}

const leasesHere = new WeakMap<OpenKit["ledger"], Map<string, () => Promise<void>>>();

/** The leases that this process holds, with what renews each. */
function heldHere({ ledger }: OpenKit): Map<string, () => Promise<void>> {
  const known = leasesHere.get(ledger) ?? new Map<string, () => Promise<void>>();
  leasesHere.set(ledger, known);
  return known;
}

async function tryHold(
  kit: OpenKit,
  threadId: string,
  {
    holder,
    of,
    name = threadLease(threadId),
  }: { holder: string; of?: RunOwner | undefined; name?: string | undefined },
): Promise<HeldThread | undefined> {
  const { db } = kit.ledger;
  const here = heldHere(kit);
  const renewOwn = here.get(name);
  if (renewOwn) {
    // A clock that jumps ahead must not make a process take its own run for one that vanished.
    await renewOwn();
    return undefined;
  }
  const taken = await db.transaction(
    async (sql) => {
      const before = await readLease(sql, name, kit.clock());
      if (before.kind === "held") return undefined;
      const lease = await acquireLease(sql, name, holder, kit.clock(), kit.leaseMs);
      if (lease && of) await registerThread(sql, threadId, of.graph, of.assistant);
      if (lease && before.kind === "expired" && name === threadLease(threadId)) {
        const whose = { threadId, ...(of && { graph: of.graph }) };
        await appendEvent(sql, { at: kit.clock(), kind: "taken-over", ...whose, data: { fence: lease.fence } });
      }
      return lease && { before, lease };
    },
    // A worker's run is begun again by what made it begin. Of one that a user began, this is all that tells when LangGraph has stored its input.
    { durable: of ? "now" : "soon" },
  );
  if (!taken) return undefined;
  const { before, lease } = taken;
  const lost = new AbortController();
  const lose = (cause?: unknown) =>
    lost.abort(
      new EmailKitError(
        "LEASE_LOST",
        `This run lost thread ${threadId} to another one; what it did after is refused.`,
        {
          cause,
        },
      ),
    );
  const renew = () =>
    renewLease(db, lease, kit.clock(), kit.leaseMs).then(
      (kept) => {
        if (!kept) lose();
      },
      (error: unknown) =>
        kit.log.warn("The lease of a thread could not be renewed", { threadId, error: String(error) }),
    );
  here.set(name, renew);
  const heartbeat = setInterval(() => void renew(), kit.leaseMs / 3);
  let given = false;
  const give = async (up: typeof releaseLease) => {
    clearInterval(heartbeat);
    if (given) return;
    given = true;
    if (here.get(name) === renew) here.delete(name);
    // Lost in a power cut, it is the lease of a run that vanished, and the thread is looked at once more.
    await db.transaction((sql) => up(sql, lease), { durable: "soon" });
  };
  return {
    lease,
    recovering: before.kind === "expired",
    signal: lost.signal,
    release: () => give(releaseLease),
    abandon: () => give(abandonLease),
  };
}

/** Resolves at the next commit that this process sees, or after `atMostMs`. */
export async function nextCommit(kit: OpenKit, signal: AbortSignal | undefined, atMostMs: number): Promise<void> {
  await new Promise<void>((resolve) => {
    const done = () => {
      clearTimeout(timer);
      stop();
      signal?.removeEventListener("abort", done);
      resolve();
    };
    const timer = setTimeout(done, atMostMs);
    const stop = kit.ledger.db.onCommit(done);
    signal?.addEventListener("abort", done);
  });
}
