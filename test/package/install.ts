// Packs the package, installs it in an empty project, and runs a round trip there: from ES modules and from CommonJS, on Node 22 and 24.
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const root = new URL("../..", import.meta.url).pathname;
const directory = mkdtempSync(join(tmpdir(), "langgraph-email-install-"));
const { dependencies, devDependencies } = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as Record<
  "dependencies" | "devDependencies",
  Record<string, string>
>;
const versions = { ...dependencies, ...devDependencies };
const run = (command: string, args: string[], cwd = directory) =>
  execFileSync(command, args, { cwd, encoding: "utf8", stdio: ["ignore", "pipe", "inherit"] });

const program = `
const { END, MemorySaver, START, StateGraph } = langgraph;
const { createEmailKit, defineTask } = email;
const { replyAs, startMailServer, waitForEnd } = testing;
const { serveMcp } = mcp;
const ask = defineTask("ask", { reply: z.object({ approved: z.boolean() }) });
async function main() {
  const mail = await startMailServer();
  mail.account("boss@b.example");
  const kit = createEmailKit({ ledger: "mail.db", agents: { desk: mail.account("desk@a.example") } });
  const graph = kit.attach("g", new StateGraph(z.object({ approved: z.boolean().optional() }))
    .addNode("ask", async () => {
      await kit.sendTask(ask, { from: "desk", to: "boss@b.example", subject: "s", body: "b" });
      const outcome = await kit.awaitReply(ask);
      return { approved: outcome.kind === "replied" && outcome.data.approved };
    })
    .addEdge(START, "ask").addEdge("ask", END)
    .compile({ checkpointer: kit.checkpointer(new MemorySaver()) }));
  const worker = await kit.start();
  const thread = { configurable: { thread_id: String(process.pid) } };
  await graph.invoke({}, thread);
  await replyAs(mail, { from: "boss@b.example", mail: await mail.waitForMail("boss@b.example"), text: "yes" });
  const end = await waitForEnd(graph, thread);
  if (end.approved !== true) throw new Error(JSON.stringify(end));
  const refused = await serveMcp(kit, { agent: "desk" }).catch((error) => error.message);
  if (!/npm install @modelcontextprotocol\\/sdk/.test(refused)) throw new Error(String(refused));
  await worker.stop();
  await kit.close();
  await mail.close();
}
main().catch((error) => { console.error(error); process.exit(1); });
`;
const packages = {
  langgraph: "@langchain/langgraph",
  email: "langgraph-email",
  mcp: "langgraph-email/mcp",
  testing: "langgraph-email/testing",
};

try {
  const [tarball] = run("npm", ["pack", "--silent", "--pack-destination", directory], root)
    .trim()
    .split("\n")
    .slice(-1);
  writeFileSync(
    join(directory, "package.json"),
    JSON.stringify({ name: "empty", private: true, allowScripts: { node: true } }),
  );
  const pinned = ["@langchain/core", "@langchain/langgraph", "@langchain/langgraph-checkpoint", "zod"];
  run("npm", [
    "install",
    "--no-audit",
    "--no-fund",
    `./${tarball}`,
    ...pinned.map((name) => `${name}@${versions[name]}`),
    "node22@npm:node@22",
    "node24@npm:node@24",
  ]);
  const imports = Object.entries(packages).map(([name, from]) => `import * as ${name} from "${from}";`);
  writeFileSync(join(directory, "program.mjs"), `${imports.join("\n")}\nimport { z } from "zod";\n${program}`);
  const requires = Object.entries(packages).map(([name, from]) => `const ${name} = require("${from}");`);
  writeFileSync(join(directory, "program.cjs"), `${requires.join("\n")}\nconst { z } = require("zod");\n${program}`);
  for (const node of ["node22", "node24"]) {
    const binary = join(directory, "node_modules", node, "bin", "node");
    for (const file of ["program.mjs", "program.cjs"]) {
      run(binary, [file]);
      console.log(`ok   ${file} on ${run(binary, ["--version"]).trim()}`);
    }
  }
  console.log(
    `ok   ${run(join(directory, "node_modules", ".bin", "langgraph-email"), ["--version"]).trim()} by its command`,
  );
} finally {
  rmSync(directory, { recursive: true });
}
