import { setImmediate as breath } from "node:timers/promises";
import type { BlobStore } from "../blobs/blobs.ts";
import { EmailKitError } from "../errors.ts";
import type { Database } from "../ledger/database.ts";
import { appendEvent } from "../ledger/events.ts";
import {
  notePruning,
  pruneMessages,
  pruneReplies,
  pruneThreads,
  type Removed,
  threadIdsAfter,
  usedBlobs,
} from "../ledger/prune.ts";
import type { Clock } from "../time/clock.ts";
import { type Duration, durationMs } from "../time/duration.ts";

export interface PruneOptions {
  /** How long ago all of a thread must have ended, and any other mail must have come in: "90 days". At least "1 day". */
  olderThan: Duration;
}

/** What was removed. `blobs`: mails and attachments whose content nothing refers to any more. */
export interface Pruned extends Removed {
  blobs: number;
}

const BATCH = 100;
/** What was stored a moment ago may be about to be referred to. */
const LEAST_MS = 86_400_000;

/** Removes what is over and old, in small transactions between which others work. */
export async function prune(
  kit: { ledger: { db: Database }; blobs: BlobStore; clock: Clock },
  { olderThan }: PruneOptions,
): Promise<Pruned> {
  const ageMs = durationMs(olderThan);
  if (ageMs < LEAST_MS) throw new EmailKitError("INVALID_CONFIG", "prune: give `olderThan` at least 1 day.");
  const { db } = kit.ledger;
  const before = kit.clock() - ageMs;
  const removed: Pruned = { threads: 0, tasks: 0, requests: 0, messages: 0, blobs: 0 };
  await db.transaction((sql) => notePruning(sql, before));
  for (
    let ids = await threadIdsAfter(db, "", BATCH);
    ids.length > 0;
    ids = await threadIdsAfter(db, ids.at(-1)!, BATCH)
  ) {
    const batch = ids;
    const part = await db.transaction((sql) => pruneThreads(sql, batch, before));
    for (const key of ["threads", "tasks", "requests", "messages"] as const) removed[key] += part[key];
    await breath();
  }
  await db.transaction((sql) => pruneReplies(sql, before));
  for (let count = BATCH; count === BATCH;) {
    count = await db.transaction((sql) => pruneMessages(sql, before, BATCH));
    removed.messages += count;
    await breath();
  }
  removed.blobs = (await kit.blobs.sweep?.(before, (references) => usedBlobs(db, references))) ?? 0;
  await appendEvent(db, {
    at: kit.clock(),
    kind: "pruned",
    data: { before: new Date(before).toISOString(), ...removed },
  });
  return removed;
}
