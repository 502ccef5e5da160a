import { setTimeout as sleep } from "node:timers/promises";
import { parseAccount } from "../../src/accounts/parse-account.ts";
import { createSubmitter } from "../../src/transport/smtp.ts";
import { dovecot } from "../servers/dovecot.ts";
import { local } from "../servers/local.ts";
import type { TestMail } from "../servers/server.ts";

/** What the bench asks of this process: a mail server, and the people who answer. */
export type Order =
  /** Everything that was asked, so many mails, to the desk; or the same mails again, to the floor's mailbox. */
  { kind: "answer"; to: "desk" | "floor"; count: number };

export type Report =
  | { kind: "ready"; accounts: Record<"desk" | "floor", { address: string; smtp: string; imap: string }> }
  /** When the first mail was about to be submitted, in milliseconds since the epoch. */
  | { kind: "begun"; at: number }
  | { kind: "done"; at: number };

const DESK = "desk@a.example";
const FLOOR = "floor@a.example";
const BOSS = "boss@b.example";
const CONNECTIONS = 3;

const server = await (process.argv[2] === "dovecot" ? dovecot : local).start([DESK, FLOOR, BOSS]);
const submitter = createSubmitter(parseAccount(server.account(BOSS)).smtp, { maxConnections: CONNECTIONS });
const report = (message: Report) => process.send!(message);
const now = () => performance.timeOrigin + performance.now();

process.on("message", (order: Order) => {
  answerAll(order).catch((error: unknown) => {
    console.error(error);
    process.exit(1);
  });
});
process.on("disconnect", () => void end());
report({ kind: "ready", accounts: { desk: server.account(DESK), floor: server.account(FLOOR) } });

async function end(): Promise<void> {
  await submitter.close();
  await server[Symbol.asyncDispose]();
  process.exit();
}

async function answerAll({ to, count }: Order): Promise<void> {
  // A real server takes mails into its queue before it delivers them.
  while ((await server.mails(BOSS)).length < count) await sleep(100);
  const replies = (await server.mails(BOSS)).map((task) => replyTo(task, to === "desk"));
  report({ kind: "begun", at: now() });
  let next = 0;
  const work = async () => {
    for (let reply = replies[next++]; reply; reply = replies[next++]) {
      const envelope = { from: BOSS, to: [reply.to] };
      const result = await submitter.submit({ envelope, raw: Buffer.from(reply.raw) });
      if (result.kind !== "submitted") throw result.error;
    }
  };
  await Promise.all(Array.from({ length: CONNECTIONS }, work));
  report({ kind: "done", at: now() });
}

function replyTo(task: TestMail, toDesk: boolean): { to: string; raw: string } {
  const to = toDesk ? task.header("reply-to")! : FLOOR;
  const id = task.header("message-id")!;
  const raw = [
    `From: The Boss <${BOSS}>`,
    `To: ${to}`,
    `Subject: Re: ${task.header("subject")}`,
    `Date: ${new Date().toUTCString()}`,
    `Message-ID: <${toDesk ? "desk" : "floor"}.${id.slice(1)}`,
    `In-Reply-To: ${id}`,
    `References: ${[task.header("references"), id].join(" ")}`,
    "MIME-Version: 1.0",
    "Content-Type: text/plain; charset=utf-8",
    "",
    "approved: yes",
    "",
    "On Mon, 5 May 2025 at 10:12, Desk <desk@a.example> wrote:",
    ...Array.from({ length: 40 }, (_, line) => `> Line ${line} of what was asked, as a mail program quotes it below.`),
    "",
  ].join("\r\n");
  return { to, raw };
}
