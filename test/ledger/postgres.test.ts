import { randomBytes } from "node:crypto";
import { inspect } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { insertAliases } from "../../src/ledger/aliases.ts";
import { advanceCursor, readCursor } from "../../src/ledger/cursors.ts";
import { openLedger } from "../../src/ledger/ledger.ts";
import { openPostgres } from "../../src/ledger/postgres.ts";
import { hasPostgres, POSTGRES_PASSWORD, type PostgresServer, startPostgres } from "../support/postgres.ts";
import { ledgerContract } from "./contract.ts";

describe.skipIf(!hasPostgres)("PostgreSQL", () => {
  let postgres: PostgresServer;
  beforeAll(async () => {
    postgres = await startPostgres();
  });
  afterAll(async () => {
    await postgres.close();
  });

  ledgerContract("PostgreSQL", async () => {
    const url = postgres.ledgerUrl();
    return [await openPostgres(url), await openPostgres(url)];
  });

  it("is opened by many processes at once", async () => {
    const url = postgres.ledgerUrl();
    const databases = await Promise.all(Array.from({ length: 5 }, () => openPostgres(url)));
    const ledgers = await Promise.all(databases.map((db, index) => openLedger(db, { id: `id-${index}`, now: index })));
    expect(new Set(ledgers.map(({ id }) => id)).size).toBe(1);
    await Promise.all(databases.map((db) => db.close()));
  });

  it("keeps to its own schema", async () => {
    await using db = await opened();
    const tables = await db.all<{ schema: string }>(
      "SELECT DISTINCT table_schema AS schema FROM information_schema.tables WHERE table_name IN ('tasks', 'meta')",
    );
    expect(tables.map(({ schema }) => schema)).toContain(new URL(db.url).searchParams.get("schema"));
    expect(tables.map(({ schema }) => schema)).not.toContain("public");
  });

  it("tells what it cannot hold from being away", async () => {
    await using db = await opened();
    const id = randomBytes(4000).toString("base64");
    const refused = { code: "LEDGER_REFUSED", retryable: false };
    await expect(insertAliases(db, { taskId: "t" }, [id])).rejects.toMatchObject(refused);
    await expect(db.transaction((sql) => insertAliases(sql, { taskId: "t" }, [id]))).rejects.toMatchObject(refused);
  });

  it("goes on after the server was away, and tells of what was committed meanwhile", async () => {
    await using db = await opened();
    await using other = await opened(db.url);
    await advanceCursor(db, "box", "1", 1);
    let notices = 0;
    db.onCommit(() => notices++);
    await postgres.crash();
    await expect(readCursor(db, "box", "1")).rejects.toMatchObject({ code: "LEDGER_FAILED", retryable: true });
    await expect(advanceCursor(db, "box", "1", 2)).rejects.toMatchObject({ code: "LEDGER_FAILED" });
    await postgres.start();
    await advanceCursor(other, "box", "1", 3);
    expect(await readCursor(db, "box", "1")).toBe(3);
    await expect.poll(() => notices, { timeout: 8_000 }).toBeGreaterThan(0);
    await new Promise((resolve) => setTimeout(resolve, 1_000));
    notices = 0;
    await advanceCursor(other, "box", "1", 4);
    await expect.poll(() => notices, { timeout: 1_000 }).toBe(1);
  });

  it("undoes a transaction whose connection is lost", async () => {
    await using db = await opened();
    const lost = db.transaction(async (sql) => {
      await advanceCursor(sql, "box", "1", 9);
      await sql.all("SELECT pg_terminate_backend(pg_backend_pid())");
    });
    await expect(lost).rejects.toMatchObject({ code: "LEDGER_FAILED", retryable: true });
    expect(await readCursor(db, "box", "1")).toBeUndefined();
    await advanceCursor(db, "box", "1", 1);
  });

  it("makes one call of a burst of others' commits, and one more at its end", async () => {
    await using db = await opened();
    await using other = await opened(db.url);
    let calls = 0;
    db.onCommit(() => calls++);
    // What twenty commits say, in one packet: how fast commits follow each other depends on the machine.
    const channel = new URL(db.url).searchParams.get("schema")!;
    await other.all("SELECT pg_notify(:channel, n::text) FROM generate_series(1, 20) AS n", { channel });
    await expect.poll(() => calls, { timeout: 8_000 }).toBe(2);
  });

  it("never shows the password", async () => {
    const url = new URL(postgres.ledgerUrl());
    const closed = new URL(url);
    closed.port = "1";
    const wrong = new URL(url);
    wrong.password = "wrong-secret";
    const absent = new URL(url);
    absent.pathname = "/absent";
    for (const address of [closed, wrong, absent]) {
      const error: unknown = await openPostgres(address.href).catch((cause: unknown) => cause);
      expect(error).toMatchObject({ code: "LEDGER_FAILED" });
      const shown = inspect(error, { depth: 10, showHidden: true });
      for (const secret of [POSTGRES_PASSWORD, encodeURIComponent(POSTGRES_PASSWORD), "wrong-secret"]) {
        expect(shown).not.toContain(secret);
      }
    }
  });

  async function opened(url = postgres.ledgerUrl()) {
    const db = await openPostgres(url);
    await openLedger(db, { id: "id", now: 0 });
    return { ...db, url, [Symbol.asyncDispose]: () => db.close() };
  }
});
