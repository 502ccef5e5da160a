import { getConfig } from "@langchain/langgraph";
import type { StoredOutcome } from "../../ledger/outcome.ts";
import type { TaskRecord } from "../../ledger/tasks.ts";
import { runOf } from "../run.ts";

/** What a run tells of its mails in the stream mode `custom`, each thing once but how far a wait is. What happens while no run is under way is in the audit log. */
export type EmailProgress = { type: "langgraph-email/progress" } & (
  | { kind: "task-created"; taskId: string; name: string; to: string[]; subject: string }
  /** The graph parks, or parks again with some of what it waits for: of so many `tasks`, so many have their outcome. */
  | { kind: "waiting"; taskIds: string[]; tasks: number; settled: number }
  /** The graph goes on; `outcomes` in the order of the tasks, null for those that were open when it was decided. */
  | { kind: "decided"; taskIds: string[]; outcomes: (StoredOutcome["kind"] | null)[] }
);

type Told<Progress = EmailProgress> = Progress extends EmailProgress ? Omit<Progress, "type"> : never;

function tell(progress: Told): void {
  runOf(getConfig()?.configurable)?.write?.({ type: "langgraph-email/progress", ...progress });
}

export function tellCreated({ id: taskId, name, addressees: to, subject }: TaskRecord): void {
  tell({ kind: "task-created", taskId, name, to, subject });
}

export function tellWaiting(tasks: readonly TaskRecord[]): void {
  const settled = tasks.filter(({ outcome }) => outcome !== null).length;
  tell({ kind: "waiting", taskIds: tasks.map(({ id }) => id), tasks: tasks.length, settled });
}

export function tellDecided(tasks: readonly TaskRecord[], outcomes: readonly (StoredOutcome | null)[]): void {
  tell({ kind: "decided", taskIds: tasks.map(({ id }) => id), outcomes: outcomes.map((one) => one?.kind ?? null) });
}
