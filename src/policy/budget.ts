import { EmailKitError } from "../errors.ts";
import { readWarmUp, type WarmUp, warmUpCap, type WarmUpPlan } from "./warm-up.ts";

/** How much may be sent: in recipients, each of each mail counted. The windows slide: the last 60 minutes, the last 24 hours. */
export interface Budget {
  perHour?: number;
  perDay?: number;
  /** Begins with little, and grows to `perDay`. */
  warmUp?: WarmUp;
}

/**
 * What a provider allows one of its accounts:
 *
 * - `gmail`: 500 a day (https://support.google.com/mail/answer/22839).
 * - `google-workspace`: 2,000 mails in a rolling 24 hours (https://support.google.com/a/answer/166852, which also allows 10,000 recipients; a task has few).
 * - `microsoft-365`: 10,000 recipients in 24 hours and 30 mails a minute, here 1,800 an hour
 *   (https://learn.microsoft.com/office365/servicedescriptions/exchange-online-service-description/exchange-online-limits).
 *
 * Trial accounts have less. The first two count mails, the third recipients; here it is always recipients, which is never more than they allow.
 */
export type BudgetPreset = "gmail" | "google-workspace" | "microsoft-365";

const PRESETS: Readonly<Record<BudgetPreset, Budget>> = {
  gmail: { perDay: 500 },
  "google-workspace": { perDay: 2_000 },
  "microsoft-365": { perDay: 10_000, perHour: 1_800 },
};

/** A budget as it was read from a configuration; an absent limit is `Infinity`. */
export interface Limits {
  perHour: number;
  perDay: number;
  warmUp?: WarmUpPlan;
}

/** How much was sent in a minute that begins at `at`. */
export interface Count {
  at: number;
  n: number;
}

/** Sends are counted by the minute; a minute counts as long as its last moment is within the window. */
export const COUNT_MS = 60_000;
const HOUR_MS = 3_600_000;
const DAY_MS = 86_400_000;

/** @param name Where it stands in the configuration. @throws EmailKitError `INVALID_CONFIG`. */
export function readBudget(budget: Budget | BudgetPreset, name: string): Limits {
  const given = typeof budget === "string" ? PRESETS[budget] : budget;
  if (!given) {
    throw new EmailKitError(
      "INVALID_CONFIG",
      `${name} is ${JSON.stringify(budget)}; give { perHour, perDay } or one of ${Object.keys(PRESETS).join(", ")}.`,
    );
  }
  const { perHour, perDay, warmUp } = given;
  for (const [limit, value] of Object.entries({ perHour, perDay })) {
    if (value !== undefined && !(Number.isInteger(value) && value >= 1)) {
      throw new EmailKitError("INVALID_CONFIG", `${name}.${limit} is ${value}; give a whole number, 1 or more.`);
    }
  }
  if (perHour === undefined && perDay === undefined) {
    throw new EmailKitError("INVALID_CONFIG", `${name} limits nothing: give perHour, perDay or both.`);
  }
  if (warmUp && perDay === undefined) {
    throw new EmailKitError("INVALID_CONFIG", `${name}.warmUp needs perDay: what it is to grow to.`);
  }
  return {
    perHour: perHour ?? Infinity,
    perDay: perDay ?? Infinity,
    ...(warmUp && { warmUp: readWarmUp(warmUp) }),
  };
}

/** Begin of the minute that a send at `now` is counted in. */
export function countedAt(now: number): number {
  return now - (now % COUNT_MS);
}

/** Since when counts matter for the limits: the longer window. */
export function countedSince(now: number): number {
  return now - DAY_MS - COUNT_MS;
}

/** The limits as windows, the shorter first. */
export function windowsOf(limits: Limits, now: number): { name: "hour" | "24 hours"; ms: number; limit: number }[] {
  const day = limits.warmUp ? warmUpCap(limits.warmUp, limits.perDay, now) : limits.perDay;
  return [
    { name: "hour", ms: HOUR_MS, limit: limits.perHour },
    { name: "24 hours", ms: DAY_MS, limit: day },
  ];
}

/** What was counted in a window that ends now. */
export function usedIn(counts: readonly Count[], windowMs: number, now: number): number {
  return counts.reduce((sum, { at, n }) => (at + COUNT_MS > now - windowMs ? sum + n : sum), 0);
}

/** Whether `weight` recipients more fit now. */
export function fits(limits: Limits, counts: readonly Count[], weight: number, now: number): boolean {
  return windowsOf(limits, now).every(({ ms, limit }) => usedIn(counts, ms, now) + weight <= limit);
}

/**
 * When `weight` recipients will fit behind `ahead` others that wait already: now, or what stands to reason at today's limits; undefined where they
 * are more than the limits ever allow.
 */
export function timeOfRoom(
  limits: Limits,
  counts: readonly Count[],
  { weight, ahead = 0 }: { weight: number; ahead?: number },
  now: number,
): number | undefined {
  let latest = now;
  for (const { ms, limit } of windowsOf(limits, now)) {
    if (limit === Infinity) continue;
    if (weight > limit) return undefined;
    const used = usedIn(counts, ms, now);
    const needed = used + ahead + weight - limit;
    if (needed <= 0) continue;
    // What waits and fits goes now, and then makes room like the rest; after a whole window it is all the same again.
    const leaving = [
      ...counts.filter(({ at }) => at + COUNT_MS > now - ms).toSorted((a, b) => a.at - b.at),
      { at: countedAt(now), n: Math.min(Math.max(0, limit - used), ahead) },
    ];
    const all = leaving.reduce((sum, { n }) => sum + n, 0);
    const rounds = Math.max(0, Math.ceil((needed - all) / limit));
    let rest = needed - rounds * limit;
    const last = leaving.find(({ n }) => (rest -= n) <= 0) ?? leaving.at(-1)!;
    latest = Math.max(latest, last.at + COUNT_MS + ms + rounds * ms);
  }
  return latest;
}
