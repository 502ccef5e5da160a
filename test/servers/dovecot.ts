import { execFileSync } from "node:child_process";
import { chownSync, existsSync } from "node:fs";
import { mkdir, readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { dovecotConf, vacationScript } from "./dovecot-conf.ts";
import type { Place } from "./postfix-conf.ts";
import { idOf, PASSWORD, preparePlace, startProcesses, submission, writeFiles } from "./processes.ts";
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

async function startDovecot(accounts: readonly string[]): Promise<TestServer> {
  const place = await preparePlace("dovecot");
  const { directory } = place;
  const owner = vmail();
  for (const folder of ["mail", "sieve", "run"]) await mkdir(join(directory, folder));
  const users = [
    ...accounts.map((address) => passwdLine(address)),
    passwdLine("full@b.example", "userdb_quota_rule=*:storage=1K"),
    passwdLine("ooo@b.example", `userdb_sieve=${join(directory, "sieve/ooo.sieve")}`),
  ];
  await writeFiles(directory, {
    users: users.join(""),
    "sieve/ooo.sieve": vacationScript,
    "dovecot.conf": dovecotConf(place, owner),
  });
  for (const folder of ["mail", "sieve"]) chownSync(join(directory, folder), owner.uid, owner.gid);
  const end = await startProcesses(place, ["dovecot", "-F", "-c", join(directory, "dovecot.conf")]);
  return {
    name: "dovecot",
    ca: await readFile(join(directory, "cert.pem"), "utf8"),
    ...submission(place),
    mails: (address) => mailsOf(place, address),
    cut: async (address) => void doveadm(place, "kick", address),
    async renumber(address) {
      const inbox = ["-u", address, "INBOX"];
      const before = doveadm(place, "mailbox", "status", "-u", address, "uidvalidity", "INBOX");
      const next = 1 + Number(/uidvalidity=(\d+)/.exec(before)?.[1]);
      doveadm(place, "mailbox", "update", "--uid-validity", String(next), ...inbox);
    },
    [Symbol.asyncDispose]: end,
  };
}

/** The account's mails, without a detour over the servers' protocols. */
async function mailsOf({ directory }: Place, address: string): ReturnType<TestServer["mails"]> {
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

/** The system user that owns the mailboxes. */
function vmail(): { uid: number; gid: number } {
  try {
    execFileSync("id", ["vmail"], { stdio: "ignore" });
  } catch {
    execFileSync("useradd", ["-r", "-U", "-M", "-d", "/nonexistent", "-s", "/usr/sbin/nologin", "vmail"]);
  }
  return { uid: idOf("-u", "vmail"), gid: idOf("-g", "vmail") };
}
