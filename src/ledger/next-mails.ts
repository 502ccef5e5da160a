import { replaceAsked } from "./asked.ts";
import { one, type Sql } from "./database.ts";
import type { FailedAttempt } from "./outcome.ts";
import { type TaskRecord, tasksWhere } from "./tasks.ts";

/** How a task goes on after a failed delivery. */
export interface ResendPlan {
  addressees: string[];
  /** Those of them who are mailed at `resendAt`; nobody where that is null. */
  unreached: string[];
  candidates: string[];
  resendAt: number | null;
  /** Instead of those, whom the task's definition names is asked then. */
  reassign?: TaskRecord["reassign"];
}

/** Notes failed deliveries of an open task. Resolves with false when the task was settled or has failed again meanwhile. */
export async function planResend(
  sql: Sql,
  task: TaskRecord,
  plan: ResendPlan & { attempts: readonly FailedAttempt[] },
): Promise<boolean> {
  const changes = await sql.run(
    `UPDATE tasks SET attempts_json = :attempts, addressees_json = :addressees, unreached_json = :unreached, candidates_json = :candidates, resend_at = :resendAt, reassign = :reassign
     WHERE id = :id AND attempts_json = :before AND settled_at IS NULL`,
    {
      id: task.id,
      before: JSON.stringify(task.attempts),
      attempts: JSON.stringify(plan.attempts),
      addressees: JSON.stringify(plan.addressees),
      unreached: JSON.stringify(plan.unreached),
      candidates: JSON.stringify(plan.candidates),
      resendAt: plan.resendAt,
      reassign: plan.reassign ?? null,
    },
  );
  if (changes === 0) return false;
  await replaceAsked(sql, { ...task, addressees: plan.addressees });
  return true;
}

/** The task's new mail, to these, is in the outbox; or nobody is asked. Resolves with false when it was before. */
export async function markResent(sql: Sql, task: TaskRecord, addressees: readonly string[]): Promise<boolean> {
  const changes = await sql.run(
    `UPDATE tasks SET resend_at = NULL, reassign = NULL, unreached_json = '[]', addressees_json = :addressees
     WHERE id = :id AND resend_at = :resendAt AND attempts_json = :attempts AND addressees_json = :before AND settled_at IS NULL`,
    {
      id: task.id,
      resendAt: task.resendAt,
      attempts: JSON.stringify(task.attempts),
      before: JSON.stringify(task.addressees),
      addressees: JSON.stringify(addressees),
    },
  );
  if (changes === 0) return false;
  await replaceAsked(sql, { ...task, addressees });
  return true;
}

export async function postponeResend(sql: Sql, task: TaskRecord, resendAt: number): Promise<void> {
  await sql.run("UPDATE tasks SET resend_at = :resendAt WHERE id = :id AND resend_at = :before", {
    id: task.id,
    before: task.resendAt,
    resendAt,
  });
}

/** Open tasks to be mailed again, or whose next step is due. */
export async function tasksToMail(
  sql: Sql,
  what: "resend" | "step",
  now: number,
  limit: number,
): Promise<TaskRecord[]> {
  return tasksWhere(
    sql,
    `${what}_at IS NOT NULL AND ${what}_at <= :now AND settled_at IS NULL ORDER BY ${what}_at LIMIT :limit`,
    { now, limit },
  );
}

export async function nextTaskMail(sql: Sql): Promise<number | undefined> {
  const row = await one<{ at: number | null }>(
    sql,
    `SELECT MIN(at) AS at FROM (
       SELECT MIN(resend_at) AS at FROM tasks WHERE resend_at IS NOT NULL AND settled_at IS NULL
       UNION ALL SELECT MIN(step_at) AS at FROM tasks WHERE step_at IS NOT NULL AND settled_at IS NULL
     ) AS times`,
  );
  return row?.at ?? undefined;
}

/** The first step is done, and those who are asked now are these; who is asked no more is not mailed again either. Resolves with false when it was done before. */
export async function markStepped(sql: Sql, task: TaskRecord, addressees: readonly string[]): Promise<boolean> {
  const rest = task.steps.slice(1);
  const unreached = task.unreached.filter((address) => addressees.includes(address));
  const changes = await sql.run(
    `UPDATE tasks SET steps_json = :rest, step_at = :next, addressees_json = :addressees, unreached_json = :unreached,
       resend_at = CASE WHEN :unreached = '[]' THEN NULL ELSE resend_at END, reassign = CASE WHEN :unreached = '[]' THEN NULL ELSE reassign END
     WHERE id = :id AND steps_json = :before AND addressees_json = :asked AND attempts_json = :attempts AND settled_at IS NULL`,
    {
      id: task.id,
      before: JSON.stringify(task.steps),
      asked: JSON.stringify(task.addressees),
      attempts: JSON.stringify(task.attempts),
      unreached: JSON.stringify(unreached),
      rest: JSON.stringify(rest),
      next: rest[0]?.at ?? null,
      addressees: JSON.stringify(addressees),
    },
  );
  if (changes === 0) return false;
  await replaceAsked(sql, { ...task, addressees });
  return true;
}

/** The task's mail is held: nobody is reminded of what nobody got. */
export async function holdSteps(sql: Sql, id: string): Promise<void> {
  await sql.run("UPDATE tasks SET step_at = NULL WHERE id = :id", { id });
}

/** The held mail goes out: the steps begin to count now. */
export async function releaseSteps(sql: Sql, task: TaskRecord, now: number): Promise<void> {
  const steps = task.steps.map((step) => ({ ...step, at: step.at + (now - task.createdAt) }));
  await sql.run("UPDATE tasks SET steps_json = :steps, step_at = :next WHERE id = :id AND settled_at IS NULL", {
    id: task.id,
    steps: JSON.stringify(steps),
    next: steps[0]?.at ?? null,
  });
}
