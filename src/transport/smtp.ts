import net from "node:net";
import { Readable } from "node:stream";
import { createTransport, type SMTPPoolOptions } from "nodemailer";
import type { ServerOptions } from "../accounts/account.ts";
import { resolveServer, type Server } from "../accounts/server.ts";
import { EmailKitError } from "../errors.ts";
import { type Logger, silentLogger } from "../log.ts";
import { domainInAscii } from "../mail/address.ts";
import type { Clock } from "../time/clock.ts";
import { createScrubber, type Scrubber } from "./scrub.ts";
import { serverMessageIds } from "./server-message-ids.ts";
import {
  connectionError,
  NO_ACCESS_TOKEN,
  outcomeOfFailure,
  refusedRecipient,
  type SmtpContext,
  type SmtpFailure,
} from "./smtp-outcome.ts";
import { trust } from "./tls.ts";
import type { Submission, SubmitResult, Submitter } from "./transport.ts";
import { withTimeout } from "./wait.ts";

export interface SubmitterSettings {
  /** Connections that are used side by side. Default: 3. */
  maxConnections?: number;
  /**
   * Milliseconds that the server may stay silent. Default: 300 000. RFC 5321 section 4.5.3.2 grants it minutes after the mail, and giving up
   * earlier only makes an `unknown` of what was going to be accepted.
   */
  replyTimeoutMs?: number;
  /** Milliseconds that one submission may take in all. Default: 600 000. */
  submitTimeoutMs?: number;
  /** Milliseconds after which an unused connection is closed. Default: 60 000. */
  idleTimeoutMs?: number;
  /**
   * Milliseconds after refused credentials in which further mails are deferred without asking the server again: a row of failed sign-ins may
   * lock the account. Default: 10 000.
   */
  authPauseMs?: number;
  /** Milliseconds that `close` lets submissions under way take. Default: 5 000. */
  closeTimeoutMs?: number;
  log?: Logger;
  now?: Clock;
}

const CHUNK_BYTES = 64 * 1024;
/** A pooled connection may have died unseen while it was idle: the pool then takes a new one, as long as nothing of the mail was read. */
const MAX_REQUEUES = 2;

/** One call of `submit`: what goes out, and the streams through which the client reads it. */
interface Attempt {
  submission: Submission;
  streams: Readable[];
}

/**
 * A pooled client of one submission server. Connections are opened when the first mail is submitted, and keep no process alive while unused.
 * @throws {EmailKitError} `INVALID_CONFIG`
 */
export function createSubmitter(options: ServerOptions, settings: SubmitterSettings = {}): Submitter {
  const server = resolveServer("smtp", options);
  const log = settings.log ?? silentLogger;
  const scrubber = createScrubber(server.user, "password" in server.auth ? server.auth.password : undefined);
  const context: SmtpContext = {
    host: server.host,
    port: server.port,
    user: server.user,
    scrub: (text) => scrubber.scrub(text),
  };
  const sockets = createSockets(server);
  const attempts = new WeakMap<Buffer, Attempt>();
  const underWay = new Set<Promise<unknown>>();
  const { now = Date.now, authPauseMs = 10_000 } = settings;
  let closed = false;
  let authRefusal: { result: SubmitResult; until: number } | undefined;

  const transporter = openTransporter(server, settings, { sockets, attempts, scrubber });

  const track = async <T>(work: Promise<T>): Promise<T> => {
    underWay.add(work);
    sockets.hold();
    try {
      return await work;
    } finally {
      underWay.delete(work);
      sockets.release();
    }
  };

  const send = async (submission: Submission): Promise<SubmitResult> => {
    const raw = Buffer.from(submission.raw.buffer, submission.raw.byteOffset, submission.raw.byteLength);
    const attempt: Attempt = { submission, streams: [] };
    attempts.set(raw, attempt);
    try {
      const signal = AbortSignal.timeout(settings.submitTimeoutMs ?? 600_000);
      const envelope = { ...submission.envelope };
      const info = await transporter.sendMail({ raw, envelope, maxRecipients: 0, signal });
      const refused = (info.rejectedErrors ?? []).map((error) => refusedRecipient(toFailure(error), context));
      return {
        kind: "submitted",
        response: scrubber.scrub(info.response),
        serverMessageIds: serverMessageIds(info.response, server.host, knownIds(submission)),
        refused,
      };
    } catch (error) {
      const handedOver = attempt.streams.some((stream) => stream.readableDidRead);
      const result = outcomeOfFailure(toFailure(error), handedOver, context);
      log.debug("A submission did not go through", { host: server.host, kind: result.kind });
      if (result.kind === "deferred" && result.error.code === "SMTP_AUTH_FAILED") {
        authRefusal = { result, until: now() + authPauseMs };
      }
      return result;
    }
  };

  return {
    async submit(submission) {
      if (closed) return outcomeOfFailure({ message: "the submitter was closed" }, false, context);
      const problem = problemOf(submission);
      if (problem !== undefined) {
        return { kind: "refused", diagnostic: problem.message, refused: [], error: problem };
      }
      if (authRefusal !== undefined && now() < authRefusal.until) return authRefusal.result;
      authRefusal = undefined;
      return await track(send(submission));
    },
    async verify() {
      if (closed) throw connectionError({ message: "the submitter was closed" }, context);
      try {
        await track(transporter.verify());
        authRefusal = undefined;
      } catch (error) {
        throw connectionError(toFailure(error), context);
      }
    },
    async close() {
      closed = true;
      transporter.close();
      await withTimeout(Promise.allSettled(underWay), settings.closeTimeoutMs ?? 5_000).catch(() => {
        transporter.close({ force: true });
      });
      await Promise.allSettled(underWay);
      sockets.destroy();
    },
  };
}

