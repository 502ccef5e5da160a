import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { mkdir, rename, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { rolldown } from "rolldown";

const root = fileURLToPath(new URL("../..", import.meta.url));

/**
 * Puts `child.ts` and all that it loads into a few files: each kill costs a start, and loading takes most of that. The kit has files of its own, by whose
 * names points know its functions.
 * @returns The path of what is to be run.
 */
export async function bundleChild(): Promise<string> {
  const own = (path: RegExp) => (id: string) => id.startsWith(root) && path.test(id.slice(root.length));
  const bundle = await rolldown({
    input: join(root, "test/crash/child.ts"),
    platform: "node",
    external: [/^better-sqlite3/, /^pg(-native)?$/],
    preserveEntrySignatures: false,
    resolve: { conditionNames: ["langgraph-email-source", "import", "node", "default"] },
    onLog: () => {},
  });
  const { output } = await bundle.generate({
    format: "esm",
    chunkFileNames: "[name].js",
    codeSplitting: {
      includeDependenciesRecursively: false,
      groups: [
        { name: "deps", test: /node_modules/, priority: 3 },
        { name: "ledger", test: own(/^src\/ledger\/(?:database|sqlite|postgres)\b/), priority: 2 },
        { name: "src/kit", test: own(/^src\//), priority: 1 },
      ],
    },
  });
  await bundle.close();
  const files = output.filter((file) => file.type === "chunk");
  const hash = createHash("sha256").update(files.map(({ code }) => code).join("\0"));
  const directory = join(root, ".vitest/crash", hash.digest("hex").slice(0, 16));
  if (!existsSync(directory)) await write(directory, files);
  return join(directory, "child.js");
}

/** Others may write the same at the same time. */
async function write(directory: string, files: readonly { fileName: string; code: string }[]): Promise<void> {
  const draft = `${directory}.${process.pid}`;
  for (const { fileName, code } of files) {
    await mkdir(dirname(join(draft, fileName)), { recursive: true });
    await writeFile(join(draft, fileName), code);
  }
  await rename(draft, directory).catch((error: unknown) => {
    if (!existsSync(directory)) throw error;
  });
}
