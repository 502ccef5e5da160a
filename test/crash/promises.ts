import type { Points } from "./plans.ts";

interface Promise_ {
  match: RegExp;
  /** What holds when a process has died at these points and another one has been started. */
  holds: string;
}

interface Section {
  title: string;
  about: string;
  promises: readonly Promise_[];
}

const SECTIONS: readonly Section[] = [
  {
    title: "Opening",
    about: "The ledger is migrated, its identity and its key are drawn.",
    promises: [
      {
        match: /^(migrate|openLedger)(:begin$|:commit$|\.)/,
        holds: "The ledger is as it was; the next start does it.",
      },
      { match: /^(migrate|openLedger):committed$/, holds: "The ledger is of this version, once." },
      { match: /^file\.(writeFile|link|unlink):/, holds: "The key is absent or whole, and never drawn twice." },
      { match: /^ledger\.close:/, holds: "As if it had been closed." },
    ],
  },
  {
    title: "A run begins",
    about: "It takes its thread's lease, and LangGraph stores its input.",
    promises: [
      {
        match: /^(tryHold|saver\.put\(input\):before)/,
        holds:
          "Nothing is stored of the run: who has invoked it invokes it again. A request that came by mail is begun again.",
      },
      { match: /^saver\.put\(input\):after$/, holds: "The run is taken up by a worker when its lease has run out." },
    ],
  },
  {
    title: "Send",
    about: "From `sendTask` to the mark that the server took the mail.",
    promises: [
      {
        match: /^(node\.\w+:begin|openTasks|put[:.]\w+|(findTask|file\.(mkdir|open|write|datasync|rename).*)$)/,
        holds:
          "A node in flight runs again, and makes the same task. A blob that something refers to is whole; one that nobody refers to may be left, or a part of it.",
      },
      {
        match: /^createTask(:begin$|:commit$|\.)/,
        holds: "There is no task, and nothing is mailed; the node runs again, and makes it.",
      },
      {
        match: /^createTask:committed$/,
        holds: "The task is in the outbox: it is mailed once, and the node that runs again gets its receipt.",
      },
      {
        match:
          /^(dispatchDue|leaseDue|get$|submit:before|submit\.handover:before|markSending:before|smtp\.(greeting|EHLO|AUTH|MAIL|RCPT|DATA))/,
        holds: "Not a byte of the mail is out: it goes out, once, when the lease of its row has run out.",
      },
      {
        match: /^(markSending:after|submit\.handover:after|smtp\.content|submit:after|dispatch(:begin$|:commit$|\.))/,
        holds:
          "**The window.** The server may have the mail. With `onDoubt: { resendAfter }` it is sent again, with the same Message-ID and bytes, unless an answer has come; with `hold` a person decides.",
      },
      { match: /^dispatch:committed$/, holds: "The mail is marked as submitted, and is not sent again." },
      {
        match: /^takeUpAbandoned(:begin$|:commit$|\.)/,
        holds: "What the process before left is found again by the next one.",
      },
      {
        match: /^takeUpAbandoned:committed$/,
        holds: "What was left is due again: at once, or after `resendAfter` where it was in the window.",
      },
      { match: /^(submit\.close|smtp\.QUIT)/, holds: "As if it had been closed." },
      {
        match: /^mailAfresh(:begin$|:commit$|\.)/,
        holds: "A task that bounced, or escalates, is still to be mailed again; the next process does it.",
      },
      {
        match: /^mailAfresh:committed$/,
        holds: "Its new mail is in the outbox, and is mailed once, as the first one was.",
      },
    ],
  },
  {
    title: "Wait",
    about: "`awaitReply` writes the wait, and LangGraph stores its interrupt.",
    promises: [
      { match: /^waitFor(:begin$|:commit$|\.)/, holds: "The node runs again, finds its task, and waits for it." },
      {
        match: /^(waitFor:committed|saver\.putWrites\(interrupt\):before)$/,
        holds: "The wait is in the ledger: the run is taken up, and parks, or goes on where the answer has come.",
      },
      {
        match: /^(saver\.putWrites\(interrupt\):after|noteParked)/,
        holds: "The thread is parked, and the answer wakes it.",
      },
      {
        match: /^(reachedBy$|callOff(:begin$|:commit$|\.))/,
        holds: "Nobody has been called off; the node runs again, and does it.",
      },
      { match: /^callOff:committed$/, holds: "The task is cancelled, and who was asked is told so, once." },
    ],
  },
  {
    title: "Receive",
    about:
      "From the mailbox into the ledger: the mails that are read together, what follows from them, and the cursor are one transaction.",
    promises: [
      {
        match: /^(imap\.|mailbox\.(watch|cursor|drain|close)|readCursor)/,
        holds: "The mailbox is read on from the last mail that was stored, when the lease of its watcher has run out.",
      },
      {
        match: /^(mailbox\.store:before|resolveAlias|earlierReplies|storeTogether(:begin$|:commit$|\.))/,
        holds: "Nothing of the mails is stored; they are read again.",
      },
      {
        match: /^(storeTogether:committed|endReading(:before|:after)|mailbox\.store:after)$/,
        holds:
          "The mails are in the ledger with their tasks' outcomes, the requests or the mails that ask again; they are not read again.",
      },
    ],
  },
  {
    title: "Resume",
    about: "A thread whose wait is decided, or whose run vanished, goes on.",
    promises: [
      {
        match: /^(recordResume|findThread|openWaits|tasksOfWaits|saver\.getTuple)/,
        holds: "The thread is found again, and resumed, when its lease has run out.",
      },
      {
        match: /^(node\.\w+:end|saver\.putWrites\(result\):before)$/,
        holds:
          "The node's result is not stored: it runs again, and its sends and waits give it what they gave it before.",
      },
      {
        match: /^(saver\.putWrites\(result\):after|saver\.put\(loop\))/,
        holds: "The node's result is stored: it does not run again, and the thread goes on after it.",
      },
      {
        match: /^(closeWait|consumeWaits|recordSuccess|give|releaseLease|wakeRequests)/,
        holds: "The thread is looked at once more, and nothing of it runs again.",
      },
      { match: /^fail/, holds: "The failure is counted once, or the run is tried once more than configured." },
    ],
  },
  {
    title: "Serve",
    about: "A request to a served agent runs its graph, and the answer goes into the outbox.",
    promises: [
      {
        match: /^(findRequest|findMessage|markStarted|markWaiting|answer(:begin$|:commit$|\.))/,
        holds:
          "The request is taken up again; what its graph has stored does not run again. No answer is in the outbox yet.",
      },
      { match: /^answer:committed$/, holds: "The answer is in the outbox, and is mailed once, as a task is." },
    ],
  },
  {
    title: "Looking around",
    about: "What workers do all the time.",
    promises: [
      {
        match: /^(acquireLease|renewLease|renewOutboxLease|readLease)/,
        holds: "The lease runs out, and the next process takes it.",
      },
      {
        match:
          /^(abandonedRows|dueConfirmations|dueTasks|findOutbox|hopsOfThread|lastEvent|lastSyncedEvent|openRequests|prunedBefore|readyThreads|next\w+|tasksToMail)$/,
        holds: "Nothing has changed; the next process looks as well.",
      },
      { match: /^mendClock/, holds: "The clock is compared again, and what is too far ahead is mended once." },
      { match: /^sealEvents/, holds: "The events are there; the next process seals what is not sealed." },
    ],
  },
];

