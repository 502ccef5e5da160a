import { Command, isCommand } from "@langchain/langgraph";
import type { StoredOutcome } from "../../ledger/outcome.ts";
import { EmailKitError } from "../../errors.ts";
import { findTask, type TaskRecord } from "../../ledger/tasks.ts";
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
 * @throws EmailKitError `INVALID_ANSWER`, before anything is settled or run, for what is no answer to what is waited for.
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
    : await addressed(kit, threadId, state, input.resume);
  const rest: Record<string, unknown> = {};
  const read: Answer[] = [];
  for (const [id, value] of answers) {
    const request = state.pending.get(id);
    if (request) read.push(await readAnswer(kit, request, value));
    else if (state.pending.has(id)) rest[id] = value;
    else kit.log.warn("An answer was left out: its interrupt is not pending (any more)", { threadId, interrupt: id });
  }
  await settleAnswers(kit, read);
  const { update, goto } = input;
  const others = Array.isArray(goto) ? goto.length > 0 : goto !== undefined;
  if (Object.keys(rest).length === 0 && update === undefined && !others) return null;
  return new Command({ resume: rest, ...(update !== undefined && { update }), ...(others && { goto }) });
}

/** As LangGraph tells it: anything else is a bare value, for every interrupt. */
function isResumeMap(resume: unknown): boolean {
  return typeof resume === "object" && resume !== null && Object.keys(resume).every((key) => INTERRUPT_ID.test(key));
}

async function addressed(
  kit: OpenKit,
  threadId: string,
  state: ThreadState,
  value: unknown,
): Promise<[string, unknown][]> {
  const taskId = taskIdOf(value);
  const named = [...state.pending].find(([, request]) => request?.tasks.some((task) => task.taskId === taskId));
  if (named) return [[named[0], value]];
  if (await namesTask(kit, value)) {
    kit.log.warn("An answer was left out: its task is not waited for (any more)", { threadId, taskId });
    return [];
  }
  const own = [...state.pending].filter(([, request]) => request === undefined);
  if (own.length > 0) return own.map(([id]) => [id, value]);
  const requests = [...state.pending.values()].filter((request) => request !== undefined);
  throw invalid(taskId === undefined ? "A bare value names no task" : `There is no task ${taskId}`, requests);
}

async function namesTask(kit: OpenKit, value: unknown): Promise<boolean> {
  const taskId = taskIdOf(value);
  return taskId !== undefined && (await findTask(kit.ledger.db, taskId)) !== undefined;
}

function taskIdOf(value: unknown): string | undefined {
  const taskId = (value as { taskId?: unknown } | null)?.taskId;
  return typeof taskId === "string" ? taskId : undefined;
}

interface Answer {
  task: TaskRecord;
  data: unknown;
}

async function readAnswer(kit: OpenKit, request: AwaitReplyRequest, value: unknown): Promise<Answer> {
  const named = taskIdOf(value);
  if (named === undefined && request.tasks.length > 1) throw invalid("Several tasks are waited for", [request]);
  const taskId = named ?? request.taskId;
  const task = request.tasks.some((one) => one.taskId === taskId) ? await findTask(kit.ledger.db, taskId) : undefined;
  if (!task) throw invalid(`Task ${taskId} is not waited for there`, [request]);
  if (task.expects) throw new EmailKitError("INVALID_ANSWER", "The graph waits for a mail, which has no other answer.");
  const data = named === undefined ? value : (value as { data?: unknown }).data;
  const checked = validateJson(task.replySchema ?? { type: "string" }, data);
  if (checked.ok) return { task, data };
  const issues = checked.issues.map(({ path, message }) => [...path, message].join(": ")).join(" ");
  const form = task.replySchema ? `data that satisfies ${JSON.stringify(task.replySchema)}` : "text";
  throw new EmailKitError("INVALID_ANSWER", `Task ${taskId} ("${task.subject}") takes ${form}. ${issues}`);
}

/** A task that has its outcome already keeps it. */
async function settleAnswers(kit: OpenKit, answers: readonly Answer[]): Promise<void> {
  if (answers.length === 0) return;
  const now = kit.clock();
  await kit.ledger.db.transaction(async (sql) => {
    for (const { task, data } of answers) {
      const outcome: StoredOutcome = {
        kind: "answered",
        data,
        text: typeof data === "string" ? data : JSON.stringify(data, null, 2),
        from: "user-interface",
        grade: "A",
        receivedAt: new Date(now).toISOString(),
        attachments: [],
      };
      if (await settle(sql, task, outcome, now)) continue;
      kit.log.warn("An answer was left out: its task has an outcome already", { taskId: task.id });
    }
  });
}

function invalid(what: string, requests: readonly AwaitReplyRequest[]): EmailKitError {
  const waiting = requests.flatMap(({ tasks }) => tasks.map(({ taskId, subject }) => `${taskId} ("${subject}")`));
  return new EmailKitError(
    "INVALID_ANSWER",
    `${what}. Answer with { taskId, data }; waited for: ${waiting.slice(0, 20).join(", ")}${waiting.length > 20 ? ", …" : ""}.`,
  );
}
