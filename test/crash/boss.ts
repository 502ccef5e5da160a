import type { DeliveredMail, MailServer } from "../../src/dev/index.ts";
import { replyAs } from "../../src/testing/reply-as.ts";

/** A person who answers each mail once; of a mail that comes twice, with the same Message-ID, the second is dropped. */
export function startBoss(mail: MailServer, address: string) {
  const answered = new Set<string>();
  const replies: string[] = [];
  const errors: unknown[] = [];
  let working = Promise.resolve();
  const answer = async (task: DeliveredMail) => {
    replies.push((await replyAs(mail, { from: address, mail: task, text: "approved: yes" })).messageId);
  };
  const timer = setInterval(() => {
    for (const task of mail.mails(address)) {
      const id = task.header("message-id")!;
      if (answered.has(id)) continue;
      answered.add(id);
      working = working.then(() => answer(task)).catch((error: unknown) => void errors.push(error));
    }
  }, 10);
  return {
    /** Message-IDs of the replies that the server took. */
    replies,
    errors,
    async stop() {
      clearInterval(timer);
      await working;
    },
  };
}
