import { EmailKitError } from "../../errors.ts";
import { appendEvent, ofTask } from "../../ledger/events.ts";
import type { StoredOutcome } from "../../ledger/outcome.ts";
import { findTask, type TaskRecord } from "../../ledger/tasks.ts";
import { validateJson } from "../../mail/structured/schema.ts";
import { parseStructuredReply } from "../../mail/structured-reply.ts";
import { callOff } from "../calls/cancel-task.ts";
import { editedReply, readDecision } from "../calls/email-approval.ts";
import { type ToolCall, WORDS_FIELD } from "../calls/human-interrupt.ts";
import type { OpenKit } from "../context.ts";
import type { Said } from "./said.ts";

/** What a person has answered in a user interface: data, or that there will be none. */
export type Answer = { task: TaskRecord } & (
  | { kind: "answered"; data: unknown; text: string }
  | { kind: "cancelled"; reason: string }
);

/**
 * @param call What the task asks to approve, where it does.
 * @throws EmailKitError `INVALID_ANSWER` where it does not hold what the task asks for.
 */
export async function readAnswer(kit: OpenKit, taskId: string, said: Said, call?: ToolCall): Promise<Answer> {
  const task = (await findTask(kit.ledger.db, taskId))!;
  if (said.kind === "ignore") return { task, kind: "cancelled", reason: "It was set aside in a user interface." };
  if (task.expects) throw new EmailKitError("INVALID_ANSWER", "The graph waits for a mail, which has no other answer.");
  const isData = said.kind === "data" || said.kind === "edit";
  const read = await (call ? readOnCall(task, call, said) : isData ? readData(task, said.data) : readWord(task, said));
  if (read.kind === "issues") throw refused(task, read.issues);
  return { task, ...read };
}

type Read = { kind: "answered"; data: unknown; text: string } | { kind: "cancelled"; reason: string };
type Issues = { kind: "issues"; issues: string };

/** A decision about a tool call says what a mail about it could say. */
async function readOnCall(
  task: TaskRecord,
  call: ToolCall,
  said: Exclude<Said, { kind: "ignore" }>,
): Promise<Read | Issues> {
  const data = replyOf(call, said);
  if (data === undefined) {
    return {
      kind: "issues",
      issues: `An edit gives all arguments of "${call.name}" (${Object.keys(call.args).join(", ")}), and no others.`,
    };
  }
  // A value that was shown and taken out is no value that was left as it was.
  const read = said.kind === "data" ? await readData(task, data) : checkData(task.replySchema!, data);
  if (read.kind !== "answered") return read;
  const decision = readDecision(call, read.data as Record<string, unknown>);
  return "issues" in decision
    ? { kind: "issues", issues: decision.issues.map(({ message }) => message).join(" ") }
    : read;
}

function replyOf(call: ToolCall, said: Exclude<Said, { kind: "ignore" }>): unknown {
  switch (said.kind) {
    case "accept":
      return { approved: true };
    case "reject":
      return { approved: false, ...(said.reason !== undefined && { reason: said.reason }) };
    case "edit":
      return typeof said.data === "object" && said.data !== null ? editedReply(call, said.data) : undefined;
    case "data":
      return said.data;
  }
}

/** Approval and rejection answer what a mail that says yes or no would answer. */
async function readWord(
  task: TaskRecord,
  said: Exclude<Said, { data: unknown } | { kind: "ignore" }>,
): Promise<Read | Issues> {
  const word = said.kind === "accept" ? "Yes" : "No";
  const text = said.kind === "reject" && said.reason !== undefined ? `No. ${said.reason}` : word;
  const read = task.replySchema ? await parseStructuredReply({ text: word }, task.replySchema) : undefined;
  if (read?.kind === "parsed") return { kind: "answered", data: read.data, text };
  if (said.kind === "accept") return { kind: "issues", issues: "It cannot be answered by approval." };
  return { kind: "cancelled", reason: said.reason ?? "It was rejected in a user interface." };
}

