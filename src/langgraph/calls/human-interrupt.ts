import type { TaskRecord } from "../../ledger/tasks.ts";
import { parseStructuredReply } from "../../mail/structured-reply.ts";

/**
 * What user interfaces for LangGraph show of a wait. Each knows one of three shapes: Agent Inbox (`action_request`), Agent Chat UI (`action_requests`)
 * and LangChain's human-in-the-loop clients (`actionRequests`). Studio makes a form of the interrupt's `response_schema`.
 */
export interface HumanInterrupt {
  /** Markdown. */
  description: string;
  action_request: { action: string; args: Record<string, unknown> };
  config: { allow_accept: boolean; allow_edit: boolean; allow_respond: boolean; allow_ignore: boolean };
  action_requests: { name: string; args: Record<string, unknown>; description: string }[];
  review_configs: { action_name: string; allowed_decisions: Decision[]; args_schema?: Record<string, unknown> }[];
  actionRequests: { name: string; args: Record<string, unknown>; description: string }[];
  reviewConfigs: { actionName: string; allowedDecisions: Decision[]; argsSchema?: Record<string, unknown> }[];
}

type Decision = "approve" | "edit" | "reject";

/** A tool call that a task asks to approve: shown as LangChain's middleware shows it, instead of the fields of the task's reply. */
export interface ToolCall {
  name: string;
  args: Record<string, unknown>;
  description?: string | undefined;
  decisions: Decision[];
  argsSchema?: { properties?: Record<string, Record<string, unknown>> } | undefined;
}

/** The one field of an answer in words, or of a schema without fields. */
export const WORDS_FIELD = "reply";

/** Of several tasks that are waited for, what is shown: the interrupt is stored at each run of the node. */
const MAX_SHOWN = { tasks: 20, characters: 400 };

/** As user interfaces name the task, and say it back: it is found by it among others. */
function actionOf({ name, id }: Pick<TaskRecord, "name" | "id">): string {
  return `${name} ${id.slice(0, 8)}`;
}

/**
 * @param refused Why the last answer was not taken, where one was refused.
 * @param calls What the tasks ask to approve, in their order, where they do.
 */
export async function humanInterrupt(
  tasks: readonly TaskRecord[],
  refused: string | undefined,
  calls: readonly ToolCall[] = [],
): Promise<HumanInterrupt> {
  const shown = await Promise.all(
    tasks.slice(0, MAX_SHOWN.tasks).map(async (task, place) => {
      const call = calls[place];
      if (call) {
        const { name, args, decisions, argsSchema: schema } = call;
        return { name, args, description: describe(task, refused, call.description), decisions, schema };
      }
      const decisions: Decision[] = (await takesYes(task.replySchema))
        ? ["approve", "edit", "reject"]
        : ["edit", "reject"];
      const schema = fieldsOf(task.replySchema) ? task.replySchema! : undefined;
      return {
        name: actionOf(task),
        args: emptyAnswer(task.replySchema),
        description: describe(task, refused),
        decisions,
        schema,
      };
    }),
  );
  // Some show one alone: the next that is to be answered.
  const first = shown[tasks.findIndex(({ outcome }) => outcome === null)] ?? shown[0];
  const actions = shown.map(({ name, args, description }) => ({ name, args, description }));
  return {
    description: first!.description,
    action_request: { action: first!.name, args: first!.args },
    config: {
      allow_accept: first!.decisions.includes("approve"),
      allow_edit: first!.decisions.includes("edit"),
      allow_respond: true,
      allow_ignore: true,
    },
    action_requests: actions,
    review_configs: shown.map(({ name, decisions, schema }) => ({
      action_name: name,
      allowed_decisions: decisions,
      ...(schema && { args_schema: schema }),
    })),
    actionRequests: actions,
    reviewConfigs: shown.map(({ name, decisions, schema }) => ({
      actionName: name,
      allowedDecisions: decisions,
      ...(schema && { argsSchema: schema }),
    })),
  };
}

function describe(
  { subject, addressees, deadlineAt, body }: TaskRecord,
  refused: string | undefined,
  words = body.length > MAX_SHOWN.characters ? `${body.slice(0, MAX_SHOWN.characters)} …` : body,
): string {
  const asked = `Asked by mail of ${addressees.join(", ")}, until ${new Date(deadlineAt).toISOString()}. Who answers first, there or here, has answered.`;
  return [refused && `**The last answer was not taken:** ${refused}`, `**${subject}**`, words, asked]
    .filter(Boolean)
    .join("\n\n");
}

/** Fields to be filled in. Nothing stands in them: what is sent back untouched says nothing. */
function emptyAnswer(schema: TaskRecord["replySchema"]): Record<string, unknown> {
  return Object.fromEntries((fieldsOf(schema) ?? [WORDS_FIELD]).map((name) => [name, ""]));
}

function fieldsOf(schema: TaskRecord["replySchema"]): string[] | undefined {
  const properties = schema?.["properties"];
  return typeof properties === "object" && properties !== null ? Object.keys(properties) : undefined;
}

const yes = new Map<string, Promise<boolean>>();

/** Whether a mail that says yes would answer: then approval does. */
async function takesYes(schema: TaskRecord["replySchema"]): Promise<boolean> {
  if (!schema) return false;
  const key = JSON.stringify(schema);
  const known = yes.get(key) ?? parseStructuredReply({ text: "yes" }, schema).then(({ kind }) => kind === "parsed");
  yes.set(key, known);
  return known;
}
