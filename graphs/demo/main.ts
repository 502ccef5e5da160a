import { type ChildProcess, fork } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { startMailServer } from "langgraph-email/testing";
import { approve } from "./approver.ts";
import { type Claims, checkRun } from "./check.ts";
import type { DemoMessage } from "./messages.ts";
import { createPrinter } from "./print.ts";
import { type DemoSettings, writeSettings } from "./settings.ts";

const { values: options } = parseArgs({
  options: {
    yes: { type: "boolean", default: false },
    kill: { type: "boolean", default: false },
    topic: { type: "string", default: "Should we offer a self-service export?" },
  },
});

const directory = await mkdtemp(join(tmpdir(), "langgraph-email-demo-"));
const print = createPrinter();
await using mail = await startMailServer();
const accountOf = (address: string) => {
  const { smtp, imap } = mail.account(address);
  return { address, smtp, imap };
};
const settings: DemoSettings = {
  directory,
  topic: options.topic,
  threadId: "demo-1",
  accounts: {
    desk: accountOf("desk@desk.example"),
    research: accountOf("research@lab.example"),
    analysis: accountOf("analysis@numbers.example"),
  },
  approver: "dana@boss.example",
  ...(options.kill && { killed: [] }),
};
mail.account(settings.approver);

print.title(`A LangGraph graph delegates by email: research → analysis → approval`);
print.note(`Mail server on ${mail.host}: SMTP ${mail.smtp.port}, IMAP ${mail.imap.port}. Ledgers in ${directory}.`);

const agents = await Promise.all([startAgent("research"), startAgent("analysis")]);
const person = approve(mail, settings.approver, { simulated: options.yes || !process.stdin.isTTY, print });
let kills = 0;
const state = await runOrchestrator();
await person.done;
await Promise.all(agents.map(stopProcess));

print.result(state);
const claims: Claims = await checkRun({ mail, settings, kills, print });
await rm(directory, { recursive: true });
if (state["decision"] === "" || !claims.hold) process.exitCode = 1;

function start(file: string, name: string, args: string[], onMessage: (message: DemoMessage) => void): ChildProcess {
  const child = fork(new URL(file, import.meta.url), args, { env: { ...process.env, ...writeSettings(settings) } });
  child.on("message", (message: DemoMessage) => {
    print.message(name, message);
    onMessage(message);
  });
  return child;
}

async function startAgent(name: "research" | "analysis"): Promise<ChildProcess> {
  const ready = Promise.withResolvers<void>();
  const child = start("agent.ts", name, [name], (message) => {
    if (message.kind === "ready") ready.resolve();
  });
  child.on("exit", (code) => ready.reject(new Error(`The ${name} agent ended with ${code}`)));
  await ready.promise;
  return child;
}

/** Runs the orchestrator to its result; with `--kill`, kills it at every step and starts it again. */
async function runOrchestrator(): Promise<Record<string, unknown>> {
  for (;;) {
    let result: Record<string, unknown> | undefined;
    const child = start("orchestrator.ts", "desk", [], (message) => {
      if (message.kind === "result") result = message.state;
      if (message.kind === "step") {
        settings.killed!.push(message.name);
        child.kill("SIGKILL");
      }
    });
    const { signal, code } = await exitOf(child);
    if (result) return result;
    if (signal !== "SIGKILL") throw new Error(`The orchestrator ended with ${code ?? signal}`);
    kills++;
    print.killed(settings.killed!.at(-1)!);
  }
}

async function exitOf(child: ChildProcess): Promise<{ code: number | null; signal: NodeJS.Signals | null }> {
  return new Promise((resolve) => {
    child.on("exit", (code, signal) => resolve({ code, signal }));
  });
}

async function stopProcess(child: ChildProcess): Promise<void> {
  const exit = exitOf(child);
  child.kill("SIGTERM");
  await exit;
}