interface Parts {
  sockets: Sockets;
  attempts: WeakMap<Buffer, Attempt>;
  scrubber: Scrubber;
}

function openTransporter(server: Server, settings: SubmitterSettings, { sockets, attempts, scrubber }: Parts) {
  const transporter = createTransport({ ...poolOptions(server, settings), getSocket: sockets.open });
  // The client reports pool errors on its emitter as well; each one also ends the submission that it concerns.
  transporter.on("error", () => {});
  transporter.use("stream", (mail, done) => {
    const attempt = attempts.get(mail.data.raw as Buffer);
    if (attempt !== undefined) sendExactly(attempt, mail.message);
    done();
  });
  if ("accessToken" in server.auth) {
    const { accessToken } = server.auth;
    const provide = async (done: (error: Error | null, token?: string) => void): Promise<void> => {
      const { token, error } = await freshToken(accessToken, server.connectTimeoutMs);
      scrubber.add(token);
      if (error === undefined) done(null, token);
      else done(error);
    };
    transporter.set("oauth2_provision_cb", (_user, _renew, done) => void provide(done));
  }
  return transporter;
}

function poolOptions(server: Server, settings: SubmitterSettings): SMTPPoolOptions & { pool: true } {
  return {
    pool: true,
    host: server.host,
    port: server.port,
    secure: server.tls === "implicit",
    requireTLS: server.tls === "starttls",
    ignoreTLS: server.tls === "none",
    tls: trust(server.ca),
    auth:
      "password" in server.auth
        ? { user: server.user, pass: server.auth.password }
        : { type: "OAuth2", user: server.user },
    connectionTimeout: server.connectTimeoutMs,
    greetingTimeout: server.connectTimeoutMs,
    socketTimeout: settings.replyTimeoutMs ?? 300_000,
    idleTimeout: settings.idleTimeoutMs ?? 60_000,
    maxConnections: settings.maxConnections ?? 3,
    maxMessages: Infinity,
    maxRequeues: MAX_REQUEUES,
    logger: false,
    disableFileAccess: true,
    disableUrlAccess: true,
  };
}

/**
 * Replaces what the client composed by our own bytes and envelope: nothing is parsed, folded or rewritten on the way, `SIZE` is announced
 * (RFC 1870), and the streams tell afterwards whether a byte was taken for sending.
 */
function sendExactly(
  { submission, streams }: Attempt,
  message: { createReadStream: () => Readable; getEnvelope: () => object },
): void {
  const { envelope, raw, onHandover } = submission;
  const parameters = { size: raw.byteLength, use8BitMime: raw.some((byte) => byte > 0x7f) };
  message.getEnvelope = () => ({
    from: asciiDomain(envelope.from),
    to: envelope.to.map(asciiDomain),
    ...parameters,
  });
  message.createReadStream = () => {
    const stream = Readable.from(chunks(raw, onHandover), { objectMode: false, highWaterMark: CHUNK_BYTES });
    streams.push(stream);
    return stream;
  };
}

