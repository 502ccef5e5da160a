import { type FetchMessageObject, ImapFlow, type ImapFlowOptions } from "imapflow";
import type { ServerOptions } from "../accounts/account.ts";
import { resolveServer, type Server } from "../accounts/server.ts";
import { EmailKitError } from "../errors.ts";
import { type Logger, silentLogger } from "../log.ts";
import type { Clock } from "../time/clock.ts";
import type { Backoff } from "../time/backoff.ts";
import { type ImapContext, type ImapFailure, mailboxError, NO_ACCESS_TOKEN } from "./imap-error.ts";
import { type PassLimits, type PassResult, type Progress, readNew } from "./mailbox-pass.ts";
import type { FetchedMail, MailboxSession } from "./mailbox-session.ts";
import { watchMailbox } from "./mailbox-watch.ts";
import type { OctetBudget } from "./octet-budget.ts";
import { createScrubber } from "./scrub.ts";
import { trust } from "./tls.ts";
import type { Mailbox, MailboxReader } from "./transport.ts";
import { withTimeout } from "./wait.ts";

export interface MailboxSettings {
  /** Default: `INBOX`. */
  mailbox?: string;
  /** Octets above which only a mail's header section is read. Default: 26 214 400 (25 MiB). */
  maxBytes?: number;
  /** Shared with other mailboxes: how much of their mail is in memory at once. Default: shared with none. */
  budget?: OctetBudget | undefined;
  /** Milliseconds after which a watched mailbox is looked at even if the server tells of nothing. Default: 60 000. */
  pollIntervalMs?: number;
  /**
   * Milliseconds of silence after which the server is asked for a sign of life, and again until it is given up. Not equal to `pollIntervalMs`: both would come
   * at once in a quiet mailbox, and the poll's question would be taken for one that is overdue. Default: 90 000.
   */
  socketTimeoutMs?: number;
  /** Between attempts to connect, and to store a mail. Default: from 600 ms, doubling to 30 000 ms, less up to a half at random. */
  backoff?: Backoff;
  log?: Logger;
  random?: () => number;
  /** The time of receipt where a server gives none that can be read. */
  now?: Clock;
}

type ResolvedSettings = Required<Omit<MailboxSettings, "budget">>;

/** Octets of mail held in memory at once, unless a single one is larger. */
const BATCH_BYTES = 8 * 1024 * 1024;
const RESPONSE_SLACK_BYTES = 64 * 1024 * 1024;
/** Servers may end an IDLE after 30 minutes (RFC 2177), and routers forget silent connections sooner. */
const MAX_IDLE_MS = 4 * 60_000;
const DAY_MS = 86_400_000;
/** RFC 9051 section 2.3.1.1. */
const MAX_UID = 2 ** 32 - 1;

/**
 * A client of one mailbox. Opens it read-only, so that nothing is marked as seen.
 * @throws {EmailKitError} `INVALID_CONFIG`
 */
