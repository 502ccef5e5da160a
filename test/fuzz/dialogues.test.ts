import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";
import { afterEach, beforeEach, expect, test } from "vitest";
import { type MailServer, startMailServer } from "../../src/dev/index.ts";
import { EmailKitError } from "../../src/errors.ts";
import { createMailbox } from "../../src/transport/imap.ts";
import { createSubmitter } from "../../src/transport/smtp.ts";
import { collectLog } from "../support/desk.ts";
import { damaged } from "./hostile-text.ts";
import { eachRun, type Random, timeout } from "./runs.ts";

let mail: MailServer;
let log: ReturnType<typeof collectLog>;
beforeEach(async () => {
  log = collectLog();
  mail = await startMailServer({ log });
});
afterEach(async () => {
  await mail.close();
});

/** What a client says. Uncaught errors of the server fail the test by themselves. */
async function say(port: number, lines: readonly string[]): Promise<void> {
  const socket = connect(port, "127.0.0.1");
  socket.on("error", () => {});
  const closed = new Promise((resolve) => socket.once("close", resolve));
  // The greeting: who talks before it is shown the door.
  await Promise.race([new Promise((resolve) => socket.once("data", resolve)), closed]);
  socket.resume();
  for (const line of lines) socket.write(Buffer.from(line, "latin1"));
  // Whoever waits for the rest of a literal or a mail waits no longer than this.
  const timer = setTimeout(() => socket.destroy(), 50);
  await closed;
  clearTimeout(timer);
}

const raw = "From: b@b.example\r\nTo: desk@a.example\r\nSubject: Prices\r\n\r\nHello\r\n";
const IMAP_LINES = [
  "SELECT INBOX",
  "FETCH 1:* (UID FLAGS ENVELOPE BODYSTRUCTURE BODY.PEEK[1]<0.10>)",
  'UID SEARCH SINCE 1-Jan-2020 HEADER Subject "x"',
  "STORE 1 +FLAGS (\\Seen $x)",
  `APPEND INBOX {${raw.length}+}\r\n${raw}`,
  'LIST "" "*%&AOQ-"',
  "IDLE\r\nDONE",
  "ENABLE CONDSTORE",
  "AUTHENTICATE PLAIN AAAA",
  "COPY 1 {9999999999999999999}",
];
const SMTP_LINES = [
  "EHLO x",
  "MAIL FROM:<desk@a.example> SIZE=99999999999",
  "RCPT TO:<desk@a.example> NOTIFY=NEVER",
  `DATA\r\n${raw}.`,
  "AUTH PLAIN AAAA",
  "BDAT 5 LAST\r\nhello",
];

test(
  "hostile clients do not stop the local mail server",
  async () => {
    const { address, password } = mail.account("desk@a.example");
    const server = { host: mail.host, port: mail.imap.port, user: address, auth: { password }, tls: "none" as const };
    const line = (random: Random, lines: readonly string[], tag: string) => {
      const said = random.pick(lines);
      return `${tag}${random.chance(0.4) ? damaged(random, said, lines) : said}\r\n`;
    };
    await eachRun(40, async (random) => {
      const begin = random.chance(0.7) ? [`a LOGIN ${address} "${password}"\r\n`, "b SELECT INBOX\r\n"] : [];
      await say(mail.imap.port, [
        ...begin,
        ...random.some(6, () => line(random, IMAP_LINES, "c ")),
        "\r\nz LOGOUT\r\n",
      ]);
      await say(mail.smtp.port, [...random.some(6, () => line(random, SMTP_LINES, "")), "\0\r\nQUIT\r\n"]);
      const [mistake] = log.lines.splice(0).filter(({ level }) => level === "error");
      if (mistake) throw new Error(JSON.stringify(mistake));
    });
    const mailbox = createMailbox(server);
    const stored: number[] = [];
    await mailbox.drain({
      cursor: async () => ({ uid: 0 }),
      store: async (mails) => void stored.push(...mails.map(({ uid }) => uid)),
    });
    await mailbox.close();
    // What was appended in spite of all.
    expect(stored.length).toBeGreaterThan(0);
  },
  timeout,
);

