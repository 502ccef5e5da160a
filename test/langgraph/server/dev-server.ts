import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, writeFileSync } from "node:fs";
import { createServer, type AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import { until } from "../../support/desk.ts";

/** Where another version of the command is installed, with the package and these files: set by the script that installs it. */
const installed = process.env["LANGGRAPH_SERVER_DIRECTORY"];
const root = installed ?? new URL("../../..", import.meta.url).pathname;
const modules = join(root, "node_modules");

/** LangGraph's API server in a process of its own, as `langgraphjs dev` starts it. Its state lies in `directory`. */
export interface DevServer {
  url: string;
  output(): string;
  /** Ends it as a deployment does (SIGTERM: it writes its state), or with SIGKILL. */
  stop(signal?: NodeJS.Signals): Promise<void>;
}

export interface DevServerOptions {
  /** Below the repository, or where the package is installed: modules are looked for above it. */
  directory: string;
  env: Record<string, string>;
  auth?: boolean;
}

/** A directory from which the graphs' imports are found. */
export function serverDirectory(): string {
  if (installed === undefined) return mkdtempSync(join(tmpdir(), "langgraph-email-server-"));
  mkdirSync(join(installed, "state"), { recursive: true });
  return mkdtempSync(join(installed, "state", "server-"));
}

export async function startDevServer({ directory, env, auth = false }: DevServerOptions): Promise<DevServer> {
  // The command takes relative paths only.
  const files = relative(directory, join(root, "test", "langgraph", "server"));
  writeFileSync(
    join(directory, "langgraph.json"),
    JSON.stringify({
      node_version: "22",
      graphs: Object.fromEntries(
        ["ask", "many", "pay", "changing", "lab", "remote"].map((name) => [name, `${files}/graphs.ts:${name}`]),
      ),
      http: { app: `${files}/app.ts:app` },
      ...(auth && { auth: { path: `${files}/auth.ts:auth` } }),
      env: {},
    }),
  );
  return startServer([join(modules, ".bin", "langgraphjs"), "dev"], {
    cwd: directory,
    env: { NODE_OPTIONS: installed === undefined ? "--conditions=langgraph-email-source" : "", ...env },
    ready: "/mail/ready",
  });
}

/** Runs a script that starts the server; `ready` is a path that answers when it is up. */
export async function startServer(
  script: readonly string[],
  { cwd, env = {}, ready }: { cwd: string; env?: Record<string, string>; ready: string },
): Promise<DevServer> {
  const port = await freePort();
  const child = spawn(
    process.execPath,
    [...script, "--no-browser", "--no-reload", "--host", "127.0.0.1", "-p", String(port)],
    {
      cwd,
      detached: true,
      env: { ...process.env, LANGGRAPH_CLI_NO_ANALYTICS: "1", BROWSER: "none", NODE_ENV: "development", ...env },
      stdio: ["ignore", "pipe", "pipe"],
    },
  );
  let output = "";
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (chunk: Buffer) => (output += chunk.toString()));
  const exited = once(child, "exit");
  const url = `http://127.0.0.1:${port}`;
  const stop = async (signal: NodeJS.Signals = "SIGTERM") => {
    // It passes SIGTERM on to the server below it; a second one would cut its last writes off.
    if (child.exitCode === null && child.signalCode === null)
      process.kill(signal === "SIGKILL" ? -child.pid! : child.pid!, signal);
    await exited;
    await until("the server ends", () => !isAlive(-child.pid!), 10_000);
  };
  const isUp = async () => {
    if (child.exitCode !== null) throw new Error(`The server ended:\n${output}`);
    return (await ok(url + ready))?.ok;
  };
  await until("the server answers", isUp, 25_000).catch(async (error: unknown) => {
    await stop("SIGKILL");
    throw new Error(output.slice(-4_000), { cause: error });
  });
  return { url, output: () => output, stop };
}

function isAlive(group: number): boolean {
  try {
    return process.kill(group, 0);
  } catch {
    return false;
  }
}

async function ok(url: string): Promise<Response | undefined> {
  return fetch(url, { headers: { "x-api-key": "worker-key" } }).catch(() => undefined);
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, "close");
  return port;
}
