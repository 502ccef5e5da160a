import { Annotation, END, MemorySaver, START, StateGraph } from "@langchain/langgraph";
import { createEmailKit, defineTask, type Outcome } from "langgraph-email";
import { z } from "zod";
import { type MailServer, startMailServer } from "../../src/dev/index.ts";
import { fieldValue, headerFields } from "../../src/dev/header.ts";
import { gatherSignals } from "../../src/mail/correlate.ts";
import { parseMail } from "../../src/mail/parse.ts";
import { replyAs, type ReplyOptions } from "../../src/testing/reply-as.ts";
import { collectLog, thread } from "../support/desk.ts";
import { type Behaviour, BEHAVIOURS, type Expected } from "./behaviours.ts";

/** How a reply may be written, whatever carries it. */
const WRITINGS: readonly Partial<ReplyOptions>[] = [
  { text: "approved: yes" },
  { text: "Yes, go ahead.", quote: false },
  { text: "approved: yes", signature: "Ann Boss\nHead of everything" },
];
const SUBJECT = "Please approve";
const DESK = "desk@a.example";

export interface Observed {
  behaviour: Behaviour;
  /** Which signals the replies carried, those that all of them had. */
  carried: string[];
  /** What became of each reply. */
  became: Expected[];
  /** Whether every reply that ended a task ended its own, and no other one ended. */
  noneWrong: boolean;
}

/** Plays every behaviour against one kit: each reply answers one of three open tasks that the same person got with the same subject. */
export async function observe(): Promise<Observed[]> {
  await using mail = await startMailServer();
  const { address, smtp, imap } = mail.account(DESK);
  const log = collectLog();
  await using kit = createEmailKit({ ledger: ":memory:", log, agents: { desk: { address, smtp, imap } } });
  const ask = defineTask("ask", { reply: z.object({ approved: z.boolean() }), accept: { grade: "C" } });
  const State = Annotation.Root({ to: Annotation<string>, outcome: Annotation<Outcome<{ approved: boolean }>> });
  const graph = kit.attach(
    "ask",
    new StateGraph(State)
      .addNode("ask", async ({ to }) => {
        await kit.sendTask(ask, { from: "desk", to, subject: SUBJECT, body: "May we buy 40 laptops?" });
        return { outcome: await kit.awaitReply(ask) };
      })
      .addEdge(START, "ask")
      .addEdge("ask", END)
      .compile({ checkpointer: kit.checkpointer(new MemorySaver()) }),
  );
  const rows = BEHAVIOURS.flatMap((behaviour, row) =>
    WRITINGS.map((writing, column) => ({
      behaviour,
      writing,
      id: `${row}-${column}`,
      person: `ann-${row}-${column}@b.example`,
    })),
  );
  const threadsOf = (id: string) => ["a", "b", "c"].map((name) => `${id}-${name}`);
  for (const { id, person } of rows) {
    mail.account(person);
    for (const name of threadsOf(id)) await graph.invoke({ to: person }, thread(name));
  }
  await kit.runOnce();
  const sent: { id: string; behaviour: Behaviour; messageId: string; carried: Set<string> }[] = [];
  for (const { id, behaviour, writing, person } of rows) {
    // The middle one of three, so that neither the first nor the last is right by luck.
    const asked = await Promise.all([0, 1, 2].map(async (at) => rawOf(mail, person, at)));
    const reply = await play(mail, behaviour, writing, { raw: asked[1]!, person, id });
    sent.push({ id, behaviour, ...reply });
  }
  await kit.runOnce();
  const all = new Map<string, Expected>();
  for (const disposition of ["settled", "quarantined", "unmatched", "clarifying", "recorded"] as const) {
    for (const { messageId, grade } of await kit.messages(disposition)) {
      const became = disposition === "settled" ? { disposition, grade } : { disposition };
      all.set(messageId!, became as Expected);
    }
  }
  const observed: Observed[] = [];
  for (const behaviour of BEHAVIOURS) {
    const replies = sent.filter((one) => one.behaviour === behaviour);
    const became = replies.map(({ messageId }) => all.get(messageId)!);
    let noneWrong = true;
    for (const [index, { id }] of replies.entries()) {
      const kinds = await Promise.all(
        threadsOf(id).map(
          async (name) => (await graph.getState(thread(name))).values["outcome"]?.kind as string | undefined,
        ),
      );
      // Each middle thread asked for itself, and has its answer if there is one; those beside it go on waiting.
      const wanted = became[index]?.disposition === "settled" ? "replied" : undefined;
      if (kinds[0] !== undefined || kinds[1] !== wanted || kinds[2] !== undefined) noneWrong = false;
    }
    const carried = [...replies[0]!.carried].filter((signal) => replies.every((one) => one.carried.has(signal)));
    observed.push({ behaviour, carried, became, noneWrong });
  }
  return observed;
}

async function rawOf(mail: MailServer, person: string, at: number): Promise<Buffer> {
  const { raw } = mail.mails(person)[at]!;
  return Buffer.from(raw);
}

async function play(
  mail: MailServer,
  behaviour: Behaviour,
  writing: Partial<ReplyOptions>,
  task: { raw: Buffer; person: string; id: string },
): Promise<{ messageId: string; carried: Set<string> }> {
  const field = (name: string) => fieldValue(headerFields(task.raw), name)!;
  const fields = { messageId: field("message-id"), references: field("references"), replyTo: field("reply-to") };
  const seen = withFields(task.raw, behaviour.task?.(fields) ?? {});
  const context = { ...fields, desk: DESK, person: task.person, unique: task.id };
  const { messageId, raw } = await replyAs(mail, {
    from: `Ann <${task.person}>`,
    mail: seen,
    text: "approved: yes",
    ...writing,
    ...behaviour.reply(context),
  });
  const parsed = await parseMail(raw, { putAttachment: async () => "" });
  if (parsed.kind !== "parsed") throw new Error(parsed.reason);
  const carried = new Set<string>(
    gatherSignals(parsed.message)
      // What stands in References as a synthetic id holds the token too.
      .filter(
        (signal) =>
          signal.kind !== "message-id" || fields.messageId.includes(signal.id) || fields.references.includes(signal.id),
      )
      .map((signal) => signal.kind),
  );
  return { messageId, carried };
}

function withFields(raw: Buffer, fields: Record<string, string>): Buffer {
  const text = raw.toString("latin1");
  const end = text.indexOf("\r\n\r\n");
  let head = text.slice(0, end);
  for (const [name, value] of Object.entries(fields)) {
    const unfolded = new RegExp(`^${name}:[^\\r]*(?:\\r\\n[ \\t][^\\r]*)*`, "im");
    head = head.replace(unfolded, () => `${name}: ${value}`);
  }
  return Buffer.from(head + text.slice(end), "latin1");
}
