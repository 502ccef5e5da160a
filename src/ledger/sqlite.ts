import { resolve } from "node:path";
import { DatabaseSync, type SQLInputValue, type StatementSync } from "node:sqlite";
import { EmailKitError } from "../errors.ts";
import type { Database, Sql, SqlParameters, SqlValue } from "./database.ts";

/** How often other processes' commits are looked for: one `PRAGMA data_version`, a few microseconds. */
const POLL_MS = 100;
/** A task that was marked submitted must not be due again after a power cut. */
const DURABLE = "PRAGMA synchronous = FULL";
/** A list parameter, which SQLite has not. */
const LIST = /\bIN :(\w+)/g;

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
    const turn = queue.last.then(work);
    queue.last = turn.catch(() => {});
    return turn;
  };
  const committed = () => {
    for (const listener of listeners) listener();
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
    transaction: (work, { durable = "now" } = {}) =>
      inTurn(async () => {
        if (durable === "soon") guard(() => db.exec("PRAGMA synchronous = NORMAL"));
        guard(() => db.exec("BEGIN IMMEDIATE"));
        const before = totalChanges(prepare);
        try {
          const result = await work(direct);
          guard(() => db.exec("COMMIT"));
          if (totalChanges(prepare) > before) committed();
          return result;
        } catch (error) {
          if (db.isTransaction) db.exec("ROLLBACK");
          throw error;
        } finally {
          if (durable === "soon") db.exec(DURABLE);
        }
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
}

const queues = new Map<string, WeakRef<Queue>>();

/** One for all connections of this process to a file: SQLite would wait for another one's transaction with the whole process, and so for ever. */
function queueOf(path: string): Queue {
  const key = resolve(path);
  const known = path === ":memory:" ? undefined : queues.get(key)?.deref();
  if (known) return known;
  const queue = { last: Promise.resolve() };
  if (path !== ":memory:") queues.set(key, new WeakRef(queue));
  return queue;
}

function connect(path: string): DatabaseSync {
  try {
    const db = new DatabaseSync(path, { timeout: 10_000 });
    db.exec(`PRAGMA journal_mode = WAL; ${DURABLE}; PRAGMA foreign_keys = ON;`);
    return db;
  } catch (cause) {
    throw ledgerError(path, cause);
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
