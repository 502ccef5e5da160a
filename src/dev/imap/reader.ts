import type { Duplex } from "node:stream";

/** A command as it came in: stretches of its line as text (one character an octet), and literals as bytes. */
export type CommandChunk = string | Buffer;

export type ReadResult =
  | { kind: "command"; chunks: CommandChunk[] }
  /** A literal that was announced (RFC 9051 section 4.3) is larger than allowed; nothing of it was read. */
  | { kind: "refused"; tag: string; reason: string }
  /** The stream cannot be followed any further. */
  | { kind: "broken"; reason: string }
  | { kind: "end" };

export interface ReaderLimits {
  /** Of one line, in octets. */
  line: number;
  /** Of all lines and literals of one command, in octets. Asked anew for each literal: it grows with sign-in. */
  command: () => number;
}

export type ImapReader = ReturnType<typeof createReader>;

/** Reads lines and literals from a client. Reads no further ahead than one network buffer. */
export function createReader(socket: Duplex, limits: ReaderLimits) {
  let stream = socket;
  let wake: (() => void) | undefined;
  const state = { pending: [] as Buffer[], size: 0, ended: false, frozen: false };

  const onData = (chunk: Buffer) => {
    state.pending.push(chunk);
    state.size += chunk.length;
    stream.pause();
    wake?.();
  };
  const onEnd = () => {
    state.ended = true;
    wake?.();
  };
  const listen = () => {
    stream.on("data", onData);
    stream.on("end", onEnd);
    stream.on("close", onEnd);
    stream.on("error", onEnd);
  };
  listen();

  /** Resolves when there is more than `size` octets to read, or with `false` when the stream is over. */
  const more = async (size: number): Promise<boolean> => {
    while (!state.ended && (state.size <= size || state.frozen)) {
      await new Promise<void>((resolve) => {
        wake = resolve;
        if (!state.frozen) stream.resume();
      });
      wake = undefined;
    }
    return state.size > size;
  };

  const all = (): Buffer => {
    const bytes = state.pending.length === 1 ? (state.pending[0] as Buffer) : Buffer.concat(state.pending);
    state.pending = [bytes];
    return bytes;
  };

  const take = (size: number): Buffer => {
    const bytes = all();
    state.pending = [bytes.subarray(size)];
    state.size -= size;
    return bytes.subarray(0, size);
  };

  /** The next line without its line break; `undefined` at the end of the stream, `"long"` past the limit. */
  const readLine = async (): Promise<{ text: string } | "long" | undefined> => {
    for (let searched = 0; ;) {
      const bytes = all();
      const end = bytes.indexOf(0x0a, searched);
      if (end > limits.line || (end < 0 && bytes.length > limits.line)) return "long";
      if (end >= 0) {
        const line = take(end + 1);
        return { text: line.toString("latin1", 0, line[end - 1] === 0x0d ? end - 1 : end) };
      }
      searched = bytes.length;
      if (!(await more(searched))) return undefined;
    }
  };

  const readLiteral = async (size: number): Promise<Buffer | undefined> => {
    if (size > 0 && !(await more(size - 1))) return undefined;
    // A copy, lest the mail keep a whole network buffer alive.
    return Buffer.from(take(size));
  };

  return {
    readLine,

    /** `askFor` is called before a literal for which the client waits. */
    async readCommand(askFor: () => void): Promise<ReadResult> {
      const chunks: CommandChunk[] = [];
      let size = 0;
      for (;;) {
        const line = await readLine();
        if (line === undefined) return { kind: "end" };
        if (line === "long") return { kind: "broken", reason: "Line too long" };
        size += line.text.length;
        const literal = /\{(\d{1,10})(\+?)\}$/.exec(line.text);
        if (!literal) {
          chunks.push(line.text);
          return size > limits.command() + limits.line
            ? { kind: "broken", reason: "Command too long" }
            : { kind: "command", chunks };
        }
        const announced = Number(literal[1]);
        const synchronizing = literal[2] === "";
        chunks.push(line.text.slice(0, literal.index));
        if (size + announced > limits.command()) {
          if (!synchronizing) return { kind: "broken", reason: "Literal too large" };
          const tag = /^[^\s(){%*"\\\]+]+/.exec(String(chunks[0]))?.[0] ?? "*";
          return { kind: "refused", tag, reason: "Literal too large" };
        }
        if (synchronizing) askFor();
        const bytes = await readLiteral(announced);
        if (!bytes) return { kind: "end" };
        chunks.push(bytes);
        size += announced;
      }
    },

    /** Goes on with the stream that TLS opened on top. What came in clear after STARTTLS is dropped, lest it be taken for protected (RFC 9051 section 11.1). */
    switchTo(next: Duplex): void {
      stream.off("data", onData);
      stream.off("end", onEnd);
      stream = next;
      state.pending = [];
      state.size = 0;
      listen();
    },

    freeze(frozen: boolean): void {
      state.frozen = frozen;
      if (frozen) stream.pause();
      else wake?.();
    },
  };
}
