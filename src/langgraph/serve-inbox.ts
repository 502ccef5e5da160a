import type { Agent } from "../accounts/agent.ts";
import { EmailKitError, isOutage } from "../errors.ts";
import { insertAliases } from "../ledger/aliases.ts";
import { appendEvent } from "../ledger/events.ts";
import { findMessage, type MessageRecord } from "../ledger/messages.ts";
import type { ReplyAttachment } from "../ledger/outcome.ts";
import { insertOutbox } from "../ledger/outbox.ts";
import { findRequest, markAnswered, markStarted, markWaiting, type RequestRecord } from "../ledger/requests.ts";
import { findThread } from "../ledger/threads.ts";
import { notRead } from "../mail/clarification.ts";
import { KIT_HEADER } from "../mail/classify.ts";
import type { MailMessage } from "../mail/message.ts";
import { messageId, normalizeMessageId } from "../mail/message-id.ts";
import { parseMail } from "../mail/parse.ts";
import { answerAddress, replyReferences, replySubject } from "../mail/references.ts";
import type { OutgoingContent, ReviewFinding } from "../policy/outbound-review.ts";
import { requireRecipients } from "../policy/permission.ts";
import { composeFrom } from "../worker/conversation.ts";
import { inTime } from "../worker/in-time.ts";
import type { ServePort } from "../worker/ports.ts";
import { hashId } from "../mail/hash-id.ts";
import { askReviewer, type Hold } from "./calls/hold.ts";
import { reviewOutgoing } from "./calls/review.ts";
import type { OpenKit } from "./context.ts";
import { driveThread, fail, invoke, isBrokenOff, type Drive, type StopSignals } from "./drive/in-process.ts";
import { holdOnServer, type ServerClient } from "./drive/server.ts";
import type { RequestThread } from "./drive/request-thread.ts";
import { tryHoldThread } from "./drive/thread-lease.ts";
import { readThreadState, type DrivenGraph } from "./drive/thread-state.ts";
import { MADE_KEY, REQUEST_KEY } from "./run.ts";
import { REPLY_SCHEMA_FILENAME } from "../mail/reply-schema.ts";
import { REQUEST_DATA_FILENAME } from "../mail/request-data.ts";

/** A mail that asks a served agent for work. */
export interface InboxRequest {
  /** The address that asks. */
  from: string;
  subject: string;
  /** The new text of the mail, without history, signature and disclaimer. */
  text: string;
  attachments: ReplyAttachment[];
  /** What the mail brings as `request.json`, as a task's `data` does: anybody's JSON, to be checked before it is used. */
  data?: Record<string, unknown>;
  /** JSON Schema of the answer that is asked for, where the mail brings one. */
  replySchema?: Record<string, unknown>;
  messageId?: string;
  /** ISO 8601. */
  receivedAt: string;
}

/** What goes back: data as JSON, words for people, or both. */
export interface InboxAnswer {
  /** Sent as the attachment `reply.json`. */
  data?: unknown;
  /** Default: the data in readable lines. */
  text?: string;
}

export interface ServeOptions<Input, State> {
  /** Who may ask: addresses or `*@domain`; `anyone` lets every sender start a run. Others are quarantined. */
  from: readonly string[] | "anyone";
  /**
   * Which of the mails that come to the agent's address it takes. Several agents may have one address and mailbox, each with a rule of its own: a mail goes to the
   * first, in the order of `agents`, that may be asked by its sender and takes it; a follow-up goes to who answered before. What nobody takes is left `unmatched`; so
   * is what a rule throws at, or takes longer than 30 seconds for. It is asked about mail that nobody has looked at yet. Default: all.
   */
  accepts?: (request: InboxRequest) => boolean | Promise<boolean>;
  /**
   * The input of the graph's run for a request. What it throws, or the graph's own schema of its input, is answered at once as a bad request; who asked is told
   * what was wrong where the error has `issues`, as those of schemas do.
   */
  input: (request: InboxRequest) => Input | Promise<Input>;
  /** The answer from the state in which the graph has finished. */
  reply: (state: State) => InboxAnswer | Promise<InboxAnswer>;
}

export interface ServedInbox {
  graph: string;
  driven: DrivenGraph;
  options: ServeOptions<unknown, unknown>;
}

/**
 * Runs served agents' graphs, one thread a request, and puts their answers into the outbox.
 * @param client LangGraph's API server, where it runs the graphs: under the names that they are attached by.
 */
