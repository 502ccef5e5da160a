import type { EmailKitError } from "../errors.ts";

/** The SMTP envelope (RFC 5321): reverse path and recipients, bare addresses. An empty `from` is the null reverse path. */
export interface Envelope {
  from: string;
  to: string[];
}

/** One mail to submit: `raw` goes out byte for byte, apart from SMTP's own dot-stuffing. Its lines end in CRLF. */
export interface Submission {
  envelope: Envelope;
  raw: Uint8Array;
  /** Awaited before the first byte of the mail leaves, once the server has taken the envelope. A rejection ends the submission as `deferred`. */
  onHandover?: () => Promise<void>;
}

/** A recipient that the server refused while it took the mail for others, or all of them. */
export interface RefusedRecipient {
  address: string;
  replyCode?: number;
  /** RFC 3463, such as `5.1.1`. */
  enhancedStatus?: string;
  diagnostic: string;
  permanent: boolean;
}

/** What became of one submission. Only `deferred` may be tried again without the risk of a second copy. */
export type SubmitResult =
  /** The server took the mail for every recipient that is not in `refused`. `serverMessageIds`: ids that it may have put in place of ours. */
  | { kind: "submitted"; response: string; serverMessageIds: string[]; refused: RefusedRecipient[] }
  /** Refused for good, or for every recipient. */
  | {
      kind: "refused";
      replyCode?: number;
      enhancedStatus?: string;
      diagnostic: string;
      refused: RefusedRecipient[];
      error: EmailKitError;
    }
  /**
   * Refused for now, or not a byte of the mail was read before the connection was lost. Also where no mail can go out before a person acts
   * (`SMTP_AUTH_FAILED`, `SMTP_TLS_FAILED`: `error.retryable` is false): that says nothing about the mail. `refused` names the recipients,
   * where the server refused each of them and at least one only for now.
   */
  | {
      kind: "deferred";
      replyCode?: number;
      enhancedStatus?: string;
      diagnostic: string;
      refused?: RefusedRecipient[];
      error: EmailKitError;
    }
  /** Lost after the mail was handed over: it may have been accepted. */
  | { kind: "unknown"; diagnostic: string; error: EmailKitError };

/** Hands finished mails to an account's submission server (RFC 6409). */
export interface Submitter {
  /** Never throws for what a server does: each way it can end is a {@link SubmitResult}. */
  submit(mail: Submission): Promise<SubmitResult>;
  /** Connects and signs in, without sending. Throws an {@link EmailKitError} with an `SMTP_…` code. */
  verify(): Promise<void>;
  /** Lets what is under way end, for a few seconds at most, and closes the connections. What is submitted afterwards is `deferred`. */
  close(): Promise<void>;
}

/** A mail as it lies in a mailbox. */
export interface StoredMail {
  uid: number;
  /** Decimal; a change means that all uids were given anew (RFC 9051 section 2.3.1.1). */
  uidValidity: string;
  /** When the server received it, in milliseconds since the epoch. */
  receivedAt: number;
  /** In octets, as the server has it. */
  size: number;
  /** The mail's bytes; only its header section where the mail is larger than `maxBytes`. */
  raw: Uint8Array;
  truncated: boolean;
}

/** Who reads a mailbox: it names the place to go on from, and stores the mails. */
export interface MailboxReader {
  /**
   * Where to go on: mails with a greater uid, and (where given) received at or after `since`: milliseconds since the epoch, by the server's
   * clock and to its full second. Asked at the begin of each pass.
   */
  cursor(uidValidity: string): Promise<{ uid: number; since?: number }>;
  /**
   * The next mails, in uid order; those after them are read when the promise resolves. `more`: this pass has found others beyond these; it may turn out that there are none,
   * and is then said with an empty list. A rejection ends the pass, and the next one begins behind the cursor.
   */
  store(mails: readonly StoredMail[], more: boolean): Promise<void>;
  /** Reads the account's Junk folder (RFC 6154), where there is one, over the same connection: at each poll. Default: it is left alone. */
  junk?: MailboxReader;
}

/** Watches one mailbox of one account. */
export interface Mailbox {
  /** Identifies the mailbox in the ledger: `user@host/INBOX`. */
  readonly key: string;
  /** Identifies the account's Junk folder likewise. */
  readonly junkKey: string;
  /**
   * One pass over all that is new. Resolves with the number of mails stored. Opens a connection where none is open and keeps it until `close`.
   * Throws an {@link EmailKitError} with an `IMAP_…` code or `MAILBOX_NOT_FOUND`, or what the reader threw.
   */
  drain(reader: MailboxReader): Promise<number>;
  /** Connects, signs in and opens the mailbox, without reading. Throws an {@link EmailKitError} with an `IMAP_…` code or `MAILBOX_NOT_FOUND`. */
  verify(): Promise<void>;
  /**
   * Drains, then keeps draining as mail arrives (IDLE, RFC 2177, and a poll beside it) until `signal` aborts. Reconnects with back-off; `onState` hears of each change.
   * Resolves after the abort, when the connection is closed; never rejects for what a server does.
   */
  watch(
    reader: MailboxReader,
    options: { signal: AbortSignal; onState?: (state: MailboxState) => void },
  ): Promise<void>;
  /** Ends every watch and closes the connections. */
  close(): Promise<void>;
}

export type MailboxState =
  /** Open and read up to now. `idle`: the server tells of new mail at once (RFC 2177); otherwise it is asked at intervals. */
  | { kind: "connected"; idle: boolean }
  /** Not reachable, or not usable; `error.retryable` is false where a person must act, and the watch goes on trying all the same. */
  | { kind: "disconnected"; error: EmailKitError; retryInMs: number }
  /** Connected, but the reader threw `error`; the same mail is handed to it again after `retryInMs`. */
  | { kind: "stalled"; error: unknown; retryInMs: number };
