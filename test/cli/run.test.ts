import { expect, test } from "vitest";
import packageJson from "../../package.json" with { type: "json" };
import { runCommandLine } from "../../src/cli/run.ts";

async function run(...args: string[]) {
  let out = "";
  let err = "";
  const code = await runCommandLine(args, {
    out: (text) => (out += text),
    err: (text) => (err += text),
    signal: AbortSignal.abort(),
    cwd: process.cwd(),
  });
  return { code, out, err };
}

test("--version and --help", async () => {
  expect(await run("--version")).toEqual({ code: 0, out: `${packageJson.version}\n`, err: "" });
  for (const args of [["--help"], ["help"], ["-h"]]) {
    expect(await run(...args)).toMatchObject({ code: 0, out: expect.stringContaining("dev") as string, err: "" });
  }
  expect((await run("dev", "--help")).out).toMatch(/^Usage: langgraph-email dev \[options\] \[address \.\.\.\]/);
});

test.each([
  [[], 2],
  [["nonsense"], 2],
  [["constructor"], 2],
  [["dev", "--nonsense"], 2],
  [["dev", "--smtp-port", "x"], 2],
  [["dev", "--smtp-port", "70000"], 2],
  [["dev", "--memory", "--directory", "x"], 2],
  [["dev", "--memory", "--smtp-port", "0", "--imap-port", "0", "not an address"], 1],
])("%j ends with %i and says why", async (args, code) => {
  const result = await run(...args);
  expect(result.code).toBe(code);
  expect(result.out + result.err).not.toBe("");
});
