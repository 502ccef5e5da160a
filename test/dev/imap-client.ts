import { connect as connectTcp, type Socket } from "node:net";
import { ImapFlow, type ImapFlowOptions } from "imapflow";
import type { MailAccount } from "../../src/dev/index.ts";

/** An imapflow client signed in at an account's plain port. */
export async function imapflow(account: MailAccount, options: Partial<ImapFlowOptions> = {}): Promise<ImapFlow> {
  const { hostname, port } = new URL(account.imap);
  const client = new ImapFlow({
    host: hostname,
    port: Number(port),
    secure: false,
    doSTARTTLS: false,
    auth: { user: account.address, pass: account.password },
    logger: false,
    autoIdleDelay: 5,
    ...options,
  });
  client.on("error", () => {});
  await client.connect();
  return client;
}

export interface RawClient {
  socket: Socket;
  /** Sends text as it is. */
  send(text: string | Buffer): void;
  /** Resolves with all that came since the last call, when it matches. */
  until(pattern: RegExp): Promise<string>;
  /** Sends a command under a fresh tag, and resolves with the whole answer. */
  run(command: string): Promise<string>;
  closed: Promise<void>;
  end(): void;
}

/** Speaks the protocol itself, in text of one character an octet. */
export function rawClient(port: number): RawClient {
  const socket = connectTcp(port, "127.0.0.1");
  socket.on("error", () => {});
  let received = "";
  let wake = () => {};
  let tags = 0;
  let over = false;
  socket.on("data", (chunk: Buffer) => {
    received += chunk.toString("latin1");
    wake();
  });
  const closed = new Promise<void>((resolve) => {
    socket.on("close", () => {
      over = true;
      wake();
      resolve();
    });
  });
  const until = async (pattern: RegExp): Promise<string> => {
    const deadline = performance.now() + 5000;
    for (;;) {
      if (pattern.test(received)) {
        const text = received;
        received = "";
        return text;
      }
      if (over || performance.now() > deadline) throw new Error(`No ${pattern} in ${JSON.stringify(received)}`);
      await new Promise<void>((resolve) => {
        wake = resolve;
        setTimeout(resolve, 200);
      });
    }
  };
  return {
    socket,
    until,
    closed,
    send: (text) => socket.write(typeof text === "string" ? Buffer.from(text, "latin1") : text),
    run(command) {
      tags += 1;
      socket.write(Buffer.from(`t${tags} ${command}\r\n`, "latin1"));
      return until(new RegExp(`^t${tags} (OK|NO|BAD) .*\r\n`, "m"));
    },
    end: () => socket.destroy(),
  };
}

/** Signed in, with INBOX selected. */
export async function openInbox(account: MailAccount): Promise<RawClient> {
  const client = rawClient(Number(new URL(account.imap).port));
  await client.until(/^\* OK /);
  await client.run(`LOGIN ${account.address} ${account.password}`);
  await client.run("SELECT INBOX");
  return client;
}

/** A small mail with CRLF lines. */
export function mailOf(subject: string, more: { body?: string; fields?: string[] } = {}): string {
  const fields = [
    "From: Person <person@b.example>",
    "To: desk@a.example",
    `Subject: ${subject}`,
    ...(more.fields ?? []),
  ];
  return [...fields, "", more.body ?? "Hello", ""].join("\r\n");
}
