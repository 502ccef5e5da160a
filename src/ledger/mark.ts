import { readFileSync, writeFileSync } from "node:fs";
import { lastEvent, lastSyncedEvent } from "./events.ts";
import type { Ledger } from "./ledger.ts";
import { coalesced } from "./postgres/coalesce.ts";

/** Decimal digits of the largest number that JavaScript tells from the next one. */
const WIDTH = 16;

/**
 * Keeps the number of the last audit event that is on the disk in a file beside the ledger, from which a ledger that was put back to an earlier state is known: resolves with whether
 * this one was. A file of another ledger, or none, says nothing.
 */
export async function keepMark(path: string, ledger: Ledger): Promise<boolean> {
  const marked = readMark(path, ledger.id);
  const older = marked > (await lastEvent(ledger.db));
  let written = -1;
  const write = async () => {
    try {
      const seq = await lastSyncedEvent(ledger.db);
      if (seq !== written) overwrite(path, `${ledger.id} ${String(seq).padStart(WIDTH, "0")}\n`);
      written = seq;
    } catch {
      // A full disk, or a ledger that was closed meanwhile: the next commit writes it.
    }
  };
  ledger.db.onCommit(coalesced(() => void write()));
  return older;
}

/** In place, and of one length: to shorten a file before it is written makes some file systems write it to the disk, each time. */
function overwrite(path: string, mark: string): void {
  try {
    writeFileSync(path, mark, { flag: "r+" });
  } catch {
    writeFileSync(path, mark, { mode: 0o600 });
  }
}

function readMark(path: string, ledgerId: string): number {
  try {
    const [id, seq] = readFileSync(path, "utf8").trim().split(" ");
    return id === ledgerId ? Number(seq) || 0 : 0;
  } catch {
    return 0;
  }
}
