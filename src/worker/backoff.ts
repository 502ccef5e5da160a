/** Doubles from `firstMs` up to `maxMs`, with up to a quarter taken off at random so that many do not come back at once. */
export function backoffMs(attempt: number, options: { firstMs: number; maxMs: number; random?: () => number }): number {
  const full = Math.min(options.maxMs, options.firstMs * 2 ** Math.max(0, attempt - 1));
  return Math.round(full * (1 - 0.25 * (options.random ?? Math.random)()));
}
