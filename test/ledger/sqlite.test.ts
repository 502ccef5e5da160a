import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { openSqlite } from "../../src/ledger/sqlite.ts";
import { ledgerContract } from "./contract.ts";

let directory: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "ledger-"));
});
afterEach(async () => {
  await rm(directory, { recursive: true });
});

ledgerContract("SQLite", async () => {
  const path = join(directory, "mail.db");
  return [openSqlite(path), openSqlite(path)];
});

describe("a ledger that cannot be opened", () => {
  it("says which file, and what to check", () => {
    expect(() => openSqlite(join(directory, "absent", "mail.db"))).toThrow(/absent\/mail\.db failed: .*folder exists/);
  });
});