async function readData({ replySchema }: TaskRecord, data: unknown): Promise<Read | Issues> {
  const words = wordsIn(data);
  if (data === undefined) return { kind: "issues", issues: "It holds no data." };
  if (!replySchema) {
    return words === undefined ? { kind: "issues", issues: "" } : { kind: "answered", data: words, text: words };
  }
  const checked = checkData(replySchema, data);
  if (checked.kind === "answered") return checked;
  // Forms give strings for everything, and empty ones for what was left out.
  for (const reading of typeof data === "object" && data !== null ? readingsOf(data) : []) {
    if (validateJson(replySchema, reading).ok) {
      return { kind: "answered", data: reading, text: JSON.stringify(reading, null, 2) };
    }
  }
  const text = words ?? linesOf(data);
  const read = text === undefined ? undefined : await parseStructuredReply({ text }, replySchema);
  if (read?.kind === "parsed") return { kind: "answered", data: read.data, text: text! };
  return checked;
}

function checkData(replySchema: Record<string, unknown>, data: unknown): Read | Issues {
  const checked = validateJson(replySchema, data);
  if (checked.ok)
    return { kind: "answered", data, text: typeof data === "string" ? data : JSON.stringify(data, null, 2) };
  return { kind: "issues", issues: checked.issues.map(({ path, message }) => [...path, message].join(": ")).join(" ") };
}

/** An answer in words: a text, or the one field that is shown for it. `true` is as much a yes as the word is. */
function wordsIn(data: unknown): string | undefined {
  const words = typeof data === "object" && data !== null ? (data as Record<string, unknown>)[WORDS_FIELD] : data;
  if (typeof words === "boolean") return words ? "yes" : "no";
  const text = typeof words === "number" ? String(words) : words;
  return typeof text === "string" && text.trim() !== "" ? text : undefined;
}

function readingsOf(data: object): Record<string, unknown>[] {
  const filled = Object.entries(data).filter(([, value]) => value !== "");
  return [Object.fromEntries(filled), Object.fromEntries(filled.map(([key, value]) => [key, jsonIn(value)]))];
}

function jsonIn(value: unknown): unknown {
  try {
    return typeof value === "string" ? (JSON.parse(value) as unknown) : value;
  } catch {
    return value;
  }
}

/** As a person would write it in a mail. */
function linesOf(data: unknown): string | undefined {
  if (typeof data !== "object" || data === null) return undefined;
  const lines = Object.entries(data).filter(([, value]) => typeof value === "string" && value !== "");
  return lines.length === 0 ? undefined : lines.map(([key, value]) => `${key}: ${value}`).join("\n");
}

function refused(task: TaskRecord, issues: string): EmailKitError {
  const form = task.replySchema ? `data that satisfies ${JSON.stringify(task.replySchema)}` : "text";
  return new EmailKitError("INVALID_ANSWER", `Task ${task.id} ("${task.subject}") takes ${form}. ${issues}`.trim());
}

/** Settles the task, and tells who was asked by mail. One that has its outcome already keeps it. */
export async function settleAnswer(kit: OpenKit, answer: Answer, by: string): Promise<void> {
  const { task } = answer;
  const now = kit.clock();
  const outcome: StoredOutcome =
    answer.kind === "cancelled"
      ? { kind: "cancelled", by: "reviewer", reason: answer.reason }
      : {
          kind: "answered",
          data: answer.data,
          text: answer.text,
          from: by,
          grade: "A",
          receivedAt: new Date(now).toISOString(),
          attachments: [],
        };
  const note =
    answer.kind === "cancelled"
      ? "This is not needed any more, and no answer either."
      : "This has been answered elsewhere: no answer is needed any more.";
  if (await callOff(kit, task, outcome, note)) return;
  kit.log.warn("An answer was left out: its task has an outcome already", { taskId: task.id });
  await appendEvent(kit.ledger.db, { at: now, kind: "answer-refused", ...ofTask(task), data: { reason: "late" } });
}
