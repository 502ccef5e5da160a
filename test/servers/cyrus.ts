import { execFileSync } from "node:child_process";
import { chownSync, existsSync, symlinkSync } from "node:fs";
import { mkdir, readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { ImapFlow } from "imapflow";
import { cyrusConf, imapdConf, saslConf } from "./cyrus-conf.ts";
import { vacationScript } from "./dovecot-conf.ts";
import type { Place } from "./postfix-conf.ts";
import { HOST, idOf, PASSWORD, preparePlace, startProcesses, submission, writeFiles } from "./processes.ts";
import { testMail, type TestServer, type TestServerKind } from "./server.ts";

const COMMON = "/usr/lib/cyrus/bin";
const ADMIN = "admin@a.example";
const FOLDERS = "postfix/sasl conf/db conf/proc conf/socket conf/lock conf/log spool sieve".split(" ");

/** Where imapd is: Debian's cyrus-imapd will not be installed beside dovecot-imapd, but unpacked beside it, it runs. */
const imapdFolder = () => [COMMON, `/opt/cyrus${COMMON}`].find((folder) => existsSync(join(folder, "imapd")));

/** Cyrus (IMAP, LMTP, Sieve), with Postfix as {@link dovecot} has it. */
export const cyrus: TestServerKind = {
  name: "cyrus",
  missing() {
    const absent = [`${COMMON}/master`, "/usr/sbin/saslpasswd2", "/usr/sbin/postfix"].filter(
      (path) => !existsSync(path),
    );
    if (absent.length > 0) return `${absent.join(", ")} not installed (apt-get install postfix cyrus-common sasl2-bin)`;
    if (imapdFolder() === undefined)
      return "imapd of Debian's cyrus-imapd is neither installed nor unpacked in /opt/cyrus";
    return process.getuid?.() === 0 ? undefined : "Cyrus and Postfix are started by root only";
  },
  start: startCyrus,
};

async function startCyrus(accounts: readonly string[]): Promise<TestServer> {
  const place = await preparePlace("cyrus");
  const { directory } = place;
  const at = (name: string) => join(directory, name);
  const conf = at("imapd.conf");
  for (const folder of FOLDERS) await mkdir(join(directory, folder), { recursive: true });
  await writeFiles(directory, {
    "imapd.conf": imapdConf(place, ADMIN),
    "cyrus.conf": cyrusConf(place, imapdFolder()!),
    // Where Debian's Postfix looks.
    "postfix/sasl/smtpd.conf": saslConf(place),
  });
  const script = at("sieve/domain/b/b.example/o/ooo");
  await mkdir(script, { recursive: true });
  await writeFiles(script, { "ooo.script": vacationScript });
  execFileSync(join(COMMON, "sievec"), ["-C", conf, join(script, "ooo.script"), join(script, "ooo.bc")]);
  symlinkSync("ooo.bc", join(script, "defaultbc"));
  const all = [...accounts, "full@b.example", "ooo@b.example"];
  for (const address of [ADMIN, ...all]) addPassword(directory, address);
  execFileSync("chown", ["-R", "cyrus:mail", ...["conf", "spool", "sieve"].map(at)]);
  chownSync(at("sasldb2"), idOf("-u", "cyrus"), idOf("-g", "postfix"));
  const end = await startProcesses(place, [
    join(COMMON, "master"),
    "-D",
    "-C",
    conf,
    "-M",
    at("cyrus.conf"),
    "-p",
    at("master.pid"),
  ]);
  const admin = await client(place, ADMIN);
  for (const address of all) await admin.mailboxCreate(`user/${address}`);
  // In KiB. RFC 9208.
  await command(admin, "SETQUOTA", "user/full@b.example", ["STORAGE", "1"]);
  return {
    name: "cyrus",
    ca: await readFile(at("cert.pem"), "utf8"),
    ...submission(place),
    mails: (address) => mailsOf(place, address),
    async cut(address) {
      const sessions = execFileSync(join(COMMON, "cyr_info"), ["-C", conf, "proc"], {
        encoding: "utf8",
      });
      for (const line of sessions.split("\n")) {
        if (line.split(" ").includes(address)) process.kill(Number.parseInt(line, 10), "SIGTERM");
      }
    },
    /** As after a move to another machine: a new mailbox with the old mails. */
    async renumber(address) {
      const mails = await mailsOf(place, address);
      await command(admin, "SETACL", `user/${address}`, ADMIN, "lrswipkxtea");
      await admin.mailboxDelete(`user/${address}`);
      await admin.mailboxCreate(`user/${address}`);
      const owner = await client(place, address);
      for (const { raw } of mails) await owner.append("INBOX", Buffer.from(raw));
      await owner.logout();
    },
    async [Symbol.asyncDispose]() {
      admin.close();
      await end();
    },
  };
}

async function client({ ports }: Place, user: string): Promise<ImapFlow> {
  const auth = { user, pass: PASSWORD };
  const flow = new ImapFlow({ host: HOST, port: ports.imap, secure: false, doSTARTTLS: false, auth, logger: false });
  await flow.connect();
  return flow;
}

/** What imapflow has no call for. */
async function command(admin: ImapFlow, name: string, ...values: (string | string[])[]): Promise<void> {
  const client = admin as ImapFlow & { exec(command: string, attributes: unknown[]): Promise<{ next(): void }> };
  const atom = (value: string) => ({ type: "ATOM", value });
  const attributes = values.map((value) => (typeof value === "string" ? { type: "STRING", value } : value.map(atom)));
  (await client.exec(name, attributes)).next();
}

function addPassword(directory: string, address: string): void {
  const [user, realm] = address.split("@") as [string, string];
  execFileSync("saslpasswd2", ["-p", "-c", "-f", join(directory, "sasldb2"), "-u", realm, user], {
    input: PASSWORD,
    stdio: ["pipe", "ignore", "ignore"],
  });
}

/** The account's mails, without a detour over the servers' protocols. */
async function mailsOf({ directory }: Place, address: string): ReturnType<TestServer["mails"]> {
  const [local, domain] = address.split("@") as [string, string];
  const folder = join(directory, "spool/domain", domain, "user", local);
  const names = (await readdir(folder).catch(() => [])).filter((name) => /^\d+\.$/.test(name));
  const sorted = names.toSorted((left, right) => Number.parseInt(left, 10) - Number.parseInt(right, 10));
  const raws = await Promise.all(sorted.map((name) => readFile(join(folder, name)).catch(() => undefined)));
  return raws.filter((raw) => raw !== undefined).map(testMail);
}
