import type { FetchedMail, MailboxSession } from "./mailbox-session.ts";
import type { OctetBudget } from "./octet-budget.ts";
import type { MailboxReader, StoredMail } from "./transport.ts";

export interface PassLimits {
  /** Octets above which only a mail's header section is read. */
  maxBytes: number;
  /** Octets of mail that are held in memory at once, unless a single mail is larger. */
  batchBytes: number;
  /** What passes over several mailboxes share: of mails whose size is known, no more is held by all of them. Default: nothing is shared. */
  budget?: OctetBudget;
}

/** How far one connection has read, so that mails that were left out for their age are not looked at in every pass. */
export interface Progress {
  uidValidity: string;
  /** What the reader's cursor was when `after` was reached. */
  cursor: number;
  after: number;
}

export type PassResult =
  | { kind: "done"; stored: number }
  /** The reader threw; nothing after the mails in question was handed to it. */
  | { kind: "reader-failed"; stored: number; error: unknown };

/** New mail mostly has the uids next to the last one: these are asked for with their content, in one round trip. */
const NEAR_UIDS = 32;
const NEAR_BYTES = 256 * 1024;
const DESCRIBE_UIDS = 200;
const BATCH_MAILS = 100;
const HEADER_BYTES = 256 * 1024;
/** RFC 5322 section 2.1. */
const END_OF_HEADER = Buffer.from("\r\n\r\n");

/**
 * One pass over a mailbox: hands every mail past the reader's cursor to it, in uid order, and holds a bounded part of them in memory.
 * @param progress Kept by the caller for as long as the session lives, and written to.
 * @throws {EmailKitError} `IMAP_…`
 */
export async function readNew(
  session: MailboxSession,
  reader: MailboxReader,
  limits: PassLimits,
  progress: Partial<Progress>,
): Promise<PassResult> {
  const uidValidity = session.uidValidity();
  let stored = 0;
  const failed = (error: unknown): PassResult => {
    // The next pass starts where the reader says then.
    delete progress.uidValidity;
    return { kind: "reader-failed", stored, error };
  };
  let cursor: { uid: number; since?: number };
  try {
    cursor = await reader.cursor(uidValidity);
  } catch (error) {
    return failed(error);
  }
  const known = progress.uidValidity === uidValidity && progress.cursor === cursor.uid;
  const position: Progress = Object.assign(progress, {
    uidValidity,
    cursor: cursor.uid,
    after: (known ? progress.after : undefined) ?? cursor.uid,
  });
  // INTERNALDATE has full seconds (RFC 9051 section 2.3.3).
  const oldest = cursor.since === undefined ? undefined : Math.floor(cursor.since / 1000) * 1000;
  let told = false;
  const store = async (mails: readonly StoredMail[], more: boolean) => {
    await reader.store(mails, more);
    told = more;
    stored += mails.length;
  };
  for await (const { mails, more } of newMails(session, limits, position, known ? undefined : oldest)) {
    const wanted = mails.filter((mail) => oldest === undefined || mail.receivedAt >= oldest);
    if (wanted.length === 0) continue;
    try {
      await store(
        wanted.map((mail) => ({ ...mail, uidValidity })),
        more,
      );
    } catch (error) {
      return failed(error);
    }
    position.cursor = wanted.at(-1)!.uid;
  }
  try {
    if (told) await store([], false);
  } catch (error) {
    return failed(error);
  }
  return { kind: "done", stored };
}

type NewMail = Omit<StoredMail, "uidValidity">;
interface Batch {
  mails: NewMail[];
  more: boolean;
}

/** Advances `position.after` when the consumer asks for the next mails, hence has dealt with the last ones. */
async function* newMails(
  session: MailboxSession,
  limits: PassLimits,
  position: Progress,
  oldest: number | undefined,
): AsyncGenerator<Batch> {
  // Read before the search, so that what arrives in between is not taken for old.
  const last = oldest === undefined ? 0 : await session.lastUid();
  if (oldest === undefined) {
    const range = { from: position.after + 1, to: position.after + NEAR_UIDS };
    let found = 0;
    for await (const mails of readBatch(session, limits, {
      range,
      length: Math.min(NEAR_BYTES, limits.maxBytes + 1),
    })) {
      found += mails.length;
      yield { mails, more: found === NEAR_UIDS };
      position.after = mails.at(-1)!.uid;
    }
  }
  const uids = await session.search(position.after, oldest);
  for (let start = 0; start < uids.length; start += DESCRIBE_UIDS) {
    const slice = uids.slice(start, start + DESCRIBE_UIDS);
    const described = [...(await session.describe(slice)).values()].toSorted(byUid);
    const wanted = described.filter((mail) => oldest === undefined || mail.receivedAt >= oldest);
    for (const range of batches(wanted, limits)) {
      const giveBack = await limits.budget?.take(range.reduce((sum, mail) => sum + heldOf(mail, limits), 0));
      try {
        for await (const mails of readBatch(session, limits, { range, length: limits.maxBytes + 1 })) {
          yield { mails, more: mails.at(-1)!.uid < uids.at(-1)! };
          position.after = mails.at(-1)!.uid;
        }
      } finally {
        giveBack?.();
      }
    }
    position.after = Math.max(position.after, slice.at(-1) ?? 0);
  }
  position.after = Math.max(position.after, last);
}

