import type { AuditEvent } from "../ledger/events.ts";
import { detailsOf, plain, type Trace } from "./trace.ts";

/** A line for each event, safe to be shown in a terminal. */
export function traceAsText({ threadId, events }: Trace): string {
  const width = Math.max(0, ...events.map(({ kind }) => kind.length));
  const lines = events.map((event) => {
    const parts = [timeOf(event), event.kind.padEnd(width), partiesOf(event), subjectOf(event), detailsOf(event)];
    return parts
      .filter((part) => part !== "")
      .join("  ")
      .trimEnd();
  });
  return [`Thread ${plain(threadId)}: ${events.length} events`, ...lines, ""].join("\n");
}

function timeOf({ at }: AuditEvent): string {
  return new Date(at).toISOString().replace("T", " ");
}

function partiesOf({ from, to, agent, graph }: AuditEvent): string {
  if (from === undefined && to === undefined) return plain(agent ?? graph ?? "");
  return plain(`${from ?? "?"}${to ? ` → ${to.join(", ")}` : ""}`);
}

function subjectOf({ subject }: AuditEvent): string {
  return subject === undefined ? "" : `"${plain(subject)}"`;
}
