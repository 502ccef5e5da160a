import { Command, isCommand } from "@langchain/langgraph";
import type { StoredOutcome } from "../../ledger/outcome.ts";
import { findTask } from "../../ledger/tasks.ts";
import { validateJson } from "../../mail/structured/schema.ts";
import { settle } from "../../worker/settle.ts";
import type { AwaitReplyRequest } from "../calls/wait.ts";
import type { OpenKit } from "../context.ts";
import { type DrivenGraph, readThreadState, type ThreadState } from "./thread-state.ts";

const INTERRUPT_ID = /^[0-9a-f]{32}$/;

/**
 * Takes out of a resume what answers a wait of ours, and settles its task: a person has answered in a user interface instead of by mail.
 * An answer is addressed by the interrupt's id, or names its task: `{ taskId, data }`. What answers no pending interrupt any more is left out,
 * and a bare value goes to the graph's own interrupts alone: LangGraph would hand both to whoever asks next.
 */
export async function takeAnswers(
  kit: OpenKit,
  graph: DrivenGraph,
  threadId: string,
  input: unknown,
): Promise<unknown> {
  if (!isCommand(input) || input.resume === undefined || input.resume === null) return input;
  const state = await readThreadState(graph, threadId);
  const ours = [...state.pending.values()].filter((request) => request !== undefined);
  const byId = isResumeMap(input.resume);
  if (!byId && ours.length === 0 && !(await namesTask(kit, input.resume))) return input;
  const answers = byId
    ? Object.entries(input.resume as Record<string, unknown>)
    : await addressed(kit, state, input.resume);
  const rest: Record<string, unknown> = {};
  for (const [id, value] of answers) {
    if (!state.pending.has(id)) continue;
    const request = state.pending.get(id);
    if (request) await answerTask(kit, request, value);
    else rest[id] = value;
  }
  const { update, goto } = input;
  const others = Array.isArray(goto) ? goto.length > 0 : goto !== undefined;
  if (Object.keys(rest).length === 0 && update === undefined && !others) return null;
  return new Command({ resume: rest, ...(update !== undefined && { update }), ...(others && { goto }) });
}

/** As LangGraph tells it: anything else is a bare value, for every interrupt. */
function isResumeMap(resume: unknown): boolean {
  return typeof resume === "object" && resume !== null && Object.keys(resume).every((key) => INTERRUPT_ID.test(key));
}

async function addressed(kit: OpenKit, state: ThreadState, value: unknown): Promise<[string, unknown][]> {
  const named = [...state.pending].find(([, request]) => request && request.taskId === taskIdOf(value));
  if (named) return [[named[0], value]];
  if (await namesTask(kit, value)) return [];
  const own = [...state.pending].filter(([, request]) => request === undefined);
  if (own.length === 0) kit.log.warn("A bare resume value was ignored: name the task, { taskId, data }", {});
  return own.map(([id]) => [id, value]);
}

async function namesTask(kit: OpenKit, value: unknown): Promise<boolean> {
  const taskId = taskIdOf(value);
  return taskId !== undefined && (await findTask(kit.ledger.db, taskId)) !== undefined;
}

function taskIdOf(value: unknown): string | undefined {
  const taskId = (value as { taskId?: unknown } | null)?.taskId;
  return typeof taskId === "string" ? taskId : undefined;
}

async function answerTask(kit: OpenKit, request: AwaitReplyRequest, value: unknown): Promise<void> {
  const named = taskIdOf(value);
  if (named !== undefined && named !== request.taskId) return;
  const data = named === undefined ? value : (value as { data?: unknown }).data;
  const task = await findTask(kit.ledger.db, request.taskId);
  if (!task) return;
  if (task.expects) {
    kit.log.warn("An answer was ignored: the graph waits for a mail, and for no answer", { taskId: task.id });
    return;
  }
  const checked = task.replySchema ? validateJson(task.replySchema, data) : { ok: true as const };
  if (!checked.ok) {
    const issues = checked.issues.map((issue) => issue.message).join(" ");
    kit.log.warn(`An answer was ignored, since it does not hold what the task asks for: ${issues}`, {
      taskId: task.id,
    });
    return;
  }
  const now = kit.clock();
  const outcome: StoredOutcome = {
    kind: "answered",
    data,
    text: typeof data === "string" ? data : JSON.stringify(data, null, 2),
    from: "user-interface",
    grade: "A",
    receivedAt: new Date(now).toISOString(),
    attachments: [],
  };
  await kit.ledger.db.transaction((sql) => settle(sql, task, outcome, now));
}
