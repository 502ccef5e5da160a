import { existsSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it } from "vitest";
import { blobReference } from "../../src/blobs/blobs.ts";
import { fileBlobs } from "../../src/blobs/files.ts";
import { defaultBlobs } from "../../src/open-kit.ts";
import { databaseBlobs } from "../../src/ledger/blobs.ts";
import { migrate } from "../../src/ledger/migrations.ts";
import { openSqlite } from "../../src/ledger/sqlite.ts";

it("blobs beside SQLite: small ones in the ledger, large ones in files, and either is found, swept and deleted", async () => {
  const directory = await mkdtemp(join(tmpdir(), "langgraph-email-blobs-"));
  const ledger = join(directory, "mail.db");
  const db = openSqlite(ledger);
  try {
    await migrate(db);
    const blobs = defaultBlobs(ledger, db);
    const [small, large] = [Buffer.alloc(100_000, "s"), Buffer.alloc(100_001, "l")];
    const inLedger = await blobs.put(small);
    expect(existsSync(`${ledger}.blobs`)).toBe(false);
    const inFile = await blobs.put(large);
    expect(Buffer.from(await databaseBlobs(db).get(inLedger))).toEqual(small);
    expect(Buffer.from(await fileBlobs(`${ledger}.blobs`).get(inFile))).toEqual(large);
    for (const content of [small, large]) expect(Buffer.from(await blobs.get(blobReference(content)))).toEqual(content);
    await expect(blobs.get("0".repeat(64))).rejects.toMatchObject({ code: "BLOB_NOT_FOUND" });
    await blobs.delete(inLedger);
    await expect(blobs.get(inLedger)).rejects.toMatchObject({ code: "BLOB_NOT_FOUND" });
    await blobs.put(small);
    expect(await blobs.sweep!(Date.now() + 5_000, async () => new Set())).toBe(2);
    await expect(blobs.get(inFile)).rejects.toMatchObject({ code: "BLOB_NOT_FOUND" });
  } finally {
    await db.close();
    await rm(directory, { recursive: true });
  }
});
