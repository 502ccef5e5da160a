import { EmailKitError, type EmailKitErrorCode } from "../../errors.ts";
import { appendEvent } from "../../ledger/events.ts";
import type { OpenKit } from "../context.ts";
import type { CurrentNode } from "./node.ts";

const NOT_ALLOWED: ReadonlySet<EmailKitErrorCode> = new Set([
  "SCOPE_MISSING",
  "RECIPIENT_NOT_ALLOWED",
  "BUDGET_EXCEEDED",
]);

/** Runs what an agent may not be allowed to do; that it was not is in the audit log before the error is thrown on. */
export async function auditRefusal<T>(
  kit: OpenKit,
  { threadId, runId, run }: CurrentNode,
  { agent, to, task }: { agent: string; to: readonly string[]; task?: string },
  act: () => Promise<T>,
): Promise<T> {
  try {
    return await act();
  } catch (error) {
    if (error instanceof EmailKitError && NOT_ALLOWED.has(error.code)) {
      await appendEvent(kit.ledger.db, {
        at: kit.clock(),
        kind: "send-refused",
        agent,
        graph: run.graph,
        threadId,
        ...(runId !== null && { runId }),
        to: [...to],
        data: { code: error.code, name: task },
      });
    }
    throw error;
  }
}
