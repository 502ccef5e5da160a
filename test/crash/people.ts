import type { DeliveredMail, MailServer } from "../../src/dev/index.ts";
import { replyAs } from "../../src/testing/reply-as.ts";

/** Who is asked by mail, and what they answer to their first mail, their second, and so on. */
export const ANSWERS = {
  boss: ["approved: yes"],
  // Decides on the mail to the boss, which is held for it.
  kim: ["Yes, approved."],
  // Asks back first, and is then told what is missing.
  alice: ["Which chairs do you mean?", "price: 7"],
  bob: ["price: 9"],
  // Never answers.
  carol: [],
} as const;
/** `gone`: the server takes the mail, and reports that it cannot be delivered; `refused`: it does not take it. */
export type Person = keyof typeof ANSWERS | "gone" | "refused";

export interface SentReply {
  messageId: string;
  answers: string;
}

/** A person who answers each mail once; of a mail that comes twice, with the same Message-ID, the second is dropped. */
export function startPerson(mail: MailServer, address: string, answers: readonly string[]) {
  const answered = new Set<string>();
  const replies: SentReply[] = [];
  const errors: unknown[] = [];
  let working = Promise.resolve();
  const answer = async (task: DeliveredMail, id: string, text: string) => {
    const { messageId } = await replyAs(mail, { from: address, mail: task, text });
    replies.push({ messageId, answers: id });
  };
  let looked = 0;
  const timer = setInterval(() => {
    const mails = mail.mails(address);
    for (const task of answers.length > 0 ? mails.slice(looked) : []) {
      looked++;
      const id = task.header("message-id")!;
      if (answered.has(id)) continue;
      const text = answers[Math.min(answered.size, answers.length - 1)]!;
      answered.add(id);
      working = working.then(() => answer(task, id, text)).catch((error: unknown) => void errors.push(error));
    }
  }, 20);
  return {
    address,
    /** The replies that the server took. */
    replies,
    errors,
    async stop() {
      clearInterval(timer);
      await working;
    },
  };
}
