import type { Scenario } from "../scenario.ts";
import { durable } from "./durable.ts";
import { mailboxes } from "./mailboxes.ts";
import { many } from "./many.ts";
import { nodes } from "./nodes.ts";
import { parallel } from "./parallel.ts";
import { processes } from "./processes.ts";
import { runs } from "./runs.ts";
import { shapes } from "./shapes.ts";
import { threads } from "./threads.ts";
import { tools } from "./tools.ts";

const all = [
  ...parallel,
  ...nodes,
  ...runs,
  ...shapes,
  ...tools,
  ...durable,
  ...threads,
  ...processes,
  ...mailboxes,
  ...many,
];

/** By number, each with all its cases. */
export const scenarios: Scenario[] = [...new Set(all.map(({ number }) => number))]
  .toSorted((a, b) => a - b)
  .map((number) => {
    const parts = all.filter((scenario) => scenario.number === number);
    return { number, title: parts[0]!.title, cases: parts.flatMap(({ cases }) => cases) };
  });
