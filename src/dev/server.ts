import { EmailKitError } from "../errors.ts";
import { silentLogger, type Logger } from "../log.ts";
import { createAccounts } from "./accounts.ts";
import { addressesIn, splitAddress } from "./address.ts";
import { createCertificate } from "./certificate.ts";
import { deliveredMail, waitForMail, type DeliveredMail } from "./delivered-mail.ts";
import { noFaults, type Faults } from "./faults.ts";
import { fieldValue, headerFields } from "./header.ts";
import { startImapServer, type ImapServer } from "./imap/server.ts";
import { openJournal } from "./journal.ts";
import type { MagicOptions } from "./magic.ts";
import { startSmtpService, type SmtpService } from "./smtp.ts";
import { createStore, type StoredAccount } from "./store.ts";
import { createTransferAgent } from "./transfer.ts";

export interface MailServerOptions {
  /** Where accounts and mails survive the process; made where it does not exist. One server at a time, and less than 2 GiB. Default: in memory only. */
  directory?: string;
  /** Address to listen on. Everything on this server is public to whoever reaches it. Default: `127.0.0.1`. */
  host?: string;
  /** Ports; 0 takes a free one. Default: 0. */
  smtpPort?: number;
  smtpsPort?: number;
  imapPort?: number;
  imapsPort?: number;
  /** Name in greetings, Received and Authentication-Results fields (its authserv-id) and reports. Default: `mail.localhost`. */
  hostname?: string;
  /** Domains whose mail ends here; a mail to any other is taken and bounced (5.1.2). Default: every domain. */
  domains?: string[];
  /** An unknown address signs in with the password `dev`, and mail to an unknown address makes its mailbox. Default: `false`. */
  autoCreate?: boolean;
  /** Whether submission demands sign-in. Default: `true`. */
  requireAuth?: boolean;
  /** Of one mail, in octets. Default: 25 MiB. */
  maxMailBytes?: number;
  /** Whether STARTTLS is on offer on the plain ports. Clients that take it up by themselves then need {@link MailServer.ca}. Default: `true`. */
  starttls?: boolean;
  /** Addresses that provoke what real life provokes, see {@link MAGIC_ADDRESSES}. `false`: none. */
  magic?: MagicOptions | false;
  /** Default: silent. */
  log?: Logger;
}

export interface AccountOptions {
  /** Default: `dev`. */
  password?: string;
  /** Put a copy of each submitted mail into Sent, as some providers do. Default: `false`. */
  savesSent?: boolean;
}

/** An account and the URLs at which it submits and reads; ready for a kit's configuration. */
export interface MailAccount {
  address: string;
  password: string;
  /** In clear on loopback, with STARTTLS on offer. */
  smtp: string;
  imap: string;
  /** On TLS; the certificate is {@link MailServer.ca}. */
  smtps: string;
  imaps: string;
}

/** A local mail server: real SMTP and IMAP on loopback. */
export interface MailServer extends AsyncDisposable {
  readonly host: string;
  readonly smtp: { port: number };
  readonly smtps: { port: number };
  readonly imap: { port: number };
  readonly imaps: { port: number };
  /** The certificate of the TLS ports, PEM; it is its own authority. */
  readonly ca: string;
  /** What the server does wrong. */
  readonly faults: Faults;
  /** Makes the account, or returns it with its password and settings changed as given. */
  account(address: string, options?: AccountOptions): MailAccount;
  /** The mails now in the mailbox, oldest first. Throws `MAILBOX_NOT_FOUND`. */
  mails(address: string, mailbox?: string): DeliveredMail[];
  /** Resolves with the first mail in INBOX, there or still to come, for which the predicate holds. Rejects after `timeoutMs` (default: 5000). */
  waitForMail(
    address: string,
    predicate?: (mail: DeliveredMail) => boolean,
    timeoutMs?: number,
  ): Promise<DeliveredMail>;
  /** Puts a mail into INBOX as if it had come from outside: unauthenticated, without SMTP and without magic. `from` is the envelope's; default: the mail's own, or none for a mailer-daemon's. Throws `MAILBOX_NOT_FOUND`. */
  deliver(raw: Uint8Array | string, to: string | readonly string[], options?: { from?: string }): void;
  /** Cuts all connections, or those of one protocol. */
  cut(protocol?: "smtp" | "imap"): void;
  /** Half-open: connections are accepted and stay, and nothing is read or answered. */
  freeze(): void;
  thaw(): void;
  /** Gives the mailbox a new UIDVALIDITY and its mails new uids. Sessions that have it selected are ended. */
  renumber(address: string, mailbox?: string): void;
  close(): Promise<void>;
}

const DEFAULT_MAX_MAIL_BYTES = 25 * 1024 * 1024;

