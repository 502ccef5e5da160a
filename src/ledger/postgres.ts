import { randomUUID } from "node:crypto";
import type { ClientBase, Pool } from "pg";
import { EmailKitError } from "../errors.ts";
import type { Database, Sql, SqlParameters, TransactionOptions } from "./database.ts";
import { coalesced } from "./postgres/coalesce.ts";
import { startListener } from "./postgres/listener.ts";
import { type NumberedStatement, numberedStatement, valuesOf } from "./postgres/statement.ts";
import { parsePostgresUrl, type PostgresAddress } from "./postgres/url.ts";

/** Connections of one process, besides the one that listens: one writes, the others read. */
const CONNECTIONS = 4;
const CONNECT_MS = 10_000;
/** A server that is silent for longer is taken for gone. */
const REPLY_MS = 60_000;
/** The first half of the advisory lock's key: "emai" in ASCII. The second is the schema's. */
const LOCK_SPACE = 0x656d6169;
const INT8 = 20;

/**
 * Opens a schema of a PostgreSQL database as a ledger database, and makes the schema if it is absent. All writers of a ledger take turns by one advisory lock,
 * as they do in SQLite: what a transaction has read stays true until it ends, and the audit log's numbers come in the order of the commits. Readers wait for nobody.
 * It listens, and so needs a direct connection or session pooling.
 * @throws EmailKitError `INVALID_CONFIG` for the URL or when the package `pg` is missing, `LEDGER_FAILED` when there is no connection.
 */
export async function openPostgres(url: string): Promise<Database> {
  const address = parsePostgresUrl(url);
  const { connect, pool } = await openPool(address);
  const own = randomUUID();
  const listeners = new Set<() => void>();
  const tell = coalesced(() => {
    for (const listener of listeners) listener();
  });
  const committed = () => {
    if (listeners.size > 0) tell();
  };
  const execute = statementRunner(address);
  const transaction = transactions(pool, execute, { address, own, committed });
  let closed = false;
  let queue: Promise<unknown> = Promise.resolve();
  /** A process needs one connection for its writers: they take turns anyway. */
  const inTurn = <T>(work: () => Promise<T>): Promise<T> => {
    const turn = queue.then(work);
    queue = turn.catch(() => {});
    return turn;
  };
  const write = <T>(work: (sql: Sql) => Promise<T>, options?: TransactionOptions): Promise<T> =>
    inTurn(() => {
      if (closed) throw ledgerError(address, "it is closed");
      return transaction(work, options);
    });
  const read = async <Row>(statement: string, parameters?: SqlParameters): Promise<Row[]> => {
    if (closed) throw ledgerError(address, "it is closed");
    return (await execute(pool, statement, parameters)).rows as Row[];
  };
  try {
    await createSchema(pool, address);
    const listener = await startListener({ connect, channel: address.schema, own, onNotice: committed });
    return {
      name: address.name,
      all: <Row>(statement: string, parameters?: SqlParameters) =>
        isWrite(statement) ? write((sql) => sql.all<Row>(statement, parameters)) : read<Row>(statement, parameters),
      run: (statement, parameters) => write((sql) => sql.run(statement, parameters)),
      transaction: write,
      incarnation: async () => {
        // A dump that is read in makes tables anew, in a new cluster or not; recovery to an earlier time begins a new timeline.
        const rows = await read<{ id: string }>(
          `SELECT s.system_identifier || '/' || c.timeline_id || '/' || to_regclass('meta')::oid AS id FROM pg_control_system() s, pg_control_checkpoint() c`,
        ).catch(() => []);
        return rows[0]?.id;
      },
      onCommit(listener) {
        listeners.add(listener);
        return () => void listeners.delete(listener);
      },
      close: () =>
        inTurn(async () => {
          if (closed) return;
          closed = true;
          listeners.clear();
          tell.cancel();
          await Promise.all([listener.stop(), pool.end()]);
        }),
    };
  } catch (cause) {
    await pool.end();
    throw ledgerError(address, cause);
  }
}

async function openPool(address: PostgresAddress) {
  const { default: pg } = await import("pg").catch((cause: unknown) => {
    throw new EmailKitError("INVALID_CONFIG", "A ledger in PostgreSQL needs the package pg: npm install pg.", {
      cause,
    });
  });
  const settings = {
    connectionString: address.connectionString,
    application_name: "langgraph-email",
    // A process that is paused inside a transaction must not hold up all others.
    options: `-c search_path=${address.schema} -c idle_in_transaction_session_timeout=15s -c lock_timeout=30s`,
    connectionTimeoutMillis: CONNECT_MS,
    query_timeout: REPLY_MS,
    keepAlive: true,
    types: {
      getTypeParser: (oid: number, format?: "text" | "binary"): unknown =>
        oid === INT8 ? Number : pg.types.getTypeParser(oid, format),
    },
  };
  const pool = new pg.Pool({ ...settings, max: CONNECTIONS, allowExitOnIdle: true });
  // An idle connection that is lost is no loss; one in use fails its statement as well.
  pool.on("error", () => {});
  pool.on("connect", (client) => client.on("error", () => {}));
  const connect = async () => {
    const client = new pg.Client(settings);
    await client.connect();
    return client as typeof client & { unref(): void };
  };
  return { pool, connect };
}

