import { EmailKitError } from "../errors.ts";

/**
 * A new account or domain that sends at full strength at once looks like a stolen one: it begins with a few mails a day and grows to its full
 * `perDay`, by the same factor each day.
 */
export interface WarmUp {
  /** The first day: `2026-12-01` (from 00:00 UTC), or an instant in ISO 8601 with its offset. */
  from: string;
  /** Recipients on the first day; 20 to 50 are usual. Default: 20. */
  start?: number;
  /** After how many days the full `perDay` is allowed; 14 to 28 are usual. Default: 28. */
  days?: number;
}

/** A warm-up with its defaults, `from` in milliseconds since the epoch. */
export interface WarmUpPlan {
  from: number;
  start: number;
  days: number;
}

const DAY_MS = 86_400_000;
const DEFAULT_START = 20;
const DEFAULT_DAYS = 28;

/** @throws EmailKitError `INVALID_CONFIG`. */
export function readWarmUp({ from, start = DEFAULT_START, days = DEFAULT_DAYS }: WarmUp): WarmUpPlan {
  // Without an offset it would mean another instant on each machine.
  const known = /^\d{4}-\d\d-\d\d(?:T\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?:Z|[+-]\d\d:\d\d))?$/.test(from);
  const at = known ? Date.parse(from) : Number.NaN;
  if (Number.isNaN(at)) {
    throw new EmailKitError(
      "INVALID_CONFIG",
      `warmUp.from is ${JSON.stringify(from)}; give a day such as "2026-12-01", or an instant with its offset.`,
    );
  }
  for (const [name, value] of Object.entries({ start, days })) {
    if (!Number.isInteger(value) || value < 1) {
      throw new EmailKitError("INVALID_CONFIG", `warmUp.${name} is ${value}; give a whole number, 1 or more.`);
    }
  }
  return { from: at, start, days };
}

/**
 * How many recipients a window of 24 hours that ends now may have. Days are counted in steps of 24 hours from `from`, so that neither a time zone nor a
 * clock change matters. Before `from` the first day's number holds.
 */
export function warmUpCap(plan: WarmUpPlan, full: number, now: number): number {
  const day = Math.max(0, Math.floor((now - plan.from) / DAY_MS));
  if (day >= plan.days || plan.start >= full) return full;
  return Math.floor(plan.start * (full / plan.start) ** (day / plan.days));
}
