import { createHash, randomBytes } from "node:crypto";
import type { Socket } from "node:net";
import { SMTPServer, type SMTPServerDataStream, type SMTPServerSession } from "smtp-server";
import type { Logger } from "../log.ts";
import type { Certificate } from "./certificate.ts";
import type { Faults } from "./faults.ts";
import { closeServer, listen } from "./listen.ts";

/** A mail as it was submitted. */
export interface SubmittedMail {
  /** Names this submission in the 250 response and the Received field. */
  queueId: string;
  /** Address of the signed-in account. */
  user?: string;
  /** Empty for the null reverse path. */
  reversePath: string;
  recipients: string[];
  raw: Buffer;
  client: { name: string; address: string; protocol: string };
}

/** A reply line: code, enhanced status, text. */
export type SmtpReply = string;

/** What the SMTP side needs of the server around it. */
export interface SmtpHost {
  readonly faults: Faults;
  readonly log: Logger;
  readonly hostname: string;
  readonly maxMailBytes: number;
  readonly requireAuth: boolean;
  readonly starttls: boolean;
  signIn(user: string, password: string): { address: string } | undefined;
  /** Judges one recipient; a reply refuses it. */
  admit(recipient: string, reversePath: string): Promise<SmtpReply | undefined>;
  /** Takes the mail; resolves with the text of the 250 when it is stored. */
  take(submission: SubmittedMail): Promise<string>;
}

export interface SmtpService {
  port: number;
  tlsPort: number;
  cut(): void;
  freeze(state: boolean): void;
  close(): Promise<void>;
}

const IDLE_TIMEOUT_MS = 5 * 60_000; // RFC 5321 section 4.5.3.2.7

/** Listens in clear (with STARTTLS) and on TLS. Rejects where a port is taken. */
export async function startSmtpService(
  host: SmtpHost,
  options: { host: string; port: number; tlsPort: number; certificate: Certificate },
): Promise<SmtpService> {
  const plain = createListener(host, options.certificate, false);
  const tls = createListener(host, options.certificate, true);
  const both = [plain, tls];
  const cut = () => both.forEach((listener) => listener.cut());
  const close = async () => {
    const closed = Promise.all(both.map((listener) => closeServer(listener.server.server)));
    cut();
    await closed;
  };
  try {
    const port = await listen(plain.server.server, options.host, options.port);
    const tlsPort = await listen(tls.server.server, options.host, options.tlsPort);
    return { port, tlsPort, cut, close, freeze: (state) => both.forEach((listener) => listener.freeze(state)) };
  } catch (error) {
    await close();
    throw error;
  }
}

/** smtp-server waits 100 ms before each greeting, for clients that talk too soon; nothing on loopback gains by that. */
class PromptSmtpServer extends SMTPServer {
  private readonly sockets = new Map<SMTPServerSession, Socket>();
  private held: Parameters<SMTPServer["connect"]>[] = [];
  private frozen = false;

  override connect(...args: Parameters<SMTPServer["connect"]>): void {
    const [socket] = args;
    socket.on("error", () => {});
    if (this.frozen) {
      this.held.push(args);
      return;
    }
    super.connect(...args);
    const connection = [...this.connections].at(-1);
    if (!connection) return;
    this.sockets.set(connection.session, socket);
    socket.on("close", () => this.sockets.delete(connection.session));
    const greet = connection.connectionReady.bind(connection);
    connection.connectionReady = () => {};
    greet();
  }

  override onSecure(...[socket, session, callback]: Parameters<SMTPServer["onSecure"]>): void {
    this.sockets.set(session, socket);
    callback();
  }

  freeze(state: boolean): void {
    this.frozen = state;
    for (const socket of this.sockets.values()) {
      if (state) {
        socket.pause();
        socket.cork();
      } else {
        socket.uncork();
        socket.resume();
      }
    }
    if (state) return;
    for (const args of this.held.splice(0)) if (!args[0].destroyed) this.connect(...args);
  }

  cut(session?: SMTPServerSession): void {
    if (session) {
      this.sockets.get(session)?.destroy();
      return;
    }
    for (const [socket] of this.held.splice(0)) socket.destroy();
    for (const socket of this.sockets.values()) socket.destroy();
  }
}

