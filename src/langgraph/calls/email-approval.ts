import { AsyncLocalStorageProviderSingleton } from "@langchain/core/singletons";
import { getConfig, isGraphInterrupt } from "@langchain/langgraph";
import type { StandardSchemaV1 } from "@standard-schema/spec";
import { isDeepStrictEqual } from "node:util";
import { EmailKitError } from "../../errors.ts";
import { dataLines } from "../../mail/request-data.ts";
import type { Grade } from "../../policy/assurance.ts";
import type { Deadline } from "../../time/deadline.ts";
import type { OpenKitOnce } from "../context.ts";
import { awaitReplies } from "./await-replies.ts";
import { defineTask } from "./define-task.ts";
import type { ToolCall } from "./human-interrupt.ts";
import type { Outcome } from "./outcome.ts";
import { sendTask } from "./send-task.ts";

export interface EmailApprovalOptions<AgentName extends string = string> {
  /** The agent that asks. */
  from: AgentName;
  /** Who decides: one address, or several, of whom the first to answer does. */
  to: string | readonly string[];
  /** Who gets a copy of the question. */
  cc?: string | readonly string[];
  /** Until when; then the tool calls are rejected. Default: 14 days. */
  deadline?: Deadline;
  /** When they are reminded. Default: never. */
  remind?: Deadline | readonly Deadline[];
  /** How sure it must be who answered. Default: "B". */
  grade?: Grade;
}

/** A middleware of langchain's that interrupts after the model, as `humanInTheLoopMiddleware` does. */
export interface InterruptingMiddleware {
  name: string;
  /** A function, or an object with it as `hook`. */
  afterModel?: unknown;
}

/** What langchain's `humanInTheLoopMiddleware` asks, and what it takes for an answer. */
interface Request {
  actionRequests: Pick<ToolCall, "name" | "args" | "description">[];
  reviewConfigs: ({ allowedDecisions: ToolCall["decisions"] } & Pick<ToolCall, "argsSchema">)[];
}
type Decision =
  | { type: "approve" }
  | { type: "edit"; editedAction: { name: string; args: Record<string, unknown> } }
  | { type: "reject"; message: string };

type Hook = (...args: unknown[]) => Promise<unknown>;

/**
 * The same middleware, whose questions go out by mail: one mail for each tool call. It runs when all are decided.
 * @throws EmailKitError `INVALID_CONFIG` for a middleware without a hook after the model.
 */
export function emailApproval<Middleware extends InterruptingMiddleware>(
  open: OpenKitOnce,
  middleware: Middleware,
  options: EmailApprovalOptions,
): Middleware {
  const { afterModel } = middleware;
  const isHook = typeof afterModel === "function";
  const hook = (isHook ? afterModel : (afterModel as { hook?: unknown } | undefined)?.hook) as Hook | undefined;
  if (!hook) {
    throw new EmailKitError(
      "INVALID_CONFIG",
      "emailApproval takes a middleware that asks after the model: humanInTheLoopMiddleware({ interruptOn: … }).",
    );
  }
  const asking: Hook = async (...args) => {
    const asked = await withAnswers([], () => hook(...args));
    if (asked.kind === "ended") return asked.value;
    const request = asked.request as Request | undefined;
    if (!Array.isArray(request?.actionRequests) || !Array.isArray(request.reviewConfigs)) throw asked.interrupt;
    const decisions = await decide(open, request, options);
    const answered = await withAnswers([{ decisions }], () => hook(...args));
    if (answered.kind === "ended") return answered.value;
    throw answered.interrupt;
  };
  return { ...middleware, afterModel: isHook ? asking : { ...(afterModel as object), hook: asking } };
}

type Asked = { kind: "ended"; value: unknown } | { kind: "asked"; request: unknown; interrupt: unknown };

