import { existsSync, readFileSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { DatabaseSync } from "node:sqlite";

/** https://sqlite.org/walformat.html: the header of the WAL, and of each of its frames. */
const HEADER = 32;
const FRAME_HEADER = 24;
/** Of the index (`-shm`): where it says how many frames are valid, and how big a page is. */
const FRAMES_AT = 16;
const PAGE_SIZE_AT = 14;

/**
 * Notes beside the file `ledger()` up to where its WAL is on the disk for sure: after each commit for which SQLite syncs it. To be called before the kit is loaded.
 * For one process alone: reading the index takes the locks away that the process holds on it (https://sqlite.org/howtocorrupt.html section 2.2).
 */
export function noteSyncs(ledger: () => string | undefined): void {
  const { prototype } = DatabaseSync;
  const original = Object.getOwnPropertyDescriptors(prototype);
  const synced = new WeakSet<DatabaseSync>();
  const note = (db: DatabaseSync) => {
    const file = ledger();
    if (file === undefined || db.location() !== file || !synced.has(db) || db.isTransaction) return;
    const index = readFileSync(`${file}-shm`);
    const frames = index.readUInt32LE(FRAMES_AT);
    writeFileSync(`${file}-synced`, String(HEADER + frames * (FRAME_HEADER + index.readUInt16LE(PAGE_SIZE_AT))));
  };
  prototype.exec = function (statements) {
    original.exec.value!.call(this, statements);
    if (statements.includes("synchronous = FULL")) synced.add(this);
    if (statements.includes("synchronous = NORMAL")) synced.delete(this);
    if (statements === "COMMIT") note(this);
  };
  prototype.prepare = function (...args) {
    const statement = original.prepare.value!.apply(this, args);
    const run = statement.run.bind(statement);
    statement.run = (...values: unknown[]) => {
      const result = run(...(values as Parameters<typeof run>));
      note(this);
      return result;
    };
    return statement;
  };
}

/** What a power cut may leave of a ledger that a dead process had open: all that was synced, and nothing of what came after. Returns how many bytes went. */
export function cutPower(ledger: string): number {
  const wal = `${ledger}-wal`;
  if (!existsSync(wal)) return 0;
  const synced = existsSync(`${ledger}-synced`) ? Number(readFileSync(`${ledger}-synced`, "utf8")) : 0;
  const size = readFileSync(wal).length;
  if (synced < size) truncateSync(wal, synced);
  // In memory only, and made anew.
  rmSync(`${ledger}-shm`, { force: true });
  rmSync(`${ledger}-synced`, { force: true });
  return Math.max(0, size - synced);
}