export function serveInboxes(
  kit: OpenKit,
  inboxes: ReadonlyMap<string, ServedInbox>,
  client?: ServerClient,
): ServePort {
  return {
    served(agent) {
      const inbox = inboxes.get(agent);
      return inbox && { graph: inbox.graph, from: inbox.options.from };
    },
    async accepts(agent, record) {
      const { accepts } = inboxes.get(agent)!.options;
      if (!accepts) return true;
      try {
        const request = await readRequest(kit, record);
        return await inTime(async () => accepts(request));
      } catch (error) {
        if (isOutage(error)) throw error;
        kit.log.error("The rule of an inbox failed: it does not take the mail", { agent, error: String(error) });
        return false;
      }
    },
    graphs: () => [...new Set([...inboxes.values()].map(({ graph }) => graph))],
    async serve(requestId, abort, drain) {
      const request = await findRequest(kit.ledger.db, requestId);
      const inbox = request && inboxes.get(request.agent);
      if (!request || !inbox) return { kind: "waiting" };
      const { threadId } = request;
      const stop = { abort, drain };
      const thread = client
        ? await holdOnServer(kit, client, { threadId, graph: inbox.graph }, stop)
        : await holdInProcess(kit, inbox, threadId, stop);
      if (!thread) return { kind: "busy" };
      try {
        return await serveRequest(kit, inbox, request, thread);
      } finally {
        await thread.release();
      }
    },
  };
}

async function holdInProcess(
  kit: OpenKit,
  { driven: graph, graph: name }: ServedInbox,
  threadId: string,
  stop: StopSignals,
): Promise<RequestThread | undefined> {
  const held = await tryHoldThread(kit, threadId);
  if (!held) return undefined;
  const drive: Drive = { graph, name, threadId, held, stop };
  const state = async () => readThreadState(graph, threadId);
  return {
    hasBegun: async (requestId) => (await state()).metadata[REQUEST_KEY] === requestId,
    begin: async (requestId, input) =>
      void (await invoke(kit, drive, input, { request: requestId, metadata: { [MADE_KEY]: "request" } })),
    goOn: async (begun) => driveThread(kit, drive, begun || held.recovering),
    state,
    isBrokenOff: async (error) => isBrokenOff(error, held, stop),
    fail: async (error) => fail(kit, drive, error),
    release: () => held.release(),
  };
}

async function serveRequest(kit: OpenKit, inbox: ServedInbox, request: RequestRecord, thread: RequestThread) {
  const record = (await findMessage(kit.ledger.db, request.message))!;
  if (await isStalled(kit, request)) {
    await answer(kit, request, record, { kind: "failed" });
    return { kind: "answered" } as const;
  }
  try {
    const begun = request.state === "pending" && (await thread.hasBegun(request.id));
    if (request.state === "pending") {
      const refused = begun ? undefined : await begin(kit, inbox, request, record, thread);
      if (refused) {
        await answer(kit, request, record, refused);
        return { kind: "answered" } as const;
      }
      await markStarted(kit.ledger.db, request.id);
    }
    await thread.goOn(begun);
  } catch (error) {
    if (await thread.isBrokenOff(error)) return { kind: "busy" } as const;
    await thread.fail(error);
    if (!(await isStalled(kit, request))) return { kind: "failed" } as const;
    await answer(kit, request, record, { kind: "failed" });
    return { kind: "answered" } as const;
  }
  const state = await thread.state();
  if (!state.finished) {
    await markWaiting(kit.ledger.db, request.id);
    return { kind: "waiting" } as const;
  }
  await answer(kit, request, record, await endingOf(kit, inbox, request, state.values));
  return { kind: "answered" } as const;
}

