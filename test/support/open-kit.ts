import { randomUUID } from "node:crypto";
import { memoryBlobs } from "../../src/blobs/memory.ts";
import type { OpenKit } from "../../src/langgraph/context.ts";
import { openLedger } from "../../src/ledger/ledger.ts";
import { openSqlite } from "../../src/ledger/sqlite.ts";
import { silentLogger } from "../../src/log.ts";
import { readInbound } from "../../src/config.ts";

/** A kit without agents on a ledger in memory. */
export async function memoryKit(options: Partial<OpenKit> = {}): Promise<OpenKit> {
  const clock = options.clock ?? Date.now;
  return {
    ledger: await openLedger(openSqlite(":memory:"), { id: "abcdefghijklmnop", now: clock() }),
    blobs: memoryBlobs(),
    tokenKey: Buffer.alloc(32, 7),
    agents: new Map(),
    tasks: new Map(),
    inbound: readInbound(),
    clock,
    newId: randomUUID,
    log: silentLogger,
    leaseMs: 30_000,
    retry: { tries: 3, firstMs: 2_000, maxMs: 300_000 },
    loops: { hops: 10, perPair: 60 },
    maxBytes: 1_000_000,
    ...options,
  };
}
