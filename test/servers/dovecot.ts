import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { chownSync, existsSync } from "node:fs";
import { chmod, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { connect, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { createTransport } from "nodemailer";
import { createCertificate } from "../../src/dev/certificate.ts";
import type { MailAccount } from "../../src/dev/index.ts";
import { dovecotConf, postfixMain, postfixMaster, type Place, PORT_NAMES, vacationScript } from "./dovecot-conf.ts";
import { testMail, type TestServer, type TestServerKind } from "./server.ts";

/** Dovecot (IMAP, LMTP, Sieve) and Postfix (submission, queue, delivery reports), as Debian packages them. */
export const dovecot: TestServerKind = {
  name: "dovecot",
  missing() {
    const binaries = ["/usr/sbin/dovecot", "/usr/sbin/postfix", "/usr/lib/dovecot/lmtp"];
    const sieve = ["/usr/lib/dovecot/modules/lib90_sieve_plugin.so"];
    const absent = [...binaries, ...sieve].filter((path) => !existsSync(path));
    if (absent.length > 0) {
      return `${absent.join(", ")} not installed (apt-get install postfix dovecot-imapd dovecot-lmtpd dovecot-sieve)`;
    }
    if (process.getuid?.() !== 0) return "Dovecot and Postfix are started by root only";
    const version = execFileSync("dovecot", ["--version"], { encoding: "utf8" }).trim();
    return version.startsWith("2.3.") ? undefined : `Dovecot ${version} has another configuration format than 2.3`;
  },
  start: startDovecot,
};

const HOST = "127.0.0.1";
const POSTFIX_MASTER = "/usr/lib/postfix/sbin/master";
/** What `postfix start` makes, a second sooner. */
const QUEUES = "active bounce corrupt defer deferred flush hold incoming private saved trace".split(" ");
const PASSWORD = "pässword-7f3a/@:#";

async function startDovecot(accounts: readonly string[]): Promise<TestServer> {
  const place = await preparePlace(accounts);
  const { directory, ports } = place;
  const options = { stdio: "pipe", detached: true } as const;
  const processes = [
    spawn("dovecot", ["-F", "-c", join(directory, "dovecot.conf")], options),
    spawn(POSTFIX_MASTER, ["-s", "-c", join(directory, "postfix")], options),
  ];
  // Each leads its group: its helpers end with it.
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
  return {
    name: "dovecot",
    ca: await readFile(join(directory, "cert.pem"), "utf8"),
    ...mailboxes(place),
    async inject(raw, envelope) {
      const transport = createTransport({ host: HOST, port: ports.smtp, ignoreTLS: true });
      await transport.sendMail({ envelope, raw: raw.replace(/\r?\n/g, "\r\n") });
      transport.close();
    },
    cut: async (address) => void doveadm(place, "kick", address),
    async renumber(address) {
      const inbox = ["-u", address, "INBOX"];
      const before = doveadm(place, "mailbox", "status", "-u", address, "uidvalidity", "INBOX");
      const next = 1 + Number(/uidvalidity=(\d+)/.exec(before)?.[1]);
      doveadm(place, "mailbox", "update", "--uid-validity", String(next), ...inbox);
    },
    addresses: {
      refused: "nobody@strict.example",
      unknown: "nosuch@b.example",
      full: "full@b.example",
      away: "ooo@b.example",
      expired: "anyone@dead.example",
      tooBig: "anyone@small.example",
    },
    [Symbol.asyncDispose]: end,
  };
}

/** Accounts and their mails, without a detour over the servers' protocols. */
function mailboxes({ directory, ports }: Place): Pick<TestServer, "account" | "mails"> {
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
    async mails(address) {
      const [local, domain] = address.split("@") as [string, string];
      const maildir = join(directory, "mail", domain, local, "Maildir");
      const names = async (folder: string) =>
        (await readdir(join(maildir, folder)).catch(() => [])).map((name) => join(maildir, folder, name));
      const files = [...(await names("cur")), ...(await names("new"))];
      const order = (file: string) => Number(/\/(\d+)\.M/.exec(file)?.[1]) * 1e6 + Number(/\.M(\d+)/.exec(file)?.[1]);
      const sorted = files.toSorted((left, right) => order(left) - order(right));
      const raws = await Promise.all(sorted.map((file) => readFile(file, "latin1").catch(() => undefined)));
      // A maildir has bare line feeds.
      return raws
        .filter((raw) => raw !== undefined)
        .map((raw) => testMail(Buffer.from(raw.replace(/\r?\n/g, "\r\n"), "latin1")));
    },
  };
}

/** Dovecot looks once a second whether the file has changed, so that accounts must be there from the start. A colon ends a field: hence the base 64. */
function passwdLine(address: string, extra = ""): string {
  return `${address}:{PLAIN.b64}${Buffer.from(PASSWORD).toString("base64")}::::::${extra}\n`;
}

function doveadm(place: Place, ...command: string[]): string {
  return execFileSync("doveadm", ["-c", join(place.directory, "dovecot.conf"), ...command], {
    encoding: "utf8",
    stdio: ["ignore", "pipe", "pipe"],
  });
}

async function preparePlace(accounts: readonly string[]): Promise<Place> {
  const directory = await mkdtemp(join(tmpdir(), "mail-"));
  await chmod(directory, 0o755);
  for (const folder of ["mail", "sieve", "postfix", "data", "queue/pid", "run"]) {
    await mkdir(join(directory, folder), { recursive: true });
  }
  const ports = await freePorts(PORT_NAMES);
  const place: Place = { directory, ports, vmail: vmail() };
  const users = [
    ...accounts.map((address) => passwdLine(address)),
    passwdLine("full@b.example", "userdb_quota_rule=*:storage=1K"),
    passwdLine("ooo@b.example", `userdb_sieve=${join(directory, "sieve/ooo.sieve")}`),
  ];
  const certificate = createCertificate({ hostname: "mx.a.example", now: Date.now(), days: 1 });
  const files: [string, string][] = [
    ["cert.pem", certificate.cert],
    ["key.pem", certificate.key],
    ["users", users.join("")],
    ["sieve/ooo.sieve", vacationScript],
    ["dovecot.conf", dovecotConf(place)],
    ["postfix/main.cf", postfixMain(place)],
    ["postfix/master.cf", postfixMaster(place)],
  ];
  for (const [name, text] of files) await writeFile(join(directory, name), text, { mode: 0o644 });
  for (const folder of ["mail", "sieve"]) chownSync(join(directory, folder), place.vmail.uid, place.vmail.gid);
  await makeQueue(directory);
  return place;
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

/** The system user that owns the mailboxes. */
function vmail(): { uid: number; gid: number } {
  try {
    execFileSync("id", ["vmail"], { stdio: "ignore" });
  } catch {
    execFileSync("useradd", ["-r", "-U", "-M", "-d", "/nonexistent", "-s", "/usr/sbin/nologin", "vmail"]);
  }
  return { uid: idOf("-u", "vmail"), gid: idOf("-g", "vmail") };
}

function idOf(flag: "-u" | "-g", user: string): number {
  return Number(execFileSync("id", [flag, user], { encoding: "utf8" }));
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
