import type { DeliveryFact } from "./report.ts";

/** What a magic address does with mail. */
export type Magic =
  /** Refused at RCPT: always, or at the first try of each sender. */
  | { kind: "refuse"; reply: string; times: "always" | "once" }
  /** Accepted, and reported on at once; not delivered. */
  | { kind: "bounce"; fact: DeliveryFact }
  /** Accepted; a delay is reported after `delayMs`, and after as long again the mail is delivered or given up. */
  | { kind: "delay"; delayed: DeliveryFact; failed?: DeliveryFact }
  /** Delivered, and answered by an out-of-office reply, once a sender. */
  | { kind: "away" }
  /** Delivered, and complained about. */
  | { kind: "complain" }
  /** Delivered; RCPT is answered after `slowMs`. */
  | { kind: "slow" };

/** What is pending when the server stops, such as a delay that was to be reported, is lost. */
export interface MagicOptions {
  /** Until `delayed@` and `expired@` report the delay, and again until they deliver or give up. In milliseconds. Default: 2000. */
  delayMs?: number;
  /** Until `slow@` answers RCPT. In milliseconds. Default: 3000. */
  slowMs?: number;
}

const DELAYED: DeliveryFact = {
  action: "delayed",
  status: "4.4.1",
  diagnosticCode: "smtp; 451 4.4.1 connect to the next server: Connection timed out",
  returns: "headers",
};

/** By local part, in any domain; a subaddress does not matter. An account of that name, made by {@link MailServer.account}, takes precedence. */
export const MAGIC_ADDRESSES: Readonly<Record<string, { summary: string; magic: Magic }>> = {
  refused: {
    summary: "refused at RCPT: 550 5.1.1",
    magic: { kind: "refuse", reply: "550 5.1.1 Recipient address rejected: User unknown", times: "always" },
  },
  temporary: {
    summary: "refused at RCPT for now, always: 451 4.3.0",
    magic: { kind: "refuse", reply: "451 4.3.0 Temporary trouble, try again later", times: "always" },
  },
  greylisted: {
    summary: "451 4.7.1 at the first try of each sender, then delivered",
    magic: { kind: "refuse", reply: "451 4.7.1 Greylisted, try again later", times: "once" },
  },
  bounced: {
    summary: "accepted, then a delivery report: failed 5.1.1",
    magic: {
      kind: "bounce",
      fact: {
        action: "failed",
        status: "5.1.1",
        diagnosticCode: "smtp; 550 5.1.1 Recipient address rejected: User unknown",
        returns: "mail",
      },
    },
  },
  full: {
    summary: "accepted, then a delivery report: failed 5.2.2, with the headers only",
    magic: {
      kind: "bounce",
      fact: {
        action: "failed",
        status: "5.2.2",
        diagnosticCode: "smtp; 552 5.2.2 Mailbox is full: quota exceeded",
        returns: "headers",
      },
    },
  },
  delayed: {
    summary: "accepted, a delivery report after a while: delayed 4.4.1; then delivered",
    magic: { kind: "delay", delayed: DELAYED },
  },
  expired: {
    summary: "the same, and in the end failed 4.4.7 in place of delivery",
    magic: {
      kind: "delay",
      delayed: DELAYED,
      failed: {
        action: "failed",
        status: "4.4.7",
        diagnosticCode: "smtp; 451 4.4.1 connect to the next server: Connection timed out",
        returns: "mail",
      },
    },
  },
  ooo: { summary: "delivered, and answered by an out-of-office reply, once a sender", magic: { kind: "away" } },
  complaint: {
    summary: "delivered, then a complaint (RFC 5965) to the envelope sender",
    magic: { kind: "complain" },
  },
  slow: { summary: "delivered, but RCPT is answered slowly", magic: { kind: "slow" } },
};

/** Of a domain that does not end here. */
export const NO_SUCH_DOMAIN: DeliveryFact = {
  action: "failed",
  status: "5.1.2",
  diagnosticCode: "smtp; 550 5.1.2 Host or domain name not found",
  returns: "mail",
};