export function createMailbox(options: ServerOptions, settings: MailboxSettings = {}): Mailbox {
  const server = resolveServer("imap", options);
  const resolved = resolveSettings(settings);
  const { budget } = settings;
  const limits: PassLimits = { maxBytes: resolved.maxBytes, batchBytes: BATCH_BYTES, ...(budget && { budget }) };
  const scrubber = createScrubber(server.user, "password" in server.auth ? server.auth.password : undefined);
  const context: ImapContext = {
    host: server.host,
    port: server.port,
    user: server.user,
    mailbox: resolved.mailbox,
    scrub: (text) => scrubber.scrub(text),
  };
  const toError = (error: unknown): EmailKitError =>
    error instanceof EmailKitError ? error : mailboxError(error as ImapFailure, context);
  const connect = async (signal: AbortSignal): Promise<MailboxSession> => {
    try {
      return await openSession(server, resolved, { signal, toError, onToken: (token) => scrubber.add(token) });
    } catch (error) {
      throw toError(error);
    }
  };

  const exclusive = createMutex();
  let life = new AbortController();
  let kept: { session: MailboxSession; progress: WeakMap<MailboxReader, Partial<Progress>> } | undefined;
  const readJunk = async (session: MailboxSession, reader: MailboxReader, progress: Partial<Progress>) =>
    (await session.inJunk(() => readNew(session, reader, limits, progress))) ?? { kind: "done" as const, stored: 0 };
  const watches = new Set<Promise<void>>();

  const drainOnce = async (reader: MailboxReader): Promise<number> => {
    const { signal } = life;
    const reused = kept?.session.alive() === true ? kept : undefined;
    const { session, progress: progresses } = reused ?? { session: await connect(signal), progress: new WeakMap() };
    kept = { session, progress: progresses };
    const progressOf = (of: MailboxReader) => {
      const progress = progresses.get(of) ?? {};
      progresses.set(of, progress);
      return progress;
    };
    let result: PassResult;
    let stored = 0;
    try {
      if (reused !== undefined) await session.refresh();
      result = await readNew(session, reader, limits, progressOf(reader));
      stored = result.stored;
      if (result.kind === "done" && reader.junk) result = await readJunk(session, reader.junk, progressOf(reader.junk));
    } catch (error) {
      kept = undefined;
      session.close();
      // The server may have dropped a connection that was left alone for a while.
      const stale = reused !== undefined && !signal.aborted && toError(error).code === "IMAP_UNREACHABLE";
      if (stale) return await drainOnce(reader);
      throw toError(error);
    }
    if (result.kind === "reader-failed") throw result.error;
    return reader.junk ? stored + result.stored : stored;
  };

  return {
    key: `${server.user}@${server.host.toLowerCase()}/${resolved.mailbox}`,
    junkKey: `${server.user}@${server.host.toLowerCase()}/\\Junk`,
    drain: (reader) => exclusive(() => drainOnce(reader)),
    verify: async () => (await connect(life.signal)).close(),
    async watch(reader, { signal, onState }) {
      const { junk } = reader;
      const watch = watchMailbox(AbortSignal.any([signal, life.signal]), resolved, {
        connect,
        pass: (session, progress) => exclusive(() => readNew(session, reader, limits, progress)),
        ...(junk && { junkPass: (session, progress) => exclusive(() => readJunk(session, junk, progress)) }),
        toError,
        onState: (state) => {
          try {
            onState?.(state);
          } catch (error) {
            resolved.log.error("onState threw", { reason: String(error) });
          }
        },
        random: resolved.random,
      });
      watches.add(watch);
      await watch.finally(() => watches.delete(watch));
    },
    async close() {
      life.abort();
      life = new AbortController();
      kept?.session.close();
      kept = undefined;
      await Promise.allSettled(watches);
    },
  };
}

function resolveSettings(settings: MailboxSettings): ResolvedSettings {
  const mailbox = settings.mailbox ?? "INBOX";
  const { maxBytes = 25 * 1024 * 1024, pollIntervalMs = 60_000, socketTimeoutMs = 90_000 } = settings;
  for (const [name, value] of Object.entries({ maxBytes, pollIntervalMs, socketTimeoutMs })) {
    if (!(value > 0)) throw new EmailKitError("INVALID_CONFIG", `The mailbox's \`${name}\` is not a positive number.`);
  }
  return {
    // RFC 9051 section 5.1: INBOX is the one name without regard to case.
    mailbox: /^inbox$/i.test(mailbox) ? "INBOX" : mailbox,
    maxBytes,
    pollIntervalMs,
    socketTimeoutMs,
    backoff: settings.backoff ?? { firstMs: 600, maxMs: 30_000 },
    log: settings.log ?? silentLogger,
    random: settings.random ?? Math.random,
    now: settings.now ?? Date.now,
  };
}

interface SessionPorts {
  signal: AbortSignal;
  toError: (error: unknown) => EmailKitError;
  onToken: (token: string) => void;
}

