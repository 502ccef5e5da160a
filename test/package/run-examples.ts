// Runs every example, as a user's program would: on the built package, with the Node that runs this file.
import { spawnSync } from "node:child_process";
import { readdirSync } from "node:fs";

const folder = new URL("../../examples/", import.meta.url);
let failed = 0;
for (const name of readdirSync(folder).filter((file) => file.endsWith(".ts"))) {
  const begin = performance.now();
  const { status, stderr } = spawnSync(process.execPath, [new URL(name, folder).pathname], {
    encoding: "utf8",
    timeout: 60_000,
  });
  console.log(`${status === 0 ? "ok  " : "FAIL"} examples/${name} (${Math.round(performance.now() - begin)} ms)`);
  if (status === 0) continue;
  failed++;
  console.error(stderr);
}
process.exitCode = failed > 0 ? 1 : 0;
