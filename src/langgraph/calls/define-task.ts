import type { StandardSchemaV1 } from "@standard-schema/spec";
import { EmailKitError } from "../../errors.ts";
import { inputJsonSchema } from "../../mail/structured-reply.ts";
import type { Grade } from "../../policy/assurance.ts";
import { durationMs, type Duration } from "../../time/duration.ts";

export interface TaskOptions<Schema extends StandardSchemaV1 = StandardSchemaV1> {
  /** What a reply must hold, as a Standard Schema (zod, Valibot, ArkType). Without one any text is an answer, and `data` is that text. */
  reply?: Schema;
  /** How long the task waits, from its creation. Default: 14 days. */
  deadline?: Duration;
  accept?: {
    /** The lowest assurance grade that settles the task; what is below is quarantined. Default: "C". Use "B" for approvals. */
    grade?: Grade;
    /** Who may answer besides the addressees: addresses or `*@domain`. Default: nobody. */
    from?: readonly string[];
  };
  /**
   * How often a reply that does not hold what `reply` asks for is answered with a mail that says what is missing, before the outcome is
   * `unparseable`. Default: 2.
   */
  maxClarifications?: number;
  /** Whether who answered gets a mail that says what was understood. Default: false. */
  receipt?: boolean;
}

/** A kind of task, and the type of its reply. */
export interface TaskDefinition<Reply = unknown> {
  readonly name: string;
  /** JSON Schema of the reply as it is asked for, before transforms. */
  readonly replySchema: Record<string, unknown> | undefined;
  readonly reply: StandardSchemaV1<unknown, Reply> | undefined;
  readonly deadlineMs: number;
  readonly accept: { grade: Grade; from: readonly string[]; maxClarifications: number; receipt: boolean };
}

const DEFAULT_DEADLINE = "14 days";

/**
 * Declares a kind of task once, beside the graph: its name, and what a reply must hold.
 * @throws EmailKitError `INVALID_CONFIG` for an empty name, a deadline that is none, or a schema that has no JSON Schema.
 */
export function defineTask(
  name: string,
  options?: Omit<TaskOptions, "reply" | "maxClarifications">,
): TaskDefinition<string>;
export function defineTask<Schema extends StandardSchemaV1>(
  name: string,
  options: TaskOptions<Schema> & { reply: Schema },
): TaskDefinition<StandardSchemaV1.InferOutput<Schema>>;
export function defineTask(name: string, options: TaskOptions = {}): TaskDefinition {
  if (name.trim() === "") throw new EmailKitError("INVALID_CONFIG", "A task needs a name.");
  return Object.freeze({
    name,
    reply: options.reply,
    replySchema: options.reply && replySchemaOf(name, options.reply),
    deadlineMs: durationMs(options.deadline ?? DEFAULT_DEADLINE),
    accept: {
      grade: options.accept?.grade ?? "C",
      from: options.accept?.from ?? [],
      maxClarifications: options.maxClarifications ?? 2,
      receipt: options.receipt ?? false,
    },
  });
}

function replySchemaOf(name: string, schema: StandardSchemaV1): Record<string, unknown> {
  const json = inputJsonSchema(schema);
  if (!json) {
    throw new EmailKitError(
      "INVALID_CONFIG",
      `The reply schema of task "${name}" cannot be turned into a JSON Schema. Use zod 4.2 or later, or another library with Standard JSON Schema.`,
    );
  }
  return json;
}
