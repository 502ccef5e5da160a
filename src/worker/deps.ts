import type { Agent } from "../accounts/agent.ts";
import type { BlobStore } from "../blobs/blobs.ts";
import type { Ledger } from "../ledger/ledger.ts";
import type { Logger } from "../log.ts";
import type { Clock } from "../time/clock.ts";
import type { InboundRules } from "../policy/inbound.ts";
import type { BreakerLimits } from "../policy/reputation.ts";
import type { Mailbox, Submitter } from "../transport/transport.ts";
import type { Reassign, ResumePort, ServePort } from "./ports.ts";

export interface WorkerDeps {
  ledger: Ledger;
  blobs: BlobStore;
  tokenKey: Uint8Array;
  agents: ReadonlyMap<string, Agent>;
  /** Each agent's submission server. */
  submitters: ReadonlyMap<string, Submitter>;
  /** Each mailbox once, with the agents that share it. */
  mailboxes: readonly { mailbox: Mailbox; agents: readonly Agent[] }[];
  inbound: InboundRules;
  /** The definitions of tasks that the kit was given, by name. */
  tasks: ReadonlyMap<string, { readonly reassignTo: Reassign | undefined }>;
  resume: ResumePort;
  serve: ServePort;
  clock: Clock;
  newId: () => string;
  log: Logger;
  /** What becomes of a mail whose connection broke after it was handed over: sent again with the same Message-ID after `afterMs`, or held. */
  onDoubt: { kind: "resend"; afterMs: number } | { kind: "hold" };
  /** The largest mail that is composed. Octets. */
  maxBytes: number;
  /** What pauses an agent; undefined: nothing does. */
  breaker: Required<BreakerLimits> | undefined;
  /** How many requests that our own mails led to one sender may make of one agent within an hour. */
  loops: { perPair: number };
  /** How long a watcher of a mailbox may be silent before another takes over. Milliseconds. */
  leaseMs: number;
  /** Threads and requests that are worked on at the same time. */
  concurrency: number;
}
