import type { AuditEvent } from "langgraph-email";

/** What a process of the demo tells the supervisor. */
export type DemoMessage =
  | { kind: "ready"; thinker?: string }
  | { kind: "event"; event: AuditEvent }
  | { kind: "node"; name: string }
  /** The process stands still here, so that a kill hits this very step. */
  | { kind: "step"; name: string }
  | { kind: "result"; state: Record<string, unknown> };

export function tell(message: DemoMessage): void {
  process.send?.(message);
}
