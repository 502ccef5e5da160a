import type { Scenario } from "../scenario.ts";
import { durable } from "./durable.ts";
import { nodes } from "./nodes.ts";
import { parallel } from "./parallel.ts";
import { runs } from "./runs.ts";
import { shapes } from "./shapes.ts";
import { tools } from "./tools.ts";

export const scenarios: Scenario[] = [...parallel, ...nodes, ...runs, ...shapes, ...tools, ...durable].toSorted(
  (a, b) => a.number - b.number,
);