/** Runs the graph for a request that it has not begun. Resolves with the answer to one that it does not take. */
async function begin(
  kit: OpenKit,
  inbox: ServedInbox,
  request: RequestRecord,
  record: MessageRecord,
  thread: RequestThread,
): Promise<Extract<Ending, { kind: "refused" }> | undefined> {
  const refuse = (error: unknown) => {
    const { agent, id: requestId } = request;
    kit.log.warn("A request is refused: no input can be made of it", { agent, requestId, error: String(error) });
    return { kind: "refused" as const, issues: issuesOf(error) };
  };
  const { unreadOctets } = record.content;
  if (unreadOctets !== undefined) return { kind: "refused", issues: [notRead(unreadOctets, kit.inbound.maxBytes)] };
  const asked = await readRequest(kit, record);
  let input: unknown;
  try {
    input = await inbox.options.input(asked);
  } catch (error) {
    return refuse(error);
  }
  try {
    await thread.begin(request.id, input);
  } catch (error) {
    // The graph's schema of its input is applied before its first checkpoint.
    if (issuesOf(error).length === 0 || (await thread.hasBegun(request.id))) throw error;
    return refuse(error);
  }
  return undefined;
}

/** What a schema's error says of each part, in the form that zod, Valibot and other Standard Schemas share. */
function issuesOf(error: unknown): string[] {
  const issues = (error as { issues?: unknown } | null)?.issues;
  if (!Array.isArray(issues)) return [];
  return (issues as { message?: unknown; path?: readonly (PropertyKey | { key: PropertyKey })[] }[]).map((issue) => {
    const path = (issue.path ?? []).map((part) => String(typeof part === "object" ? part.key : part));
    return [path.join("."), String(issue.message)].filter((part) => part !== "").join(": ");
  });
}

/** A graph that has finished does not run again because its answer cannot be made of its state. */
async function endingOf(kit: OpenKit, inbox: ServedInbox, request: RequestRecord, values: unknown): Promise<Ending> {
  try {
    return { kind: "done", answer: await inbox.options.reply(values) };
  } catch (error) {
    logUnanswerable(kit, request, error);
    return { kind: "failed" };
  }
}

function logUnanswerable(kit: OpenKit, request: RequestRecord, error: unknown): void {
  kit.log.error("The answer to a request cannot be made", {
    agent: request.agent,
    requestId: request.id,
    error: error instanceof Error ? error.message : String(error),
    ...(error instanceof EmailKitError && { code: error.code }),
  });
}

async function isStalled(kit: OpenKit, { threadId, graph }: RequestRecord): Promise<boolean> {
  return typeof (await findThread(kit.ledger.db, threadId, graph))?.stalledAt === "number";
}

async function readRequest(kit: OpenKit, record: MessageRecord): Promise<InboxRequest> {
  const json = async (name: string) => {
    const attachment = record.content.attachments.find(({ filename }) => filename === name);
    return attachment && { attachment, object: readObject(await kit.blobs.get(attachment.blob)) };
  };
  const [schema, data] = await Promise.all([REPLY_SCHEMA_FILENAME, REQUEST_DATA_FILENAME].map(json));
  const taken = [schema, data].filter((one) => one?.object);
  return {
    from: record.sender ?? "",
    subject: record.subject,
    text: record.content.text,
    attachments: record.content.attachments.filter((each) => taken.every((one) => one?.attachment !== each)),
    ...(data?.object && { data: data.object }),
    ...(schema?.object && { replySchema: schema.object }),
    ...(record.messageId && { messageId: record.messageId }),
    receivedAt: new Date(record.receivedAt).toISOString(),
  };
}

function readObject(content: Uint8Array): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(Buffer.from(content).toString("utf8"));
    const isObject = typeof value === "object" && value !== null && !Array.isArray(value);
    return isObject ? (value as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
}

type Ending = { kind: "done"; answer: InboxAnswer } | { kind: "failed" } | { kind: "refused"; issues: string[] };

