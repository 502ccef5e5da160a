import { readFileSync } from "node:fs";
import { beforeAll, describe, expect, it } from "vitest";
import { BEHAVIOURS } from "./behaviours.ts";
import { DOCUMENT, rowOf } from "./table.ts";
import { type Observed, observe } from "./world.ts";

describe("what programs, providers and people do to a reply", () => {
  let observed: Observed[];
  let page: string[];
  beforeAll(async () => {
    observed = await observe();
    page = readFileSync(DOCUMENT, "utf8").split("\n").map(cells);
  });

  it.each(BEHAVIOURS.map((behaviour, index) => ({ ...behaviour, index })))("$name", ({ index, expected }) => {
    const row = observed[index]!;
    expect(row.became).toEqual(row.became.map(() => expected));
    expect(row.noneWrong).toBe(true);
    expect(page, "docs/providers.md is behind: npm run conformance").toContain(cells(rowOf(row)));
  });
});

/** The page is formatted: columns are padded there. */
function cells(line: string): string {
  return line.replaceAll(/\s+/g, " ").trim();
}
