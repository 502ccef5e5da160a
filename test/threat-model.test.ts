import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";

const DOCS = join(import.meta.dirname, "../docs");
const rows = readFileSync(join(DOCS, "threat-model.md"), "utf8")
  .split("\n")
  .filter((line) => line.startsWith("| ") && !line.startsWith("| Attacker") && !line.startsWith("| ---"));

test("every threat has a test, which is where the page says", () => {
  expect(rows.length).toBeGreaterThan(20);
  for (const row of rows) {
    const links = [...row.matchAll(/\[([^\]]+)\]\((\.\.\/test\/[^)]+)\)/g)];
    expect(links, row).not.toEqual([]);
    for (const [, name, path] of links) {
      const file = join(DOCS, path!);
      expect(existsSync(file), row).toBe(true);
      expect(readFileSync(file, "utf8").includes(`"${name}"`), row).toBe(true);
    }
  }
});
