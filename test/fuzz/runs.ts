import { randomOf } from "../support/mail-soup.ts";

/** FUZZ_SEED and FUZZ_RUNS explore further than the tests do: run 17 of seed 4711 is run 0 of seed 4728. */
const SEED = Number(process.env["FUZZ_SEED"] ?? 4711);
const RUNS = process.env["FUZZ_RUNS"];
/** Milliseconds of the processor that one run may take: the inputs are small, and other work may share the machine. */
const LONGEST_MS = 1_000;

export interface Random {
  (): number;
  below(limit: number): number;
  chance(part: number): boolean;
  pick<T>(list: readonly T[]): T;
  /** So many, up to `most`. */
  some<T>(most: number, make: () => T): T[];
}

function seeded(seed: number): Random {
  const random = randomOf(seed);
  const below = (limit: number) => Math.floor(random() * limit);
  return Object.assign(random, {
    below,
    chance: (part: number) => random() < part,
    pick: <T>(list: readonly T[]): T => list[below(list.length)]!,
    some: <T>(most: number, make: () => T) => Array.from({ length: below(most + 1) }, make),
  });
}

/** The same inputs everywhere: each run has a seed of its own. Rejects with the first run of each kind of failure. */
export async function eachRun(runs: number, run: (random: Random) => unknown): Promise<void> {
  const failures = new Map<string, string>();
  for (let index = 0; index < Number(RUNS ?? runs); index += 1) {
    const seed = SEED + index;
    const start = process.cpuUsage();
    try {
      await run(seeded(seed));
      const ms = process.cpuUsage(start).user / 1000;
      if (ms > LONGEST_MS) throw new Error(`It took ${Math.round(ms)} ms.`);
    } catch (error) {
      const { stack = "" } = rootOf(error);
      const place = /(?<=\n {4}at ).*(?:src|test)\/.*/.exec(stack)?.[0] ?? "";
      if (!failures.has(place)) failures.set(place, `FUZZ_SEED=${seed} FUZZ_RUNS=1: ${String(error)}\n${stack}`);
    }
  }
  if (failures.size > 0) throw new Error([...failures.values()].join("\n\n"));
}

function rootOf(error: unknown): Error {
  if (!(error instanceof Error)) return new Error(String(error));
  return error.cause === undefined ? error : rootOf(error.cause);
}

/** A test that explores may take as long as it likes. */
export const timeout = RUNS === undefined ? 30_000 : 3_600_000;
