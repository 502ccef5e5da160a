import type { FieldFound } from "./fields.ts";

/** Puts values at their paths; an object of its own, so that no key reaches a prototype. */
export function objectOf(found: readonly FieldFound[]): Record<string, unknown> {
  const object: Record<string, unknown> = {};
  for (const { property, value } of found) {
    let target = object;
    for (const key of property.path.slice(0, -1)) {
      const inner = Object.hasOwn(target, key) ? target[key] : undefined;
      const next = typeof inner === "object" && inner !== null ? (inner as Record<string, unknown>) : {};
      define(target, key, next);
      target = next;
    }
    define(target, property.path.at(-1) ?? "", value);
  }
  return object;
}

export function define(target: Record<string, unknown>, key: string, value: unknown): void {
  Object.defineProperty(target, key, { value, enumerable: true, writable: true, configurable: true });
}

/** Whether two JSON values are the same, whatever the order of their keys. */
export function sameJson(a: unknown, b: unknown): boolean {
  return canonical(a) === canonical(b);
}

function canonical(value: unknown): string {
  return JSON.stringify(value, (_key, inner: unknown) =>
    typeof inner === "object" && inner !== null && !Array.isArray(inner)
      ? Object.fromEntries(Object.entries(inner).toSorted(([a], [b]) => (a < b ? -1 : 1)))
      : inner,
  );
}