async function openSession(server: Server, settings: ResolvedSettings, ports: SessionPorts): Promise<MailboxSession> {
  const { signal, toError } = ports;
  const client = new ImapFlow(await clientOptions(server, settings, ports));
  const close = (): void => client.close();
  let failure: Error | undefined;
  // Without a listener, an error on an idle connection would end the process.
  client.on("error", (error) => {
    failure ??= error;
  });
  const ended = new Promise<Error>((resolve) => {
    client.once("close", () => {
      signal.removeEventListener("abort", close);
      const reason = client.byeReason ?? "the connection was closed";
      resolve(toError(failure ?? Object.assign(new Error(reason), { code: "NoConnection" })));
    });
  });
  signal.addEventListener("abort", close);
  const attempt: Attempt = async (work) => {
    try {
      return await work();
    } catch (error) {
      // A command that is cut off only reports that there is no connection; the event before it says why.
      throw toError((error as ImapFailure).responseStatus === undefined ? (failure ?? error) : error);
    }
  };
  const open = async (): Promise<void> => {
    if (!(await client.mailboxOpen(settings.mailbox, { readOnly: true }))) throw notOpen();
  };
  try {
    if (signal.aborted) throw toError(notOpen());
    await attempt(() => client.connect());
    await attempt(open);
  } catch (error) {
    close();
    throw error;
  }
  const refresh = (): Promise<void> => attempt(open);
  const inJunk = junkVisits(client, settings.mailbox, { attempt, reopen: refresh });
  return { ...reading(client, settings, attempt), ended, refresh, inJunk, close };
}

/** RFC 6154: the folder is known by its use; where the server names none, by what it is usually called. */
function junkVisits(
  client: ImapFlow,
  mailbox: string,
  { attempt, reopen }: { attempt: Attempt; reopen: () => Promise<void> },
): MailboxSession["inJunk"] {
  let junk: string | undefined;
  let looked = false;
  /** It may not be for us to read; what is in the mailbox is. */
  const unlessRefused = async <T>(work: () => Promise<T>): Promise<T | undefined> => {
    try {
      return await attempt(work);
    } catch (error) {
      if (!client.usable) throw error;
      junk = undefined;
      return undefined;
    }
  };
  return async (work) => {
    if (!looked) junk = (await unlessRefused(() => client.list()))?.find(isJunk)?.path;
    looked = true;
    const path = junk;
    if (path === undefined || path === mailbox) return undefined;
    try {
      const opened = await unlessRefused(() => client.mailboxOpen(path, { readOnly: true }));
      return opened && (await work());
    } finally {
      if (client.usable) await reopen();
    }
  };
}

function isJunk({ specialUse }: { specialUse?: string }): boolean {
  return specialUse === "\\Junk";
}

type Attempt = <T>(work: () => Promise<T>) => Promise<T>;

function reading(
  client: ImapFlow,
  { now }: ResolvedSettings,
  attempt: Attempt,
): Omit<MailboxSession, "ended" | "refresh" | "inJunk" | "close"> {
  return {
    uidValidity: () => String((client.mailbox || undefined)?.uidValidity ?? 0),
    pushes: client.capabilities.has("IDLE") || client.capabilities.has("IMAP4rev2"),
    alive: () => client.usable,
    onArrival: (listener) => client.on("exists", listener),
    search: (after, since) => attempt(() => searchUids(client, after, since)),
    lastUid: () =>
      attempt(async () => {
        const last = await client.fetchOne("*", { uid: true }, { uid: true });
        return last === false || last === undefined ? 0 : last.uid;
      }),
    describe: (uids) => attempt(() => fetchMails(client, uids.join(","), { now })),
    read: (uids, maxLength) => {
      const range = "from" in uids ? `${uids.from}:${Math.min(uids.to, MAX_UID)}` : uids.join(",");
      return attempt(() => fetchMails(client, range, { maxLength, now }));
    },
    readHeader: (uid, maxLength) =>
      attempt(async () => {
        const bodyParts = [{ key: "HEADER", start: 0, maxLength }];
        const mail = await client.fetchOne(String(uid), { uid: true, bodyParts }, { uid: true });
        return mail === false || mail === undefined ? undefined : (mail.headers ?? mail.bodyParts?.get("header"));
      }),
    idle: async () => {
      await client.idle().catch(() => {});
    },
  };
}

