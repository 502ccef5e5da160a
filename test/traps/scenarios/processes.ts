import { type ChildProcess, fork } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { Case, Scenario } from "../scenario.ts";
import { bareGraph, kitGraph, type ProcessOptions } from "../process.ts";
import { any, type AnyGraph, finished, thread, until, type World } from "../world.ts";

const LEASE_MS = 1_000;
const PROCESS = new URL("../process.ts", import.meta.url).pathname;

/** Worker processes on one store and one ledger, and what their nodes did. */
class Processes implements AsyncDisposable {
  readonly #world: World;
  readonly #mode: "bare" | "kit";
  readonly #children: ChildProcess[] = [];

  readonly #names: string[];
  readonly #racing: number;

  constructor(world: World, mode: "bare" | "kit", { names = ["a"], racing = 1 } = {}) {
    this.#world = world;
    this.#mode = mode;
    this.#names = names;
    this.#racing = racing;
  }

  options(name: string, workMs: number, answers = this.#names): ProcessOptions {
    const { address, smtp, imap } = this.#world.mail.account(`desk@${this.#world.person("x").split("@")[1]}`);
    const at = (file: string) => join(this.#world.directory, file);
    return {
      mode: this.#mode,
      name,
      ledger: at("ledger.db"),
      state: at("state.db"),
      log: at("log"),
      desk: { address, smtp, imap },
      to: Object.fromEntries(this.#names.map((asked) => [asked, this.#world.person(asked)])),
      workMs,
      answers,
      meets: this.#mode === "bare" ? this.#racing : 1,
    };
  }

  /** Starts a worker and sees that it works. */
  async start(name: string, workMs: number): Promise<ChildProcess> {
    const child = await this.prepare(name, workMs);
    child.send("go");
    return child;
  }

  /** Starts a worker; a bare one works only when it is told to. */
  async prepare(name: string, workMs: number, answers?: string[]): Promise<ChildProcess> {
    const child = fork(PROCESS, ["worker", JSON.stringify(this.options(name, workMs, answers))], {
      execArgv: ["--conditions=langgraph-email-source", "--no-warnings"],
      stdio: ["ignore", "ignore", process.env["TRAPS_LOG"] ? "inherit" : "ignore", "ipc"],
    });
    this.#children.push(child);
    await new Promise((resolve) => void child.once("message", resolve));
    return child;
  }

  /** What ran, in order, as `process node`. */
  log(): string[] {
    const { log } = this.options("", 0);
    return existsSync(log) ? readFileSync(log, "utf8").trim().split("\n") : [];
  }

  async ran(entry: string): Promise<void> {
    await until(() => this.log().includes(entry), entry);
  }

  async [Symbol.asyncDispose]() {
    for (const child of this.#children) {
      if (child.exitCode !== null || child.signalCode !== null) continue;
      const exit = new Promise((resolve) => void child.once("exit", resolve));
      child.kill("SIGKILL");
      await exit;
    }
  }
}

/** Parks the thread, in this process. */
async function park(world: World, processes: Processes, mode: "bare" | "kit"): Promise<AnyGraph> {
  const options = processes.options("parent", 0);
  if (mode === "bare") {
    const graph = any(bareGraph(options));
    await graph.invoke({}, { ...thread(), durability: "sync" });
    return graph;
  }
  const kit = world.openKit({ lease: LEASE_MS });
  const graph = any(kitGraph(options, kit));
  await graph.invoke({}, thread());
  return graph;
}

/** The first worker is stopped in the middle of its node, the second one takes over, the first one goes on. */
async function stopped(world: World, mode: "bare" | "kit"): Promise<unknown> {
  await using processes = new Processes(world, mode);
  const graph = await park(world, processes, mode);
  const first = await processes.start("first", 400);
  if (mode === "kit") await world.reply("a", "yes");
  await processes.ran("first work");
  first.kill("SIGSTOP");
  await sleep(LEASE_MS + 200);
  await processes.start("second", 0);
  await processes.ran("second after");
  first.kill("SIGCONT");
  await sleep(700);
  const { answers, by, ended } = (await graph.getState(thread())).values;
  return { answers, by, ended, afterRan: processes.log().filter((entry) => entry.endsWith("after")) };
}

/** The first worker is killed in the middle of its node. */
async function killed(world: World, mode: "bare" | "kit"): Promise<unknown> {
  await using processes = new Processes(world, mode);
  const graph = await park(world, processes, mode);
  const first = await processes.start("first", 10_000);
  if (mode === "kit") {
    await world.reply("a", "yes");
    await processes.start("second", 0);
  }
  await processes.ran("first work");
  first.kill("SIGKILL");
  if (mode === "bare") {
    // A second process is there, but nothing tells it.
    await sleep(LEASE_MS + 200);
    const { answers, by } = (await graph.getState(thread())).values;
    return { answers, by, finished: (await graph.getState(thread())).next.length === 0 };
  }
  const { answers, by } = await finished(graph);
  return { answers, by, finished: true };
}

const cases: Case[] = [
  {
    name: "a process stopped past its lease and continued: its writes are refused, the new holder's result stands",
    wanted: { answers: ["a: yes"], by: "second", ended: "second", afterRan: ["second after"] },
    processes: true,
    bare: (world) => stopped(world, "bare"),
    kit: (world) => stopped(world, "kit"),
  },
  {
    name: "a process killed while its resumed run was at work: another one takes over and finishes it",
    wanted: { answers: ["a: yes"], by: "second", finished: true },
    processes: true,
    bare: (world) => killed(world, "bare"),
    kit: (world) => killed(world, "kit"),
  },
];

/** Two real processes at one thread, and one reply. */
async function raced(world: World, mode: "bare" | "kit"): Promise<unknown> {
  await using processes = new Processes(world, mode, { racing: 2 });
  const graph = await park(world, processes, mode);
  const workers = await Promise.all([processes.prepare("first", 300), processes.prepare("second", 300)]);
  for (const worker of workers) worker.send("go");
  if (mode === "kit") await world.reply("a", "yes");
  await until(() => processes.log().some((entry) => entry.endsWith("after")), "the end");
  await sleep(500);
  const log = processes.log();
  const { answers } = (await graph.getState(thread())).values;
  const count = (node: string) => log.filter((entry) => entry.endsWith(node)).length;
  return { answers, work: count("work"), after: count("after") };
}

const FOUR = ["a", "b", "c", "d"];

/** Four answers at once, to two real processes. */
async function shared(world: World, mode: "bare" | "kit"): Promise<unknown> {
  await using processes = new Processes(world, mode, { names: FOUR, racing: 2 });
  const graph = await park(world, processes, mode);
  const workers = [
    await processes.prepare("first", 0, FOUR.slice(0, 2)),
    await processes.prepare("second", 0, FOUR.slice(2)),
  ];
  for (const worker of workers) worker.send("go");
  if (mode === "kit") {
    await Promise.all(FOUR.map((name) => world.reply(name, "yes")));
    await finished(graph);
  }
  await sleep(500);
  const after = processes.log().filter((entry) => entry.endsWith("after")).length;
  return { answers: (await graph.getState(thread())).values["answers"], after };
}

export const processes: Scenario[] = [
  {
    number: 2,
    title: "Four parallel waits answered at once",
    cases: [
      {
        name: "the same with two real processes",
        wanted: { answers: FOUR.map((name) => `${name}: yes`), after: 1 },
        processes: true,
        bare: (world) => shared(world, "bare"),
        kit: (world) => shared(world, "kit"),
      },
    ],
  },
  { number: 13, title: "A process that stops, or dies", cases },
  {
    number: 1,
    title: "Two workers resume one interrupt",
    cases: [
      {
        name: "the same with two real processes",
        wanted: { answers: ["a: yes"], work: 1, after: 1 },
        processes: true,
        bare: (world) => raced(world, "bare"),
        kit: (world) => raced(world, "kit"),
      },
    ],
  },
];
