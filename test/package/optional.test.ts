import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";

const root = join(import.meta.dirname, "../..");
const { peerDependenciesMeta } = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as {
  peerDependenciesMeta: Record<string, unknown>;
};

// A program that is bundled does not have all of them: bundlers leave an import out whose failure is caught at its place, and refuse any other.
it("imports optional packages so that a bundler can leave them out", () => {
  const names = Object.keys(peerDependenciesMeta).join("|");
  const uncaught = new RegExp(
    `(?:await import\\("(?:${names})["/][^)]*\\)(?!\\s*\\.catch)|^import (?!type).* from "(?:${names})["/])`,
    "m",
  );
  const files = readdirSync(join(root, "src"), { recursive: true, encoding: "utf8" }).filter((path) =>
    path.endsWith(".ts"),
  );
  expect(files.filter((path) => uncaught.test(readFileSync(join(root, "src", path), "utf8")))).toEqual([]);
});
