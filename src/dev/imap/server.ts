import { createServer, type Socket } from "node:net";
import { createSecureContext, createServer as createTlsServer, TLSSocket } from "node:tls";
import type { Certificate } from "../certificate.ts";
import { closeServer, listen } from "../listen.ts";
import { capabilities, connectionCommands } from "./commands/connection.ts";
import { mailboxCommands } from "./commands/mailboxes.ts";
import { mailCommands } from "./commands/mails.ts";
import { unselect } from "./selected.ts";
import { runSession } from "./dialogue.ts";
import { createSession, dismiss, type ImapHost, type ImapSession } from "./session.ts";

const commands = { ...connectionCommands, ...mailboxCommands, ...mailCommands };

export interface ImapServer {
  port: number;
  tlsPort: number;
  /** Cuts every connection. */
  cut(): void;
  /** While frozen, connections stay open and nothing is read or answered. */
  freeze(state: boolean): void;
  close(): Promise<void>;
}

/** Listens in clear (with STARTTLS) and on TLS. Rejects where a port is taken. */
export async function startImapServer(
  options: Omit<ImapHost, "startTls"> & { host: string; port: number; tlsPort: number; certificate: Certificate },
): Promise<ImapServer> {
  const { certificate, log } = options;
  const secureContext = createSecureContext(certificate);
  const sessions = new Set<ImapSession>();
  const sockets = new Set<Socket>();
  let frozen = false;

  const host: ImapHost = {
    ...options,
    startTls: (socket) =>
      new Promise((resolve, reject) => {
        const secured = new TLSSocket(socket, { isServer: true, secureContext });
        secured.once("secure", () => resolve(secured));
        secured.once("error", reject);
        secured.once("close", () => reject(new Error("Closed while TLS began")));
        secured.on("error", () => secured.destroy());
      }),
  };

  const serve = async (socket: Socket, secure: boolean) => {
    socket.setNoDelay(true); // Else Nagle's algorithm holds back the news of an idle session.
    socket.on("error", (error) => log.debug("imap: connection lost", { error: error.message }));
    sockets.add(socket);
    socket.on("close", () => sockets.delete(socket));
    const session = createSession(host, socket, secure);
    sessions.add(session);
    session.reader.freeze(frozen);
    session.out.freeze(frozen);
    try {
      await runSession(session, commands, capabilities);
    } catch (error) {
      log.error("imap session failed", { error: String(error) });
    } finally {
      unselect(session);
      sessions.delete(session);
      session.socket.end();
    }
  };

  const plain = createServer((socket) => void serve(socket, false));
  const tls = createTlsServer({ ...certificate }, (socket) => void serve(socket, true));
  tls.on("tlsClientError", (error) => log.debug("imap: no TLS", { error: error.message }));
  tls.on("connection", (socket: Socket) => {
    sockets.add(socket);
    socket.on("close", () => sockets.delete(socket));
  });
  const cut = () => {
    for (const socket of sockets) socket.destroy();
  };
  const close = async () => {
    for (const session of sessions) dismiss(session, "Shutting down");
    cut();
    await Promise.all([plain, tls].map(closeServer));
  };
  try {
    const port = await listen(plain, options.host, options.port);
    const tlsPort = await listen(tls, options.host, options.tlsPort);
    return {
      port,
      tlsPort,
      cut,
      freeze(state) {
        frozen = state;
        for (const { reader, out } of sessions) {
          reader.freeze(state);
          out.freeze(state);
        }
      },
      close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}
