import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";

const SRC = join(import.meta.dirname, "../../src");
const files = readdirSync(SRC, { recursive: true, encoding: "utf8" }).filter((file) => file.endsWith(".ts"));

/** What could run or fetch what a stranger sent. Nothing in the package needs any of it. */
const FORBIDDEN: Record<string, RegExp> = {
  "eval or the Function constructor": /\beval\(|\bnew Function\(|\bFunction\(/,
  "a shell or another program": /["'](?:node:)?(?:child_process|vm|worker_threads|cluster)["']/,
  "a fetch of its own":
    /(?<!function )\bfetch\((?!session)|\bXMLHttpRequest\b|\bnew WebSocket\(|["'](?:node:)?https?["']|["']undici["']/,
  "a module whose name is computed": /\bimport\((?!["'])|\brequire\(/,
};

test.each(Object.keys(FORBIDDEN))("no source holds %s", (what) => {
  const found = files.filter((file) => FORBIDDEN[what]!.test(readFileSync(join(SRC, file), "utf8")));
  expect(files.length).toBeGreaterThan(100);
  expect(found).toEqual([]);
});
