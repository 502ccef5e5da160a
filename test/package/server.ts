// The tests on LangGraph's API server once more, with the package installed beside another version of its command: 2.0.0, npm's latest,
// which the repository's own tree does not take.
import { execFileSync } from "node:child_process";
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const CLI = "2.0.0";
const root = new URL("../..", import.meta.url).pathname;
const directory = mkdtempSync(join(tmpdir(), "langgraph-email-cli-"));
const { dependencies, devDependencies } = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as Record<
  "dependencies" | "devDependencies",
  Record<string, string>
>;
const versions = { ...dependencies, ...devDependencies };
const run = (command: string, args: string[], options: { cwd?: string; env?: NodeJS.ProcessEnv } = {}) =>
  execFileSync(command, args, { cwd: directory, stdio: ["ignore", "pipe", "inherit"], encoding: "utf8", ...options });

try {
  const packed = run("npm", ["pack", "--silent", "--ignore-scripts", "--pack-destination", directory], { cwd: root });
  const tarball = packed.trim().split("\n").at(-1);
  writeFileSync(join(directory, "package.json"), JSON.stringify({ name: "server", private: true, type: "module" }));
  const pinned = [
    "@langchain/core",
    "@langchain/langgraph",
    "@langchain/langgraph-checkpoint",
    "hono",
    "langchain",
    "typescript",
    "zod",
  ];
  run("npm", [
    "install",
    "--no-audit",
    "--no-fund",
    "--ignore-scripts",
    `./${tarball}`,
    `@langchain/langgraph-cli@${CLI}`,
    ...pinned.map((name) => `${name}@${versions[name]}`),
  ]);
  for (const path of ["test/langgraph/server", "test/support/scripted-model.ts"])
    cpSync(join(root, path), join(directory, path), { recursive: true });
  const env = { ...process.env, LANGGRAPH_SERVER_DIRECTORY: directory };
  const args = [
    "vitest",
    "run",
    "--config",
    "test/vitest.config.ts",
    "test/langgraph/drive/server.test.ts",
    "--reporter=dot",
  ];
  run("npx", args, { cwd: root, env });
  console.log(`ok   on the API server of @langchain/langgraph-cli ${CLI}`);
} finally {
  rmSync(directory, { recursive: true });
}
