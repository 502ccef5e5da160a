import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { once } from "node:events";
import { fork } from "node:child_process";
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

it("leaves the process time for its timers and connections, however much is asked of it", async () => {
  const db = openSqlite(join(directory, "mail.db"));
  let ticks = 0;
  let over = false;
  const ticking = setInterval(() => ticks++, 1);
  const end = setTimeout(() => {
    over = true;
  }, 200);
  const chain = async () => {
    while (!over) await db.all("SELECT 1");
  };
  await Promise.all([chain(), chain()]);
  clearInterval(ticking);
  clearTimeout(end);
  expect(ticks).toBeGreaterThan(3);
  await db.close();
});

describe("a new ledger", () => {
  it("is opened by several at the same time", async () => {
    const openers = Array.from({ length: 4 }, () => fork(join(import.meta.dirname, "opener.ts")));
    await Promise.all(openers.map((opener) => once(opener, "message")));
    const failures = new Set<string>();
    for (let round = 0; round < 100; round += 1) {
      const opened = openers.map(async (opener) => {
        const answered = once(opener, "message");
        opener.send(join(directory, `${round}.db`));
        const [failure] = (await answered) as [string];
        failures.add(failure);
      });
      await Promise.all(opened);
    }
    for (const opener of openers) opener.disconnect();
    expect([...failures]).toEqual([""]);
  });
});
