import type { AuditEvent } from "langgraph-email";
import type { DemoMessage } from "./messages.ts";

export type Printer = ReturnType<typeof createPrinter>;

/** Says what happens as it happens, with the seconds since the start. */
export function createPrinter() {
  const begin = performance.now();
  let thinker: string | undefined;
  const line = (who: string, text: string) => {
    const seconds = ((performance.now() - begin) / 1000).toFixed(2).padStart(6);
    console.log(`${seconds} s  ${who.padEnd(9)} ${text}`);
  };
  return {
    line,
    title: (text: string) => console.log(`\n${text}\n`),
    note: (text: string) => console.log(`  ${text}\n`),
    killed: (step: string) => line("desk", `✗ SIGKILL at: ${step}; started again`),
    person: (address: string, text: string) => line("person", `${address} replies: ${text}`),
    message(who: string, message: DemoMessage): void {
      if (message.kind === "ready" && message.thinker && message.thinker !== thinker) {
        thinker = message.thinker;
        line(who, `thinks with ${thinker}`);
      }
      const text = message.kind === "event" ? describe(message.event) : undefined;
      if (text) line(who, text);
    },
    result(state: Record<string, unknown>): void {
      console.log(`\nResult\n\n  decision: ${String(state["decision"])}\n  report:   ${String(state["report"])}`);
    },
  };
}

function describe({ kind, data, taskId, from, to, subject }: AuditEvent): string | undefined {
  switch (kind) {
    case "task-created":
      return `task "${String(data["name"])}" for ${to?.join(", ")}`;
    case "submitted":
      return taskId ? "submitted" : "answer submitted";
    case "parked":
      return "parked: the graph waits, and needs no process";
    case "received":
      return data["disposition"] === "request" ? undefined : `reply in from ${from}: ${String(data["disposition"])}`;
    case "settled":
      return `outcome: ${String(data["kind"])}`;
    case "resumed":
      return "resumed";
    case "request-received":
      return `asked by ${from}: ${subject}`;
    case "request-answered":
      return "answered";
    case "submission-unknown":
    case "submission-deferred":
    case "submission-refused":
    case "run-failed":
    case "stalled":
      return `${kind}: ${JSON.stringify(data)}`;
    default:
      return undefined;
  }
}