/** A mail that has to be read by itself comes by itself. */
async function* readBatch(
  session: MailboxSession,
  limits: PassLimits,
  { range, length }: { range: FetchedMail[] | { from: number; to: number }; length: number },
): AsyncGenerator<[NewMail, ...NewMail[]]> {
  const only = Array.isArray(range) ? range[0] : undefined;
  if (Array.isArray(range) && range.length === 1 && only !== undefined && only.size > limits.maxBytes) {
    yield [await headerOf(session, only)];
    return;
  }
  const uids = Array.isArray(range) ? range.map((mail) => mail.uid) : range;
  let together: NewMail[] = [];
  for (const mail of [...(await session.read(uids, length)).values()].toSorted(byUid)) {
    const { uid, size, receivedAt, source } = mail;
    if (source !== undefined && size <= limits.maxBytes && source.byteLength < length) {
      together.push({ uid, size, receivedAt, raw: source, truncated: false });
      continue;
    }
    if (isFilled(together)) yield together;
    together = [];
    // The others of a batch have been counted together.
    const giveBack = Array.isArray(range) ? undefined : await limits.budget?.take(heldOf(mail, limits));
    try {
      const alone = await completed(session, limits, mail, length);
      if (alone !== undefined) yield [alone];
    } finally {
      giveBack?.();
    }
  }
  if (isFilled(together)) yield together;
}

function isFilled<T>(list: T[]): list is [T, ...T[]] {
  return list.length > 0;
}

/** @returns undefined where the mail has vanished meanwhile. */
async function completed(
  session: MailboxSession,
  limits: PassLimits,
  mail: FetchedMail,
  length: number,
): Promise<NewMail | undefined> {
  const { source } = mail;
  if (source === undefined || mail.size > limits.maxBytes) return await headerOf(session, mail);
  const { uid, size, receivedAt } = mail;
  if (source.byteLength > limits.maxBytes) {
    return { uid, size, receivedAt, raw: headerSection(source), truncated: true };
  }
  if (source.byteLength < length) return { uid, size, receivedAt, raw: source, truncated: false };
  // As much as was asked for: there may be more.
  const whole = (await session.read([uid], limits.maxBytes + 1)).get(uid);
  return whole === undefined ? undefined : await completed(session, limits, whole, limits.maxBytes + 1);
}

async function headerOf(session: MailboxSession, { uid, size, receivedAt }: FetchedMail): Promise<NewMail> {
  const header = await session.readHeader(uid, HEADER_BYTES);
  return { uid, size, receivedAt, raw: header ?? new Uint8Array(), truncated: true };
}

function headerSection(source: Uint8Array): Uint8Array {
  const end = Buffer.from(source.buffer, source.byteOffset, source.byteLength).indexOf(END_OF_HEADER);
  return source.slice(0, Math.min(end < 0 ? source.byteLength : end + END_OF_HEADER.length, HEADER_BYTES));
}

/** Groups mails by what is held in memory at once; a mail that is too large for its content to be read stands alone. */
function* batches(mails: FetchedMail[], limits: PassLimits): Generator<FetchedMail[]> {
  let batch: FetchedMail[] = [];
  let bytes = 0;
  for (const mail of mails) {
    const alone = mail.size > limits.maxBytes;
    const full = batch.length >= BATCH_MAILS || bytes + mail.size > limits.batchBytes;
    if (batch.length > 0 && (alone || full)) {
      yield batch;
      batch = [];
      bytes = 0;
    }
    if (alone) yield [mail];
    else {
      batch.push(mail);
      bytes += mail.size;
    }
  }
  if (batch.length > 0) yield batch;
}

/** Octets that are in memory when it has been read. */
function heldOf({ size }: FetchedMail, { maxBytes }: PassLimits): number {
  return size > maxBytes ? HEADER_BYTES : size;
}

function byUid(left: FetchedMail, right: FetchedMail): number {
  return left.uid - right.uid;
}
