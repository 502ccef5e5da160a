/** How long to wait before another attempt, in milliseconds. */
export interface Backoff {
  firstMs: number;
  maxMs: number;
}

/**
 * Doubles with each attempt up to `maxMs`, with up to a quarter taken off, so that many do not come back at once.
 * @param attempt The one that failed: 1 for the first.
 * @param random From 0 to 1.
 */
export function backoffMs(attempt: number, { firstMs, maxMs }: Backoff, random = Math.random()): number {
  const full = Math.min(maxMs, firstMs * 2 ** Math.min(Math.max(0, attempt - 1), 30));
  return Math.round(full * (0.75 + random / 4));
}