async function createSchema(pool: Pool, { schema }: PostgresAddress): Promise<void> {
  const found = await pool.query("SELECT 1 FROM pg_namespace WHERE nspname = $1", [schema]);
  // A user who may not create schemas may still use one.
  if (found.rows.length === 0) await pool.query(`${begin(schema)}; CREATE SCHEMA IF NOT EXISTS "${schema}"; COMMIT`);
}

/** Later statements of the transaction see all that was committed before it got its turn. */
function begin(schema: string): string {
  return `BEGIN ISOLATION LEVEL READ COMMITTED; SELECT pg_advisory_xact_lock(${LOCK_SPACE}, hashtext('${schema}'))`;
}

type Execute = ReturnType<typeof statementRunner>;

function statementRunner(address: PostgresAddress) {
  const known = new Map<string, NumberedStatement & { name: string }>();
  const numbered = (statement: string) => {
    const found = known.get(statement) ?? { ...numberedStatement(statement), name: `ledger_${known.size}` };
    known.set(statement, found);
    return found;
  };
  return async (executor: Pool | ClientBase, statement: string, parameters: SqlParameters = {}) => {
    const { text, names, name } = numbered(statement);
    try {
      return await executor.query<Record<string, unknown>>({ name, text, values: valuesOf(names, parameters) });
    } catch (cause) {
      throw ledgerError(address, cause);
    }
  };
}

function transactions(
  pool: Pool,
  execute: Execute,
  { address, own, committed }: { address: PostgresAddress; own: string; committed: () => void },
): <T>(work: (sql: Sql) => Promise<T>, options?: TransactionOptions) => Promise<T> {
  const notify = `NOTIFY "${address.schema}", '${own}'`;
  return async (work, { quiet = false } = {}) => {
    const client = await pool.connect().catch((cause: unknown) => {
      throw ledgerError(address, cause);
    });
    let changes = 0;
    // The server undoes what a connection leaves unfinished: after a statement that failed, that is the shortest way.
    let failed = false;
    const guarded = async <T>(statement: () => Promise<T>): Promise<T> => {
      try {
        return await statement();
      } catch (cause) {
        failed = true;
        throw ledgerError(address, cause);
      }
    };
    const statement = async (text: string, parameters?: SqlParameters) => {
      const { rows, rowCount } = await guarded(() => execute(client, text, parameters));
      if (isWrite(text)) changes += rowCount ?? 0;
      return { rows, rowCount: rowCount ?? 0 };
    };
    try {
      await guarded(() => client.query(begin(address.schema)));
      const result = await work({
        all: async <Row>(text: string, parameters?: SqlParameters) => (await statement(text, parameters)).rows as Row[],
        run: async (text, parameters) => (await statement(text, parameters)).rowCount,
      });
      // It would answer COMMIT with a rollback, and no error.
      if (failed) throw ledgerError(address, "a statement of the transaction failed before");
      const tells = changes > 0 && !quiet;
      await guarded(() => client.query(tells ? `${notify}; COMMIT` : "COMMIT"));
      if (tells) committed();
      return result;
    } catch (error) {
      if (!failed) await guarded(() => client.query("ROLLBACK")).catch(() => {});
      throw error;
    } finally {
      client.release(failed);
    }
  };
}

function isWrite(statement: string): boolean {
  return !/^\s*(?:SELECT|WITH)\b/.test(statement);
}

function ledgerError(address: PostgresAddress, cause: unknown): EmailKitError {
  if (cause instanceof EmailKitError) return cause;
  const reason = typeof cause === "string" ? cause : describe(cause);
  // The pool notes the client in its errors, and the client knows the password.
  if (cause instanceof Error && "client" in cause) delete cause.client;
  if (isRefused(cause)) {
    const message = `The ledger ${address.name} cannot hold a value: ${reason.replace(/\.$/, "")}. Make it shorter, or leave out what is no text.`;
    return new EmailKitError("LEDGER_REFUSED", message, { cause });
  }
  return new EmailKitError(
    "LEDGER_FAILED",
    `The ledger ${address.name} failed: ${reason.replace(/\.$/, "")}. Check that the server is up, and that the user may use the schema.`,
    { cause },
  );
}

/** Classes 22 and 54: data, or a limit of the program. The same statement is refused at every further try. */
function isRefused(cause: unknown): boolean {
  return cause instanceof Error && "code" in cause && /^(?:22|54)/.test(String(cause.code));
}

/** A refused connection to a name with several addresses is an error without words of its own. */
function describe(cause: unknown): string {
  if (cause instanceof AggregateError && cause.errors.length > 0) return cause.errors.map(describe).join("; ");
  return cause instanceof Error ? cause.message : String(cause);
}
