import type { Duplex } from "node:stream";

/** A piece of a response: text of one character an octet, or bytes. */
export type Piece = string | Buffer;

const FLUSH_AT = 64 * 1024;
const WAIT_AT = 1024 * 1024;

export type Output = ReturnType<typeof createOutput>;

/** Collects responses and writes them in few packets. */
export function createOutput(socket: Duplex) {
  let stream = socket;
  let pieces: Piece[] = [];
  let size = 0;
  let frozen = false;

  const flush = () => {
    if (pieces.length === 0 || frozen) return;
    const buffers: Buffer[] = [];
    let text = "";
    for (const piece of pieces) {
      if (typeof piece === "string") text += piece;
      else {
        if (text) buffers.push(Buffer.from(text, "latin1"));
        buffers.push(piece);
        text = "";
      }
    }
    if (text) buffers.push(Buffer.from(text, "latin1"));
    pieces = [];
    size = 0;
    if (stream.writable) stream.write(buffers.length === 1 ? buffers[0] : Buffer.concat(buffers));
  };

  return {
    flush,
    line(...parts: Piece[]): void {
      for (const part of parts) {
        pieces.push(part);
        size += part.length;
      }
      pieces.push("\r\n");
      if (size > FLUSH_AT) flush();
    },
    /** To be awaited between many or large responses, so that a slow reader does not fill the memory. */
    async drained(): Promise<void> {
      if (stream.writableLength < WAIT_AT || stream.destroyed) return;
      await new Promise<void>((resolve) => {
        const done = () => {
          stream.off("drain", done);
          stream.off("close", done);
          resolve();
        };
        stream.on("drain", done);
        stream.on("close", done);
      });
    },
    needsDrain: () => stream.writableLength >= WAIT_AT,
    switchTo(next: Duplex): void {
      stream = next;
    },
    freeze(state: boolean): void {
      frozen = state;
      if (!frozen) flush();
    },
  };
}

/** A string as it is sent: quoted where it may be, else a literal; `NIL` for `undefined`. */
export function nstring(value: string | Buffer | undefined): Piece[] {
  if (value === undefined) return ["NIL"];
  if (typeof value === "string" && value.length < 1024 && /^[\x20-\x7e]*$/.test(value)) {
    return [`"${value.replace(/["\\]/g, "\\$&")}"`];
  }
  const bytes = typeof value === "string" ? Buffer.from(value) : value;
  return [`{${bytes.length}}\r\n`, bytes];
}