/** The client begins to read once the server has answered DATA with 354. */
async function* chunks(raw: Uint8Array, onHandover: Submission["onHandover"]): AsyncGenerator<Buffer> {
  await onHandover?.();
  for (let offset = 0; offset < raw.byteLength; offset += CHUNK_BYTES) {
    yield Buffer.from(raw.subarray(offset, offset + CHUNK_BYTES));
  }
}

interface Sockets {
  open: NonNullable<SMTPPoolOptions["getSocket"]>;
  hold(): void;
  release(): void;
  destroy(): void;
}

/** Opens the pool's sockets, and lets them keep the process alive only while something is submitted. */
function createSockets(server: Server): Sockets {
  const sockets = new Set<net.Socket>();
  let holders = 0;
  return {
    open(_options, done) {
      const socket = net.connect({ host: server.host, port: server.port });
      const timer = setTimeout(() => {
        const seconds = server.connectTimeoutMs / 1000;
        socket.destroy(Object.assign(new Error(`no connection within ${seconds} s`), { code: "ETIMEDOUT" }));
      }, server.connectTimeoutMs);
      const fail = (error: Error): void => {
        clearTimeout(timer);
        done(error);
      };
      socket.once("error", fail);
      socket.once("connect", () => {
        clearTimeout(timer);
        socket.off("error", fail);
        socket.setNoDelay(true);
        socket.setKeepAlive(true, 60_000);
        done(null, { connection: socket });
      });
      socket.once("close", () => sockets.delete(socket));
      sockets.add(socket);
    },
    hold() {
      holders += 1;
      for (const socket of sockets) socket.ref();
    },
    release() {
      holders -= 1;
      if (holders === 0) for (const socket of sockets) socket.unref();
    },
    destroy() {
      for (const socket of sockets) socket.destroy();
    },
  };
}

function problemOf({ envelope, raw }: Submission): EmailKitError | undefined {
  if (raw.byteLength === 0) return new EmailKitError("INVALID_MESSAGE", "The mail to submit is empty.");
  if (envelope.to.length === 0) return new EmailKitError("INVALID_ADDRESS", "The envelope names no recipient.");
  // RFC 5321 section 4.1.2: what would end the path, or the command line.
  const wrong = [envelope.from, ...envelope.to].find((address) => /[\r\n<>\0]|^\s|\s$/.test(address));
  if (wrong !== undefined || envelope.to.includes("")) {
    return new EmailKitError(
      "INVALID_ADDRESS",
      `The envelope holds an unusable address: ${JSON.stringify(wrong ?? "")}.`,
    );
  }
  return undefined;
}

function asciiDomain(address: string): string {
  const at = address.lastIndexOf("@");
  return `${address.slice(0, at + 1)}${domainInAscii(address.slice(at + 1))}`;
}

/** What may stand in angle brackets in a reply without being a new Message-ID: our own id, and the envelope's addresses. */
function knownIds({ envelope, raw }: Submission): Set<string> {
  const header =
    Buffer.from(raw.subarray(0, 16 * 1024))
      .toString("latin1")
      .split("\r\n\r\n", 1)[0] ?? "";
  const own = /^message-id:\s*(<[^>\r\n]+>)/im.exec(header)?.[1];
  return new Set([own ?? "", ...[envelope.from, ...envelope.to].map((address) => `<${address}>`)]);
}

function toFailure(error: unknown): SmtpFailure {
  const failure = error as SmtpFailure & { errors?: Error[] };
  return {
    ...pick(failure),
    // Where a name has several addresses, the reasons are in `errors` and the message is empty.
    message: failure.message || (failure.errors ?? []).map((each) => each.message).join("; "),
    ...(failure.rejectedErrors === undefined ? {} : { rejectedErrors: failure.rejectedErrors.map(pick) }),
  };
}

function pick(failure: SmtpFailure): SmtpFailure {
  const { message, code, originalCode, response, responseCode, command, recipient, cause } = failure;
  return { message, code, originalCode, response, responseCode, command, recipient, cause };
}

/** Never rejects: what the token function throws is handed to the client as the reason why it cannot sign in. */
async function freshToken(
  accessToken: () => string | Promise<string>,
  timeoutMs: number,
): Promise<{ token: string; error?: Error }> {
  try {
    return { token: await withTimeout(Promise.resolve().then(accessToken), timeoutMs) };
  } catch (cause) {
    const error = Object.assign(new Error(messageOf(cause), { cause }), { code: NO_ACCESS_TOKEN });
    return { token: "", error };
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
