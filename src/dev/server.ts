import { EmailKitError } from "../errors.ts";
import { silentLogger, type Logger } from "../log.ts";
import { splitAddress } from "./address.ts";
import { createCertificate } from "./certificate.ts";
import { noFaults, type Faults } from "./faults.ts";
import { decodeWords, fieldValue, headerFields } from "./header.ts";
import { startImapServer } from "./imap/server.ts";
import { openJournal } from "./journal.ts";
import type { MagicOptions } from "./magic.ts";
import { startSmtpService, type Submission } from "./smtp.ts";
import { createStore, type Mail, type Mailbox, type StoredAccount } from "./store.ts";
import { createTransferAgent } from "./transfer.ts";

export interface MailServerOptions {
  /** Where accounts and mails survive the process; made where it does not exist. One server at a time. Default: in memory only. */
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
  /** Puts a mail into INBOX as if it had come from outside: unauthenticated, without SMTP and without magic. Throws `MAILBOX_NOT_FOUND`. */
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

const DEFAULT_PASSWORD = "dev";
const DEFAULT_MAX_MAIL_BYTES = 25 * 1024 * 1024;

/** Starts a local mail server. Rejects with `INVALID_CONFIG` where a port is taken. */
export async function startMailServer(options: MailServerOptions = {}): Promise<MailServer> {
  const now = () => Date.now();
  const host = options.host ?? "127.0.0.1";
  const hostname = options.hostname ?? "mail.localhost";
  const log = options.log ?? silentLogger;
  const maxMailBytes = options.maxMailBytes ?? DEFAULT_MAX_MAIL_BYTES;
  const domains = options.domains?.map((domain) => domain.toLowerCase());
  const faults = noFaults();
  const store = createStore({ now });
  const journal = options.directory ? openJournal(options.directory, store, { hostname, now: now(), log }) : undefined;
  const certificate = journal?.certificate ?? createCertificate({ hostname, now: now() });

  const isLocal = (address: string) => {
    const domain = splitAddress(address)?.domain;
    return domain !== undefined && (!domains || domains.includes(domain));
  };
  const makeAccount = (address: string, settings: { password?: string; savesSent?: boolean; magic?: boolean } = {}) => {
    const known = store.find(address);
    const wanted = {
      password: settings.password ?? known?.password ?? DEFAULT_PASSWORD,
      savesSent: settings.savesSent ?? known?.savesSent ?? false,
      magic: settings.magic ?? false,
    };
    const same = (["password", "savesSent", "magic"] as const).every((key) => known?.[key] === wanted[key]);
    return known && same ? known : store.createAccount(address, wanted);
  };
  const signIn = (user: string, password: string): StoredAccount | undefined => {
    const account = store.find(user);
    if (account) return account.password === password ? account : undefined;
    return options.autoCreate && password === DEFAULT_PASSWORD && isLocal(user) ? makeAccount(user) : undefined;
  };
  const mailboxOf = (address: string, name = "INBOX"): Mailbox => {
    const mailbox = store.find(address)?.mailboxes.get(name);
    if (!mailbox) throw new EmailKitError("MAILBOX_NOT_FOUND", `The mail server has no mailbox ${name} of ${address}.`);
    return mailbox;
  };

  const agent = createTransferAgent({
    store,
    faults,
    log,
    hostname,
    now,
    isLocal,
    autoCreate: options.autoCreate ?? false,
    magic: options.magic ?? {},
    makeAccount,
  });

  const services: { close(): Promise<void> }[] = [];
  const close = async () => {
    agent.close();
    await Promise.all(services.splice(0).map((service) => service.close()));
    journal?.close();
  };
  const shared = { store, faults, log, hostname, maxMailBytes, now, signIn, starttls: options.starttls ?? true };
  const { smtp, imap } = await startServices();

  async function startServices() {
    try {
      const smtp = await startSmtpService(
        { ...shared, ...agent, requireAuth: options.requireAuth ?? true },
        { host, port: options.smtpPort ?? 0, tlsPort: options.smtpsPort ?? 0, certificate },
      );
      services.push(smtp);
      const imap = await startImapServer({
        ...shared,
        host,
        port: options.imapPort ?? 0,
        tlsPort: options.imapsPort ?? 0,
        certificate,
      });
      services.push(imap);
      return { smtp, imap };
    } catch (error) {
      await close();
      const { code, port } = error as { code?: string; port?: number };
      const reason = code === "EADDRINUSE" ? `Port ${port} is taken; choose another one.` : "A port cannot be opened.";
      throw new EmailKitError("INVALID_CONFIG", reason, { cause: error });
    }
  }

  const server: MailServer = {
    host,
    smtp: { port: smtp.port },
    smtps: { port: smtp.tlsPort },
    imap: { port: imap.port },
    imaps: { port: imap.tlsPort },
    ca: certificate.cert,
    faults,
    account(address, settings) {
      if (!splitAddress(address)) throw new EmailKitError("INVALID_ADDRESS", `Not a mail address: ${address}`);
      const { address: key, password } = makeAccount(address, settings);
      const url = (scheme: string, port: number) =>
        `${scheme}://${encodeURIComponent(key)}:${encodeURIComponent(password)}@${host}:${port}`;
      return {
        address: key,
        password,
        smtp: url("smtp", smtp.port),
        imap: url("imap", imap.port),
        smtps: url("smtps", smtp.tlsPort),
        imaps: url("imaps", imap.tlsPort),
      };
    },
    mails: (address, mailbox) => [...mailboxOf(address, mailbox).mails.values()].map(deliveredMail),
    waitForMail: async (address, predicate = () => true, timeoutMs = 5000) =>
      waitForMail(mailboxOf(address), predicate, timeoutMs),
    deliver(raw, to, { from = "" } = {}) {
      const bytes = typeof raw === "string" ? Buffer.from(raw.replace(/\r?\n/g, "\r\n")) : Buffer.from(raw);
      for (const recipient of [to].flat()) {
        const { account } = mailboxOf(recipient);
        const submission: Submission = {
          queueId: "DIRECT",
          reversePath: from,
          recipients: [recipient],
          raw: bytes,
          client: { name: "outside", address: "127.0.0.1", protocol: "ESMTP" },
        };
        agent.deliver(store.find(account) as StoredAccount, submission, recipient);
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
    renumber: (address, mailbox) => store.renumber(mailboxOf(address, mailbox)),
    close,
    [Symbol.asyncDispose]: close,
  };
  return server;
}

function deliveredMail(mail: Mail): DeliveredMail {
  return {
    uid: mail.uid,
    flags: [...mail.flags],
    receivedAt: mail.receivedAt,
    raw: mail.raw,
    header(name) {
      const value = fieldValue(headerFields(mail.raw), name.toLowerCase());
      return value === undefined ? undefined : decodeWords(value);
    },
  };
}

function waitForMail(
  mailbox: Mailbox,
  predicate: (mail: DeliveredMail) => boolean,
  timeoutMs: number,
): Promise<DeliveredMail> {
  for (const mail of mailbox.mails.values()) {
    const delivered = deliveredMail(mail);
    if (predicate(delivered)) return Promise.resolve(delivered);
  }
  return new Promise((resolve, reject) => {
    const stop = () => {
      clearTimeout(timer);
      mailbox.listeners.delete(listener);
    };
    const timer = setTimeout(() => {
      stop();
      const subjects = [...mailbox.mails.values()].map((mail) => deliveredMail(mail).header("subject") ?? "(none)");
      reject(
        new Error(
          `No such mail for ${mailbox.account} within ${timeoutMs} ms. Subjects in ${mailbox.name}: ${subjects.join("; ") || "no mail"}`,
        ),
      );
    }, timeoutMs);
    const listener = (change: Parameters<Parameters<Mailbox["listeners"]["add"]>[0]>[0]) => {
      if (change.kind !== "appended") return;
      try {
        const delivered = deliveredMail(change.mail);
        if (!predicate(delivered)) return;
        stop();
        resolve(delivered);
      } catch (error) {
        stop();
        reject(error instanceof Error ? error : new Error(String(error)));
      }
    };
    mailbox.listeners.add(listener);
  });
}
