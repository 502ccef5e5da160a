import { decodeEncodedWords } from "../mail/header-fields.ts";
import { fieldValue, headerFields } from "./header.ts";
import type { Mail, Mailbox, MailboxChange } from "./store.ts";

/** A mail in a mailbox of the server. */
export interface DeliveredMail {
  uid: number;
  flags: string[];
  /** In milliseconds since the epoch. */
  receivedAt: number;
  raw: Uint8Array;
  /** The topmost field of that name, unfolded and decoded. */
  header(name: string): string | undefined;
}

export function deliveredMail(mail: Mail): DeliveredMail {
  return {
    uid: mail.uid,
    flags: [...mail.flags],
    receivedAt: mail.receivedAt,
    raw: mail.raw,
    header(name) {
      const value = fieldValue(headerFields(mail.raw), name.toLowerCase());
      return value === undefined ? undefined : decodeEncodedWords(value);
    },
  };
}

/** Resolves with the first mail, there or still to come, for which the predicate holds. Rejects after `timeoutMs`. */
export function waitForMail(
  mailbox: Mailbox,
  predicate: (mail: DeliveredMail) => boolean,
  timeoutMs: number,
): Promise<DeliveredMail> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => finish(() => reject(timeoutError(mailbox, timeoutMs))), timeoutMs);
    const finish = (settle: () => void) => {
      clearTimeout(timer);
      mailbox.listeners.delete(listener);
      settle();
    };
    const consider = (mail: Mail): boolean => {
      const delivered = deliveredMail(mail);
      try {
        if (!predicate(delivered)) return false;
        finish(() => resolve(delivered));
      } catch (error) {
        // Thrown into the listener, it would end up with whoever delivers the mail.
        finish(() => reject(error instanceof Error ? error : new Error(String(error))));
      }
      return true;
    };
    const listener = (change: MailboxChange) => {
      if (change.kind === "appended") consider(change.mail);
    };
    mailbox.listeners.add(listener);
    for (const mail of mailbox.mails.values()) if (consider(mail)) return;
  });
}

function timeoutError(mailbox: Mailbox, timeoutMs: number): Error {
  const subjects = [...mailbox.mails.values()].map((mail) => deliveredMail(mail).header("subject") ?? "(none)");
  const present = subjects.length > 0 ? `Subjects there: ${subjects.join("; ")}` : "The mailbox is empty.";
  return new Error(`No such mail for ${mailbox.account} came within ${timeoutMs} ms. ${present}`);
}