/** A server that answers each line of a client as `answer` says, and hangs up after some of them. */
async function serve(greeting: string, answer: (line: string) => string, most: number) {
  const open = new Set<Socket>();
  const server = createServer((socket) => {
    open.add(socket);
    let said = 0;
    socket.on("error", () => {});
    socket.write(greeting);
    socket.on("data", (data) => {
      for (const line of data.toString("latin1").split("\r\n").filter(Boolean)) {
        said += 1;
        if (said > most) return void socket.destroy();
        socket.write(Buffer.from(answer(line), "latin1"));
      }
    });
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  return {
    at: { host: "127.0.0.1", port, user: "desk", auth: { password: "password" }, tls: "none" as const },
    async [Symbol.asyncDispose]() {
      for (const socket of open) socket.destroy();
      server.close();
      await once(server, "close");
    },
  };
}

function imapAnswer(line: string): string {
  const [tag = "", ...words] = line.split(" ");
  const command = words.join(" ").toUpperCase();
  const data = command.startsWith("SELECT")
    ? "* 2 EXISTS\r\n* OK [UIDVALIDITY 7] ok\r\n* OK [UIDNEXT 3] ok\r\n* FLAGS (\\Seen)\r\n"
    : command.startsWith("CAPABILITY")
      ? "* CAPABILITY IMAP4rev1 IDLE UIDPLUS ID NAMESPACE\r\n"
      : command.includes("SEARCH")
        ? "* SEARCH 1 2\r\n"
        : command.includes("FETCH")
          ? [1, 2]
              .map(
                (uid) =>
                  `* ${uid} FETCH (UID ${uid} RFC822.SIZE ${raw.length} INTERNALDATE " 5-Jan-2026 10:00:00 +0000" BODY[]<0> {${raw.length}}\r\n${raw})\r\n`,
              )
              .join("")
          : "";
  return `${data}${tag} OK done\r\n`;
}

test(
  "a hostile mailbox server ends a pass with an error of ours, or none",
  async () => {
    await eachRun(5, async (random) => {
      const answer = (line: string) => (random.chance(0.25) ? damaged(random, imapAnswer(line)) : imapAnswer(line));
      await using server = await serve("* OK [CAPABILITY IMAP4rev1 IDLE] ready\r\n", answer, 6 + random.below(10));
      const mailbox = createMailbox({ ...server.at, connectTimeoutMs: 500 });
      const reader = { cursor: async () => ({ uid: 0, since: 0 }), store: async () => {} };
      const settled = mailbox.drain(reader).catch((error: unknown) => error);
      const hung = new Promise((resolve) => setTimeout(resolve, 500));
      const outcome = await Promise.race([settled, hung]);
      // A server that says nothing more is waited for, and given up for its closed connection.
      await mailbox.close();
      const ended = outcome ?? (await settled);
      if (typeof ended !== "number") expect(ended).toBeInstanceOf(EmailKitError);
    });
  },
  timeout,
);

function smtpAnswer(line: string): string {
  if (/^EHLO/i.test(line)) return "250-mx.b.example\r\n250-AUTH PLAIN LOGIN\r\n250-SIZE 1000000\r\n250 8BITMIME\r\n";
  if (/^AUTH/i.test(line)) return "235 2.7.0 in\r\n";
  if (/^DATA/i.test(line)) return "354 go\r\n";
  if (line === ".") return "250 2.0.0 Ok <id@b.example> [Hostname=x]\r\n";
  return /^(?:MAIL|RCPT|RSET|QUIT|NOOP)/i.test(line) ? "250 2.1.0 Ok\r\n" : "";
}

test(
  "a hostile submission server ends a submission in one of the ways that it can end",
  async () => {
    await eachRun(5, async (random) => {
      const answer = (line: string) => {
        const said = smtpAnswer(line);
        return said !== "" && random.chance(0.25) ? damaged(random, said) : said;
      };
      await using server = await serve("220 mx.b.example ESMTP\r\n", answer, 20);
      const submitter = createSubmitter({ ...server.at, connectTimeoutMs: 500 }, { closeTimeoutMs: 100 });
      const envelope = { from: "desk@a.example", to: ["boss@b.example", "kim@b.example"] };
      const settled = submitter.submit({ envelope, raw: Buffer.from(raw) });
      await Promise.race([settled, new Promise((resolve) => setTimeout(resolve, 300))]);
      await submitter.close();
      expect((await settled).kind).toMatch(/^(?:submitted|refused|deferred|unknown)$/);
    });
  },
  timeout,
);
