import { resolve } from "node:path";
import type { DatabaseSync, SQLInputValue, StatementSync } from "node:sqlite";
import { EmailKitError } from "../errors.ts";
import type { Database, Sql, SqlParameters, SqlValue, TransactionOptions } from "./database.ts";

/** How often other processes' commits are looked for: one `PRAGMA data_version`, a few microseconds. */
const POLL_MS = 100;
/** A task that was marked submitted must not be due again after a power cut. */
const DURABLE = "PRAGMA synchronous = FULL";
/** For so long a lock that another process has is waited for. */
const BUSY_MS = 10_000;
/** https://www.sqlite.org/rescode.html#busy */
const SQLITE_BUSY = 5;
/** A list parameter, which SQLite has not. */
const LIST = /\bIN :(\w+)/g;
/** Transactions that wait at the same time become durable by one sync of the disk, up to so many. */
const GROUP = 64;
/** SQLite answers at once: without a pause, a long run of statements would keep the process from its timers and connections. */
const SLICE_MS = 10;

interface Job {
  work: (sql: Sql) => Promise<unknown>;
  options: TransactionOptions;
  resolve: (result: never) => void;
  reject: (error: unknown) => void;
}

/**
 * Opens a SQLite file (WAL) as a ledger database, or a fresh one in memory with `:memory:`.
 * @throws EmailKitError `LEDGER_FAILED` when the file cannot be opened.
 */
export function openSqlite(path: string): Database {
  const db = connect(path);
  const statements = new Map<string, StatementSync>();
  const listeners = new Set<() => void>();
  const queue = queueOf(path);
  let poll: NodeJS.Timeout | undefined;
  let closed = false;

  const prepare = (statement: string): StatementSync => {
    let prepared = statements.get(statement);
    if (!prepared) {
      prepared = db.prepare(statement.replace(LIST, "IN (SELECT value FROM json_each(:$1))"));
      statements.set(statement, prepared);
    }
    return prepared;
  };
  const guard = <T>(work: () => T): T => {
    if (closed) throw new EmailKitError("LEDGER_FAILED", `The ledger ${path} is closed.`);
    try {
      return work();
    } catch (cause) {
      throw ledgerError(path, cause);
    }
  };
  const direct: Sql = {
    all: async <Row>(statement: string, parameters: SqlParameters = {}) =>
      guard(() => prepare(statement).all(bound(parameters)) as Row[]),
    run: async (statement, parameters = {}) => guard(() => Number(prepare(statement).run(bound(parameters)).changes)),
  };
  /** What is asked while a transaction is open waits for its end. */
  const inTurn = <T>(work: () => Promise<T>): Promise<T> => {
    const turn = queue.last.then(async () => {
      if (performance.now() - queue.rested > SLICE_MS) {
        await new Promise((resolve) => setImmediate(resolve));
        queue.rested = performance.now();
      }
      return work();
    });
    queue.last = turn.catch(() => {});
    return turn;
  };
  const committed = () => {
    for (const listener of listeners) listener();
  };

  const jobs: Job[] = [];
  /** Runs the transactions that wait as savepoints of one, so that one that throws undoes itself alone. Nobody hears of theirs before all are committed. */
  const runGroup = async () => {
    const group = jobs.splice(0, GROUP);
    if (group.length === 0) return;
    const settled: (() => void)[] = [];
    const soon = group.every(({ options }) => options.durable === "soon");
    try {
      if (soon) guard(() => db.exec("PRAGMA synchronous = NORMAL"));
      guard(() => db.exec("BEGIN IMMEDIATE"));
      const before = totalChanges(prepare);
      for (const job of group) settled.push(await attempt(job));
      guard(() => db.exec("COMMIT"));
      if (totalChanges(prepare) > before && !group.every(({ options }) => options.quiet)) committed();
      for (const settle of settled) settle();
    } catch (error) {
      if (!closed && db.isTransaction) db.exec("ROLLBACK");
      for (const job of group) job.reject(error);
    } finally {
      if (soon && !closed) db.exec(DURABLE);
    }
  };
  const attempt = async (job: Job): Promise<() => void> => {
    guard(() => db.exec("SAVEPOINT job"));
    try {
      const result = await job.work(direct);
      guard(() => db.exec("RELEASE job"));
      return () => job.resolve(result as never);
    } catch (error) {
      // Some failures, such as a full disk, end the whole transaction.
      if (!db.isTransaction) throw error;
      db.exec("ROLLBACK TO job; RELEASE job");
      return () => job.reject(error);
    }
  };

  return {
    name: path,
    all: (statement, parameters) => inTurn(() => direct.all(statement, parameters)),
    run: (statement, parameters) =>
      inTurn(async () => {
        const changes = await direct.run(statement, parameters);
        if (changes > 0) committed();
        return changes;
      }),
    transaction: (work, options = {}) =>
      new Promise((resolve, reject) => {
        jobs.push({ work, options, resolve, reject });
        inTurn(runGroup).catch(reject);
      }),
    onCommit(listener) {
      listeners.add(listener);
      if (!poll && path !== ":memory:") {
        let seen = dataVersion(prepare);
        poll = setInterval(() => {
          try {
            const now = dataVersion(prepare);
            if (now !== seen) committed();
            seen = now;
          } catch {
            // Whoever is told looks for itself, and tells of the error.
            committed();
          }
        }, POLL_MS).unref();
      }
      return () => {
        listeners.delete(listener);
        if (listeners.size > 0) return;
        clearInterval(poll);
        poll = undefined;
      };
    },
    close: () =>
      inTurn(async () => {
        if (closed) return;
        closed = true;
        clearInterval(poll);
        listeners.clear();
        statements.clear();
        db.close();
      }),
  };
}

