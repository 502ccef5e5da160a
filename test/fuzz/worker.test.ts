import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { composeKit } from "../../src/kit.ts";
import { type KitPorts, PORTS } from "../../src/open-kit.ts";
import { askGraph, collectLog, thread } from "../support/desk.ts";
import { hasPostgres, type PostgresServer, startPostgres } from "../support/postgres.ts";
import { hostileMail } from "./hostile-mail.ts";
import { eachRun, type Random, timeout } from "./runs.ts";
import { replyTexts } from "./seeds.ts";

const FIXTURES = join(import.meta.dirname, "../fixtures/mail");
const mails = readdirSync(FIXTURES)
  .filter((file) => file.endsWith(".eml"))
  .toSorted()
  .map((file) => readFileSync(join(FIXTURES, file), "latin1"));

/** A desk that has asked, and that is asked; `read` hands mails to it as a mailbox does. */
function openDesk(ledger: string) {
  const log = collectLog();
  const server = { host: "127.0.0.1", port: 1, user: "desk", auth: { password: "password" }, tls: "none" as const };
  const sent: string[] = [];
  let arrived: Buffer[] = [];
  let uid = 0;
  const createSubmitter: KitPorts["createSubmitter"] = () => ({
    submit: async ({ raw, onHandover }) => {
      await onHandover?.();
      sent.push(Buffer.from(raw).toString("latin1"));
      return { kind: "submitted", response: "250 2.0.0 OK", serverMessageIds: [], refused: [] };
    },
    verify: async () => {},
    close: async () => {},
  });
  const createMailbox: KitPorts["createMailbox"] = () => ({
    key: "desk@127.0.0.1/INBOX",
    junkKey: "desk@127.0.0.1/Junk",
    async drain(reader) {
      await reader.cursor("1");
      const given = arrived.splice(0).map((raw) => {
        uid += 1;
        return { uid, uidValidity: "1", receivedAt: Date.now(), size: raw.length, raw, truncated: false };
      });
      if (given.length > 0) await reader.store(given, false);
      return given.length;
    },
    verify: async () => {},
    watch: async () => {},
    close: async () => {},
  });
  const kit = composeKit(
    {
      ledger,
      log,
      secret: Buffer.alloc(32, 7).toString("base64"),
      agents: {
        desk: { address: "desk@a.example", smtp: server, imap: server, authservIds: ["a.example"] },
        help: { address: "help@a.example", smtp: server, imap: server },
      },
      inbound: { confirmSender: true },
      retry: { tries: 1 },
    },
    { ...PORTS, createSubmitter, createMailbox },
  );
  const graph = askGraph(kit);
  kit.serveInbox("help", graph, {
    from: "anyone",
    accepts: ({ text }) => text !== "",
    input: () => ({ to: "boss@b.example" }),
    reply: () => ({ data: { done: true } }),
  });
  const read = async (raw: Buffer[]) => {
    arrived = raw;
    await kit.runOnce();
  };
  return { kit, graph, log, sent, read };
}

let postgres: PostgresServer | undefined;
beforeAll(async () => {
  if (hasPostgres) postgres = await startPostgres();
});
afterAll(async () => {
  await postgres?.close();
});

describe.each(["SQLite", ...(hasPostgres ? ["PostgreSQL"] : [])])("a mailbox full of hostile mail, on %s", (driver) => {
  test(
    "is read to its end",
    async () => {
      await using stack = new AsyncDisposableStack();
      const { kit, graph, log, sent, read } = openDesk(driver === "SQLite" ? ":memory:" : postgres!.ledgerUrl());
      stack.use(kit);
      let threads = 0;
      await eachRun(driver === "SQLite" ? 8 : 3, async (random) => {
        for (let index = 0; index < 3; index += 1) {
          threads += 1;
          await graph.invoke({ to: "boss@b.example" }, thread(`t${threads}`));
        }
        await read([]);
        const answers = sent.slice(-10).map((mail) => random.pick([replyTo, bounceOf])(random, mail));
        const asks = `From: boss@b.example\r\nTo: help@a.example\r\nSubject: Prices\r\nMessage-ID: <${random()}@b.example>\r\n\r\nHow much?\r\n`;
        const seeds = () => (random.chance(0.5) ? mails : [...answers, asks]);
        await read(Array.from({ length: 20 }, () => hostileMail(random, seeds(), replyTexts)));
        const [mistake] = log.lines.splice(0).filter(({ level }) => level === "error");
        if (mistake) throw new Error(JSON.stringify(mistake));
      });
      const kinds = new Set((await kit.events({ limit: 100_000 })).map(({ kind }) => kind));
      if (process.env["FUZZ_RUNS"] === undefined && driver === "SQLite")
        for (const kind of ["settled", "clarifying", "request-received"] as const) expect(kinds).toContain(kind);
    },
    timeout,
  );
});

function fieldOf(mail: string, name: string): string {
  const value = new RegExp(`^${name}:[ ]*((?:.|\r\n[ \t])*)`, "im").exec(mail)?.[1] ?? "";
  return value.replace(/\r\n[ \t]/g, " ");
}

/** As a mail program writes it. */
function replyTo(random: Random, mail: string): string {
  const field = (name: string) => fieldOf(mail, name);
  const said = random.pick(["approved: yes", '{"approved": false}', "May I have more time?"]);
  return `From: boss@b.example\r\nTo: ${field("Reply-To") || field("From")}\r\nSubject: Re: ${field("Subject")}\r\nMessage-ID: <${random()}@b.example>\r\nIn-Reply-To: ${field("Message-ID")}\r\nReferences: ${field("References")} ${field("Message-ID")}\r\n\r\n${said}\r\n`;
}

/** RFC 3464, with the header of the mail that is returned. */
function bounceOf(random: Random, mail: string): string {
  const [header = ""] = mail.split("\r\n\r\n");
  const status = random.pick(["5.1.1", "4.2.2", "5.7.1"]);
  const action = random.pick(["failed", "delayed", "delivered"]);
  return `From: MAILER-DAEMON@b.example\r\nTo: desk@a.example\r\nReturn-Path: <>\r\nContent-Type: multipart/report; report-type=delivery-status; boundary=b\r\n\r\n--b\r\n\r\nSorry.\r\n--b\r\nContent-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; b.example\r\n\r\nFinal-Recipient: rfc822; boss@b.example\r\nAction: ${action}\r\nStatus: ${status}\r\n\r\n--b\r\nContent-Type: text/rfc822-headers\r\n\r\n${header}\r\n--b--\r\n`;
}
