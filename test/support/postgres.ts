import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { chownSync, globSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";

/** A throwaway cluster on a free port of the loopback interface. */
export interface PostgresServer {
  /** Of a fresh schema, for a ledger. */
  ledgerUrl(): string;
  /** Of the database, as other clients take it. */
  readonly url: string;
  /** Ends the server as a crash of its machine does: connections break. */
  crash(): Promise<void>;
  /** Starts it again, on the same port. */
  start(): Promise<void>;
  close(): Promise<void>;
}

export const POSTGRES_PASSWORD = "pässword-7f3a/@:#";

const binaries = [
  ...globSync("/usr/lib/postgresql/*/bin").toSorted().toReversed(),
  ...(process.env["PATH"] ?? "").split(delimiter),
];
const directoryOfBinaries = binaries.find((directory) => globSync(join(directory, "initdb")).length > 0);

/** Whether PostgreSQL is installed here; says so loudly where it is not. */
export const hasPostgres = directoryOfBinaries !== undefined;
if (!hasPostgres)
  console.warn("\n!!! SKIPPED: PostgreSQL is not installed (apt-get install postgresql); its tests do not run.\n");

/** @param options.durable Whether commits wait for the disk, as they do outside tests. Default: false. */
export async function startPostgres(options: { durable?: boolean } = {}): Promise<PostgresServer> {
  const directory = await mkdtemp(join(tmpdir(), "postgres-"));
  const user = unprivileged();
  const as = { ...user, cwd: directory, stdio: "pipe" as const };
  const passwordFile = join(directory, "password");
  await writeFile(passwordFile, POSTGRES_PASSWORD);
  if (user) for (const path of [directory, passwordFile]) chownSync(path, user.uid, user.gid);
  const data = join(directory, "data");
  const setup = ["--no-sync", "--auth=scram-sha-256", "--username=ledger", "--encoding=UTF8", "--locale=C.UTF-8"];
  execFileSync(join(directoryOfBinaries!, "initdb"), [...setup, `--pwfile=${passwordFile}`, "-D", data], as);
  const port = await freePort();
  const args = [
    "-D",
    data,
    "-p",
    String(port),
    "-c",
    "listen_addresses=127.0.0.1",
    "-c",
    `unix_socket_directories=${directory}`,
  ];
  if (!options.durable) args.push("-c", "fsync=off");
  const url = `postgres://ledger:${encodeURIComponent(POSTGRES_PASSWORD)}@127.0.0.1:${port}/postgres`;
  let server: ChildProcess | undefined;
  const end = async (signal: NodeJS.Signals) => {
    if (!server) return;
    const gone = once(server, "exit");
    server.kill(signal);
    await gone;
    server = undefined;
  };
  const start = async () => {
    server = spawn(join(directoryOfBinaries!, "postgres"), args, as);
    await ready(server);
  };
  await start();
  process.once("exit", () => server?.kill("SIGQUIT"));
  let schemas = 0;
  return {
    url,
    ledgerUrl: () => `${url}?schema=ledger_${++schemas}`,
    crash: () => end("SIGQUIT"),
    start,
    async close() {
      await end("SIGINT");
      await rm(directory, { recursive: true });
    },
  };
}

/** The server does not run as root. */
function unprivileged(): { uid: number; gid: number } | undefined {
  if (process.getuid?.() !== 0) return undefined;
  const id = (flag: string) => Number(execFileSync("id", [flag, "postgres"], { encoding: "utf8" }));
  return { uid: id("-u"), gid: id("-g") };
}

async function freePort(): Promise<number> {
  const probe = createServer().listen(0, "127.0.0.1");
  await once(probe, "listening");
  const { port } = probe.address() as { port: number };
  probe.close();
  await once(probe, "close");
  return port;
}

async function ready(server: ChildProcess): Promise<void> {
  let log = "";
  await new Promise<void>((resolve, reject) => {
    server.once("exit", (code) => reject(new Error(`PostgreSQL ended with ${code}: ${log}`)));
    server.stderr!.on("data", (chunk: Buffer) => {
      log += chunk.toString();
      if (log.includes("ready to accept connections")) resolve();
    });
  });
}
