import net from "node:net";
import { setTimeout as sleep } from "node:timers/promises";

/**
 * A server that plays a transcript, byte for byte, to each connection. A step is a line:
 * `S: text` is sent with CRLF (`\\r\\n` within it is one, too); `C: text` is a line that must come, `C: text…` one that begins with it, `C: *` any line;
 * `{tag}` in a `C:` line stands for the tag of an IMAP command, and in the following `S:` lines for the same tag;
 * `C: <data>` swallows a mail up to the final dot; `FIN`, `RST`, `HANG` (say nothing any more) and `WAIT ms` are what they say.
 * The play ends with its last line, and then goes on listening in silence.
 */
export interface ScriptedPeer {
  port: number;
  /** What came, line by line, over all connections; a mail is one entry. */
  received: string[];
  /** Steps that did not go as written. */
  mismatches: string[];
  connections: number;
  close(): Promise<void>;
}

/** @param transcripts One for each connection in turn; the last one serves all further connections. */
export async function startScriptedPeer(...transcripts: string[]): Promise<ScriptedPeer> {
  const sockets = new Set<net.Socket>();
  const peer = { port: 0, received: [] as string[], mismatches: [] as string[], connections: 0 };
  const server = net.createServer((socket) => {
    sockets.add(socket);
    socket.setNoDelay(true);
    socket.on("close", () => sockets.delete(socket));
    socket.on("error", () => {});
    const script = transcripts[Math.min(peer.connections, transcripts.length - 1)] ?? "";
    peer.connections += 1;
    void play(socket, script, peer);
  });
  await new Promise<void>((resolve) => {
    server.listen(0, "127.0.0.1", resolve);
  });
  peer.port = (server.address() as net.AddressInfo).port;
  return Object.assign(peer, {
    async close() {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => {
        server.close(resolve);
      });
    },
  });
}

async function play(
  socket: net.Socket,
  script: string,
  peer: { received: string[]; mismatches: string[] },
): Promise<void> {
  const next = lineReader(socket);
  let tag = "";
  for (const step of script.split("\n").map((line) => line.trim())) {
    if (step === "" || step.startsWith("#")) continue;
    if (step === "FIN") socket.end();
    else if (step === "RST") socket.resetAndDestroy();
    else if (step === "HANG") return;
    else if (step.startsWith("WAIT ")) await sleep(Number(step.slice(5)));
    else if (step.startsWith("S: "))
      socket.write(`${step.slice(3).replaceAll("{tag}", tag).replaceAll("\\r\\n", "\r\n")}\r\n`, "latin1");
    else if (step === "C: <data>") {
      const lines: string[] = [];
      for (let line = await next(); line !== undefined && line !== "."; line = await next()) lines.push(line);
      peer.received.push(lines.join("\r\n"));
    } else if (step.startsWith("C: ")) {
      const line = await next();
      if (line === undefined) return;
      peer.received.push(line);
      if (step.includes("{tag}")) tag = line.split(" ", 1)[0] ?? "";
      if (!matches(line, step.slice(3).replace("{tag}", tag)))
        peer.mismatches.push(`expected ${step.slice(3)}, got ${line}`);
    } else throw new Error(`not a step: ${step}`);
  }
}

function matches(line: string, expected: string): boolean {
  if (expected === "*") return true;
  return expected.endsWith("…") ? line.startsWith(expected.slice(0, -1)) : line === expected;
}

/** Lines without their CRLF; undefined when the other side has gone. */
function lineReader(socket: net.Socket): () => Promise<string | undefined> {
  const lines: string[] = [];
  const waiting: ((line: string | undefined) => void)[] = [];
  let rest = "";
  let ended = false;
  socket.setEncoding("latin1");
  socket.on("data", (chunk: string) => {
    const parts = (rest + chunk).split("\r\n");
    rest = parts.pop() ?? "";
    for (const line of parts) {
      const waiter = waiting.shift();
      if (waiter === undefined) lines.push(line);
      else waiter(line);
    }
  });
  socket.on("close", () => {
    ended = true;
    for (const waiter of waiting.splice(0)) waiter(undefined);
  });
  return () =>
    lines.length > 0 || ended
      ? Promise.resolve(lines.shift())
      : new Promise((resolve) => {
          waiting.push(resolve);
        });
}
