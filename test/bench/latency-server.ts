import { parseAccount } from "../../src/accounts/parse-account.ts";
import { startMailServer } from "../../src/dev/index.ts";
import { createSubmitter } from "../../src/transport/smtp.ts";

/** What the bench asks of this process: the mail server, and the person who answers. */
export type Order =
  | { kind: "answer"; subject: string }
  /** The same mail again, to the floor's mailbox. */
  | { kind: "answer-floor"; subject: string };

export type Report =
  | { kind: "ready"; accounts: Record<"desk" | "floor", { address: string; smtp: string; imap: string }> }
  /** `at`: when the SMTP server's 250 was received, in milliseconds since the epoch. */
  | { kind: "accepted"; at: number };

const server = await startMailServer();
const accounts = { desk: server.account("desk@a.example"), floor: server.account("floor@a.example") };
const boss = server.account("boss@b.example");
const submitter = createSubmitter(parseAccount(boss).smtp, { maxConnections: 1 });
const report = (message: Report) => process.send!(message);

process.on("message", (order: Order) => {
  answer(order).catch((error: unknown) => {
    console.error(error);
    process.exit(1);
  });
});
process.on("disconnect", () => process.exit());
report({ kind: "ready", accounts });

async function answer(order: Order): Promise<void> {
  const task = await server.waitForMail("boss@b.example", (mail) => mail.header("subject") === order.subject, 60_000);
  const toDesk = order.kind === "answer";
  const to = toDesk ? task.header("reply-to")! : accounts.floor.address;
  const id = task.header("message-id")!;
  const raw = [
    "From: The Boss <boss@b.example>",
    `To: ${to}`,
    `Subject: Re: ${order.subject}`,
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
  const envelope = { from: "boss@b.example", to: [to] };
  const result = await submitter.submit({ envelope, raw: Buffer.from(raw) });
  const at = performance.timeOrigin + performance.now();
  if (result.kind !== "submitted") throw result.error;
  report({ kind: "accepted", at });
}
