import { randomUUID } from "node:crypto";
import type { Agent } from "./accounts/agent.ts";
import { type BlobStore, foreignBlobs } from "./blobs/blobs.ts";
import { blobsBySize } from "./blobs/by-size.ts";
import { fileBlobs } from "./blobs/files.ts";
import { memoryBlobs } from "./blobs/memory.ts";
import { DEFAULTS, type EmailKitConfig, readTokenKey } from "./config.ts";
import { hashId } from "./mail/hash-id.ts";
import type { OpenKit } from "./langgraph/context.ts";
import { databaseBlobs } from "./ledger/blobs.ts";
import type { Database } from "./ledger/database.ts";
import { type Ledger, openLedger } from "./ledger/ledger.ts";
import { keepMark } from "./ledger/mark.ts";
import { holdPending, noteIncarnation } from "./ledger/restore.ts";
import { tellHeld } from "./worker/proof.ts";
import { openPostgres } from "./ledger/postgres.ts";
import { isPostgresUrl } from "./ledger/postgres/url.ts";
import { openSqlite } from "./ledger/sqlite.ts";
import { consoleLogger, unfailing } from "./log.ts";
import { createMailbox } from "./transport/imap.ts";
import { createOctetBudget } from "./transport/octet-budget.ts";
import { createSubmitter } from "./transport/smtp.ts";
import type { Mailbox } from "./transport/transport.ts";
import type { WorkerDeps } from "./worker/deps.ts";

/** What a kit reaches the outside world through, besides its blob store. */
export interface KitPorts {
  openDatabase: (ledger: string) => Promise<Database>;
  createSubmitter: typeof createSubmitter;
  createMailbox: typeof createMailbox;
}

export const PORTS: KitPorts = { openDatabase, createSubmitter, createMailbox };

/** The worker has let submissions end before it closes their connections. */
const CLOSE_TIMEOUT_MS = 1_000;

/** Octets of mail that all mailboxes of a kit hold at once, unless a single one is larger. */
const MAIL_IN_MEMORY = 32 * 1024 * 1024;

export async function openDatabase(ledger: string): Promise<Database> {
  return isPostgresUrl(ledger) ? openPostgres(ledger) : openSqlite(ledger);
}

export async function openKit(
  config: EmailKitConfig,
  ports: KitPorts,
  read: Pick<OpenKit, "agents" | "tasks" | "leaseMs" | "retry" | "loops" | "inbound">,
): Promise<OpenKit> {
  const clock = config.clock ?? Date.now;
  const db = await ports.openDatabase(config.ledger);
  const fresh = { id: hashId(randomUUID()).slice(0, 16), now: clock() };
  const ledger = await openLedger(db, fresh).catch(async (error: unknown) => {
    await db.close();
    throw error;
  });
  const log = config.log ? unfailing(config.log) : consoleLogger();
  const sign = await signOfRestore(config.ledger, ledger);
  if (sign !== undefined) tellHeld(log, await db.transaction((sql) => holdPending(sql, clock(), sign)));
  return {
    ledger,
    blobs: config.blobs ? foreignBlobs(config.blobs) : defaultBlobs(config.ledger, db),
    tokenKey: await readTokenKey(config.ledger, config.secret),
    clock,
    ...(config.calendar && { calendar: config.calendar }),
    newId: randomUUID,
    log,
    ...read,
    maxBytes: config.maxBytes ?? DEFAULTS.maxBytes,
  };
}

async function signOfRestore(address: string, ledger: Ledger): Promise<string | undefined> {
  if (!isPostgresUrl(address) && address !== ":memory:" && (await keepMark(`${address}.mark`, ledger))) {
    return "what lies beside it is ahead of it";
  }
  const incarnation = await ledger.db.incarnation?.();
  const other = incarnation !== undefined && (await noteIncarnation(ledger.db, incarnation));
  return other ? "its database is another one" : undefined;
}

/** Mails lie in the ledger; beside a SQLite file what is large. */
export function defaultBlobs(ledger: string, db: Database): BlobStore {
  if (ledger === ":memory:") return memoryBlobs();
  return isPostgresUrl(ledger) ? databaseBlobs(db) : blobsBySize(databaseBlobs(db), fileBlobs(`${ledger}.blobs`));
}

/** The servers of all agents: nothing is connected until it is used. */
export function connectAgents(
  agents: readonly Agent[],
  kit: OpenKit,
  ports: KitPorts,
): Pick<WorkerDeps, "submitters" | "mailboxes"> & { close: () => Promise<void> } {
  const smtp = { log: kit.log, closeTimeoutMs: CLOSE_TIMEOUT_MS };
  const submitters = new Map(
    agents.flatMap(({ name, account }) =>
      account.smtp ? [[name, ports.createSubmitter(account.smtp, smtp)] as const] : [],
    ),
  );
  const mailboxes = mailboxesOf(agents, kit, ports);
  const closables = [...submitters.values(), ...mailboxes.map(({ mailbox }) => mailbox)];
  return {
    submitters,
    mailboxes,
    close: async () => void (await Promise.all(closables.map((closable) => closable.close()))),
  };
}

/** Agents may share a mailbox, by subaddresses: it is watched once. */
function mailboxesOf(agents: readonly Agent[], kit: OpenKit, ports: KitPorts): WorkerDeps["mailboxes"] {
  const shared = new Map<string, { mailbox: Mailbox; agents: Agent[] }>();
  const { maxBytes } = kit.inbound;
  const settings = { log: kit.log, maxBytes, budget: createOctetBudget(Math.max(MAIL_IN_MEMORY, maxBytes)) };
  for (const agent of agents) {
    const mailbox = ports.createMailbox(agent.account.imap, { mailbox: agent.account.mailbox, ...settings });
    const known = shared.get(mailbox.key);
    if (known) known.agents.push(agent);
    else shared.set(mailbox.key, { mailbox, agents: [agent] });
  }
  return [...shared.values()];
}