function createListener(host: SmtpHost, certificate: Certificate, secure: boolean) {
  const server = new PromptSmtpServer({
    ...certificate,
    secure,
    name: host.hostname,
    banner: "langgraph-email dev",
    size: host.maxMailBytes,
    authOptional: !host.requireAuth,
    allowInsecureAuth: true,
    disabledCommands: host.starttls ? [] : ["STARTTLS"],
    disableReverseLookup: true,
    maxAllowedUnauthenticatedCommands: false,
    socketTimeout: IDLE_TIMEOUT_MS,
    logger: false,
    onAuth(auth, _session, callback) {
      const account = host.faults.refuseAuth ? undefined : host.signIn(auth.username ?? "", auth.password ?? "");
      if (account) callback(null, { user: account.address });
      else callback(refusal("535 5.7.8 Authentication credentials invalid"));
    },
    onRcptTo(address, session, callback) {
      const reversePath = session.envelope.mailFrom ? session.envelope.mailFrom.address : "";
      const judge = async () => {
        const reply = await host.admit(address.address, reversePath);
        if (reply) throw refusal(reply);
      };
      settle(host, judge(), callback);
    },
    onData(stream, session, callback) {
      const cut = () => server.cut(session);
      if (host.faults.dropBeforeData > 0) {
        host.faults.dropBeforeData -= 1;
        cut();
        return;
      }
      settle(host, receive(host, stream, session, cut), callback);
    },
  });
  server.on("error", (error: Error) => host.log.debug("smtp: connection lost", { error: error.message }));
  return { server, cut: () => server.cut(), freeze: (state: boolean) => server.freeze(state) };
}

/** smtp-server speaks in callbacks; this is where they meet promises. `cut`: there is nobody left to answer. */
function settle(
  host: SmtpHost,
  work: Promise<string | void | typeof CUT>,
  callback: (error?: Error | null, text?: string) => void,
): void {
  const answer = async () => {
    let text: string | void | typeof CUT;
    try {
      text = await work;
    } catch (error) {
      return callback(failure(host, error));
    }
    if (text !== CUT) callback(null, text ?? undefined);
  };
  void answer();
}

const CUT = Symbol("cut");

/** Reads one mail and hands it on. Resolves with the text of the 250, or `CUT` where a fault cut the connection instead. */
async function receive(
  host: SmtpHost,
  stream: SMTPServerDataStream,
  session: SMTPServerSession,
  cut: () => void,
): Promise<string | typeof CUT> {
  const { faults } = host;
  const chunks: Buffer[] = [];
  for await (const chunk of stream as AsyncIterable<Buffer>) {
    if (stream.sizeExceeded) chunks.length = 0;
    else chunks.push(chunk);
  }
  if (stream.sizeExceeded) throw refusal(`552 5.3.4 Mail is larger than ${host.maxMailBytes} octets`);
  if (faults.refuseData.times > 0) {
    faults.refuseData.times -= 1;
    throw refusal(faults.refuseData.reply);
  }
  if (faults.loseAfterData > 0) {
    faults.loseAfterData -= 1;
    cut();
    return CUT;
  }
  const { mailFrom, rcptTo } = session.envelope;
  const text = await host.take({
    queueId: newQueueId(),
    ...(typeof session.user === "string" ? { user: session.user } : {}),
    reversePath: mailFrom ? mailFrom.address : "",
    recipients: rcptTo.map((recipient) => recipient.address),
    raw: Buffer.concat(chunks),
    client: {
      name: session.hostNameAppearsAs || "unknown",
      address: session.remoteAddress,
      protocol: session.transmissionType,
    },
  });
  if (faults.dropAfterData > 0) {
    faults.dropAfterData -= 1;
    cut();
    return CUT;
  }
  return text;
}

/** Looks like a queue id of a mail server: upper-case hexadecimal. */
function newQueueId(): string {
  return createHash("sha256").update(randomBytes(16)).digest("hex").slice(0, 12).toUpperCase();
}

class SmtpRefusal extends Error {
  readonly responseCode: number;
  constructor(code: number, text: string) {
    super(text);
    this.responseCode = code;
  }
}

function refusal(reply: SmtpReply): SmtpRefusal {
  return new SmtpRefusal(Number(reply.slice(0, 3)), reply.slice(4));
}

function failure(host: SmtpHost, error: unknown): Error {
  if (error instanceof SmtpRefusal) return error;
  host.log.error("smtp: mail not taken", { error: String(error) });
  return refusal("451 4.3.0 Internal error");
}