/** Starts a local mail server. Rejects with `INVALID_CONFIG` where a port is taken, or the directory is in use. */
export async function startMailServer(options: MailServerOptions = {}): Promise<MailServer> {
  const now = () => Date.now();
  const host = options.host ?? "127.0.0.1";
  const hostname = options.hostname ?? "mail.localhost";
  const log = options.log ?? silentLogger;
  const faults = noFaults();
  const store = createStore({ now });
  const journal = options.directory ? openJournal(options.directory, store, { hostname, now: now(), log }) : undefined;
  const certificate = journal?.certificate ?? createCertificate({ hostname, now: now() });
  const autoCreate = options.autoCreate ?? false;
  const accounts = createAccounts(store, { autoCreate, ...(options.domains ? { domains: options.domains } : {}) });
  const agent = createTransferAgent({
    store,
    accounts,
    faults,
    log,
    hostname,
    now,
    autoCreate,
    magic: options.magic ?? {},
  });
  const shared = {
    store,
    faults,
    log,
    hostname,
    now,
    signIn: (user: string, password: string) => accounts.signIn(user, password),
    maxMailBytes: options.maxMailBytes ?? DEFAULT_MAX_MAIL_BYTES,
    starttls: options.starttls ?? true,
  };
  const started: { close(): Promise<void> }[] = [];
  let closing: Promise<void> | undefined;
  const close = () => {
    closing ??= (async () => {
      agent.close();
      await Promise.all(started.map((service) => service.close()));
      journal?.close();
    })();
    return closing;
  };
  try {
    const smtp = await startSmtpService(
      { ...shared, ...agent, requireAuth: options.requireAuth ?? true },
      { host, port: options.smtpPort ?? 0, tlsPort: options.smtpsPort ?? 0, certificate },
    );
    started.push(smtp);
    const ports = { port: options.imapPort ?? 0, tlsPort: options.imapsPort ?? 0 };
    const imap = await startImapServer({ ...shared, ...ports, host, certificate });
    started.push(imap);
    return describeServer({ host, ca: certificate.cert, faults, store, accounts, agent, smtp, imap, close });
  } catch (error) {
    await close();
    throw startError(error);
  }
}

function startError(error: unknown): EmailKitError {
  const { code, port } = error as { code?: string; port?: number };
  const reason = code === "EADDRINUSE" ? `Port ${port} is taken. Choose another one.` : "The ports cannot be opened.";
  return new EmailKitError("INVALID_CONFIG", reason, { cause: error });
}

interface Running {
  host: string;
  ca: string;
  faults: Faults;
  store: ReturnType<typeof createStore>;
  accounts: ReturnType<typeof createAccounts>;
  agent: ReturnType<typeof createTransferAgent>;
  smtp: SmtpService;
  imap: ImapServer;
  close: () => Promise<void>;
}

function describeServer(running: Running): MailServer {
  const { host, ca, faults, store, accounts, agent, smtp, imap, close } = running;
  const inbox = (address: string) => accounts.mailbox(address);
  return {
    host,
    ca,
    faults,
    smtp: { port: smtp.port },
    smtps: { port: smtp.tlsPort },
    imap: { port: imap.port },
    imaps: { port: imap.tlsPort },
    account(address, settings) {
      if (!splitAddress(address)) throw new EmailKitError("INVALID_ADDRESS", `Not a mail address: ${address}`);
      return accountUrls(running, accounts.make(address, settings));
    },
    mails: (address, mailbox) => [...accounts.mailbox(address, mailbox).mails.values()].map(deliveredMail),
    waitForMail: async (address, predicate = () => true, timeoutMs = 5000) =>
      waitForMail(inbox(address), predicate, timeoutMs),
    deliver(raw, to, options = {}) {
      const bytes = typeof raw === "string" ? Buffer.from(raw.replace(/\r?\n/g, "\r\n")) : Buffer.from(raw);
      const author = addressesIn(fieldValue(headerFields(bytes), "from") ?? "")[0] ?? "";
      const from = options.from ?? (/^mailer-daemon@/i.test(author) ? "" : author);
      const client = { name: "outside", address: "127.0.0.1", protocol: "ESMTP" };
      for (const recipient of [to].flat()) {
        const account = store.find(inbox(recipient).account) as StoredAccount;
        const submitted = { queueId: "DIRECT", reversePath: from, recipients: [recipient], raw: bytes, client };
        agent.deliver(account, submitted, recipient);
      }
    },
    cut(protocol) {
      if (protocol !== "imap") smtp.cut();
      if (protocol !== "smtp") imap.cut();
    },
    freeze() {
      smtp.freeze(true);
      imap.freeze(true);
    },
    thaw() {
      smtp.freeze(false);
      imap.freeze(false);
    },
    renumber: (address, mailbox) => store.renumber(accounts.mailbox(address, mailbox)),
    close,
    [Symbol.asyncDispose]: close,
  };
}

function accountUrls({ host, smtp, imap }: Running, { address, password }: StoredAccount): MailAccount {
  // Whoever listens everywhere is reached here.
  const reachable =
    host === "0.0.0.0" ? "127.0.0.1" : host === "::" ? "[::1]" : host.includes(":") ? `[${host}]` : host;
  const url = (scheme: string, port: number) =>
    `${scheme}://${encodeURIComponent(address)}:${encodeURIComponent(password)}@${reachable}:${port}`;
  return {
    address,
    password,
    smtp: url("smtp", smtp.port),
    imap: url("imap", imap.port),
    smtps: url("smtps", smtp.tlsPort),
    imaps: url("imaps", imap.tlsPort),
  };
}
