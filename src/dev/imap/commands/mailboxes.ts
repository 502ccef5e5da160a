import type { Mailbox, StoredAccount } from "../../store.ts";
import { parseDateTime } from "../date.ts";
import { parseFlags } from "../flags.ts";
import { decodeMailboxName, encodeMailboxName, matchesPattern } from "../mailbox-name.ts";
import { nstring } from "../output.ts";
import { select, unselect } from "../selected.ts";
import { no, ok, type Command, type CommandResult, type ImapSession } from "../session.ts";
import type { Arguments, Token } from "../tokenizer.ts";

const MAX_NAME_LENGTH = 255;
const SYSTEM_FLAGS = "\\Answered \\Flagged \\Deleted \\Seen \\Draft";

/** Commands on an account's mailboxes. */
export const mailboxCommands: Record<string, Command> = {
  NAMESPACE: {
    needs: "account",
    run(session) {
      session.out.line('* NAMESPACE (("" "/")) NIL NIL');
      return ok("Done");
    },
  },
  LIST: { needs: "account", run: list },
  LSUB: {
    needs: "account",
    run(session, args) {
      const { names, patterns } = listArguments(session, args);
      for (const mailbox of names.filter((mailbox) => mailbox.subscribed)) {
        if (patterns.some((pattern) => matchesPattern(pattern, mailbox.name))) tellMailbox(session, "LSUB", mailbox);
      }
      return ok("Done");
    },
  },
  STATUS: { needs: "account", run: status },
  SELECT: { needs: "account", run: (session, args) => open(session, args, false) },
  EXAMINE: { needs: "account", run: (session, args) => open(session, args, true) },
  CREATE: { needs: "account", run: create },
  DELETE: {
    needs: "account",
    run(session, args) {
      const mailbox = mailboxArgument(session, args);
      if (!mailbox) return nonexistent();
      if (mailbox.name === "INBOX") return no("INBOX stays", "CANNOT");
      if (session.selected?.mailbox === mailbox) unselect(session);
      session.host.store.deleteMailbox(mailbox);
      return ok("Deleted");
    },
  },
  RENAME: { needs: "account", run: rename },
  SUBSCRIBE: { needs: "account", run: (session, args) => subscribe(session, args, true) },
  UNSUBSCRIBE: { needs: "account", run: (session, args) => subscribe(session, args, false) },
  APPEND: { needs: "account", tellsExpunge: true, run: append },
};

function account(session: ImapSession): StoredAccount {
  return session.account as StoredAccount;
}

export function mailboxArgument(session: ImapSession, args: Arguments): Mailbox | undefined {
  return account(session).mailboxes.get(decodeMailboxName(args.astring("mailbox")));
}

function nonexistent(): CommandResult {
  return no("No such mailbox", "NONEXISTENT");
}

function listArguments(session: ImapSession, args: Arguments): { names: Mailbox[]; patterns: string[]; root: boolean } {
  const reference = decodeMailboxName(args.astring("reference"));
  const token = args.next("pattern");
  const texts = (token.kind === "list" ? token.items : [token]).map((item: Token) => {
    if (item.kind === "list") throw new SyntaxError("Bad pattern");
    return item.text;
  });
  return {
    names: [...account(session).mailboxes.values()],
    patterns: texts.map((text) => reference + decodeMailboxName(text)),
    root: texts.every((text) => text === ""),
  };
}

function list(session: ImapSession, args: Arguments): CommandResult {
  // RFC 5258 and RFC 6154: selection options may stand first.
  const options = args.peek()?.kind === "list" ? args.list("options") : [];
  const specialOnly = options.some((option) => option.kind === "atom" && option.text.toUpperCase() === "SPECIAL-USE");
  const { names, patterns, root } = listArguments(session, args);
  if (root) {
    session.out.line('* LIST (\\Noselect) "/" ""');
    return ok("Done");
  }
  for (const mailbox of names) {
    if (specialOnly && !mailbox.specialUse) continue;
    if (patterns.some((pattern) => matchesPattern(pattern, mailbox.name))) tellMailbox(session, "LIST", mailbox);
  }
  return ok("Done");
}

function tellMailbox(session: ImapSession, response: "LIST" | "LSUB", mailbox: Mailbox): void {
  const names = [...account(session).mailboxes.keys()];
  const hasChildren = names.some((name) => name.startsWith(`${mailbox.name}/`));
  const attributes = [
    hasChildren ? "\\HasChildren" : "\\HasNoChildren",
    ...(mailbox.specialUse ? [mailbox.specialUse] : []),
  ];
  session.out.line(`* ${response} (${attributes.join(" ")}) "/" `, ...nstring(encodeMailboxName(mailbox.name)));
}

const STATUS_ITEMS: Record<string, (mailbox: Mailbox) => number> = {
  MESSAGES: (mailbox) => mailbox.mails.size,
  RECENT: () => 0,
  UIDNEXT: (mailbox) => mailbox.uidNext,
  UIDVALIDITY: (mailbox) => mailbox.uidValidity,
  UNSEEN: (mailbox) => count(mailbox, (flags) => !flags.has("\\Seen")),
  DELETED: (mailbox) => count(mailbox, (flags) => flags.has("\\Deleted")),
  HIGHESTMODSEQ: (mailbox) => mailbox.highestModseq,
  SIZE: (mailbox) => [...mailbox.mails.values()].reduce((sum, mail) => sum + mail.raw.length, 0),
};

function count(mailbox: Mailbox, test: (flags: ReadonlySet<string>) => boolean): number {
  let found = 0;
  for (const mail of mailbox.mails.values()) if (test(mail.flags)) found += 1;
  return found;
}

