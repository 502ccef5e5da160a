import type { AuditEvent } from "../ledger/events.ts";
import { plain, type Trace } from "./trace.ts";

const LABEL = 60;

/** A Mermaid sequence diagram: the graph, its agents, and everybody whom they mailed or who mailed them. What strangers wrote is in it as text alone. */
export function traceAsMermaid({ events }: Trace): string {
  const names = new Map<string, string>();
  const participant = (kind: "graph" | "agent" | "address", name: string): string => {
    const key = `${kind} ${name}`;
    const id = names.get(key) ?? `p${names.size}`;
    names.set(key, id);
    return id;
  };
  const lines = events.map((event) => step(event, participant));
  const declared = Array.from(names, ([key, id]) => {
    const [kind, name] = [key.slice(0, key.indexOf(" ")), key.slice(key.indexOf(" ") + 1)];
    return `  ${kind === "address" ? "actor" : "participant"} ${id} as ${label(name)}`;
  });
  return ["sequenceDiagram", ...declared, ...lines.map((line) => `  ${line}`), ""].join("\n");
}

function step(event: AuditEvent, participant: (kind: "graph" | "agent" | "address", name: string) => string): string {
  const { kind, agent, graph, from, to, subject, data } = event;
  const asking = participant("graph", graph ?? "ledger");
  const mailing = agent === undefined ? asking : participant("agent", agent);
  const text = (...parts: (string | undefined)[]) => label(parts.filter((part) => part !== undefined).join(": "));
  switch (kind) {
    case "task-created":
      return `${asking}->>${mailing}: ${text("task", String(data["name"]), subject)}`;
    case "submitted": {
      const [first = "?", ...others] = to ?? [];
      const more = others.length > 0 ? ` (and ${others.length} more)` : "";
      return `${mailing}->>${participant("address", first)}: ${text(`${subject ?? "a mail"}${more}`)}`;
    }
    case "received":
      return `${participant("address", from ?? "?")}->>${mailing}: ${text(String(data["disposition"]), subject)}`;
    case "settled":
      return `${mailing}-->>${asking}: ${text("outcome", String(data["kind"]))}`;
    default:
      return `Note over ${agent === undefined ? asking : mailing}: ${text(kind)}`;
  }
}

/** Letters and digits as they are, everything else as Mermaid's character codes; and no word `end`, which would end a block. */
function label(text: string): string {
  const short = plain(text).slice(0, LABEL);
  return short
    .replace(/[^\p{L}\p{N} .,@()/_-]/gu, (character) => `#${character.codePointAt(0)};`)
    .replace(/\bend\b/gi, (word) => `#${word.codePointAt(0)};${word.slice(1)}`);
}
