import { execFile } from "node:child_process";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import ts from "typescript";
import { expect, test } from "vitest";

// Every piece of code in these pages is type-checked and run; each checks its own results.
const PAGES = [
  "strip-thread-history",
  "structured-replies",
  "verification-codes",
  "inbound",
  "operating",
  "sending-limits",
  "outbound",
  "audit",
  "mcp",
  "observability",
  "agents-and-tools",
  "patterns",
  ...["ten-lines", "approvals", "fan-out", "serverless", "deploy", "from-humanlayer"].map((page) => `guides/${page}`),
];
const ROOT = join(import.meta.dirname, "..");
const blocks = PAGES.flatMap((page) =>
  Array.from(readFileSync(join(ROOT, "docs", `${page}.md`), "utf8").matchAll(/^```ts\n(.*?)^```$/gms), (match, i) => ({
    name: `${page} ${i + 1}`,
    path: join(ROOT, "docs", `${page}-${i + 1}.ts`),
    code: match[1] ?? "",
  })),
);

test("every page shows code", () => {
  for (const page of PAGES) expect(blocks.filter(({ name }) => name.startsWith(page)).length).toBeGreaterThan(0);
});

test.each(blocks)("$name runs", { timeout: 120_000 }, async ({ code }) => {
  expect(code).toContain("assert");
  const args = ["--conditions=langgraph-email-source", "--input-type=module-typescript", "--eval", code];
  await promisify(execFile)(process.execPath, args, { cwd: ROOT });
});

test("all of it has the right types", { timeout: 60_000 }, () => {
  const config = ts.readConfigFile(join(ROOT, "tsconfig.json"), (path) => ts.sys.readFile(path));
  const { options } = ts.parseJsonConfigFileContent(config.config, ts.sys, ROOT);
  const host = ts.createCompilerHost(options);
  const codes = new Map(blocks.map(({ path, code }) => [path, code]));
  host.fileExists = (path) => codes.has(path) || ts.sys.fileExists(path);
  host.readFile = (path) => codes.get(path) ?? ts.sys.readFile(path);
  const program = ts.createProgram([...codes.keys()], { ...options, noEmit: true }, host);
  const found = [...codes.keys()].flatMap((path) => {
    const source = program.getSourceFile(path);
    return [...program.getSyntacticDiagnostics(source), ...program.getSemanticDiagnostics(source)].map(
      ({ messageText }) => `${path}: ${ts.flattenDiagnosticMessageText(messageText, "\n")}`,
    );
  });
  expect(found).toEqual([]);
});

const PLACES = [
  "README.md",
  "CONTRIBUTING.md",
  "CHANGELOG.md",
  ...readdirSync(join(ROOT, "docs"), { recursive: true }).map((path) => `docs/${String(path)}`),
];

test.each(PLACES.filter((path) => path.endsWith(".md")))("every link in %s leads somewhere", (path) => {
  const text = readFileSync(join(ROOT, path), "utf8").replace(/^```.*?^```$/gms, "");
  const links = Array.from(text.matchAll(/\]\(([^)\s]+)\)/g), (match) => match[1]!).filter(
    (link) => !/^(?:https?:|mailto:|#)/.test(link),
  );
  const lost = links.filter((link) => !existsSync(join(ROOT, dirname(path), link.split("#")[0]!)));
  expect(lost).toEqual([]);
});
