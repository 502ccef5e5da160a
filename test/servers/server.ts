import { setTimeout as sleep } from "node:timers/promises";
import type { MailAccount, MailServer } from "../../src/dev/index.ts";
import { fieldValue, headerFields } from "../../src/dev/header.ts";
import { replyAs, type ReplyOptions, type SentReply } from "../../src/testing/reply-as.ts";

/** A mail as the server has it. */
export interface TestMail {
  raw: Uint8Array;
  /** The topmost field of that name, unfolded. */
  header(name: string): string | undefined;
}

/** What the scenarios need of a mail server, whichever it is. */
export interface TestServer extends AsyncDisposable {
  readonly name: string;
  /** The certificate of its TLS ports, PEM. */
  readonly ca: string;
  /** One of those that it was started with. */
  account(address: string): MailAccount;
  /** What the mailbox holds, oldest first. */
  mails(address: string): Promise<TestMail[]>;
  /** Takes a mail in as from outside, without sign-in. */
  inject(raw: string, envelope: { from: string; to: string }): Promise<void>;
  /** Cuts the account's IMAP connections. */
  cut(address: string): Promise<void>;
  /** Gives the INBOX a new UIDVALIDITY. */
  renumber(address: string): Promise<void>;
  /** Addresses with which mail ends badly, each in the way of this server. */
  readonly addresses: {
    /** Refused at RCPT. */
    refused: string;
    /** Taken, then reported as unknown. */
    unknown: string;
    /** Taken, then reported as full. */
    full: string;
    /** Delivered, and answered by an out-of-office reply. */
    away: string;
    /** Taken; a delay is reported, and in the end a failure. */
    expired: string;
    /** Taken, and too big for the next hop; undefined where the server has no such case. */
    tooBig: string | undefined;
  };
}

/** A kind of server, and whether it can be had here. */
export interface TestServerKind {
  name: string;
  /** Why it cannot be started here; undefined where it can. */
  missing(): string | undefined;
  /** @param accounts In a.example and b.example. */
  start(accounts: readonly string[]): Promise<TestServer>;
}

export function testMail(raw: Uint8Array): TestMail {
  return { raw, header: (name) => fieldValue(headerFields(Buffer.from(raw)), name.toLowerCase()) };
}

/** The first mail in the account's INBOX, there or still to come, for which the predicate holds. */
export async function waitForMail(
  server: TestServer,
  address: string,
  predicate: (mail: TestMail) => boolean = () => true,
  timeoutMs = 20_000,
): Promise<TestMail> {
  const end = Date.now() + timeoutMs;
  for (;;) {
    const mails = await server.mails(address);
    const found = mails.find(predicate);
    if (found) return found;
    if (Date.now() > end) {
      const subjects = mails.map((mail) => mail.header("subject")).join("; ");
      throw new Error(`No such mail for ${address} within ${timeoutMs} ms. There: ${subjects || "nothing"}`);
    }
    await sleep(20);
  }
}

/** Answers as a person does, over the server's own submission. */
export function reply(
  server: TestServer,
  options: Omit<ReplyOptions, "mail"> & { mail: TestMail },
): Promise<SentReply> {
  const accounts: Pick<MailServer, "account"> = { account: (address) => server.account(address) };
  return replyAs(accounts as MailServer, { ...options, mail: options.mail.raw });
}
