import type { Mail, Mailbox, MailboxChange } from "../store.ts";
import { lowerBound } from "./sequence.ts";
import { dismiss, type ImapSession, type Selected } from "./session.ts";

export function select(session: ImapSession, mailbox: Mailbox, readOnly: boolean): Selected {
  const listener = (change: MailboxChange) => {
    const { news } = selected;
    if (change.kind === "gone") return dismiss(session, "The mailbox is gone");
    if (change.kind === "appended") news.appended.push(change.mail.uid);
    else if (change.kind === "expunged") for (const uid of change.uids) news.expunged.add(uid);
    else if (change.by !== session) news.changed.add(change.mail.uid);
    if (session.idling && !session.host.faults.silentIdle) {
      announce(session, { expunges: true });
      session.out.flush();
    }
  };
  mailbox.listeners.add(listener);
  const selected: Selected = {
    mailbox,
    readOnly,
    uids: [...mailbox.mails.keys()],
    news: noNews(),
    detach: () => mailbox.listeners.delete(listener),
  };
  session.selected = selected;
  return selected;
}

export function unselect(session: ImapSession): void {
  session.selected?.detach();
  delete session.selected;
}

function noNews(): Selected["news"] {
  return { appended: [], expunged: new Set(), changed: new Set() };
}

/** Tells the client what changed since it was last told. */
export function announce(session: ImapSession, options: { expunges: boolean }): void {
  const { selected, out } = session;
  if (!selected) return;
  const { appended, expunged, changed } = selected.news;
  if (appended.length === 0 && expunged.size === 0 && changed.size === 0) return;
  selected.news = noNews();

  const vanished = new Set(expunged);
  if (options.expunges) {
    const positions = [...expunged].map((uid) => positionOf(selected, uid)).filter((at) => at >= 0);
    // From the last to the first, so that no number shifts under the next.
    for (const at of positions.toSorted((a, b) => b - a)) out.line(`* ${at + 1} EXPUNGE`);
    if (positions.length > 0) selected.uids = selected.uids.filter((uid) => !expunged.has(uid));
  } else {
    for (const uid of expunged) if (positionOf(selected, uid) >= 0) selected.news.expunged.add(uid);
  }
  const grown = appended.filter((uid) => !vanished.has(uid));
  if (grown.length > 0) {
    selected.uids = selected.uids.concat(grown);
    out.line(`* ${selected.uids.length} EXISTS`);
    out.line("* 0 RECENT");
  }
  for (const uid of changed) {
    const mail = selected.mailbox.mails.get(uid);
    if (mail) tellFlags(session, selected, mail);
  }
}

/** The FLAGS of one mail, unasked for. */
export function tellFlags(session: ImapSession, selected: Selected, mail: Mail): void {
  const at = positionOf(selected, mail.uid);
  if (at < 0) return;
  const modseq = session.condstore ? ` MODSEQ (${mail.modseq})` : "";
  session.out.line(`* ${at + 1} FETCH (UID ${mail.uid} FLAGS (${[...mail.flags].join(" ")})${modseq})`);
}

function positionOf(selected: Selected, uid: number): number {
  const at = lowerBound(selected.uids, uid);
  return selected.uids[at] === uid ? at : -1;
}
