import { ImapFlow } from "imapflow";
import { simpleParser } from "mailparser";

/** The least that any program must do to know what new mails say: IDLE, fetch, parse. Calls `onMail` with each subject. */
export async function watchFloor(
  account: { imap: string },
  onMail: (subject: string) => void,
): Promise<AsyncDisposable> {
  const url = new URL(account.imap);
  const client = new ImapFlow({
    host: url.hostname,
    port: Number(url.port),
    secure: false,
    doSTARTTLS: false,
    auth: { user: decodeURIComponent(url.username), pass: decodeURIComponent(url.password) },
    logger: false,
  });
  await client.connect();
  await client.mailboxOpen("INBOX", { readOnly: true });
  let last = 0;
  let dirty = false;
  let reading: Promise<void> | undefined;
  const read = async () => {
    while (dirty) {
      dirty = false;
      for (const mail of await client.fetchAll(`${last + 1}:*`, { uid: true, source: true }, { uid: true })) {
        if (mail.uid <= last || !mail.source) continue;
        last = mail.uid;
        const { subject } = await simpleParser(mail.source);
        onMail(subject ?? "");
      }
    }
    void client.idle();
  };
  client.on("exists", () => {
    dirty = true;
    reading ??= read()
      .catch((error: unknown) => {
        if (client.usable) throw error;
      })
      .finally(() => {
        reading = undefined;
      });
  });
  void client.idle();
  return {
    async [Symbol.asyncDispose]() {
      client.close();
    },
  };
}
