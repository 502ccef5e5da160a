import { subscribe } from "node:diagnostics_channel";
import type { Socket } from "node:net";
import { point } from "./points.ts";

const SMTP_COMMAND = /^(EHLO|AUTH|MAIL|RCPT|DATA|QUIT)\b/i;
const IMAP_COMMAND = /^\S+ ((?:UID )?[A-Z]+)\b/;

/**
 * Names each command and each answer on this process's connections: `smtp.RCPT:before` it is written, `:sent` when the socket has it, and `:answered`
 * when its answer has come in and nobody has read it yet. `smtp.content` is the mail itself.
 */
export function instrumentSockets(protocolOf: (port: number) => "smtp" | "imap" | undefined): void {
  subscribe("net.client.socket", (message) => {
    const { socket } = message as { socket: Socket };
    socket.once("connect", () => {
      const protocol = protocolOf(socket.remotePort ?? 0);
      if (protocol === "smtp") instrumentSmtp(socket);
      if (protocol === "imap") instrumentImap(socket);
    });
  });
}

function instrumentSmtp(socket: Socket): void {
  let command = "greeting";
  let inContent = false;
  const { write, push } = bind(socket);
  socket.write = (chunk: string | Uint8Array, ...rest: unknown[]) => {
    command = inContent ? "content" : (SMTP_COMMAND.exec(String(chunk))?.[1]?.toUpperCase() ?? command);
    point(`smtp.${command}:before`);
    const written = write(chunk, ...rest);
    point(`smtp.${command}:sent`);
    return written;
  };
  socket.push = (chunk: unknown, ...rest: unknown[]) => {
    if (chunk instanceof Uint8Array) {
      point(`smtp.${command}:answered`);
      inContent = /^354/m.test(Buffer.from(chunk).toString("latin1"));
    }
    return push(chunk, ...rest);
  };
}

function instrumentImap(socket: Socket): void {
  let command = "greeting";
  const { write, push } = bind(socket);
  socket.write = (chunk: string | Uint8Array, ...rest: unknown[]) => {
    command = IMAP_COMMAND.exec(String(chunk))?.[1] ?? (/^DONE\b/.test(String(chunk)) ? "DONE" : command);
    point(`imap.${command}:before`);
    return write(chunk, ...rest);
  };
  socket.push = (chunk: unknown, ...rest: unknown[]) => {
    if (chunk instanceof Uint8Array) point(`imap.${command}:answered`);
    return push(chunk, ...rest);
  };
}

function bind(socket: Socket) {
  return {
    write: socket.write.bind(socket) as (chunk: string | Uint8Array, ...rest: unknown[]) => boolean,
    push: socket.push.bind(socket) as (chunk: unknown, ...rest: unknown[]) => boolean,
  };
}
