import { createTransport } from "nodemailer";
import type { DeliveredMail, MailServer } from "../../src/dev/index.ts";

/** Answers a mail in plain text, from the account of `from`. */
export async function answer(
  server: MailServer,
  from: string,
  mail: DeliveredMail,
  text: string,
  options: { as?: string } = {},
): Promise<void> {
  const account = server.account(from);
  const transport = createTransport({ url: account.smtp, ignoreTLS: true });
  await transport.sendMail({
    from: options.as ?? from,
    to: mail.header("reply-to") ?? mail.header("from"),
    subject: `Re: ${mail.header("subject")}`,
    inReplyTo: mail.header("message-id"),
    references: [mail.header("references"), mail.header("message-id")].filter((id) => id !== undefined),
    text,
  });
  transport.close();
}

interface Stateful {
  getState(config: { configurable: { thread_id: string } }): Promise<{ values: unknown; next: string[] }>;
}

/** Resolves with the thread's state when nothing is left to run. */
export async function waitForEnd(
  graph: Stateful,
  config: { configurable: { thread_id: string } },
  timeoutMs = 10_000,
): Promise<unknown> {
  const end = Date.now() + timeoutMs;
  for (;;) {
    const state = await graph.getState(config);
    const tasks = (state as { tasks?: unknown[] }).tasks ?? [];
    if (state.next.length === 0 && tasks.length === 0) return state.values;
    if (Date.now() > end)
      throw new Error(`Thread ${config.configurable.thread_id} did not end: ${JSON.stringify(state)}`);
    await new Promise((resolve) => {
      setTimeout(resolve, 15);
    });
  }
}
