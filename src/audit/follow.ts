import type { Database } from "../ledger/database.ts";
import { type AuditEvent, lastEvent, readEvents } from "../ledger/events.ts";
import type { Logger } from "../log.ts";

/** Hands every event that is appended from now on to `listener`, in order. Returns the way to stop. */
export async function followEvents(
  { db, log }: { db: Database; log: Logger },
  listener: (event: AuditEvent) => void,
): Promise<() => void> {
  const tell = (event: AuditEvent) => {
    try {
      listener(event);
    } catch (error) {
      log.error("The listener of kit.follow threw", { event: event.seq, error: String(error) });
    }
  };
  let after = await lastEvent(db);
  let reading = false;
  let again = false;
  let stopped = false;
  const read = async () => {
    if (reading) {
      again = true;
      return;
    }
    reading = true;
    do {
      again = false;
      for (const event of await readEvents(db, { after })) {
        after = event.seq;
        if (!stopped) tell(event);
      }
    } while (again && !stopped);
    reading = false;
  };
  const off = db.onCommit(() => {
    read().catch(() => {
      reading = false;
    });
  });
  return () => {
    stopped = true;
    off();
  };
}
