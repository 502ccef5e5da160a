import type { Mail } from "../../store.ts";
import { fetchData, parseFetchItems, setsSeen, type FetchItem } from "../fetch.ts";
import { parseFlags } from "../flags.ts";
import { parseSearch } from "../search.ts";
import { announce, tellFlags, unselect } from "../selected.ts";
import { formatSequenceSet, positionsByNumber, positionsByUid, readSequenceSet } from "../sequence.ts";
import { dismiss, no, ok, type Command, type CommandResult, type ImapSession, type Selected } from "../session.ts";
import type { Arguments, Token } from "../tokenizer.ts";
import { mailboxArgument } from "./mailboxes.ts";

/** Commands on the mails of the selected mailbox. */
export const mailCommands: Record<string, Command> = {
  CHECK: { needs: "mailbox", tellsExpunge: true, run: () => ok("Done") },
  IDLE: { needs: "mailbox", tellsExpunge: true, run: idle },
  FETCH: { needs: "mailbox", run: (session, args) => fetch(session, args, false) },
  "UID FETCH": { needs: "mailbox", tellsExpunge: true, run: (session, args) => fetch(session, args, true) },
  SEARCH: { needs: "mailbox", run: (session, args) => search(session, args, false) },
  "UID SEARCH": { needs: "mailbox", tellsExpunge: true, run: (session, args) => search(session, args, true) },
  STORE: { needs: "mailbox", run: (session, args) => store(session, args, false) },
  "UID STORE": { needs: "mailbox", tellsExpunge: true, run: (session, args) => store(session, args, true) },
  COPY: {
    needs: "mailbox",
    tellsExpunge: true,
    run: (session, args) => transfer(session, args, { byUid: false, move: false }),
  },
  "UID COPY": {
    needs: "mailbox",
    tellsExpunge: true,
    run: (session, args) => transfer(session, args, { byUid: true, move: false }),
  },
  MOVE: {
    needs: "mailbox",
    tellsExpunge: true,
    run: (session, args) => transfer(session, args, { byUid: false, move: true }),
  },
  "UID MOVE": {
    needs: "mailbox",
    tellsExpunge: true,
    run: (session, args) => transfer(session, args, { byUid: true, move: true }),
  },
  EXPUNGE: {
    needs: "mailbox",
    tellsExpunge: true,
    run(session, args) {
      args.end();
      return expunge(session, selectedOf(session).uids);
    },
  },
  "UID EXPUNGE": {
    needs: "mailbox",
    tellsExpunge: true,
    run(session, args) {
      const { uids } = selectedOf(session);
      const positions = positionsByUid(readSequenceSet(args.atom("sequence set")), uids);
      args.end();
      return expunge(
        session,
        positions.map((at) => uids[at] as number),
      );
    },
  },
  CLOSE: {
    needs: "mailbox",
    run(session) {
      const { mailbox, readOnly, uids } = selectedOf(session);
      // No EXPUNGE is told for what CLOSE removes (RFC 9051 section 6.4.2).
      unselect(session);
      if (!readOnly) session.host.store.expunge(mailbox, deletedAmong(mailbox.mails, uids));
      return ok("Closed");
    },
  },
  UNSELECT: {
    needs: "mailbox",
    run(session) {
      unselect(session);
      return ok("Done");
    },
  },
};

function selectedOf(session: ImapSession): Selected {
  return session.selected as Selected;
}

async function idle(session: ImapSession, args: Arguments): Promise<CommandResult> {
  args.end();
  if (!session.host.faults.silentIdle) announce(session, { expunges: true });
  session.out.line("+ idling");
  session.out.flush();
  session.idling = true;
  const line = await session.reader.readLine();
  session.idling = false;
  if (line === "long") dismiss(session, "Line too long");
  return line !== undefined && line !== "long" && line.text.trim().toUpperCase() === "DONE"
    ? ok("Done")
    : { status: "BAD", text: "DONE expected" };
}

/** The mails that a sequence set names, with their positions. Those that another session expunged are left out. */
function named(session: ImapSession, text: string, byUid: boolean): { at: number; mail: Mail }[] {
  const { uids, mailbox } = selectedOf(session);
  const set = readSequenceSet(text);
  const positions = byUid ? positionsByUid(set, uids) : positionsByNumber(set, uids.length);
  return positions.flatMap((at) => {
    const mail = mailbox.mails.get(uids[at] as number);
    return mail ? [{ at, mail }] : [];
  });
}

async function fetch(session: ImapSession, args: Arguments, byUid: boolean): Promise<CommandResult> {
  const set = args.atom("sequence set");
  const asked = parseFetchItems(args.next("items"));
  const changedSince = args.more() ? modifier(args.list("modifiers"), "CHANGEDSINCE") : undefined;
  args.end();
  const items: FetchItem[] = [...asked];
  if (byUid && !items.some((item) => item.kind === "uid")) items.unshift({ kind: "uid" });
  if (changedSince !== undefined && !items.some((item) => item.kind === "modseq")) items.push({ kind: "modseq" });
  if (items.some((item) => item.kind === "modseq")) session.condstore = true;

  const { readOnly, mailbox } = selectedOf(session);
  const marks = !readOnly && setsSeen(items);
  for (const { at, mail } of named(session, set, byUid)) {
    if (changedSince !== undefined && mail.modseq <= changedSince) continue;
    const marked = marks && !mail.flags.has("\\Seen");
    if (marked) session.host.store.setFlags(mailbox, mail, [...mail.flags, "\\Seen"], session);
    const shown =
      marked && !items.some((item) => item.kind === "flags") ? [...items, { kind: "flags" } as const] : items;
    session.out.line(`* ${at + 1} FETCH (`, ...fetchData(mail, shown), ")");
    if (session.out.needsDrain()) await session.out.drained();
    if (session.over || session.socket.destroyed) break;
  }
  return ok("Done");
}

