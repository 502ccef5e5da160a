/** One message of a FETCH response. `source` is missing where the server gave none. */
export interface FetchedMail {
  uid: number;
  size: number;
  receivedAt: number;
  source?: Uint8Array;
}

/** One connection with one mailbox open for reading. Its methods throw an `EmailKitError` when the server or the connection fails. */
export interface MailboxSession {
  /** Decimal, as of when the mailbox was last opened. */
  uidValidity(): string;
  /** Whether the server tells of new mail by itself (RFC 2177). */
  readonly pushes: boolean;
  alive(): boolean;
  /** Resolves when the connection has ended, with the reason. */
  readonly ended: Promise<Error>;
  /** Called whenever there may be new mail. */
  onArrival(listener: () => void): void;
  /** Opens the mailbox anew: brings up what the server did not tell, and a changed UIDVALIDITY. */
  refresh(): Promise<void>;
  /** Does `work` with the account's Junk folder open in the place of the mailbox (RFC 6154); undefined where there is none, or it cannot be opened. */
  inJunk<T>(work: () => Promise<T>): Promise<T | undefined>;
  /** Uids greater than `after`, ascending; with `since`, at least those received since. */
  search(after: number, since?: number): Promise<number[]>;
  /** The greatest uid in the mailbox; 0 where it is empty. */
  lastUid(): Promise<number>;
  /** Uid, size and time of receipt. What does not exist any more is missing. */
  describe(uids: readonly number[]): Promise<Map<number, FetchedMail>>;
  /** The first `maxLength` octets of each mail. What does not exist any more is missing. */
  read(uids: readonly number[] | { from: number; to: number }, maxLength: number): Promise<Map<number, FetchedMail>>;
  /** The first `maxLength` octets of the header section. */
  readHeader(uid: number, maxLength: number): Promise<Uint8Array | undefined>;
  /** Listens for arrivals until another command is given or the server ends it. Never rejects. */
  idle(): Promise<void>;
  close(): void;
}