function status(session: ImapSession, args: Arguments): CommandResult {
  const mailbox = mailboxArgument(session, args);
  const items = args.list("items").map((item) => (item.kind === "atom" ? item.text.toUpperCase() : ""));
  args.end();
  if (!mailbox) return nonexistent();
  const values = items.map((item) => {
    const value = Object.hasOwn(STATUS_ITEMS, item) ? STATUS_ITEMS[item] : undefined;
    if (!value) throw new SyntaxError("Unknown status item");
    if (item === "HIGHESTMODSEQ") session.condstore = true;
    return `${item} ${value(mailbox)}`;
  });
  session.out.line("* STATUS ", ...nstring(encodeMailboxName(mailbox.name)), ` (${values.join(" ")})`);
  return ok("Done");
}

function open(session: ImapSession, args: Arguments, readOnly: boolean): CommandResult {
  const mailbox = mailboxArgument(session, args);
  if (args.more()) {
    for (const option of args.list("options")) {
      if (option.kind !== "atom" || option.text.toUpperCase() !== "CONDSTORE") throw new SyntaxError("Unknown option");
      session.condstore = true;
    }
  }
  args.end();
  // A failed SELECT leaves nothing selected (RFC 9051 section 6.3.2).
  unselect(session);
  if (!mailbox) return nonexistent();
  const { uids } = select(session, mailbox, readOnly);
  const { out } = session;
  const keywords = new Set(
    [...mailbox.mails.values()].flatMap((mail) => [...mail.flags].filter((flag) => !flag.startsWith("\\"))),
  );
  const flags = [SYSTEM_FLAGS, ...keywords].join(" ");
  out.line(`* FLAGS (${flags})`);
  out.line(`* OK [PERMANENTFLAGS (${readOnly ? "" : `${flags} \\*`})] Flags that stay`);
  out.line(`* ${uids.length} EXISTS`);
  out.line("* 0 RECENT");
  const unseen = uids.findIndex((uid) => !mailbox.mails.get(uid)?.flags.has("\\Seen"));
  if (unseen >= 0) out.line(`* OK [UNSEEN ${unseen + 1}] First unseen`);
  out.line(`* OK [UIDVALIDITY ${mailbox.uidValidity}] UIDs valid`);
  out.line(`* OK [UIDNEXT ${mailbox.uidNext}] Next UID`);
  out.line(`* OK [HIGHESTMODSEQ ${mailbox.highestModseq}] Highest`);
  return ok("Selected", readOnly ? "READ-ONLY" : "READ-WRITE");
}

function create(session: ImapSession, args: Arguments): CommandResult {
  const name = decodeMailboxName(args.astring("mailbox")).replace(/\/$/, "");
  // RFC 6154 section 3: a use may be asked for.
  const use = args.more() ? specialUse(args.list("options")) : undefined;
  args.end();
  if (!isMailboxName(name)) return no("Not a mailbox name", "CANNOT");
  if (account(session).mailboxes.has(name)) return no("Exists already", "ALREADYEXISTS");
  session.host.store.createMailbox(account(session), name, use);
  return ok("Created");
}

function specialUse(options: readonly Token[]): string | undefined {
  const [name, list] = options;
  if (name?.kind !== "atom" || name.text.toUpperCase() !== "USE" || list?.kind !== "list") {
    throw new SyntaxError("Unknown option");
  }
  const [use] = list.items;
  return use?.kind === "atom" && /^\\[a-z]+$/i.test(use.text) ? use.text : undefined;
}

function isMailboxName(name: string): boolean {
  // oxlint-disable-next-line no-control-regex
  return name.length > 0 && name.length <= MAX_NAME_LENGTH && !/[\x00-\x1f\x7f*%]/.test(name) && !/^\/|\/\//.test(name);
}

function rename(session: ImapSession, args: Arguments): CommandResult {
  const mailbox = mailboxArgument(session, args);
  const to = decodeMailboxName(args.astring("new name")).replace(/\/$/, "");
  args.end();
  if (!mailbox) return nonexistent();
  if (mailbox.name === "INBOX" || !isMailboxName(to)) return no("Cannot be renamed so", "CANNOT");
  const { mailboxes } = account(session);
  if (mailboxes.has(to)) return no("Exists already", "ALREADYEXISTS");
  const { name } = mailbox;
  for (const child of [...mailboxes.values()].filter((other) => other.name.startsWith(`${name}/`))) {
    session.host.store.rename(child, `${to}${child.name.slice(name.length)}`);
  }
  session.host.store.rename(mailbox, to);
  return ok("Renamed");
}

function subscribe(session: ImapSession, args: Arguments, subscribed: boolean): CommandResult {
  const mailbox = mailboxArgument(session, args);
  args.end();
  if (!mailbox) return nonexistent();
  session.host.store.subscribe(mailbox, subscribed);
  return ok("Done");
}

function append(session: ImapSession, args: Arguments): CommandResult {
  const mailbox = mailboxArgument(session, args);
  const flags = args.peek()?.kind === "list" ? parseFlags(args.list("flags")) : [];
  const date = args.peek();
  const receivedAt =
    date?.kind === "string" && !date.literal ? parseDateTime(args.astring("date-time")) : session.host.now();
  const raw = args.literal("mail");
  args.end();
  if (!mailbox) return no("No such mailbox", "TRYCREATE");
  if (raw.length === 0) return no("Nothing to append");
  const mail = session.host.store.append(mailbox, { raw, flags, receivedAt });
  return ok("Appended", `APPENDUID ${mailbox.uidValidity} ${mail.uid}`);
}
