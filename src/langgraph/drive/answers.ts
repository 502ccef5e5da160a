import { Command, END, isCommand } from "@langchain/langgraph";
import { EmailKitError } from "../../errors.ts";
import type { ToolCall } from "../calls/human-interrupt.ts";
import type { AwaitReplyRequest } from "../calls/wait.ts";
import type { OpenKit } from "../context.ts";
import { findTask } from "../../ledger/tasks.ts";
import { type Answer, readAnswer, settleAnswer } from "./answer.ts";
import { readSaid, type Said } from "./said.ts";
import { type DrivenGraph, readThreadState, type ThreadState } from "./thread-state.ts";

const INTERRUPT_ID = /^[0-9a-f]{32}$/;

/**
 * Takes out of a resume what answers a wait of ours, and settles its task: a person has answered in a user interface instead of by mail.
 * An answer is addressed by the interrupt's id, names its task (`{ taskId, data }`, or by the action that a user interface says back), or belongs to the
 * only task that is waited for. What answers no pending interrupt any more is left out; where the graph has interrupts of its own, a bare value goes to them
 * alone: LangGraph would hand it to whoever asks next. To go to the end, as Agent Chat UI marks a thread as resolved, sets all that is waited for aside.
 * @param by Who answers, where that is known.
 * @throws EmailKitError `INVALID_ANSWER`, before anything is settled or run, for what is no answer to what is waited for.
 */
export async function takeAnswers(
  kit: OpenKit,
  graph: DrivenGraph,
  { threadId, by = "user-interface" }: { threadId: string; by?: string | undefined },
  input: unknown,
): Promise<unknown> {
  if (!isCommand(input)) return input;
  const { resume, update } = input;
  const goto = [input.goto ?? []].flat();
  const hasMore = update !== undefined || goto.length > 0;
  if (resume === undefined || (resume === null && hasMore)) {
    const isEnd = update === undefined && goto.length > 0 && goto.every((node) => node === END);
    return isEnd && (await setAside(kit, graph, threadId, by)) ? null : input;
  }
  const state = await readThreadState(graph, threadId);
  const ours = requestsOf(state);
  const byId = isResumeMap(resume);
  if (!byId && ours.length === 0 && !(await namesTask(kit, resume))) return input;
  const { answers, rest } = byId
    ? await byInterrupt(kit, threadId, state, resume as Record<string, unknown>)
    : await bare(kit, threadId, state, resume);
  for (const answer of answers) await settleAnswer(kit, answer, by);
  if (Object.keys(rest).length === 0 && !hasMore) return null;
  return new Command({ resume: rest, ...(update !== undefined && { update }), ...(goto.length > 0 && { goto }) });
}

function requestsOf({ pending }: ThreadState): AwaitReplyRequest[] {
  return [...pending.values()].filter((request) => request !== undefined);
}

/** LangGraph would run the waiting nodes anew, which would mail again. False where nothing is waited for. */
async function setAside(kit: OpenKit, graph: DrivenGraph, threadId: string, by: string): Promise<boolean> {
  const waited = requestsOf(await readThreadState(graph, threadId)).flatMap(({ tasks }) => tasks);
  for (const { taskId } of waited) await settleAnswer(kit, await readAnswer(kit, taskId, { kind: "ignore" }), by);
  return waited.length > 0;
}

/** As LangGraph tells it: anything else is a bare value, for every interrupt. */
function isResumeMap(resume: unknown): boolean {
  return typeof resume === "object" && resume !== null && Object.keys(resume).every((key) => INTERRUPT_ID.test(key));
}

/** What a resume holds for tasks, and by their ids for the graph's own interrupts. */
interface Taken {
  answers: Answer[];
  rest: Record<string, unknown>;
}

async function byInterrupt(
  kit: OpenKit,
  threadId: string,
  state: ThreadState,
  resume: Record<string, unknown>,
): Promise<Taken> {
  const taken: Taken = { answers: [], rest: {} };
  for (const [id, value] of Object.entries(resume)) {
    const request = state.pending.get(id);
    if (request) taken.answers.push(...(await readAnswers(kit, [request], value)));
    else if (state.pending.has(id)) taken.rest[id] = value;
    else kit.log.warn("An answer was left out: its interrupt is not pending (any more)", { threadId, interrupt: id });
  }
  return taken;
}

