import { accountAddress } from "./address.ts";

/** A mail as it lies in a mailbox. */
export interface Mail {
  readonly uid: number;
  readonly raw: Buffer;
  /** INTERNALDATE, in milliseconds since the epoch. */
  readonly receivedAt: number;
  flags: ReadonlySet<string>;
  /** RFC 7162. */
  modseq: number;
}

export type MailboxChange =
  | { kind: "appended"; mail: Mail }
  | { kind: "flags"; mail: Mail; by: unknown }
  | { kind: "expunged"; uids: number[] }
  /** Deleted, or its uids were given anew: whoever has it selected must let go. */
  | { kind: "gone" };

export interface Mailbox {
  readonly account: string;
  name: string;
  /** RFC 6154, such as `\Sent`. */
  specialUse?: string;
  subscribed: boolean;
  uidValidity: number;
  uidNext: number;
  highestModseq: number;
  /** By uid, ascending. */
  mails: Map<number, Mail>;
  readonly listeners: Set<(change: MailboxChange) => void>;
}

export interface StoredAccount {
  readonly address: string;
  password: string;
  /** Whether a copy of each submitted mail is put into Sent. */
  savesSent: boolean;
  /** Made by the server for a magic address, which keeps its magic. */
  magic: boolean;
  readonly mailboxes: Map<string, Mailbox>;
}

/** Every change of the store; what a journal writes down and reads back. */
export type StoreEvent =
  | { op: "account"; address: string; password: string; savesSent: boolean; magic: boolean }
  | {
      op: "mailbox";
      address: string;
      name: string;
      uidValidity: number;
      specialUse?: string;
      subscribed: boolean;
      uidNext: number;
      highestModseq: number;
    }
  | {
      op: "append";
      address: string;
      name: string;
      uid: number;
      flags: string[];
      receivedAt: number;
      modseq: number;
      bytes: number;
    }
  | { op: "flags"; address: string; name: string; uid: number; flags: string[] }
  | { op: "expunge"; address: string; name: string; uids: number[] }
  | { op: "subscribe"; address: string; name: string; subscribed: boolean }
  | { op: "rename"; address: string; name: string; to: string }
  | { op: "renumber"; address: string; name: string; uidValidity: number }
  | { op: "delete"; address: string; name: string };

/** Where the store's changes go to survive the process. */
export interface Journal {
  write(event: StoreEvent, raw?: Buffer): void;
}

const STANDARD_MAILBOXES: readonly { name: string; specialUse?: string }[] = [
  { name: "INBOX" },
  { name: "Sent", specialUse: "\\Sent" },
  { name: "Drafts", specialUse: "\\Drafts" },
  { name: "Trash", specialUse: "\\Trash" },
  { name: "Junk", specialUse: "\\Junk" },
];

const UID_VALIDITY_EPOCH_MS = Date.UTC(2020, 0, 1);
const UID_VALIDITY_TICK_MS = 250;
let lastUidValidity = 0;

export type Store = ReturnType<typeof createStore>;

/** Accounts, mailboxes and mails in memory. Each change is an event that goes to the journal first and is applied then, so that a replay ends in the same state. */
export function createStore(options: { now: () => number }) {
  const accounts = new Map<string, StoredAccount>();
  let journal: Journal | undefined;

  const commit = (event: StoreEvent, raw?: Buffer, by?: unknown) => {
    journal?.write(event, raw);
    apply(accounts, event, raw, by);
  };

  /** UIDVALIDITY rises with time and never repeats (RFC 9051 section 2.3.1.1), also for a store that begins anew on the same port. */
  const newUidValidity = () => {
    const tick = Math.floor((options.now() - UID_VALIDITY_EPOCH_MS) / UID_VALIDITY_TICK_MS);
    const known = [...accounts.values()].flatMap((account) =>
      [...account.mailboxes.values()].map((m) => m.uidValidity),
    );
    lastUidValidity = Math.max(lastUidValidity + 1, tick, ...known.map((value) => value + 1));
    return lastUidValidity;
  };

  const createMailbox = (account: StoredAccount, name: string, specialUse?: string): Mailbox => {
    commit({
      op: "mailbox",
      address: account.address,
      name,
      uidValidity: newUidValidity(),
      ...(specialUse ? { specialUse } : {}),
      subscribed: true,
      uidNext: 1,
      highestModseq: 1,
    });
    return account.mailboxes.get(name) as Mailbox;
  };

  return {
    accounts,

    /** Reads back what a journal holds; to be called before {@link attachJournal}. */
    replay(event: StoreEvent, raw?: Buffer): void {
      apply(accounts, event, raw);
    },

    attachJournal(target: Journal): void {
      journal = target;
    },

    find(address: string): StoredAccount | undefined {
      return accounts.get(accountAddress(address));
    },

    createAccount(address: string, settings: { password: string; savesSent: boolean; magic: boolean }): StoredAccount {
      const key = accountAddress(address);
      commit({ op: "account", address: key, ...settings });
      const account = accounts.get(key) as StoredAccount;
      for (const { name, specialUse } of STANDARD_MAILBOXES) {
        if (!account.mailboxes.has(name)) createMailbox(account, name, specialUse);
      }
      return account;
    },

    createMailbox,

    append(mailbox: Mailbox, mail: { raw: Buffer; flags?: Iterable<string>; receivedAt?: number }): Mail {
      const uid = mailbox.uidNext;
      commit(
        {
          op: "append",
          address: mailbox.account,
          name: mailbox.name,
          uid,
          flags: [...(mail.flags ?? [])],
          receivedAt: mail.receivedAt ?? options.now(),
          modseq: mailbox.highestModseq + 1,
          bytes: mail.raw.length,
        },
        mail.raw,
      );
      return mailbox.mails.get(uid) as Mail;
    },

    /** Does nothing where the flags are so already. `by` comes back in the change, so that who made it can tell its own from others'. */
    setFlags(mailbox: Mailbox, mail: Mail, flags: Iterable<string>, by?: unknown): void {
      const wanted = new Set(flags);
      if (wanted.size === mail.flags.size && [...wanted].every((flag) => mail.flags.has(flag))) return;
      commit(
        { op: "flags", address: mailbox.account, name: mailbox.name, uid: mail.uid, flags: [...wanted] },
        undefined,
        by,
      );
    },

    expunge(mailbox: Mailbox, uids: readonly number[]): void {
      if (uids.length > 0) commit({ op: "expunge", address: mailbox.account, name: mailbox.name, uids: [...uids] });
    },

    subscribe(mailbox: Mailbox, subscribed: boolean): void {
      if (mailbox.subscribed !== subscribed) {
        commit({ op: "subscribe", address: mailbox.account, name: mailbox.name, subscribed });
      }
    },

    rename(mailbox: Mailbox, to: string): void {
      commit({ op: "rename", address: mailbox.account, name: mailbox.name, to });
    },

    /** Gives all mails new uids under a new UIDVALIDITY, as servers do after a restore. */
    renumber(mailbox: Mailbox): void {
      commit({ op: "renumber", address: mailbox.account, name: mailbox.name, uidValidity: newUidValidity() });
    },

    deleteMailbox(mailbox: Mailbox): void {
      commit({ op: "delete", address: mailbox.account, name: mailbox.name });
    },

    /** The shortest run of events that leads to the present state. */
    *snapshot(): Generator<{ event: StoreEvent; raw?: Buffer }> {
      for (const account of accounts.values()) {
        const { address, password, savesSent, magic } = account;
        yield { event: { op: "account", address, password, savesSent, magic } };
        for (const mailbox of account.mailboxes.values()) {
          const { name, uidValidity, specialUse, subscribed, uidNext, highestModseq } = mailbox;
          yield {
            event: {
              op: "mailbox",
              address,
              name,
              uidValidity,
              ...(specialUse ? { specialUse } : {}),
              subscribed,
              uidNext,
              highestModseq,
            },
          };
          for (const { uid, flags, receivedAt, modseq, raw } of mailbox.mails.values()) {
            yield {
              event: { op: "append", address, name, uid, flags: [...flags], receivedAt, modseq, bytes: raw.length },
              raw,
            };
          }
        }
      }
    },
  };
}