/** Composes the answer and puts it into the outbox, with the mark that the request is answered: once. */
async function answer(kit: OpenKit, request: RequestRecord, record: MessageRecord, ending: Ending): Promise<void> {
  const agent = kit.agents.get(request.agent)!;
  const parsed = await parseMail(await kit.blobs.get(record.raw), {
    putAttachment: (content) => kit.blobs.put(content),
  });
  if (parsed.kind !== "parsed") {
    throw new EmailKitError("INVALID_MESSAGE", `The request ${request.id} can no longer be read: ${parsed.reason}`);
  }
  const now = kit.clock();
  const id = hashId("answer", kit.ledger.id, request.id);
  const compose = (of: Ending, as = id) =>
    composeAnswer(kit, agent, { request, message: parsed.message, ending: of, id: as, now }).catch((error: unknown) => {
      logUnanswerable(kit, request, error);
    });
  // What cannot be said, such as an answer that is too large, is said to have failed; who cannot be written to gets nothing.
  const mail = (await compose(ending)) ?? (ending.kind === "done" ? await compose({ kind: "failed" }) : undefined);
  const raw = mail && (await kit.blobs.put(mail.raw));
  // Whoever asked is told something, also where a person rejects the answer.
  const instead = mail?.findings && (await compose({ kind: "failed" }, hashId("instead of", id)));
  const insteadRaw = instead && (await kit.blobs.put(instead.raw));
  const hold = mail?.findings && (await askReviewer(kit, agent, holdOf(request, mail, mail.findings, instead?.id)));
  await kit.ledger.db.transaction(async (sql) => {
    await markAnswered(sql, request.id, now);
    await appendEvent(sql, {
      at: now,
      kind: "request-answered",
      agent: agent.name,
      graph: request.graph,
      threadId: request.threadId,
      from: agent.address.address,
      ...(mail && { messageId: mail.messageId, to: [mail.to], subject: replySubject(record.subject), body: raw! }),
      data: { requestId: request.id, ending: mail?.ending ?? "unanswerable" },
    });
    if (!mail || !raw) return;
    const put = async (answer: Answer, blob: string) => {
      const { messageId, to } = answer;
      const envelope = { from: agent.address.address, to: [to] };
      const row = { id: answer.id, kind: "answer" as const, taskId: null, requestId: request.id, agent: agent.name };
      const times = { dueAt: now, attempts: 0, createdAt: now };
      await insertOutbox(sql, { ...row, messageId, envelope, raw: blob, ...times }, hold ? "held" : "due");
      await insertAliases(sql, { requestId: request.id }, [normalizeMessageId(messageId)]);
    };
    await put(mail, raw);
    if (instead && insteadRaw) await put(instead, insteadRaw);
    await hold?.(sql);
  });
}

/** A finished answer; `findings` where a person is to decide on it. */
interface Answer {
  id: string;
  raw: Uint8Array;
  messageId: string;
  to: string;
  ending: Ending["kind"];
  content: OutgoingContent;
  findings: ReviewFinding[] | undefined;
}

function holdOf(
  { graph, threadId }: RequestRecord,
  { id, content, to }: Answer,
  findings: ReviewFinding[],
  instead: string | undefined,
): Hold {
  const of = { graph, threadId, runId: null, nodeTaskId: "" };
  return { id, content, recipients: [to], findings, of, deadlineAt: Infinity, instead: instead ?? null };
}

async function composeAnswer(
  kit: OpenKit,
  agent: Agent,
  asked: { request: RequestRecord; message: MailMessage; ending: Ending; id: string; now: number },
): Promise<Answer> {
  const { message, ending, id, now } = asked;
  const ownId = messageId(id, agent.address.address.split("@")[1]!);
  const to = answerAddress(message)!;
  // Who asked has said where the answer goes: that widens nothing.
  requireRecipients(agent, [to]);
  const data = ending.kind === "done" ? ending.answer.data : undefined;
  const content: OutgoingContent = {
    subject: replySubject(message.subject),
    body: answerText(ending),
    attachments:
      data === undefined
        ? []
        : [{ filename: "reply.json", contentType: "application/json", content: JSON.stringify(data, null, 2) }],
  };
  const { graph, threadId } = asked.request;
  const findings =
    ending.kind === "done"
      ? await reviewOutgoing(kit, agent, { id, graph, threadId, recipients: [to], ...content })
      : undefined;
  const raw = await composeFrom(agent, {
    messageId: ownId,
    date: new Date(now),
    to: [to],
    subject: content.subject,
    text: content.body,
    ...(message.messageId && replyReferences(message)),
    attachments: content.attachments,
    autoSubmitted: "auto-replied",
    headers: { [KIT_HEADER]: ending.kind === "done" ? "answer" : "failure" },
    maxBytes: kit.maxBytes,
  });
  return { id, raw, messageId: ownId, to, ending: ending.kind, content, findings };
}

function answerText(ending: Ending): string {
  if (ending.kind === "failed") return "The work could not be done: the agent failed. Its operator can see why.";
  if (ending.kind === "refused") {
    return ["The request does not hold what the work needs.", ...ending.issues.map((issue) => `- ${issue}`)].join("\n");
  }
  const { text, data } = ending.answer;
  return text ?? (typeof data === "string" ? data : JSON.stringify(data, null, 2));
}