interface Queue {
  last: Promise<unknown>;
  /** When the process last saw to other things, by performance.now(). */
  rested: number;
}

const queues = new Map<string, WeakRef<Queue>>();

/** One for all connections of this process to a file: SQLite would wait for another one's transaction with the whole process, and so for ever. */
function queueOf(path: string): Queue {
  const key = resolve(path);
  const known = path === ":memory:" ? undefined : queues.get(key)?.deref();
  if (known) return known;
  const queue = { last: Promise.resolve(), rested: 0 };
  if (path !== ":memory:") queues.set(key, new WeakRef(queue));
  return queue;
}

/** Asked for when it is needed: an import would end a program on an older Node before it could say what it needs. @throws EmailKitError `INVALID_CONFIG`. */
export function requireSqlite(): typeof import("node:sqlite") {
  const sqlite = process.getBuiltinModule("node:sqlite") as typeof import("node:sqlite") | undefined;
  if (sqlite) return sqlite;
  const message = `A ledger on SQLite needs Node 22.13 or later, and this is ${process.version}. Run the program with a newer Node.`;
  throw new EmailKitError("INVALID_CONFIG", message);
}

function connect(path: string): DatabaseSync {
  const sqlite = requireSqlite();
  try {
    const db = new sqlite.DatabaseSync(path, { timeout: BUSY_MS });
    useWal(db);
    // 16 MB between checkpoints, each of which syncs two files: many pages are written again and again.
    db.exec(`${DURABLE}; PRAGMA foreign_keys = ON; PRAGMA wal_autocheckpoint = 4000;`);
    return db;
  } catch (cause) {
    throw ledgerError(path, cause);
  }
}

/** SQLite waits for no lock here: of two processes that open a new file at the same time, one is told at once that it is busy. */
function useWal(db: DatabaseSync): void {
  const end = performance.now() + BUSY_MS;
  for (;;) {
    try {
      return db.exec("PRAGMA journal_mode = WAL");
    } catch (error) {
      const isBusy = (error as { errcode?: number }).errcode === SQLITE_BUSY;
      if (isBusy && performance.now() < end) {
        Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 5 + Math.random() * 20);
        continue;
      }
      db.close();
      throw error;
    }
  }
}

function bound(parameters: SqlParameters): Record<string, SQLInputValue> {
  const entries = Object.entries(parameters);
  return Object.fromEntries(entries.map(([name, value]) => [name, isList(value) ? JSON.stringify(value) : value]));
}

function isList(value: SqlValue): value is readonly string[] {
  return Array.isArray(value);
}

function ledgerError(path: string, cause: unknown): Error {
  if (cause instanceof EmailKitError) return cause;
  const reason = cause instanceof Error ? cause.message : String(cause);
  return new EmailKitError(
    "LEDGER_FAILED",
    `The ledger ${path} failed: ${reason}. Check that its folder exists, is writable and has space.`,
    { cause },
  );
}

function totalChanges(prepare: (statement: string) => StatementSync): number {
  return Number(prepare("SELECT total_changes() AS n").get()?.["n"]);
}

function dataVersion(prepare: (statement: string) => StatementSync): number {
  return Number(prepare("PRAGMA data_version").get()?.["data_version"]);
}
