import { readFileSync } from "node:fs";
import { expect, it } from "vitest";

const read = (path: string) => readFileSync(new URL(`../${path}`, import.meta.url), "utf8");

it("shows the first example as it is, in under 30 lines", () => {
  const program = /```ts\n([\s\S]*?)```/.exec(read("README.md"))?.[1];
  expect(program).toBe(read("examples/01-approval.ts"));
  expect(program!.trimEnd().split("\n").length).toBeLessThan(30);
});

it.each(read("README.md").match(/\bnpm (?:run )?[a-z:]+\b/g) ?? [])("names a script that exists: %s", (command) => {
  const { scripts } = JSON.parse(read("package.json")) as { scripts: Record<string, string> };
  const name = command.replace(/^npm (run )?/, "");
  expect(["ci", "install", ...Object.keys(scripts)]).toContain(name);
});
