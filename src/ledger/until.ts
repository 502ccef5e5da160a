import type { StoredOutcome } from "./outcome.ts";

/**
 * When a wait for several tasks ends. `all`: every task has an outcome · `any`: one has, of whatever kind · `firstValid`: one was answered ·
 * `quorum`: so many were · `weight`: those that were answered weigh so much together, by the address that was asked.
 */
export type Until =
  | "all"
  | "any"
  | "firstValid"
  | { quorum: number }
  | { weight: number; of: Readonly<Record<string, number>> };

/** How a task stands for a wait. */
export interface Standing {
  addressee: string;
  outcome: StoredOutcome["kind"] | null;
}

/** `met`, `unmet` where it cannot be met any more, or `open`. */
export type Decision = "open" | "met" | "unmet";

export function decide(until: Until, tasks: readonly Standing[]): Decision {
  const open = tasks.filter((task) => task.outcome === null);
  if (until === "all") return open.length === 0 ? "met" : "open";
  if (until === "any") return open.length < tasks.length ? "met" : "open";
  const answered = tasks.filter((task) => task.outcome === "replied" || task.outcome === "answered");
  const weightOf = (some: readonly Standing[]) =>
    typeof until === "object" && "of" in until
      ? some.reduce((sum, task) => sum + (until.of[task.addressee] ?? 0), 0)
      : some.length;
  const wanted = until === "firstValid" ? 1 : "quorum" in until ? until.quorum : until.weight;
  if (weightOf(answered) >= wanted) return "met";
  return weightOf([...answered, ...open]) < wanted ? "unmet" : "open";
}