/** The number of `(NAME number)`; `undefined` where the list has no such name. */
function modifier(tokens: readonly Token[], name: string): number | undefined {
  const [key, value] = tokens;
  if (
    key?.kind !== "atom" ||
    key.text.toUpperCase() !== name ||
    value?.kind !== "atom" ||
    !/^\d{1,15}$/.test(value.text)
  ) {
    throw new SyntaxError("Unknown modifier");
  }
  return Number(value.text);
}

function search(session: ImapSession, args: Arguments, byUid: boolean): CommandResult {
  const { uids, mailbox } = selectedOf(session);
  const first = args.peek();
  if (first?.kind === "atom" && first.text.toUpperCase() === "CHARSET") {
    args.next("CHARSET");
    if (!/^(utf-8|us-ascii)$/i.test(args.astring("charset"))) return no("Only UTF-8", "BADCHARSET (UTF-8)");
  }
  const { matches, modseq } = parseSearch(args.rest(), { uids, now: session.host.now() });
  if (modseq) session.condstore = true;
  const found: number[] = [];
  let highest = 0;
  for (const [at, uid] of uids.entries()) {
    const mail = mailbox.mails.get(uid);
    if (!mail || !matches(mail, at)) continue;
    found.push(byUid ? uid : at + 1);
    highest = Math.max(highest, mail.modseq);
  }
  const tail = modseq && found.length > 0 ? ` (MODSEQ ${highest})` : "";
  session.out.line(`* SEARCH${found.map((number) => ` ${number}`).join("")}${tail}`);
  return ok("Done");
}

function store(session: ImapSession, args: Arguments, byUid: boolean): CommandResult {
  const set = args.atom("sequence set");
  const unchangedSince = args.peek()?.kind === "list" ? modifier(args.list("modifiers"), "UNCHANGEDSINCE") : undefined;
  const action = /^([+-]?)FLAGS(\.SILENT)?$/i.exec(args.atom("action"));
  if (!action) throw new SyntaxError("Unknown action");
  const given = parseFlags(args.peek()?.kind === "list" ? args.list("flags") : args.rest());
  const selected = selectedOf(session);
  if (selected.readOnly) return no("The mailbox is open for reading only", "READ-ONLY");
  if (unchangedSince !== undefined) session.condstore = true;

  const modified: number[] = [];
  for (const { at, mail } of named(session, set, byUid)) {
    if (unchangedSince !== undefined && mail.modseq > unchangedSince) {
      modified.push(byUid ? mail.uid : at + 1);
      continue;
    }
    const flags =
      action[1] === "+"
        ? [...mail.flags, ...given]
        : action[1] === "-"
          ? [...mail.flags].filter((flag) => !given.includes(flag))
          : given;
    session.host.store.setFlags(selected.mailbox, mail, flags, session);
    if (!action[2]) tellFlags(session, selected, mail);
    // Also a silent change tells its number (RFC 7162 section 3.1.3).
    else if (session.condstore) session.out.line(`* ${at + 1} FETCH (UID ${mail.uid} MODSEQ (${mail.modseq}))`);
  }
  return modified.length > 0 ? ok("Some had changed", `MODIFIED ${formatSequenceSet(modified)}`) : ok("Done");
}

function transfer(
  session: ImapSession,
  args: Arguments,
  { byUid, move }: { byUid: boolean; move: boolean },
): CommandResult {
  const set = args.atom("sequence set");
  const target = mailboxArgument(session, args);
  args.end();
  const { mailbox, readOnly } = selectedOf(session);
  if (!target) return no("No such mailbox", "TRYCREATE");
  if (move && readOnly) return no("The mailbox is open for reading only", "READ-ONLY");
  if (move && target === mailbox) return no("The mails are there already", "CANNOT");
  const mails = named(session, set, byUid).map(({ mail }) => mail);
  if (mails.length === 0) return ok("Nothing to do");
  const copies = mails.map(({ raw, flags, receivedAt }) =>
    session.host.store.append(target, { raw, flags, receivedAt }),
  );
  const uids = (list: readonly Mail[]) => formatSequenceSet(list.map((mail) => mail.uid));
  const code = `COPYUID ${target.uidValidity} ${uids(mails)} ${uids(copies)}`;
  if (!move) return ok("Copied", code);
  // RFC 6851 section 4.3: the code goes before the EXPUNGE responses.
  session.out.line(`* OK [${code}] Moved`);
  session.host.store.expunge(
    mailbox,
    mails.map((mail) => mail.uid),
  );
  return ok("Moved");
}

function expunge(session: ImapSession, uids: readonly number[]): CommandResult {
  const { mailbox, readOnly } = selectedOf(session);
  if (readOnly) return no("The mailbox is open for reading only", "READ-ONLY");
  session.host.store.expunge(mailbox, deletedAmong(mailbox.mails, uids));
  return ok("Done", `HIGHESTMODSEQ ${mailbox.highestModseq}`);
}

function deletedAmong(mails: ReadonlyMap<number, Mail>, uids: readonly number[]): number[] {
  return uids.filter((uid) => mails.get(uid)?.flags.has("\\Deleted"));
}
