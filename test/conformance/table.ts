import type { Observed } from "./world.ts";

export const DOCUMENT = new URL("../../docs/providers.md", import.meta.url);

const SIGNALS: Record<string, string> = {
  token: "token",
  "message-id": "id",
  "body-reference": "reference",
};

/** A line of the table in the docs: what was seen, not what was expected. */
export function rowOf({ behaviour, carried, became }: Observed): string {
  const results = [
    ...new Set(became.map((one) => (one.disposition === "settled" ? `counts, grade ${one.grade}` : one.disposition))),
  ];
  const signals = carried.map((signal) => SIGNALS[signal]).join(", ") || "none";
  return `| ${behaviour.name} | ${signals} | ${results.join("; ")} |`;
}