function apply(accounts: Map<string, StoredAccount>, event: StoreEvent, raw?: Buffer, by?: unknown): void {
  if (event.op === "account") {
    const { address, password, savesSent, magic } = event;
    const known = accounts.get(address);
    if (known) Object.assign(known, { password, savesSent, magic });
    else accounts.set(address, { address, password, savesSent, magic, mailboxes: new Map() });
    return;
  }
  const account = accounts.get(event.address);
  if (!account) return;
  if (event.op === "mailbox") {
    const { name, uidValidity, specialUse, subscribed, uidNext, highestModseq } = event;
    account.mailboxes.set(name, {
      account: account.address,
      name,
      ...(specialUse ? { specialUse } : {}),
      subscribed,
      uidValidity,
      uidNext,
      highestModseq,
      mails: new Map(),
      listeners: new Set(),
    });
    return;
  }
  const mailbox = account.mailboxes.get(event.name);
  if (mailbox) change(account, mailbox, event, raw, by);
}

function change(
  account: StoredAccount,
  mailbox: Mailbox,
  event: Exclude<StoreEvent, { op: "account" | "mailbox" }>,
  raw: Buffer | undefined,
  by: unknown,
): void {
  const tell = (news: MailboxChange) => {
    for (const listener of mailbox.listeners) listener(news);
  };
  switch (event.op) {
    case "append": {
      const mail: Mail = {
        uid: event.uid,
        raw: raw ?? Buffer.alloc(0),
        receivedAt: event.receivedAt,
        flags: new Set(event.flags),
        modseq: event.modseq,
      };
      mailbox.mails.set(mail.uid, mail);
      // A snapshot's mailbox is ahead of its mails: numbers never go back.
      mailbox.uidNext = Math.max(mailbox.uidNext, mail.uid + 1);
      mailbox.highestModseq = Math.max(mailbox.highestModseq, mail.modseq);
      return tell({ kind: "appended", mail });
    }
    case "flags": {
      const mail = mailbox.mails.get(event.uid);
      if (!mail) return;
      mail.flags = new Set(event.flags);
      mailbox.highestModseq += 1;
      mail.modseq = mailbox.highestModseq;
      return tell({ kind: "flags", mail, by });
    }
    case "expunge":
      for (const uid of event.uids) mailbox.mails.delete(uid);
      mailbox.highestModseq += 1;
      return tell({ kind: "expunged", uids: event.uids });
    case "subscribe":
      mailbox.subscribed = event.subscribed;
      return;
    case "rename":
      account.mailboxes.delete(mailbox.name);
      mailbox.name = event.to;
      account.mailboxes.set(event.to, mailbox);
      return;
    case "renumber": {
      const mails = [...mailbox.mails.values()];
      mailbox.mails = new Map(mails.map((mail, index) => [index + 1, { ...mail, uid: index + 1 }]));
      mailbox.uidNext = mails.length + 1;
      mailbox.uidValidity = event.uidValidity;
      mailbox.highestModseq += 1;
      return tell({ kind: "gone" });
    }
    case "delete":
      account.mailboxes.delete(mailbox.name);
      return tell({ kind: "gone" });
  }
}
