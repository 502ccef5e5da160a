import type { Socket } from "node:net";
import type { Logger } from "../../log.ts";
import type { Faults } from "../faults.ts";
import type { Mailbox, Store, StoredAccount } from "../store.ts";
import { createOutput, type Output } from "./output.ts";
import { createReader, type ImapReader } from "./reader.ts";
import type { Arguments } from "./tokenizer.ts";

/** What a session needs of the server around it. */
export interface ImapHost {
  readonly store: Store;
  readonly faults: Faults;
  readonly log: Logger;
  readonly hostname: string;
  readonly starttls: boolean;
  /** Of one mail, in octets. */
  readonly maxMailBytes: number;
  readonly now: () => number;
  signIn(user: string, password: string): StoredAccount | undefined;
  /** Opens TLS as the server on a connection that began in clear. */
  startTls(socket: Socket): Promise<Socket>;
}

/** The selected mailbox as this client knows it: sequence numbers change only when the client is told. */
export interface Selected {
  readonly mailbox: Mailbox;
  readonly readOnly: boolean;
  /** The uid of each sequence number, ascending. */
  uids: number[];
  news: { appended: number[]; expunged: Set<number>; changed: Set<number> };
  detach(): void;
}

export interface ImapSession {
  readonly host: ImapHost;
  readonly reader: ImapReader;
  readonly out: Output;
  socket: Socket;
  secure: boolean;
  account?: StoredAccount;
  selected?: Selected;
  /** The client has shown that it knows MODSEQ (RFC 7162 section 3.1). */
  condstore: boolean;
  idling: boolean;
  over: boolean;
}

export interface CommandResult {
  status: "OK" | "NO" | "BAD";
  /** The response code, without its brackets. */
  code?: string;
  text: string;
  /** Done when the tagged line is out. */
  afterwards?: () => Promise<void>;
}

export const ok = (text: string, code?: string): CommandResult => ({ status: "OK", text, ...(code ? { code } : {}) });
export const no = (text: string, code?: string): CommandResult => ({ status: "NO", text, ...(code ? { code } : {}) });

export interface Command {
  /** The least the client must have done before. */
  needs: "nothing" | "account" | "mailbox";
  /** Whether EXPUNGE may be told in answer (RFC 9051 section 7.5.1). */
  tellsExpunge?: boolean;
  run(session: ImapSession, args: Arguments): CommandResult | Promise<CommandResult>;
}

const LINE_LIMIT = 64 * 1024;
const STRANGER_LIMIT = 8 * 1024;

export function createSession(host: ImapHost, socket: Socket, secure: boolean): ImapSession {
  const session: ImapSession = {
    host,
    socket,
    secure,
    out: createOutput(socket),
    reader: createReader(socket, {
      line: LINE_LIMIT,
      command: () => (session.account ? host.maxMailBytes : STRANGER_LIMIT),
    }),
    condstore: false,
    idling: false,
    over: false,
  };
  return session;
}

/** Ends the session with a BYE. */
export function dismiss(session: ImapSession, reason: string): void {
  session.out.line(`* BYE ${reason}`);
  session.out.flush();
  session.over = true;
  session.socket.end();
}
