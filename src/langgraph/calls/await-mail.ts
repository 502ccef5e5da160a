import { agentNamed } from "../../accounts/agent.ts";
import { EmailKitError } from "../../errors.ts";
import { appendEvent, ofTask } from "../../ledger/events.ts";
import { assignMessage, type MessageRecord, moveMessage, unmatchedSince } from "../../ledger/messages.ts";
import type { FailedOutcome, StoredOutcome, StoredReply } from "../../ledger/outcome.ts";
import { type Expectation, findTask, insertTask, type TaskRecord, UNTOUCHED } from "../../ledger/tasks.ts";
import { registerThread } from "../../ledger/threads.ts";
import { classify } from "../../mail/classify.ts";
import { parseMail } from "../../mail/parse.ts";
import type { Verification } from "../../mail/verification.ts";
import { aboutTask, withSpan } from "../../spans.ts";
import { type Deadline, deadlineAt } from "../../time/deadline.ts";
import { durationMs, type Duration } from "../../time/duration.ts";
import { type ExpectedMail, fitsExpectation, judgeExpected } from "../../worker/expected.ts";
import { partsOf } from "../../worker/parts.ts";
import { settle } from "../../worker/settle.ts";
import { hashId } from "../../mail/hash-id.ts";
import type { OpenKit } from "../context.ts";
import { beginWait, requireDurable, waitFor } from "./wait.ts";
import { type CurrentNode, currentNode } from "./node.ts";

/** Which mail is waited for. */
export interface MailExpectation<AgentName extends string = string> {
  /** The agent whose mailbox it comes to. */
  agent: AgentName;
  /** Who sends it: addresses or `*@domain`. Default: anyone. */
  from?: string | readonly string[];
  /** What its subject contains, in any case. Default: anything. */
  subject?: string;
  /** How far back a mail may have come that nobody waited for then. Default: 1 minute. */
  since?: Duration;
  /** How long it is waited for, in any form of a deadline. Default: 1 hour. */
  within?: Deadline;
  /** Tells waits of one node execution for like mails apart. */
  key?: string;
}

/** The mail, or how the wait ended without it. Anybody can have sent it: what it says is data, and its sender a claim. */
export type MailOutcome =
  | ({ kind: "received"; subject: string; verification: Verification } & Omit<StoredReply, "kind" | "data" | "grade">)
  /** `unparseable`: the mail came, and was too large to be read. */
  | Extract<FailedOutcome, { kind: "expired" | "cancelled" | "unparseable" }>;

/**
 * Parks the graph until a mail comes that is no reply, such as the one-time code after a sign-up, and returns it with the code and the link in it.
 * @throws EmailKitError `GRAPH_NOT_ATTACHED`, `RUN_NOT_DURABLE`, `UNKNOWN_AGENT`. LangGraph's interrupt passes through: do not catch it.
 */
export async function awaitMail(kit: OpenKit, expectation: MailExpectation): Promise<MailOutcome> {
  const node = currentNode("awaitMail", kit.ledger.id);
  requireDurable(node, "awaitMail");
  const task = await expectMail(kit, node, expectation);
  const { outcomes } = await waitFor(kit, node, { id: beginWait(node, [task.id], "all"), tasks: [task], until: "all" });
  return mailOutcome(outcomes[0]!);
}

export function mailOutcome(outcome: StoredOutcome): MailOutcome {
  if (outcome.kind === "replied") {
    const { kind: _, grade: __, data, ...mail } = outcome;
    return { kind: "received", ...mail, ...(data as ExpectedMail) };
  }
  if (outcome.kind !== "bounced" && outcome.kind !== "answered") return outcome;
  throw new EmailKitError("LEDGER_FAILED", `A wait for a mail cannot end as ${outcome.kind}.`);
}

/**
 * The ledger's record of the wait: made once, and settled at once where the mail is already there.
 * @param name Of the task that it is.
 */
export async function expectMail(
  kit: OpenKit,
  node: CurrentNode,
  expectation: MailExpectation,
  name = "await_mail",
): Promise<TaskRecord> {
  agentNamed(kit.agents, expectation.agent);
  const { db } = kit.ledger;
  const expects = { from: [expectation.from ?? []].flat(), subject: expectation.subject ?? "" };
  const { threadId, nodeTaskId, toolCallId } = node;
  const what = JSON.stringify([expectation.agent, expects, expectation.key ?? null]);
  const id = hashId("await-mail", kit.ledger.id, threadId, nodeTaskId, toolCallId, what);
  await node.stored;
  const known = await findTask(db, id);
  if (known) return known;
  const about = { id, name, agent: expectation.agent, graph: node.run.graph, threadId };
  return withSpan("await_mail", { attributes: aboutTask(about) }, ({ traceparent }) =>
    createExpecting(kit, node, expectation, { ...about, expects, traceparent }),
  );
}

async function createExpecting(
  kit: OpenKit,
  node: CurrentNode,
  expectation: MailExpectation,
  known: Pick<TaskRecord, "id" | "name" | "agent" | "graph" | "threadId" | "traceparent"> & { expects: Expectation },
): Promise<TaskRecord> {
  const { db } = kit.ledger;
  const { id, expects, threadId } = known;
  const now = kit.clock();
  const task: TaskRecord = {
    ...known,
    runId: node.runId,
    nodeTaskId: node.nodeTaskId,
    messageId: "",
    addressees: [],
    subject: expects.subject,
    body: "",
    replySchema: null,
    accept: {
      grade: "E",
      from: [],
      maxClarifications: 0,
      receipt: false,
      retries: 0,
      reassigns: false,
      onOutOfOffice: "wait",
    },
    createdAt: now,
    deadlineAt: deadlineAt(now, expectation.within ?? "1 h", kit.calendar),
    ...UNTOUCHED,
  };
  const since = now - durationMs(expectation.since ?? "1 min");
  await db.transaction(async (sql) => {
    if (!(await insertTask(sql, task))) return;
    await registerThread(sql, threadId, node.run.graph);
    await appendEvent(sql, { at: now, kind: "expecting", ...ofTask(task), data: { ...expects } });
  });
  for (const message of await unmatchedSince(db, task.agent, since)) {
    if (fitsExpectation(expects, message) && (await takeEarlier(kit, task, message))) break;
  }
  return (await findTask(db, id))!;
}

/** Settles the wait with a mail that came before it. */
async function takeEarlier(kit: OpenKit, task: TaskRecord, record: MessageRecord): Promise<boolean> {
  const parsed = await parseMail(await kit.blobs.get(record.raw), {
    putAttachment: (content) => kit.blobs.put(content),
  });
  if (parsed.kind !== "parsed") return false;
  const { message } = parsed;
  const correlation = { kind: "none" as const };
  const mail = {
    message,
    correlation,
    classification: classify(message, { addresses: [], isOwn: () => false }),
    parts: partsOf(message, correlation),
    raw: record.raw,
    agent: kit.agents.get(task.agent),
    unreadOctets: record.content.unreadOctets,
  };
  const { outcome, reason = null } = await judgeExpected(kit, mail, record.receivedAt);
  const at = kit.clock();
  return kit.ledger.db.transaction(async (sql) => {
    if (!outcome) {
      if (!(await moveMessage(sql, record.id, "unmatched", "quarantined"))) return false;
      await assignMessage(sql, record.id, task.id, "quarantined");
      await moveMessage(sql, record.id, "quarantined", "quarantined", reason);
      return false;
    }
    const first = await settle(sql, task, outcome, at, record.messageId);
    if (first) await assignMessage(sql, record.id, task.id, "settled");
    return first;
  });
}
