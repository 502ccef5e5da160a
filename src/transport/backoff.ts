/** How long to wait before the next attempt, in milliseconds. */
export interface Backoff {
  baseMs: number;
  maxMs: number;
}

/**
 * Doubles with each attempt up to `maxMs`, and lies anywhere in the upper half of that, so that many clients of one server do not return at once.
 * @param attempt 0 for the first.
 * @param random From 0 to 1.
 */
export function backoffMs({ baseMs, maxMs }: Backoff, attempt: number, random: number): number {
  const full = Math.min(maxMs, baseMs * 2 ** Math.min(attempt, 30));
  return Math.round(full * (0.5 + random / 2));
}
