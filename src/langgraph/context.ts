import type { Agent } from "../accounts/agent.ts";
import type { BlobStore } from "../blobs/blobs.ts";
import { EmailKitError } from "../errors.ts";
import type { Ledger } from "../ledger/ledger.ts";
import type { Logger } from "../log.ts";
import type { InboundRules } from "../policy/inbound.ts";
import type { BusinessCalendar } from "../time/calendar.ts";
import type { Clock } from "../time/clock.ts";
import type { KnownTasks } from "./calls/known-tasks.ts";

/** What a kit is made of, once opened: the calls, the drive and the worker share it. */
export interface OpenKit {
  ledger: Ledger;
  blobs: BlobStore;
  /** Signs reply and bounce tokens. */
  tokenKey: Uint8Array;
  agents: ReadonlyMap<string, Agent>;
  /** What is asked of mail that comes in. */
  inbound: InboundRules;
  clock: Clock;
  /** The definitions of tasks that it was given. */
  tasks: KnownTasks;
  /** What business days and hours are reckoned by. */
  calendar?: BusinessCalendar;
  newId: () => string;
  log: Logger;
  /** How long a run may be silent before another may take its thread. Milliseconds. */
  leaseMs: number;
  /** How a run that threw is tried again: in all so often before its thread is stalled, and how long after. Milliseconds. */
  retry: { tries: number; firstMs: number; maxMs: number };
  /** How far agents may keep each other busy: mails that lead to one another, and requests of a pair within an hour. */
  loops: { hops: number; perPair: number };
  /** The largest mail that is composed. Octets. */
  maxBytes: number;
}

/** Opens the kit at the first call, and answers with the same one after. */
export type OpenKitOnce = () => Promise<OpenKit>;

/** How each kit that users have is opened, for what else is built on it. */
export const kitOpeners = new WeakMap<object, OpenKitOnce>();

/** @throws EmailKitError `INVALID_CONFIG` for what `createEmailKit` did not make. */
export async function openKitOf(kit: object): Promise<OpenKit> {
  const open = kitOpeners.get(kit);
  if (!open) throw new EmailKitError("INVALID_CONFIG", "That is no kit: give what createEmailKit returned.");
  return open();
}