/** Runs what calls LangGraph's `interrupt` with these answers, in a scratchpad of its own: the node's counts nothing of it. */
async function withAnswers(resume: unknown[], work: () => Promise<unknown>): Promise<Asked> {
  const config = getConfig();
  const scratchpad = { interruptCounter: -1, resume, nullResume: undefined };
  const configurable = { ...config.configurable, __pregel_scratchpad: scratchpad, __pregel_send: () => {} };
  try {
    const value = await AsyncLocalStorageProviderSingleton.runWithConfig({ ...config, configurable }, work);
    return { kind: "ended", value };
  } catch (interrupt) {
    if (!isGraphInterrupt(interrupt)) throw interrupt;
    return { kind: "asked", request: interrupt.interrupts[0]?.value, interrupt };
  }
}

async function decide(
  open: OpenKitOnce,
  { actionRequests, reviewConfigs }: Request,
  options: EmailApprovalOptions,
): Promise<Decision[]> {
  const kit = await open();
  const { from, to, cc = [] } = options;
  const calls = actionRequests.map((action, place): ToolCall => {
    const { allowedDecisions: decisions, argsSchema } = reviewConfigs[place]!;
    return { ...action, decisions, argsSchema };
  });
  const receipts = [];
  for (const [place, call] of calls.entries()) {
    const mail = { from, to, cc, subject: `Approve? ${call.name}`, body: questionOf(call), key: String(place) };
    receipts.push(await sendTask(kit, taskOf(call, options), mail));
  }
  const { outcomes } = await awaitReplies(kit, receipts, { calls });
  return outcomes.map((outcome) => decisionOf(outcome as Outcome<Decision>));
}

/** Silence is never consent. */
function decisionOf(outcome: Outcome<Decision>): Decision {
  switch (outcome.kind) {
    case "replied":
    case "answered":
      return outcome.data.type === "reject" && outcome.data.message === REJECTED
        ? rejected(quoting(REJECTED, outcome.text))
        : outcome.data;
    case "expired":
      return rejected(`Nobody had approved it by ${outcome.deadline}. Silence is not consent.`);
    case "bounced":
      return rejected(`${outcome.recipient}, who decides, could not be reached.`);
    case "unparseable":
      return rejected(quoting(`${outcome.from} answered, and neither approved nor rejected it.`, outcome.text));
    case "cancelled":
      return rejected(`It was not decided: ${outcome.reason}`);
  }
}

function rejected(message: string): Decision {
  return { type: "reject", message };
}

const REJECTED = "It was rejected.";

/** With what the person wrote, where it is more than a word or a filled-in form: the model is to know why. */
function quoting(message: string, text: string): string {
  const words = text.replaceAll(/^\W*approved\W+\w+\W*$/gim, "").trim();
  if (!/\S\s+\S/.test(words) || words.startsWith("{")) return message;
  return `${message.slice(0, -1)}: "${words.length > 500 ? `${words.slice(0, 500)} …` : words}"`;
}

function taskOf(call: ToolCall, { deadline, remind, grade = "B" }: EmailApprovalOptions) {
  if (!call.decisions.includes("reject")) {
    throw new EmailKitError(
      "INVALID_CONFIG",
      `Nobody was asked about "${call.name}": silence must be able to end it. Add "reject" to its allowedDecisions.`,
    );
  }
  const reply: StandardSchemaV1<unknown, Decision> = {
    "~standard": {
      version: 1,
      vendor: "langgraph-email",
      validate: (value) => readDecision(call, value as Record<string, unknown>),
    },
  };
  return defineTask("email_approval", {
    reply,
    replyJsonSchema: schemaOf(call),
    accept: { grade },
    ...(deadline !== undefined && { deadline }),
    ...(remind !== undefined && { remind }),
  });
}

const OWN = {
  approved: { type: "boolean", description: "yes or no" },
  reason: { type: "string", description: "why, where it is no" },
};

/** By which name the reply gives an argument. */
function fieldOf(argument: string): string {
  return argument in OWN ? `${argument}_argument` : argument;
}