async function bare(kit: OpenKit, threadId: string, state: ThreadState, value: unknown): Promise<Taken> {
  const requests = requestsOf(state);
  const taskId = taskIdOf(value);
  const isPending = requests.some(({ tasks }) => tasks.some((task) => task.taskId === taskId));
  if (!isPending && (await namesTask(kit, value))) {
    kit.log.warn("An answer was left out: its task is not waited for (any more)", { threadId, taskId });
    return { answers: [], rest: {} };
  }
  const own = [...state.pending].filter(([, request]) => request === undefined);
  const isOurs = isPending || readSaid(value)?.every(({ action }) => action && byAction(requests, action).length > 0);
  if (own.length > 0 && !isOurs) return { answers: [], rest: Object.fromEntries(own.map(([id]) => [id, value])) };
  return { answers: await readAnswers(kit, requests, value), rest: {} };
}

async function namesTask(kit: OpenKit, value: unknown): Promise<boolean> {
  const taskId = taskIdOf(value);
  return taskId !== undefined && (await findTask(kit.ledger.db, taskId)) !== undefined;
}

function taskIdOf(value: unknown): string | undefined {
  const taskId = (value as { taskId?: unknown } | null)?.taskId;
  return typeof taskId === "string" ? taskId : undefined;
}

/** Binds what was said to tasks that these requests wait for. */
async function readAnswers(kit: OpenKit, requests: readonly AwaitReplyRequest[], value: unknown): Promise<Answer[]> {
  const waited = requests.flatMap(({ tasks }) => tasks.map(({ taskId }) => taskId));
  const named = taskIdOf(value);
  if (named !== undefined) {
    if (!waited.includes(named)) throw invalid(`Task ${named} is not waited for there`, requests);
    return [
      await readAnswer(kit, named, { kind: "data", data: (value as { data?: unknown }).data }, callOf(requests, named)),
    ];
  }
  const said: Said[] = readSaid(value) ?? [{ kind: "data", data: value }];
  const places = said.map(({ action }, place) => {
    // A list of decisions has one for each action that the interrupt shows, in that order.
    const inOrder = said.length === waited.length && requests.length === 1 ? waited[place] : undefined;
    if (action === undefined) return inOrder;
    const meant = byAction(requests, action);
    return meant.length === 1 ? meant[0] : meant.find((taskId) => taskId === inOrder);
  });
  const taskIds = places.filter((taskId) => taskId !== undefined);
  if (taskIds.length < said.length || new Set(taskIds).size < said.length) {
    throw invalid(waited.length > 1 ? "Several tasks are waited for" : "One task is waited for", requests);
  }
  const one = async (taskId: string, place: number) => readAnswer(kit, taskId, said[place]!, callOf(requests, taskId));
  return Promise.all(taskIds.map(one));
}

/** The tasks that user interfaces were shown under that name: several tool calls may be of one tool. */
function byAction(requests: readonly AwaitReplyRequest[], action: string): string[] {
  return requests.flatMap(({ tasks, actionRequests = [] }) =>
    tasks.filter((_, place) => actionRequests[place]?.name === action).map(({ taskId }) => taskId),
  );
}

/** What a task asks to approve, as it was shown. */
function callOf(requests: readonly AwaitReplyRequest[], taskId: string): ToolCall | undefined {
  for (const { tasks, toolCalls, actionRequests, reviewConfigs } of requests) {
    const place = tasks.findIndex((task) => task.taskId === taskId);
    const [action, review] = [actionRequests?.[place], reviewConfigs?.[place]];
    if (toolCalls && action && review) return { ...action, ...review, decisions: review.allowedDecisions };
  }
  return undefined;
}

function invalid(what: string, requests: readonly AwaitReplyRequest[]): EmailKitError {
  const waiting = requests.flatMap(({ tasks }) => tasks.map(({ taskId, subject }) => `${taskId} ("${subject}")`));
  return new EmailKitError(
    "INVALID_ANSWER",
    `${what}. Answer with { taskId, data }; waited for: ${waiting.slice(0, 20).join(", ")}${waiting.length > 20 ? ", …" : ""}.`,
  );
}
