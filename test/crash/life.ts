import type { Person } from "./people.ts";
import type { Kill } from "./points.ts";

/** What one process is asked to do: to bring the thread to its end, unless it is killed. */
export interface Life {
  directory: string;
  /** A file in the directory, or a schema of a PostgreSQL database. */
  ledger: string;
  accounts: Record<"desk" | "lab", { address: string; smtp: string; imap: string }>;
  people: Record<Person, string>;
  /** Who takes up a thread that has begun: the workers alone, or a user who runs it on as well. */
  restart: "worker" | "invoke";
  leaseMs: number;
  /** Only works beside another process, and begins nothing. */
  helps?: true;
  /** After how many milliseconds a mail in doubt is sent again. */
  resendMs: number;
  kill?: Kill;
  /** It dies with the machine: what of its ledger was synced is noted. */
  power?: true;
  /** Milliseconds by which its clock is ahead: what those before it held has run out then, and nobody has to wait for that. */
  ahead: number;
  /** Breaks the kit, to see that it is seen: mails are handed over without a word in the ledger before. */
  sabotage?: "no-handover";
}

export type LifeReport =
  | { kind: "ended"; values: Record<string, unknown>; points: Record<string, number> }
  | { kind: "failed"; error: string };

export const THREAD = "t1";
