import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { Command, interrupt, MemorySaver } from "@langchain/langgraph";
import type { BaseCheckpointSaver } from "@langchain/langgraph-checkpoint";
import { SqliteSaver } from "@langchain/langgraph-checkpoint-sqlite";
import { createEmailKit, defineTask, type EmailKit, type EmailKitConfig, silentLogger } from "langgraph-email";
import type { MailServer } from "../../src/dev/index.ts";
import { answer } from "../support/people.ts";

export const SAVERS = ["MemorySaver", "SqliteSaver"] as const;
export type SaverName = (typeof SAVERS)[number];
export type Kit = EmailKit<"desk">;

/** A question that any words answer. */
export const question = defineTask("question");

/** What every scenario gets: a mail server, a saver's store, and a ledger, all its own. */
export interface World extends AsyncDisposable {
  readonly saver: SaverName;
  readonly directory: string;
  readonly mail: MailServer;
  /** A saver on this world's store; for another worker, another one on the same store. */
  openSaver(): BaseCheckpointSaver;
  /** A kit on this world's ledger; for another worker, another one on the same ledger. */
  openKit(options?: Partial<EmailKitConfig>): Kit;
  /** A kit whose worker runs. */
  startKit(options?: Partial<EmailKitConfig>): Promise<Kit>;
  startWorker(kit: Kit): Promise<void>;
  /** The mailbox of someone who is asked. */
  person(name: string): string;
  /** Waits for the mail to `name` and answers it. */
  reply(name: string, text: string, nth?: number): Promise<void>;
  /** The number of mails that `name` got, once the outbox is empty. */
  mailsTo(name: string): Promise<number>;
}

let worlds = 0;

export async function createWorld(mail: MailServer, saver: SaverName): Promise<World> {
  const id = `w${++worlds}-${process.pid}`;
  const directory = await mkdtemp(join(tmpdir(), "traps-"));
  const memory = new MemorySaver();
  const cleanups: (() => Promise<unknown>)[] = [];
  const person = (name: string) => mail.account(`${name}@${id}.example`).address;
  const mailOf = async (name: string, nth: number) => {
    const address = person(name);
    await until(() => mail.mails(address).length > nth, `mail ${nth + 1} to ${name}`);
    return mail.mails(address)[nth]!;
  };
  const openKit: World["openKit"] = (options) => {
    const { address, smtp, imap } = mail.account(`desk@${id}.example`);
    const kit = createEmailKit({
      ledger: join(directory, "ledger.db"),
      log: process.env["TRAPS_LOG"] ? consoleLog : silentLogger,
      agents: { desk: { address, smtp, imap } },
      retry: { first: "20 ms" },
      ...options,
    });
    cleanups.push(() => kit.close());
    return kit;
  };
  const startWorker = async (kit: Kit) => {
    const worker = await kit.start();
    cleanups.push(() => worker.stop({ graceMs: 100 }));
    await worker.ready;
  };
  return {
    saver,
    directory,
    mail,
    person,
    openKit,
    openSaver: () => (saver === "MemorySaver" ? memory : SqliteSaver.fromConnString(join(directory, "state.db"))),
    startWorker,
    async startKit(options) {
      const kit = openKit(options);
      await startWorker(kit);
      return kit;
    },
    async reply(name, text, nth = 0) {
      await answer(mail, person(name), await mailOf(name, nth), text);
    },
    async mailsTo(name) {
      await sleep(SETTLE_MS);
      return mail.mails(person(name)).length;
    },
    async [Symbol.asyncDispose]() {
      for (const cleanup of cleanups.toReversed()) await cleanup();
      await rm(directory, { recursive: true, force: true });
    },
  };
}

const consoleLog = { ...silentLogger, warn: console.warn, error: console.error };

/** How long is waited before it is said that something did not happen. */
export const SETTLE_MS = 150;

export async function settle(): Promise<void> {
  await sleep(SETTLE_MS);
}

export async function until(condition: () => unknown, what: string, timeoutMs = 20_000): Promise<void> {
  const end = Date.now() + timeoutMs;
  while (!(await condition())) {
    if (Date.now() > end) throw new Error(`Waited in vain for ${what}.`);
    await sleep(5);
  }
}

/** How a node asks: with the kit by mail, on bare LangGraph by an interrupt, with the mail that a careful user would send beside it. */
export type Ask = (name: string, key?: string) => Promise<string>;

export function askByKit(world: World, kit: Kit): Ask {
  return async (name, key) => {
    const receipt = await kit.sendTask(question, {
      from: "desk",
      to: world.person(name),
      subject: name,
      body: `What does ${name} say?`,
      key: key ?? name,
    });
    const outcome = await kit.awaitReply(receipt);
    return outcome.kind === "replied" || outcome.kind === "answered" ? outcome.text : outcome.kind;
  };
}

/** On bare LangGraph. `sent` holds the mails that would have gone out. */
export function askBare(sent: string[] = []): Ask {
  return async (name) => {
    sent.push(name);
    return interrupt({ ask: name }) as string;
  };
}

export interface Thread {
  configurable: { thread_id: string };
}

export function thread(id = "1"): Thread {
  return { configurable: { thread_id: id } };
}

interface Interrupted {
  id?: string;
  value?: unknown;
}

/** The parts of a compiled graph that the scenarios use, without its types of state. */
export interface AnyGraph {
  invoke(input: unknown, config: object): Promise<Record<string, unknown>>;
  stream(input: unknown, config: object): Promise<AsyncIterable<unknown>>;
  getState(config: object): Promise<{
    values: Record<string, unknown>;
    next: string[];
    config: Thread;
    tasks: { interrupts: Interrupted[]; result?: unknown }[];
  }>;
  updateState(config: object, values: object, asNode?: string): Promise<Thread>;
  withConfig(config: object): AnyGraph;
}

/** A graph of whatever state, as the scenarios see it. */
export function any(graph: object): AnyGraph {
  return graph as AnyGraph;
}

/** The resume that a careful user of bare LangGraph builds: addressed to the interrupt that asks `name`. */
export async function bareResume(graph: AnyGraph, config: object, answers: Record<string, unknown>): Promise<Command> {
  const state = await graph.getState(config);
  const open = state.tasks.filter((task) => task.result === undefined).flatMap((task) => task.interrupts);
  const map: Record<string, unknown> = {};
  for (const { id, value } of open) {
    const name = (value as { ask?: string }).ask;
    if (id && name && name in answers) map[id] = answers[name];
  }
  return new Command({ resume: map });
}

/** Whether nothing is left to run. */
export async function isFinished(graph: AnyGraph, config: object): Promise<boolean> {
  const state = await graph.getState(config);
  return state.next.length === 0 && state.tasks.length === 0;
}

export async function finished(graph: AnyGraph, config: object = thread()): Promise<Record<string, unknown>> {
  await until(() => isFinished(graph, config), "the end of the thread");
  return (await graph.getState(config)).values;
}

/** Resolves when the worker has left the thread waiting for just these names. */
export async function waitsFor(graph: AnyGraph, names: string[], config: object = thread()): Promise<void> {
  await until(async () => {
    const state = await graph.getState(config);
    const open = state.tasks.filter((task) => task.result === undefined).flatMap((task) => task.interrupts);
    const subjects = open.map(({ value }) => (value as { subject?: string }).subject);
    return sorted(subjects) === sorted(names);
  }, `waits for ${names.join()}`);
}

function sorted(names: (string | undefined)[]): string {
  return names.toSorted((a, b) => (a ?? "").localeCompare(b ?? "")).join();
}
