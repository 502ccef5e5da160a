import { EmailKitError } from "../errors.ts";
import { parseAddress } from "../mail/address.ts";
import type { StoredOutcome } from "./outcome.ts";

/**
 * When a wait for several tasks ends. `all`: every task has an outcome · `any`: one has, of whatever kind · `firstValid`: one was answered ·
 * `quorum`: so many were · `weight`: those that were answered weigh so much together, by the address that was asked first (one that is not in `of` weighs nothing).
 */
export type Until =
  | "all"
  | "any"
  | "firstValid"
  | { quorum: number }
  | { weight: number; of: Readonly<Record<string, number>> };

/** The condition in the one form that {@link decide} counts by. @throws EmailKitError `INVALID_CONFIG` for what could never be counted. */
export function readUntil(until: Until): Until {
  if (until === "all" || until === "any" || until === "firstValid") return until;
  if (typeof until === "object" && "quorum" in until) {
    if (Number.isInteger(until.quorum) && until.quorum > 0) return until;
    throw invalid(`quorum is ${until.quorum}; give a whole number, 1 or more`);
  }
  if (typeof until !== "object" || !("weight" in until)) {
    throw invalid(
      `${JSON.stringify(until)}; give "all", "any", "firstValid", { quorum: 2 } or { weight: 5, of: { … } }`,
    );
  }
  const of = Object.entries(until.of ?? {}).map(([address, weight]) => [canonical(address), weight] as const);
  const usable = (weight: number) => weight >= 0 && weight < Infinity;
  if (!(usable(until.weight) && until.weight > 0) || !of.every(([, weight]) => usable(weight))) {
    throw invalid(`of the weights ${JSON.stringify(until)} one is none; give numbers, and a sum above 0 to reach`);
  }
  return { weight: until.weight, of: Object.fromEntries(of) };
}

/** As `sameAddress` compares them. */
function canonical(address: string): string {
  return parseAddress(address).address.toLowerCase();
}

function invalid(what: string): EmailKitError {
  return new EmailKitError("INVALID_CONFIG", `A wait for several tasks cannot end so: ${what}.`);
}

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
      ? some.reduce((sum, task) => sum + (until.of[task.addressee.toLowerCase()] ?? 0), 0)
      : some.length;
  const wanted = until === "firstValid" ? 1 : "quorum" in until ? until.quorum : until.weight;
  if (weightOf(answered) >= wanted) return "met";
  return weightOf([...answered, ...open]) < wanted ? "unmet" : "open";
}
