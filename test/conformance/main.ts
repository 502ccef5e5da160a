// Plays every behaviour and writes the tables of docs/providers.md anew, below each group's heading.
import { execFileSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { isDeepStrictEqual } from "node:util";
import { DOCUMENT, rowOf } from "./table.ts";
import { observe } from "./world.ts";

const FORMATTER = new URL("../../node_modules/.bin/oxfmt", import.meta.url);

const observed = await observe();
let page = readFileSync(DOCUMENT, "utf8");
for (const group of new Set(observed.map(({ behaviour }) => behaviour.group))) {
  const rows = observed.filter(({ behaviour }) => behaviour.group === group).map(rowOf);
  const table = ["| Behaviour | What the reply still carries | What becomes of it |", "| --- | --- | --- |", ...rows];
  const heading = `### ${group}\n`;
  const from = page.indexOf(heading) + heading.length;
  const end = page.slice(from).search(/\n#/);
  page = `${page.slice(0, from)}\n${table.join("\n")}\n${end === -1 ? "" : page.slice(from + end)}`;
}
writeFileSync(DOCUMENT, page);
execFileSync(FORMATTER.pathname, [DOCUMENT.pathname]);
const wrong = observed.filter(
  ({ behaviour, became, noneWrong }) =>
    !noneWrong || !became.every((one) => isDeepStrictEqual(one, behaviour.expected)),
);
for (const { behaviour } of wrong) console.log(`Not as wanted: ${behaviour.name}`);
console.log(`${observed.length - wrong.length} of ${observed.length} as wanted`);
process.exitCode = wrong.length === 0 ? 0 : 1;
