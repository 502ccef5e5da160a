import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { chownSync } from "node:fs";
import { chmod, mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { connect, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { createTransport } from "nodemailer";
import { createCertificate } from "../../src/dev/certificate.ts";
import type { MailAccount } from "../../src/dev/index.ts";
import { type Place, PORT_NAMES, postfixMain, postfixMaster } from "./postfix-conf.ts";
import type { TestServer } from "./server.ts";

export const HOST = "127.0.0.1";
export const PASSWORD = "pässword-7f3a/@:#";

const POSTFIX_MASTER = "/usr/lib/postfix/sbin/master";
/** What `postfix start` makes, a second sooner. */
const QUEUES = "active bounce corrupt defer deferred flush hold incoming private saved trace".split(" ");

/** A folder of its own with a certificate and Postfix's files in it. */
export async function preparePlace(sasl: "dovecot" | "cyrus"): Promise<Place> {
  const directory = await mkdtemp(join(tmpdir(), "mail-"));
  await chmod(directory, 0o755);
  for (const folder of ["postfix", "data", "queue/pid"]) await mkdir(join(directory, folder), { recursive: true });
  const place: Place = { directory, ports: await freePorts(PORT_NAMES) };
  const certificate = createCertificate({ hostname: "mx.a.example", now: Date.now(), days: 1 });
  await writeFiles(directory, {
    "cert.pem": certificate.cert,
    "key.pem": certificate.key,
    "postfix/main.cf": postfixMain(place, sasl),
    "postfix/master.cf": postfixMaster(place),
  });
  await makeQueue(directory);
  return place;
}

export async function writeFiles(directory: string, files: Readonly<Record<string, string>>): Promise<void> {
  for (const [name, text] of Object.entries(files)) await writeFile(join(directory, name), text, { mode: 0o644 });
}

/** Starts Postfix and what stands beside it, each the leader of its group, so that its helpers end with it. */
export async function startProcesses(
  { directory, ports }: Place,
  beside: readonly [command: string, ...args: string[]],
): Promise<() => Promise<void>> {
  const options = { stdio: "pipe", detached: true } as const;
  const [command, ...args] = beside;
  const processes = [
    spawn(command, args, options),
    spawn(POSTFIX_MASTER, ["-s", "-c", join(directory, "postfix")], options),
  ];
  const kill = () => processes.forEach((child) => child.exitCode === null && process.kill(-child.pid!, "SIGTERM"));
  process.once("exit", kill);
  const end = async () => {
    process.off("exit", kill);
    const gone = Promise.all(processes.map(async (child) => child.exitCode ?? (await once(child, "exit"))));
    kill();
    await gone;
    await rm(directory, { recursive: true, force: true, maxRetries: 5 });
  };
  try {
    await Promise.race([
      Promise.all([ports.imap, ports.imaps, ports.lmtp, ports.smtp, ports.smallSmtp].map(answers)),
      ...processes.map(earlyEnd),
    ]);
  } catch (error) {
    await end();
    throw error;
  }
  return end;
}

/** What is the same whichever server keeps the mailboxes. */
export function submission({ ports }: Place): Pick<TestServer, "account" | "inject" | "addresses"> {
  const url = (scheme: string, address: string, port: number) =>
    `${scheme}://${encodeURIComponent(address)}:${encodeURIComponent(PASSWORD)}@${HOST}:${port}`;
  return {
    account: (address): MailAccount => ({
      address,
      password: PASSWORD,
      smtp: url("smtp", address, ports.smtp),
      imap: url("imap", address, ports.imap),
      smtps: url("smtps", address, ports.smtps),
      imaps: url("imaps", address, ports.imaps),
    }),
    async inject(raw, envelope) {
      const transport = createTransport({ host: HOST, port: ports.smtp, ignoreTLS: true });
      await transport.sendMail({ envelope, raw: raw.replace(/\r?\n/g, "\r\n") });
      transport.close();
    },
    addresses: {
      refused: "nobody@strict.example",
      unknown: "nosuch@b.example",
      full: "full@b.example",
      away: "ooo@b.example",
      expired: "anyone@dead.example",
      tooBig: "anyone@small.example",
    },
  };
}

export function idOf(flag: "-u" | "-g", user: string): number {
  return Number(execFileSync("id", [flag, user], { encoding: "utf8" }));
}

async function makeQueue(directory: string): Promise<void> {
  const [uid, gid, dropGid] = [idOf("-u", "postfix"), idOf("-g", "postfix"), groupOf("postdrop")];
  chownSync(join(directory, "data"), uid, gid);
  for (const [names, mode, group] of [
    [QUEUES, 0o700, gid],
    [["public"], 0o710, dropGid],
    [["maildrop"], 0o730, dropGid],
  ] as const) {
    for (const name of names) {
      const path = join(directory, "queue", name);
      await mkdir(path);
      await chmod(path, mode);
      chownSync(path, uid, group);
    }
  }
}

function groupOf(name: string): number {
  return Number(execFileSync("getent", ["group", name], { encoding: "utf8" }).split(":")[2]);
}

/** Held all at once, so that no two are the same. */
async function freePorts<Name extends string>(names: readonly Name[]): Promise<Record<Name, number>> {
  const probes = names.map(() => createServer().listen(0, HOST));
  await Promise.all(probes.map((probe) => once(probe, "listening")));
  const ports = probes.map((probe) => (probe.address() as { port: number }).port);
  await Promise.all(probes.map((probe) => once(probe.close(), "close")));
  return Object.fromEntries(names.map((name, index) => [name, ports[index]])) as Record<Name, number>;
}

async function answers(port: number): Promise<void> {
  for (;;) {
    const socket = connect(port, HOST);
    const up = await Promise.race([
      once(socket, "connect").then(() => true),
      once(socket, "error").then(() => false),
    ]).catch(() => false);
    socket.destroy();
    if (up) return;
    await sleep(20);
  }
}

async function earlyEnd(child: ChildProcess): Promise<never> {
  let said = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream?.on("data", (chunk: Buffer) => {
      said += chunk.toString();
    });
  }
  const [code] = (await once(child, "exit")) as [number | null];
  throw new Error(`${child.spawnfile} ended with ${code}: ${said}`);
}
