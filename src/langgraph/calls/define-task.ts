import type { StandardSchemaV1 } from "@standard-schema/spec";
import { EmailKitError } from "../../errors.ts";
import { inputJsonSchema } from "../../mail/structured-reply.ts";
import { unknownPattern } from "../../policy/allowlist.ts";
import { type AttachmentRules, unknownKind } from "../../policy/attachments.ts";
import type { InjectionThresholds } from "../../policy/injection-score.ts";
import type { Grade } from "../../policy/assurance.ts";
import type { Reassign } from "../../worker/ports.ts";
import { checkDeadline, type Deadline } from "../../time/deadline.ts";

export interface TaskOptions<Schema extends StandardSchemaV1 = StandardSchemaV1> {
  /** What a reply must hold, as a Standard Schema (zod, Valibot, ArkType). Without one any text is an answer, and `data` is that text. */
  reply?: Schema;
  /**
   * The JSON Schema of what `reply` takes, where its library cannot give one (zod, Valibot and ArkType can). The worker reads replies by it, on any
   * machine; `reply` still has the last word. Default: that of `reply`.
   */
  replyJsonSchema?: Readonly<Record<string, unknown>>;
  /** How long the task waits, from its creation: "4h", "2 business days" (by the kit's `calendar`), or a date. Default: 14 days. */
  deadline?: Deadline;
  accept?: {
    /** The lowest assurance grade that settles the task; what is below is quarantined. Default: "C". Use "B" for approvals. */
    grade?: Grade;
    /** Who may answer besides the addressees: addresses or `*@domain`. Default: nobody. */
    from?: readonly string[];
    /**
     * From which injection scores (0 to 1) on only data that `reply` has checked reaches the graph, and from which on the reply is quarantined.
     * Default: by how sure it is who wrote, {@link INJECTION_THRESHOLDS}.
     */
    injection?: InjectionThresholds;
    /** Which attachments a reply may have, besides what the kit refuses; a reply with others is quarantined. Default: any. */
    attachments?: AttachmentRules;
  };
  /**
   * How often a reply that does not hold what `reply` asks for is answered with a mail that says what is missing, before the outcome is
   * `unparseable`. Default: 2.
   */
  maxClarifications?: number;
  /** When those who were asked are reminded, in the same conversation, once or several times: "1 day", "2 business days" after its creation, or a date. Default: never. */
  remind?: Deadline | readonly Deadline[];
  /** How often a mail that bounced for a temporary reason is sent again to the same address, after 15 minutes and then longer. Default: 2. */
  retries?: number;
  /**
   * What an addressee's out-of-office reply does: nothing, give as much time after the return as was left, or ask whom `reassignTo` names next.
   * The return date is in the audit log. Default: `wait`.
   */
  onOutOfOffice?: "wait" | "extend" | "reassign";
  /**
   * What becomes of a mail that cannot go out at once, because a budget is used up or its agent or account is held: `queue`, to go out when there is room,
   * or until the deadline; `error`, where `sendTask` throws `BUDGET_EXCEEDED`, and nothing is kept. Default: "queue".
   */
  overBudget?: "queue" | "error";
  /**
   * Says who is asked next, in a conversation of its own, where the mail bounced for good and the mail's own `reassignTo` is used up; undefined for nobody. Called
   * by whichever worker finds the bounce, which knows it by the task's name: the kit must be given the definition, in `tasks`. It may be called more than once for
   * one failure; what it throws is logged, and it is asked again a minute later. Default: nobody.
   */
  reassignTo?: Reassign;
  /** Whether who answered gets a mail that says what was understood. Default: false. */
  receipt?: boolean;
}

/** A kind of task, its name, and the type of its reply. */
export interface TaskDefinition<Reply = unknown, Name extends string = string> {
  readonly name: Name;
  /** JSON Schema of the reply as it is asked for, before transforms. */
  readonly replySchema: Record<string, unknown> | undefined;
  readonly reply: StandardSchemaV1<unknown, Reply> | undefined;
  readonly deadline: Deadline;
  readonly accept: {
    grade: Grade;
    from: readonly string[];
    injection?: InjectionThresholds;
    attachments?: AttachmentRules;
    maxClarifications: number;
    receipt: boolean;
    retries: number;
    reassigns: boolean;
    onOutOfOffice: "wait" | "extend" | "reassign";
  };
  readonly reassignTo: Reassign | undefined;
  readonly overBudget: "queue" | "error";
  readonly remind: readonly Deadline[];
}

