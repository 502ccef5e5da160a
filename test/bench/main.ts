import { readdir } from "node:fs/promises";
import type { Row } from "./row.ts";

const only = process.argv.slice(2);
const folder = new URL(".", import.meta.url);
const rows: Row[] = [];
for (const file of (await readdir(folder)).toSorted()) {
  const name = file.replace(/\.ts$/, "");
  if (name === "main" || name === file || (only.length > 0 && !only.includes(name))) continue;
  const module = (await import(new URL(file, folder).href)) as { bench?: () => Promise<Row[]> };
  if (!module.bench) continue;
  console.log(`${name} …`);
  rows.push(...(await module.bench()));
}
const width = (column: keyof Row) => Math.max(...rows.map((row) => String(row[column] ?? "").length));
console.log("");
for (const row of rows) {
  const mark = row.ok === undefined ? " " : row.ok ? "✓" : "✗";
  const target = row.target ? `  ${row.target}` : "";
  console.log(`${mark} ${row.what.padEnd(width("what"))}  ${row.value.padStart(width("value"))}${target}`);
}
