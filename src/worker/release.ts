import { EmailKitError } from "../errors.ts";
import { appendEvent } from "../ledger/events.ts";
import { findMessage, moveMessage } from "../ledger/messages.ts";
import { findTask } from "../ledger/tasks.ts";
import { classify } from "../mail/classify.ts";
import { parseMail } from "../mail/parse.ts";
import type { WorkerDeps } from "./deps.ts";
import { acceptRequest, partsOf } from "./receive.ts";
import { judgeReply } from "./reply.ts";
import { settle } from "./settle.ts";

type Deps = Pick<WorkerDeps, "ledger" | "blobs" | "agents" | "clock" | "serve">;

/**
 * Lets a quarantined mail through, as if it had been good enough: a reply settles its task, a request is served. Resolves with what became of it:
 * `late` where the task had its outcome meanwhile.
 * @throws EmailKitError `MESSAGE_NOT_FOUND` when it is not in quarantine, `GRAPH_NOT_ATTACHED` for a request to an agent that this process does not serve.
 */
export async function releaseMessage(deps: Deps, messageId: string): Promise<"settled" | "late" | "request"> {
  const { db } = deps.ledger;
  const record = await findMessage(db, messageId);
  if (record?.disposition !== "quarantined") {
    throw new EmailKitError(
      "MESSAGE_NOT_FOUND",
      `No mail ${messageId} is in quarantine. kit.messages("quarantined") lists them, with their ids.`,
    );
  }
  const now = deps.clock();
  const released = { at: now, kind: "released" as const, ...(record.agent && { agent: record.agent }) };
  const task = record.taskId === null ? undefined : await findTask(db, record.taskId);
  if (!task) {
    if (record.agent === null || !deps.serve.served(record.agent)) {
      throw new EmailKitError(
        "GRAPH_NOT_ATTACHED",
        `Mail ${messageId} asks "${record.agent}" for work, and this process does not serve its inbox. Release it where kit.serveInbox was called.`,
      );
    }
    return db.transaction(async (sql): Promise<"request"> => {
      await moveMessage(sql, record.id, "request");
      await acceptRequest(deps, sql, { ...record, disposition: "request", storedAt: now }, { kind: "none" });
      await appendEvent(sql, { ...released, data: { message: record.id } });
      return "request";
    });
  }
  const parsed = await parseMail(await deps.blobs.get(record.raw), {
    putAttachment: (content) => deps.blobs.put(content),
  });
  if (parsed.kind !== "parsed")
    throw new EmailKitError("MESSAGE_NOT_FOUND", `The mail ${messageId} can no longer be read.`);
  const { message } = parsed;
  // What tied it to its task is in its grade already.
  const correlation = { kind: "task" as const, task, signal: "none" as const };
  const agent = deps.agents.get(task.agent);
  const classification = classify(message, { addresses: [], isOwn: () => false });
  const mail = { message, classification, correlation, parts: partsOf(message, correlation), agent };
  const seen = { grade: record.grade ?? "E" };
  const { outcome } = await judgeReply(deps, mail, { ...task, clarifications: Infinity }, seen);
  return db.transaction(async (sql) => {
    const first = outcome !== undefined && (await settle(sql, task, outcome, now, record.messageId));
    await moveMessage(sql, record.id, first ? "settled" : "late");
    const { graph, threadId, id: taskId } = task;
    await appendEvent(sql, { ...released, graph, threadId, taskId, data: { message: record.id } });
    return first ? "settled" : "late";
  });
}
