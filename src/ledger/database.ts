/** A value that both databases store alike. Times are milliseconds since the epoch, documents are JSON text. A list stands behind `IN` only. */
export type SqlValue = string | number | null | Uint8Array | readonly string[];
export type SqlParameters = Readonly<Record<string, SqlValue>>;

/**
 * Plain statements in the SQL that SQLite and PostgreSQL share; what begins with SELECT or WITH only reads. Parameters are `:named`; of a list, `agent IN :agents`.
 * Tables are defined with SQLite's types (INTEGER, TEXT, BLOB, and STRICT); another driver writes its own.
 */
export interface Sql {
  all<Row>(statement: string, parameters?: SqlParameters): Promise<Row[]>;
  /** Resolves with the number of rows that changed. */
  run(statement: string, parameters?: SqlParameters): Promise<number>;
}

export interface TransactionOptions {
  /**
   * `soon`: a driver whose users all end with the database, as in a power cut, may make the commit durable with a later one. What is lost then is lost together with
   * all that followed. For what a new start finds out anyway. Default: `now`.
   */
  durable?: "now" | "soon";
  /** Listeners to commits are not told of this one: it gives nobody work. Default: false. */
  quiet?: boolean;
}

/** The port that a database driver implements; what is stored and when is decided in the files beside this one. */
export interface Database extends Sql {
  /** For messages to people: a path or a host, never with credentials. */
  readonly name: string;
  /** Runs `work` as one transaction that sees and blocks other writers, of every process; a throw rolls it back. `work` uses the handle it is given, and awaits nothing but it. */
  transaction<T>(work: (sql: Sql) => Promise<T>, options?: TransactionOptions): Promise<T>;
  /** Changes when the database is restored from a backup; undefined where it cannot tell. */
  incarnation?(): Promise<string | undefined>;
  /** Calls `listener` soon after any commit, of this process or of another one. Returns the way to stop that. */
  onCommit(listener: () => void): () => void;
  close(): Promise<void>;
}

export async function one<Row>(sql: Sql, statement: string, parameters?: SqlParameters): Promise<Row | undefined> {
  return (await sql.all<Row>(statement, parameters))[0];
}
