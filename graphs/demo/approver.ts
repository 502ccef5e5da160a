import { createInterface } from "node:readline/promises";
import { type DeliveredMail, type MailServer, replyAs } from "langgraph-email/testing";
import { parseMail } from "langgraph-email/mail";
import type { Printer } from "./print.ts";

/** The person who decides: you, at the terminal, or a simulated correspondent with Gmail's manners. */
export function approve(
  mail: MailServer,
  address: string,
  options: { simulated: boolean; print: Printer },
): { done: Promise<void> } {
  const work = async () => {
    const task = await mail.waitForMail(address, undefined, 10 * 60_000);
    const text = options.simulated ? "Approved, please go ahead." : await ask(task);
    options.print.person(address, text);
    await replyAs(mail, {
      from: `Dana Boss <${address}>`,
      mail: task,
      text,
      client: "gmail",
      signature: "Dana Boss\nHead of Products",
    });
  };
  return { done: work() };
}

async function ask(task: DeliveredMail): Promise<string> {
  const parsed = await parseMail(task.raw, { putAttachment: async () => "" });
  const body = parsed.kind === "parsed" ? (parsed.message.text ?? "") : "";
  console.log(`\n  You are the approver. This mail is in your inbox:\n`);
  for (const line of [
    `From: ${task.header("from")}`,
    `Subject: ${task.header("subject")}`,
    "",
    ...body.split(/\r?\n/),
  ]) {
    console.log(`    ${line}`);
  }
  const terminal = createInterface({ input: process.stdin, output: process.stdout });
  try {
    return await terminal.question("\n  Your reply (for example: approved, or: no, too early): ");
  } finally {
    terminal.close();
  }
}
