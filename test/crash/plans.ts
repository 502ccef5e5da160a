import { randomOf } from "../support/mail-soup.ts";
import type { Plan } from "./crash-run.ts";
import type { Kill } from "./points.ts";

/** How often one process came to the point; `after`: a kill of the process before it, without which nobody comes there. */
export type Points = Readonly<Record<string, { times: number; after?: string }>>;

/** Points that a process comes to as often as it looks around. */
const MOST = 10;

/** One to three kills, at points and in an order that the seed says. */
export function planOf(points: Points, seed: number): Plan {
  const random = randomOf(seed);
  const names = namesOf(points);
  const draw = random();
  const kills = Array.from({ length: draw < 0.8 ? 1 : draw < 0.95 ? 2 : 3 }, () => {
    const point = names[Math.floor(random() * names.length)]!;
    return { point, nth: 1 + Math.floor(random() * Math.min(points[point]!.times, MOST)) };
  });
  const circumstances = random();
  return {
    restart: random() < 0.5 ? "worker" : "invoke",
    kills: [...killsBefore(points, kills[0]!.point), ...kills],
    ...(circumstances < 0.2
      ? { workers: 2 }
      : circumstances < 0.4
        ? { held: 500 }
        : circumstances < 0.6 && { power: true }),
    ...(random() < 0.5 && { resend: 2_000 }),
  };
}

/** A kill at each point, the first time that it is come to. */
export function everyPlan(points: Points): Plan[] {
  return namesOf(points).map((point) => ({
    restart: "worker",
    kills: [...killsBefore(points, point), { point, nth: 1 }],
  }));
}

export function merge(known: Points, seen: Readonly<Record<string, number>>, plan: Plan): Points {
  const merged: Record<string, Points[string]> = { ...known };
  for (const [point, times] of Object.entries(seen)) {
    const before = known[point];
    const after = before ? before.after : plan.kills.at(-1)?.point;
    merged[point] = { times: Math.max(before?.times ?? 0, times), ...(after !== undefined && { after }) };
  }
  return Object.fromEntries(Object.entries(merged).toSorted(([a], [b]) => a.localeCompare(b)));
}

function killsBefore(points: Points, point: string): Kill[] {
  const after = points[point]?.after;
  return after === undefined ? [] : [{ point: after, nth: 1 }];
}

function namesOf(points: Points): string[] {
  return Object.keys(points).toSorted((a, b) => a.localeCompare(b));
}
