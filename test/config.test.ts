import { mkdtemp, readFile, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it, vi } from "vitest";
import { checkLedger, readTokenKey } from "../src/config.ts";

it("draws the token key once, and does not sign with a damaged one", async () => {
  const ledger = join(await mkdtemp(join(tmpdir(), "key-")), "ledger.db");
  const drawn = await readTokenKey(ledger, undefined);
  expect(drawn).toHaveLength(32);
  expect(await readTokenKey(ledger, undefined)).toEqual(drawn);
  const whole = await readFile(`${ledger}.key`, "utf8");
  for (const damaged of ["", "\n", whole.slice(0, 20)]) {
    await writeFile(`${ledger}.key`, damaged);
    await expect(readTokenKey(ledger, undefined)).rejects.toMatchObject({ code: "INVALID_CONFIG" });
  }
});

it("says which Node a ledger on SQLite needs", () => {
  vi.spyOn(process, "getBuiltinModule").mockReturnValueOnce(undefined);
  expect(() => checkLedger("mail.db")).toThrow("needs Node 22.13 or later");
});
