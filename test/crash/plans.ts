import { randomOf } from "../support/mail-soup.ts";
import type { Plan } from "./crash-run.ts";

/** Every point that was seen, and how often one process came to it. */
export type Points = Readonly<Record<string, number>>;

/** Points that a process comes to as often as it looks around. */
const MOST = 10;

/** One to three kills, at points and in an order that the seed says. */
export function planOf(points: Points, seed: number): Plan {
  const random = randomOf(seed);
  const names = Object.keys(points).toSorted((a, b) => a.localeCompare(b));
  const draw = random();
  const kills = Array.from({ length: draw < 0.8 ? 1 : draw < 0.95 ? 2 : 3 }, () => {
    const point = names[Math.floor(random() * names.length)]!;
    return { point, nth: 1 + Math.floor(random() * Math.min(points[point]!, MOST)) };
  });
  return { restart: random() < 0.5 ? "worker" : "invoke", kills };
}

/** One kill at each point, the first time that it is come to. */
export function everyPlan(points: Points): Plan[] {
  return Object.keys(points)
    .toSorted((a, b) => a.localeCompare(b))
    .map((point) => ({ restart: "worker", kills: [{ point, nth: 1 }] }));
}

export function merge(known: Points, seen: Points): Points {
  const names = new Set([...Object.keys(known), ...Object.keys(seen)]);
  return Object.fromEntries([...names].map((name) => [name, Math.max(known[name] ?? 0, seen[name] ?? 0)]));
}