async function clientOptions(
  server: Server,
  settings: ResolvedSettings,
  { signal, onToken }: SessionPorts,
): Promise<ImapFlowOptions> {
  const largest = Math.max(settings.maxBytes + 1, BATCH_BYTES);
  return {
    host: server.host,
    port: server.port,
    secure: server.tls === "implicit",
    ...(server.tls === "implicit" ? {} : { doSTARTTLS: server.tls === "starttls" }),
    tls: trust(server.ca),
    auth: await credentials(server, signal, onToken),
    logger: false,
    clientInfo: { name: "langgraph-email", version: "", vendor: "", "support-url": "" },
    disableAutoIdle: true,
    disableCompression: true,
    maxIdleTime: MAX_IDLE_MS,
    connectionTimeout: server.connectTimeoutMs,
    greetingTimeout: server.connectTimeoutMs,
    socketTimeout: settings.socketTimeoutMs,
    maxLiteralSize: largest,
    maxResponseSize: largest + RESPONSE_SLACK_BYTES,
  };
}

async function credentials(
  { user, auth, connectTimeoutMs }: Server,
  signal: AbortSignal,
  onToken: (token: string) => void,
): Promise<NonNullable<ImapFlowOptions["auth"]>> {
  if ("password" in auth) return { user, pass: auth.password };
  try {
    const token = Promise.resolve().then(auth.accessToken);
    const accessToken = await withTimeout(token, connectTimeoutMs, signal);
    onToken(accessToken);
    return { user, accessToken };
  } catch (cause) {
    const message = cause instanceof Error ? cause.message : String(cause);
    throw Object.assign(new Error(message, { cause }), { code: NO_ACCESS_TOKEN });
  }
}

async function searchUids(client: ImapFlow, after: number, since: number | undefined): Promise<number[]> {
  const uid = `${after + 1}:*`;
  // SINCE compares days in the server's time zone, and WITHIN (RFC 5032) counts from the server's clock.
  const query = since === undefined ? { uid } : { uid, since: new Date(Math.max(0, since - 2 * DAY_MS)) };
  const uids = await client.search(query, { uid: true });
  if (!Array.isArray(uids)) throw new Error("the server refused to search the mailbox");
  // `n:*` always matches the last message, even where its uid is less than n (RFC 9051 section 9, seq-range).
  return uids.filter((each) => each > after).toSorted((left, right) => left - right);
}

async function fetchMails(
  client: ImapFlow,
  range: string,
  { maxLength, now }: { maxLength?: number; now: Clock },
): Promise<Map<number, FetchedMail>> {
  const source = maxLength === undefined ? {} : { source: { start: 0, maxLength } };
  const query = { uid: true, size: true, internalDate: true, ...source };
  const mails = new Map<number, FetchedMail>();
  try {
    for (const row of await client.fetchAll(range, query, { uid: true })) {
      // A server may put in news of other messages, such as changed flags.
      if (row.uid === undefined || (row.size === undefined && row.source === undefined)) continue;
      if (mails.get(row.uid)?.source === undefined) mails.set(row.uid, toFetched(row, now));
    }
    return mails;
  } catch (error) {
    if ((error as ImapFailure).responseStatus !== "NO") throw error;
    return await fetchOneByOne(client, range, error, { maxLength, now });
  }
}

/** RFC 2180 section 4.1.2: a server may answer NO to a FETCH of many when one of them has been expunged. */
async function fetchOneByOne(
  client: ImapFlow,
  range: string,
  refusal: unknown,
  options: { maxLength?: number; now: Clock },
): Promise<Map<number, FetchedMail>> {
  const uids = await client.search({ uid: range }, { uid: true });
  if (!Array.isArray(uids)) throw refusal;
  if (uids.length === 1 && String(uids[0]) === range) throw refusal;
  const mails = new Map<number, FetchedMail>();
  for (const uid of uids) {
    for (const mail of (await fetchMails(client, String(uid), options)).values()) mails.set(mail.uid, mail);
  }
  return mails;
}

function toFetched(row: FetchMessageObject, now: Clock): FetchedMail {
  const receivedAt = row.internalDate instanceof Date ? row.internalDate.getTime() : now();
  const { source } = row;
  return { uid: row.uid, size: row.size ?? source?.byteLength ?? 0, receivedAt, ...(source ? { source } : {}) };
}

function notOpen(): Error {
  return Object.assign(new Error("the connection was closed"), { code: "NoConnection" });
}

/** Runs pieces of work one after another. */
function createMutex(): <T>(work: () => Promise<T>) => Promise<T> {
  let last: Promise<unknown> = Promise.resolve();
  return (work) => {
    const run = last.then(work, work);
    last = run.catch(() => {});
    return run;
  };
}
