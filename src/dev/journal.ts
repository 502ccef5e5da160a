import {
  closeSync,
  existsSync,
  fstatSync,
  ftruncateSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
  writevSync,
} from "node:fs";
import { join } from "node:path";
import { EmailKitError } from "../errors.ts";
import type { Logger } from "../log.ts";
import { createCertificate, type Certificate } from "./certificate.ts";
import type { Journal, Store, StoreEvent } from "./store.ts";

const COMPACT_ABOVE_BYTES = 1024 * 1024;

/** Directories that this process has open; a lock of our own process that is not here was left by an earlier one with the same id. */
const open = new Set<string>();

/** A store's changes in a directory: an append-only file of JSON lines, each followed by the bytes that it announces. */
export interface JournalFile {
  /** The certificate of this directory's server, kept so that clients may pin it. */
  certificate: Certificate;
  close(): void;
}

/**
 * Reads the directory's journal into the store and goes on writing there. A record that a crash cut short is dropped.
 * Throws `INVALID_CONFIG` where another process uses the directory, or it cannot be read.
 */
export function openJournal(
  directory: string,
  store: Store,
  options: { hostname: string; now: number; log: Logger },
): JournalFile {
  const path = join(directory, "mails.journal");
  try {
    mkdirSync(directory, { recursive: true, mode: 0o700 });
    lock(directory);
  } catch (error) {
    if (error instanceof EmailKitError) throw error;
    throw new EmailKitError("INVALID_CONFIG", `The mail directory ${directory} cannot be used.`, { cause: error });
  }
  try {
    const certificate = readCertificate(directory, options);
    const length = replay(path, store, options.log);
    compact(path, store, length);
    const file = openWriter(path);
    store.attachJournal(file);
    return {
      certificate,
      close() {
        closeSync(file.descriptor);
        unlock(directory);
      },
    };
  } catch (error) {
    unlock(directory);
    throw error;
  }
}

function lock(directory: string): void {
  const path = join(directory, "lock");
  const owner = existsSync(path) ? Number(readFileSync(path, "utf8")) : 0;
  if (open.has(directory) || (owner > 0 && owner !== process.pid && isAlive(owner))) {
    throw new EmailKitError(
      "INVALID_CONFIG",
      `The mail directory ${directory} is in use by process ${owner}. Stop it, or take another directory.`,
    );
  }
  writeFileSync(path, String(process.pid));
  open.add(directory);
}

function unlock(directory: string): void {
  open.delete(directory);
  rmSync(join(directory, "lock"), { force: true });
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}

function readCertificate(directory: string, options: { hostname: string; now: number }): Certificate {
  const path = join(directory, "certificate.json");
  if (existsSync(path)) {
    const kept = JSON.parse(readFileSync(path, "utf8")) as Certificate & { hostname: string };
    if (kept.hostname === options.hostname) return { key: kept.key, cert: kept.cert };
  }
  const certificate = createCertificate(options);
  writeFileSync(path, JSON.stringify({ hostname: options.hostname, ...certificate }), { mode: 0o600 });
  return certificate;
}

/** The number of octets that hold whole records. */
function replay(path: string, store: Store, log: Logger): number {
  if (!existsSync(path)) return 0;
  const bytes = readFileSync(path);
  let at = 0;
  while (at < bytes.length) {
    const record = readRecord(bytes, at);
    if (!record) {
      log.warn("The mail journal ends in a broken record, which is dropped", { octets: bytes.length - at });
      const descriptor = openSync(path, "r+");
      ftruncateSync(descriptor, at);
      closeSync(descriptor);
      break;
    }
    store.replay(record.event, record.raw);
    at = record.end;
  }
  return at;
}

function readRecord(bytes: Buffer, start: number): { event: StoreEvent; raw?: Buffer; end: number } | undefined {
  const lineEnd = bytes.indexOf(0x0a, start);
  if (lineEnd < 0) return undefined;
  let event: StoreEvent;
  try {
    event = JSON.parse(bytes.toString("utf8", start, lineEnd)) as StoreEvent;
  } catch {
    return undefined;
  }
  if (event.op !== "append") return { event, end: lineEnd + 1 };
  const end = lineEnd + 1 + event.bytes;
  if (bytes[end] !== 0x0a) return undefined;
  return { event, raw: Buffer.from(bytes.subarray(lineEnd + 1, end)), end: end + 1 };
}

/** Writes the journal anew where more than half of it is about mails that are gone. */
function compact(path: string, store: Store, length: number): void {
  let live = 0;
  for (const { raw } of store.snapshot()) live += raw?.length ?? 0;
  if (length <= 2 * live + COMPACT_ABOVE_BYTES) return;
  const next = `${path}.new`;
  rmSync(next, { force: true });
  const file = openWriter(next);
  for (const { event, raw } of store.snapshot()) file.write(event, raw);
  closeSync(file.descriptor);
  renameSync(next, path);
}

function openWriter(path: string): Journal & { descriptor: number } {
  const descriptor = openSync(path, "a", 0o600);
  let length = fstatSync(descriptor).size;
  const newline = Buffer.from("\n");
  return {
    descriptor,
    write(event, raw) {
      const pieces = [Buffer.from(`${JSON.stringify(event)}\n`), ...(raw ? [raw, newline] : [])];
      const total = pieces.reduce((sum, piece) => sum + piece.length, 0);
      try {
        const written = writevSync(descriptor, pieces);
        if (written !== total) throw new Error(`Only ${written} of ${total} octets were written`);
        length += total;
      } catch (error) {
        // Half a record would hide all that follows it.
        ftruncateSync(descriptor, length);
        throw error;
      }
    },
  };
}
