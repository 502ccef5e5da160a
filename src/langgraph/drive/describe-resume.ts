import { tasksOfWaits, type WaitRecord } from "../../ledger/waits.ts";
import type { SpanAttributes, SpanOptions } from "../../spans.ts";
import type { OpenKit } from "../context.ts";
import { MADE_KEY } from "../run.ts";

/** Why a worker runs a thread on: a wait was decided; a run threw, or vanished with its process; a step has every result and its next never ran. */
export type ResumeReason = "decided" | "retry" | "recovery" | "step";

/** What a resume says of itself: as the run's metadata, for traces in LangSmith, and as a span. Nothing in it names a person. */
export interface ResumeDescription {
  metadata: Record<string, string>;
  span: SpanOptions;
}

/** @param waits Those that were decided: what they were for is what the run is about. */
export async function describeResume(
  kit: OpenKit,
  { name: graph, threadId }: { name: string; threadId: string },
  waits: readonly WaitRecord[],
  reason: ResumeReason,
): Promise<ResumeDescription> {
  const ids = waits.map(({ id }) => id);
  const tasks = await tasksOfWaits(kit.ledger.db, ids);
  const list = (values: (string | null)[]) =>
    [...new Set(values)]
      .filter((value) => value !== null)
      .toSorted()
      .join(", ");
  const about = {
    reason,
    ...(tasks.length > 0 && {
      tasks: list(tasks.map(({ name }) => name)),
      outcomes: list(tasks.map((task) => task.outcome)),
    }),
  };
  const named = (prefix: string): Record<string, string> =>
    Object.fromEntries(Object.entries(about).map(([key, value]) => [`${prefix}${key}`, value]));
  const attributes: SpanAttributes = {
    ...named("langgraph_email."),
    "langgraph_email.graph": graph,
    "langgraph_email.thread_id": threadId,
  };
  return {
    metadata: { [MADE_KEY]: "resume", ...named("langgraph_email_") },
    span: { attributes, follows: tasks.map(({ traceparent }) => traceparent) },
  };
}