/** The type of the reply to the one of these tasks that has that name. */
export type ReplyOf<Task extends TaskDefinition, Name extends Task["name"]> =
  Extract<Task, { name: Name }> extends TaskDefinition<infer Reply> ? Reply : never;

const DEFAULT_DEADLINE = "14 days";

/**
 * Declares a kind of task once, beside the graph: its name, and what a reply must hold.
 * @throws EmailKitError `INVALID_CONFIG` for an empty name, a deadline or a reminder that is none, an option's value that is none, or a schema that has no JSON Schema.
 */
export function defineTask<const Name extends string>(
  name: Name,
  options?: Omit<TaskOptions, "reply" | "replyJsonSchema" | "maxClarifications">,
): TaskDefinition<string, Name>;
export function defineTask<Schema extends StandardSchemaV1, const Name extends string>(
  name: Name,
  options: TaskOptions<Schema> & { reply: Schema },
): TaskDefinition<StandardSchemaV1.InferOutput<Schema>, Name>;
export function defineTask(name: string, options: TaskOptions = {}): TaskDefinition {
  if (name.trim() === "") throw new EmailKitError("INVALID_CONFIG", "A task needs a name.");
  const deadline = options.deadline ?? DEFAULT_DEADLINE;
  const remind = [options.remind ?? []].flat();
  for (const time of [deadline, ...remind]) checkDeadline(time);
  checkOptions(name, options);
  return Object.freeze({
    name,
    reply: options.reply,
    replySchema: options.reply && replySchemaOf(name, options.reply, options.replyJsonSchema),
    deadline,
    accept: {
      grade: options.accept?.grade ?? "C",
      from: options.accept?.from ?? [],
      ...(options.accept?.injection && { injection: options.accept.injection }),
      ...(options.accept?.attachments && { attachments: options.accept.attachments }),
      maxClarifications: options.maxClarifications ?? 2,
      receipt: options.receipt ?? false,
      retries: options.retries ?? 2,
      reassigns: options.reassignTo !== undefined,
      onOutOfOffice: options.onOutOfOffice ?? "wait",
    },
    reassignTo: options.reassignTo,
    overBudget: options.overBudget ?? "queue",
    remind,
  });
}

/** What a misspelt option would do is worse than an error: any grade is better than "b". */
function checkOptions(name: string, { accept = {}, ...options }: TaskOptions): void {
  const fail = (option: string, value: unknown, give: string) => {
    throw new EmailKitError("INVALID_CONFIG", `Task "${name}": ${option} is ${JSON.stringify(value)}; give ${give}.`);
  };
  const oneOf = (option: string, value: string | undefined, values: readonly string[]) => {
    if (value !== undefined && !values.includes(value)) fail(option, value, values.map((one) => `"${one}"`).join(", "));
  };
  oneOf("accept.grade", accept.grade, ["A", "B", "C", "D", "E"]);
  oneOf("onOutOfOffice", options.onOutOfOffice, ["wait", "extend", "reassign"]);
  oneOf("overBudget", options.overBudget, ["queue", "error"]);
  for (const option of ["retries", "maxClarifications"] as const) {
    const value = options[option] ?? 0;
    if (!Number.isInteger(value) || value < 0) fail(option, value, "a whole number, 0 or more");
  }
  const pattern = unknownPattern(accept.from ?? []);
  if (pattern !== undefined) fail("accept.from", pattern, 'addresses, "*@domain" or "*@*.domain"');
  const kind = unknownKind(accept.attachments ?? {});
  if (kind !== undefined) fail("accept.attachments", kind, '"application/pdf", "text/*", ".csv"');
}

function replySchemaOf(
  name: string,
  schema: StandardSchemaV1,
  given: Readonly<Record<string, unknown>> | undefined,
): Record<string, unknown> {
  const json = given ?? inputJsonSchema(schema);
  if (!json) {
    throw new EmailKitError(
      "INVALID_CONFIG",
      `The reply schema of task "${name}" cannot be turned into a JSON Schema. Pass replyJsonSchema, and take dates as text (z.coerce.date()).`,
    );
  }
  return json;
}
