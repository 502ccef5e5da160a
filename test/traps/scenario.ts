import type { MailServer } from "../../src/dev/index.ts";
import { createWorld, type SaverName, SAVERS, type World } from "./world.ts";

/** One thing that must hold: what is wanted, and how it comes out on bare LangGraph and with the kit. */
export interface Case {
  name: string;
  wanted: unknown;
  bare: (world: World) => Promise<unknown>;
  kit: (world: World) => Promise<unknown>;
  /** Needs a store that two processes share. */
  processes?: boolean;
}

export interface Scenario {
  number: number;
  title: string;
  cases: Case[];
}

/** Figures for the table, which no run repeats exactly. */
export function splitCounts(observed: unknown): { result: unknown; counts: Record<string, number> } {
  if (typeof observed !== "object" || observed === null || !("counts" in observed))
    return { result: observed, counts: {} };
  const { counts, ...result } = observed as { counts: Record<string, number> };
  return { result, counts };
}

/** What came of one side of a case, by saver. */
export async function observeAll(
  mail: MailServer,
  { bare, kit, processes }: Case,
  side: "bare" | "kit",
): Promise<Map<SaverName, unknown>> {
  const savers = processes ? (["SqliteSaver"] as const) : SAVERS;
  const observed = await Promise.all(
    savers.map(async (saver) => {
      await using world = await createWorld(mail, saver);
      return [saver, await observe(side === "bare" ? bare : kit, world)] as const;
    }),
  );
  return new Map(observed);
}

/** Plain data, or the code or name of what was thrown. */
async function observe(run: (world: World) => Promise<unknown>, world: World): Promise<unknown> {
  try {
    return JSON.parse(JSON.stringify((await run(world)) ?? null)) as unknown;
  } catch (error) {
    return nameOf(error);
  }
}

/** The code of an error of the kit, the name of any other. */
export function nameOf(error: unknown): string {
  const { code, name, message } = error as { code?: string; name?: string; message?: string };
  return code ?? (name === "Error" ? `Error: ${message}` : (name ?? String(error)));
}

export async function caught(promise: Promise<unknown>): Promise<string> {
  try {
    await promise;
    return "no error";
  } catch (error) {
    return nameOf(error);
  }
}