/** docs/crashes.md, but for its formatting. @throws Error where a point comes under no promise. */
export function describePoints(points: Points): string {
  const left = new Set(Object.keys(points).toSorted((a, b) => a.localeCompare(b)));
  const parts = SECTIONS.map(({ title, about, promises }) => {
    const tables = promises.map(({ match, holds }) => {
      const names = [...left].filter((name) => match.test(name));
      for (const name of names) left.delete(name);
      return names.length === 0 ? "" : `${holds}\n\n| Killed in | at |\n| --- | --- |\n${rowsOf(names)}\n`;
    });
    return `## ${title}\n\n${about}\n\n${tables.join("")}`;
  });
  if (left.size > 0) throw new Error(`No promise in test/crash/promises.ts for: ${[...left].join(", ")}`);
  return `${HEAD}${parts.join("\n")}`;
}

/** `a:begin`, `a:commit` and `a.b` of one function in one row. */
function rowsOf(names: readonly string[]): string {
  const rows = Map.groupBy(names, baseOf);
  return [...rows]
    .map(([base, all]) => {
      const places = all.map((name) => (name === base ? "" : `\`${name.slice(base.length)}\``));
      return `| ${base} | ${places.filter(Boolean).join(" ")} |\n`;
    })
    .join("");
}

/** Of a port's points, the port with its method; of others, the kit's function. */
function baseOf(name: string): string {
  const isPort = /^(?:saver|submit|smtp|imap|file|mailbox|ledger|node)\./.test(name);
  return isPort ? name.replace(/:.*$/, "") : name.replace(/[.:].*$/, "");
}

const HEAD = `# Crashes

A test kills a process with SIGKILL at each of the points below, starts it again, and looks at what is left from outside: at the mailboxes of a local mail
server, the ledger and the graph's state. It finds that

- no reply is lost: each one that the server took is in the ledger once, and its task has its outcome;
- no node whose result was stored has run twice;
- no task is mailed twice, but in **the window** between the server's acceptance and our mark, and there with the same Message-ID and bytes.

The graph has two nodes that mail and wait at the same time, one to a served agent and one to a person, whose mail is held until a reviewer
has approved it; a node that mails three more tasks, one of them to
somebody whose mail bounces, to a second one who is refused, and then to a third; and one that waits until two of the three have answered, and calls the
third off. One person has to be asked again. The processes share nothing but the ledger, the checkpoints (SQLite both, or PostgreSQL both) and the mail server. In one run of
five a second process works beside the one that is killed.

In another one of six the power is cut. SQLite syncs the disk at most commits, but not at those of which a new start finds out anyway what they say: a worker's
lease of a thread and its end, that a thread was woken, that a wait's decision was taken, that it is over; nor where a mail is kept, since what refers to it is committed after it. Before the next process starts, the ledger's WAL is cut
back to the last commit that was synced, so that all later ones are gone. What the promises say of such commits holds as if the kill had come before them. The
checkpoints and the files stay: a saver that loses what it has stored makes nodes run again.

Nothing here is a matter of time: a process counts as stuck when it has looked 1,200 times and nothing was stored. What a dead process held has run out when the
next one starts, or, in some runs, half a second later.

Points bear the names of the kit's functions. \`:begin\` is before a transaction, \`.name\` after one of its statements, \`:commit\` before it is committed and
\`:committed\` after; \`:before\` and \`:after\` stand around any other effect; \`:sent\` and \`:answered\` are on the wire. A function without more is a look at
the database that changes nothing. The kit knows nothing of them: the test wraps the database, the submitter, the mailboxes, the saver, the files
and the sockets that it hands to the kit.

    npm run crashes -- --runs 1000 --seed 1    random runs of one to three kills; run i has the seed 1 + i
    npm run crashes -- --every                 one run for each point
    npm run crashes -- --record                the same, and writes this page
    npm run crashes -- --ledger postgres       any of these in PostgreSQL, which has to be installed

A run that fails prints its plan, and how to repeat it. CI makes a hundred random runs and four in PostgreSQL, kills at six points by name, and cuts the power at four.

`;
