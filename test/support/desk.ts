import { Annotation, END, MemorySaver, START, StateGraph, type BaseCheckpointSaver } from "@langchain/langgraph";
import {
  createEmailKit,
  defineTask,
  type EmailKit,
  type EmailKitConfig,
  type Logger,
  type Outcome,
  type TaskDefinition,
  type TaskMail,
} from "langgraph-email";
import { z } from "zod";
import type { MailServer } from "../../src/dev/index.ts";

export interface LogLine {
  level: "debug" | "info" | "warn" | "error";
  message: string;
  fields: Readonly<Record<string, unknown>>;
}

/** A logger whose lines can be looked at. */
export function collectLog(): Logger & { lines: LogLine[]; codes(): unknown[] } {
  const lines: LogLine[] = [];
  const write =
    (level: LogLine["level"]) =>
    (message: string, fields = {}) =>
      void lines.push({ level, message, fields });
  return {
    lines,
    codes: () => lines.map((line) => line.fields["code"]).filter((code) => code !== undefined),
    debug: write("debug"),
    info: write("info"),
    warn: write("warn"),
    error: write("error"),
  };
}

/** Asks again and again, every few milliseconds, until there is an answer. */
export async function until<T>(
  what: string,
  probe: () => T | undefined | false | Promise<T | undefined | false>,
  timeoutMs = 20_000,
): Promise<T> {
  const end = Date.now() + timeoutMs;
  for (;;) {
    const found = await probe();
    if (found !== undefined && found !== false) return found;
    if (Date.now() > end) throw new Error(`Not within ${timeoutMs} ms: ${what}`);
    await new Promise((resolve) => {
      setTimeout(resolve, 10);
    });
  }
}

export const approval = defineTask("approval", { reply: z.object({ approved: z.boolean() }) });

/** A clock that tests put forward. */
export function testClock() {
  let offset = 0;
  return { now: () => Date.now() + offset, advance: (ms: number) => void (offset += ms) };
}

/** A kit with one agent, desk@a.example, on this server, and in memory unless the options say otherwise. */
export function deskKit(mail: MailServer, options: Partial<EmailKitConfig<"desk">> = {}): EmailKit<"desk"> {
  const { address, smtp, imap } = mail.account("desk@a.example");
  return createEmailKit({
    ledger: ":memory:",
    log: collectLog(),
    agents: { desk: { address, smtp, imap } },
    ...options,
  });
}

export const AskState = Annotation.Root({
  to: Annotation<string>,
  outcome: Annotation<Outcome<unknown>>,
  done: Annotation<number>,
});

export interface AskOptions {
  task?: TaskDefinition;
  saver?: BaseCheckpointSaver;
  name?: string;
  body?: string;
  escalate?: TaskMail["escalate"] & {};
  /** What the node after the wait does. */
  after?: () => void | Promise<void>;
}

/** A graph that asks somebody for an approval and goes on with the outcome. */
export function askGraph(kit: EmailKit<"desk">, options: AskOptions = {}) {
  const task = options.task ?? approval;
  return kit.attach(
    options.name ?? "ask",
    new StateGraph(AskState)
      .addNode("ask", async ({ to }) => {
        await kit.sendTask(task, {
          from: "desk",
          to,
          subject: "Please approve",
          body: options.body ?? "May we buy 40 laptops?",
          ...(options.escalate && { escalate: options.escalate }),
        });
        return { outcome: await kit.awaitReply(task) };
      })
      .addNode("after", async () => {
        await options.after?.();
        return { done: 1 };
      })
      .addEdge(START, "ask")
      .addEdge("ask", "after")
      .addEdge("after", END)
      .compile({ checkpointer: kit.checkpointer(options.saver ?? new MemorySaver()) }),
  );
}

export const thread = (id: string) => ({ configurable: { thread_id: id } });

/** The outcome that the graph's state holds, or undefined while it waits. */
export async function outcomeOf(graph: ReturnType<typeof askGraph>, threadId: string) {
  const { values } = await graph.getState(thread(threadId));
  return (values as { outcome?: Outcome<unknown> }).outcome;
}
