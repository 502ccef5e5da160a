import { existsSync } from "node:fs";
import { DatabaseSync } from "node:sqlite";
import { SqliteSaver } from "@langchain/langgraph-checkpoint-sqlite";
import { PostgresSaver } from "@langchain/langgraph-checkpoint-postgres";
import { Pool, types } from "pg";
import { isPostgresUrl } from "../../src/ledger/postgres/url.ts";
import type { Life } from "./life.ts";

const INT8 = 20;
const pools = new Map<string, Pool>();

/** LangGraph's saver beside the ledger: in a file of its own, or in the ledger's schema. */
export function openSaver({ ledger, directory }: Pick<Life, "ledger" | "directory">): SqliteSaver | PostgresSaver {
  if (!isPostgresUrl(ledger)) return SqliteSaver.fromConnString(`${directory}/checkpoints.db`);
  const { url, schema } = split(ledger);
  return PostgresSaver.fromConnString(url, { schema });
}

/** Makes the tables of a saver in PostgreSQL. */
export async function setUpSaver(life: Life): Promise<void> {
  const saver = openSaver(life) as PostgresSaver;
  await saver.setup();
  await saver.end();
}

/** Rows of the ledger, or none where the table is not there yet. */
export async function ledgerRows<Row>({ ledger }: Pick<Life, "ledger">, table: string, statement: string) {
  return isPostgresUrl(ledger)
    ? postgresRows<Row>(ledger, table, statement)
    : sqliteRows<Row>(ledger, table, statement);
}

/** LangGraph's node runs of which a result is stored. */
export async function storedResults({ ledger, directory }: Pick<Life, "ledger" | "directory">): Promise<string[]> {
  const select = (table: string) =>
    `SELECT DISTINCT task_id AS id FROM ${table} WHERE channel NOT IN ('__interrupt__', '__resume__', '__error__', '__error_source_node__')`;
  const rows = isPostgresUrl(ledger)
    ? await postgresRows<{ id: string }>(ledger, "checkpoint_writes", select("checkpoint_writes"))
    : sqliteRows<{ id: string }>(`${directory}/checkpoints.db`, "writes", select("writes"));
  return rows.map(({ id }) => id);
}

function sqliteRows<Row>(file: string, table: string, statement: string): Row[] {
  if (!existsSync(file)) return [];
  const db = new DatabaseSync(file, { timeout: 10_000 });
  try {
    if (!db.prepare("SELECT 1 FROM sqlite_schema WHERE name = ?").get(table)) return [];
    return db.prepare(statement).all() as Row[];
  } finally {
    db.close();
  }
}

async function postgresRows<Row>(ledger: string, table: string, statement: string): Promise<Row[]> {
  const { url, schema } = split(ledger);
  const pool = pools.get(url) ?? newPool(url);
  const client = await pool.connect();
  try {
    await client.query(`SET search_path = ${schema}`);
    const found = await client.query<{ oid: string | null }>("SELECT to_regclass($1)::text AS oid", [table]);
    return found.rows[0]?.oid ? ((await client.query(statement)).rows as Row[]) : [];
  } finally {
    client.release();
  }
}

function newPool(connectionString: string): Pool {
  const pool = new Pool({
    connectionString,
    max: 2,
    idleTimeoutMillis: 500,
    allowExitOnIdle: true,
    types: {
      getTypeParser: (oid: number, format?: "text" | "binary"): unknown =>
        oid === INT8 ? Number : types.getTypeParser(oid, format),
    },
  });
  pool.on("error", () => {});
  pools.set(connectionString, pool);
  return pool;
}

function split(ledger: string): { url: string; schema: string } {
  const url = new URL(ledger);
  const schema = url.searchParams.get("schema")!;
  url.search = "";
  return { url: url.href, schema };
}
