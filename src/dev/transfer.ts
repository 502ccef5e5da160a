import { randomUUID } from "node:crypto";
import type { Logger } from "../log.ts";
import type { Accounts } from "./accounts.ts";
import { splitAddress } from "./address.ts";
import { awayReply, correspondent, mayAnswer } from "./away.ts";
import { completeMail, damageAddress, damageAddressFields, rewriteMessageId, withTrace } from "./delivery.ts";
import type { Faults } from "./faults.ts";
import { MAGIC_ADDRESSES, NO_SUCH_DOMAIN, type Magic, type MagicOptions } from "./magic.ts";
import { complaintReport, deliveryReport, type DeliveryFact, type ReportContext } from "./report.ts";
import type { SmtpReply, SubmittedMail } from "./smtp.ts";
import type { Mailbox, Store, StoredAccount } from "./store.ts";

export interface TransferOptions {
  store: Store;
  faults: Faults;
  log: Logger;
  hostname: string;
  now: () => number;
  accounts: Pick<Accounts, "isLocal" | "make">;
  /** Unknown recipients get a mailbox. */
  autoCreate: boolean;
  magic: MagicOptions | false;
}

const DEFAULT_DELAY_MS = 2000;
const DEFAULT_SLOW_MS = 3000;

/** Takes submitted mails and decides what becomes of them: delivery, a bounce, or magic. */
export function createTransferAgent(options: TransferOptions) {
  const { store, faults, log, hostname, now } = options;
  const delayMs = (options.magic && options.magic.delayMs) || DEFAULT_DELAY_MS;
  const slowMs = (options.magic && options.magic.slowMs) || DEFAULT_SLOW_MS;
  const timers = new Set<NodeJS.Timeout>();
  const greylist = new Set<string>();
  const answered = new Set<string>();

  const later = (ms: number, action: () => void) => {
    const timer = setTimeout(() => {
      timers.delete(timer);
      action();
    }, ms);
    timers.add(timer);
  };

  const magicOf = (recipient: string): Magic | undefined => {
    const local = splitAddress(recipient)?.local.toLowerCase() ?? "";
    const account = store.find(recipient);
    if (options.magic === false || (account && !account.magic)) return undefined;
    return Object.hasOwn(MAGIC_ADDRESSES, local) ? MAGIC_ADDRESSES[local]?.magic : undefined;
  };

  const deliver = (account: StoredAccount, submission: SubmittedMail, recipient: string) => {
    const raw = withTrace(submission.raw, { submission, recipient, hostname, now: now() });
    store.append(account.mailboxes.get("INBOX") as Mailbox, { raw });
    log.info("Delivered", { from: submission.reversePath || "<>", to: recipient, octets: raw.length });
  };

  /** Reports go to the envelope sender, and have the null reverse path themselves (RFC 5321 section 4.5.5). */
  const sendNotice = (to: string, raw: Buffer) => {
    const recipient = damageAddress(to, faults);
    const account = store.find(recipient);
    if (!account) return log.info("A notice had nowhere to go", { to: recipient });
    const client = { name: hostname, address: "127.0.0.1", protocol: "ESMTP" };
    deliver(account, { queueId: newId(), reversePath: "", recipients: [recipient], raw, client }, recipient);
  };

  const reportContext = (submission: SubmittedMail, recipient: string, arrivedAt: number): ReportContext => {
    const { queueId, reversePath, raw } = submission;
    return { hostname, queueId, reversePath, recipient, raw, arrivedAt, now: now() };
  };

  const report = (fact: DeliveryFact, submission: SubmittedMail, recipient: string, arrivedAt: number) => {
    if (submission.reversePath === "") return; // Nobody is told about the loss of a report.
    sendNotice(submission.reversePath, deliveryReport(fact, reportContext(submission, recipient, arrivedAt)));
  };

  const answerAway = (submission: SubmittedMail, recipient: string) => {
    const { raw, reversePath } = submission;
    const from = recipient.toLowerCase();
    const pair = `${from} ${correspondent(raw)}`;
    if (answered.has(pair) || !mayAnswer(raw, reversePath)) return;
    answered.add(pair);
    sendNotice(reversePath, awayReply(raw, { from, to: reversePath, now: now(), hostname, id: newId() }));
  };

  const perform = (magic: Magic, submission: SubmittedMail, recipient: string) => {
    const arrivedAt = now();
    const keep = () => {
      const account = store.find(recipient) ?? options.accounts.make(recipient, { magic: true });
      deliver(account, submission, recipient);
    };
    if (magic.kind === "bounce") return later(0, () => report(magic.fact, submission, recipient, arrivedAt));
    if (magic.kind === "delay") {
      const { delayed, failed } = magic;
      later(delayMs, () => report(delayed, submission, recipient, arrivedAt));
      return later(2 * delayMs, () => (failed ? report(failed, submission, recipient, arrivedAt) : keep()));
    }
    keep();
    if (magic.kind === "away") later(0, () => answerAway(submission, recipient));
    if (magic.kind === "complain" && submission.reversePath !== "") {
      later(0, () => {
        sendNotice(submission.reversePath, complaintReport(reportContext(submission, recipient, arrivedAt)));
      });
    }
  };

  const route = (submission: SubmittedMail, recipient: string) => {
    const magic = magicOf(recipient);
    if (magic) return perform(magic, submission, recipient);
    const account = store.find(recipient);
    if (account) return deliver(account, submission, recipient);
    if (!options.accounts.isLocal(recipient)) {
      const arrivedAt = now();
      return later(0, () => report(NO_SUCH_DOMAIN, submission, recipient, arrivedAt));
    }
    deliver(options.accounts.make(recipient, { magic: false }), submission, recipient);
  };

  return {
    deliver,

    /** Judges a recipient at RCPT; a reply refuses it. */
    async admit(written: string, reversePath: string): Promise<SmtpReply | undefined> {
      const recipient = damageAddress(written, faults);
      const magic = magicOf(recipient);
      if (magic?.kind === "slow") await new Promise((resolve) => setTimeout(resolve, slowMs));
      if (magic?.kind === "refuse") {
        const tried = `${reversePath} ${recipient}`.toLowerCase();
        if (magic.times === "always" || !greylist.has(tried)) {
          greylist.add(tried);
          return magic.reply.replace(/^(\d+ [\d.]+) /, `$1 <${recipient}>: `);
        }
      }
      if (magic || !options.accounts.isLocal(recipient) || store.find(recipient) || options.autoCreate)
        return undefined;
      return `550 5.1.1 <${recipient}>: Recipient address rejected: User unknown`;
    },

    /** Takes a submitted mail for all its recipients. Resolves with the text of the 250. */
    async take(submission: SubmittedMail): Promise<string> {
      let raw = completeMail(submission.raw, { now: now(), queueId: submission.queueId, hostname });
      let response = `2.0.0 Ok: queued as ${submission.queueId}`;
      if (faults.rewriteMessageId) {
        const messageId = `<${randomUUID()}@${hostname}>`;
        raw = rewriteMessageId(raw, messageId);
        response = `2.0.0 OK ${messageId} [Hostname=${hostname}]`;
      }
      const sender = submission.user ? store.find(submission.user) : undefined;
      if (sender?.savesSent) store.append(sender.mailboxes.get("Sent") as Mailbox, { raw, flags: ["\\Seen"] });
      const passedOn: SubmittedMail = {
        ...submission,
        raw: damageAddressFields(raw, faults),
        reversePath: damageAddress(submission.reversePath, faults),
      };
      for (const recipient of submission.recipients) route(passedOn, damageAddress(recipient, faults));
      return response;
    },

    close(): void {
      for (const timer of timers) clearTimeout(timer);
      timers.clear();
    },
  };
}

function newId(): string {
  return randomUUID().replaceAll("-", "").slice(0, 12).toUpperCase();
}
