import { EmailKitError } from "../../errors.ts";
import type { TaskRecord } from "../../ledger/tasks.ts";
import type { BusinessCalendar } from "../../time/calendar.ts";
import { deadlineAt } from "../../time/deadline.ts";
import type { TaskDefinition } from "./define-task.ts";
import type { CurrentNode } from "./node.ts";

/** The definitions that a kit was given, by name. */
export type KnownTasks = ReadonlyMap<string, TaskDefinition>;

/** @throws EmailKitError `INVALID_CONFIG` for two of one name, or for working time without a calendar. */
export function readTasks(tasks: readonly TaskDefinition[], calendar: BusinessCalendar | undefined): KnownTasks {
  const known = new Map<string, TaskDefinition>();
  for (const task of tasks) {
    if (known.has(task.name)) {
      throw new EmailKitError("INVALID_CONFIG", `Two tasks are named "${task.name}". Give each its own name.`);
    }
    for (const time of [task.deadline, ...task.remind]) deadlineAt(0, time, calendar);
    known.set(task.name, task);
  }
  return known;
}

/** @throws EmailKitError `UNKNOWN_TASK` for a name that is not known, `INVALID_CONFIG` for another definition than the one that is known by its name. */
export function definitionOf(known: KnownTasks, task: TaskDefinition | string): TaskDefinition {
  const found = known.get(typeof task === "string" ? task : task.name);
  if (typeof task === "string") {
    if (found) return found;
    const names = [...known.keys()].join(", ") || "none";
    throw new EmailKitError("UNKNOWN_TASK", `No task "${task}". Given to createEmailKit in \`tasks\`: ${names}.`);
  }
  if (found === undefined || found === task) return task;
  throw new EmailKitError(
    "INVALID_CONFIG",
    `Another definition of task "${task.name}" was given to createEmailKit in \`tasks\`. Use that one, or another name.`,
  );
}

/**
 * The definition that reads the outcome of a task which is known by its receipt: the one that is given, or that this node execution has sent it by, or that
 * the kit knows by its name.
 * @throws EmailKitError `UNKNOWN_TASK` where there is none and the task's reply has a schema.
 */
export function definitionFor(
  known: KnownTasks,
  node: CurrentNode,
  task: TaskRecord,
  given: TaskDefinition | undefined,
): TaskDefinition | undefined {
  if (given && given.name !== task.name) {
    throw new EmailKitError(
      "INVALID_CONFIG",
      `Task "${task.name}" cannot be read by the definition of "${given.name}".`,
    );
  }
  const definition = given ?? node.execution.sent.get(task.id) ?? known.get(task.name);
  if (definition || task.replySchema === null) return definition;
  throw new EmailKitError(
    "UNKNOWN_TASK",
    `The reply to task "${task.name}" has a schema that a receipt does not hold. Give the kit its definition, createEmailKit({ tasks: [${task.name}] }), or the call, { task: ${task.name} }.`,
  );
}
