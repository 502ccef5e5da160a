/** One line of the table that `npm run bench` prints. A module of this folder takes part by exporting `bench(): Promise<Row[]>`. */
export interface Row {
  what: string;
  value: string;
  target?: string;
  /** Whether the target is met; left out where there is none. */
  ok?: boolean;
}

/** The value below which the given part of the samples lies. */
export function percentile(samples: readonly number[], part: number): number {
  const sorted = samples.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] ?? Number.NaN;
}

export function milliseconds(value: number): string {
  return `${value.toFixed(1)} ms`;
}