/** The arguments are in it also where they may not be changed: a "yes" with another value must not pass for a plain one. */
function schemaOf({ args, argsSchema, decisions }: ToolCall): Record<string, unknown> {
  const properties: Record<string, unknown> = { ...OWN };
  const description = decisions.includes("edit") ? "only to change it" : "cannot be changed";
  for (const name of Object.keys({ ...argsSchema?.properties, ...args })) {
    properties[fieldOf(name)] = { ...(argsSchema?.properties?.[name] ?? typeOf(args[name])), description };
  }
  return { type: "object", properties, required: ["approved"] };
}

function typeOf(value: unknown): Record<string, unknown> {
  if (Array.isArray(value)) return { type: "array" };
  return value === null || value === undefined ? {} : { type: typeof value };
}

/**
 * What a reply would hold that changes the arguments to these, which a user interface gives: all of them, some as text.
 * Undefined for another set of arguments: a reply can give them other values, and no more.
 */
export function editedReply(call: ToolCall, edited: object): Record<string, unknown> | undefined {
  const { args, argsSchema } = call;
  const known = { ...argsSchema?.properties, ...args };
  const isOther = Object.keys(edited).some((name) => !Object.hasOwn(known, name));
  if (isOther || Object.keys(args).some((name) => !Object.hasOwn(edited, name))) return undefined;
  const changed = Object.entries(edited)
    .map(([name, value]: [string, unknown]) => [name, asIn(call, name, value)] as const)
    .filter(([name, value]) => !isDeepStrictEqual(value, args[name]));
  return { approved: true, ...Object.fromEntries(changed.map(([name, value]) => [fieldOf(name), value])) };
}

/** Forms give text for everything. */
function asIn({ args, argsSchema }: ToolCall, name: string, value: unknown): unknown {
  const type = name in args ? typeof args[name] : argsSchema?.properties?.[name]?.["type"];
  if (typeof value !== "string" || type === "string") return value;
  try {
    return JSON.parse(value) as unknown;
  } catch {
    return value;
  }
}

/** What a reply to the question about a tool call decides, or why it decides nothing. */
export function readDecision(
  { name, args, argsSchema, decisions }: ToolCall,
  answer: Record<string, unknown>,
): { value: Decision } | { issues: { message: string }[] } {
  if (answer["approved"] !== true) {
    const { reason } = answer;
    return { value: rejected(typeof reason === "string" ? reason : REJECTED) };
  }
  const changed = Object.keys({ ...argsSchema?.properties, ...args }).filter((argument) => {
    const value = answer[fieldOf(argument)];
    return value !== undefined && value !== null && !isDeepStrictEqual(value, args[argument]);
  });
  if (changed.length === 0) {
    if (decisions.includes("approve")) return { value: { type: "approve" } };
    return { issues: [{ message: "It cannot be approved as it is: give what is to be changed, or answer no." }] };
  }
  if (!decisions.includes("edit")) {
    return { issues: [{ message: `It cannot be changed (${changed.join(", ")}): answer yes or no as it is.` }] };
  }
  const given = Object.fromEntries(changed.map((argument) => [argument, answer[fieldOf(argument)]]));
  return { value: { type: "edit", editedAction: { name, args: { ...args, ...given } } } };
}

/** Who decides sees all of it: the tool, its arguments as they are, and what the middleware says of them. */
function questionOf({ name, args, description, decisions }: ToolCall): string {
  const json = JSON.stringify(args, null, 2);
  // The middleware's own words, where it has no others, are the same list in JSON.
  const words = description === undefined || description.includes(json) ? "" : description.trim();
  return [
    words,
    `"${name}" is to be done with:\n\n${dataLines(args) || "  (nothing)"}`,
    [
      "Answer yes or no.",
      decisions.includes("edit") ? "To change a value, answer yes and give the new one on a line of its own." : "",
      "Without an answer it is not done.",
    ]
      .filter(Boolean)
      .join(" "),
  ]
    .filter(Boolean)
    .join("\n\n");
}
