import type { Sql } from "../ledger/database.ts";
import { holdPending, markProven, noticeRestore, unsentMail } from "../ledger/restore.ts";
import type { Logger } from "../log.ts";
import type { Correlation } from "./correlate.ts";

/**
 * What a mail that came in says of what was sent. A reply proves that the mail it answers went out; where the ledger has not tried to send that one, or does not even
 * know it, the ledger is older than the world.
 */
export async function readProof(deps: { log: Logger }, sql: Sql, correlation: Correlation | undefined, now: number) {
  if (correlation?.kind === "lost") {
    const held = await noticeRestore(sql, now, "a reply to an unknown task came in");
    if (held !== undefined) tellHeld(deps.log, held);
    return;
  }
  if (correlation?.kind !== "task" || correlation.signal === "body-reference") return;
  const { id } = correlation.task;
  const unsent = await unsentMail(sql, id);
  if (!unsent) return;
  if (unsent.state === "due" && unsent.attempts === 0 && correlation.signal === "token") {
    tellHeld(deps.log, await holdPending(sql, now, "a reply to a mail that was not sent came in"));
  }
  await markProven(sql, id, now);
}

export function tellHeld(log: Logger, held: number): void {
  log.error(
    "The ledger was restored from a backup. What seemed to be due is held, since it may have been sent: see kit.doubtful(), then kit.resolveDoubt().",
    { held },
  );
}
