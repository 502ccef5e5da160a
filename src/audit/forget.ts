import type { BlobStore } from "../blobs/blobs.ts";
import { EmailKitError } from "../errors.ts";
import type { Database } from "../ledger/database.ts";
import { appendEvent, commitment, type PersonalEntry } from "../ledger/events.ts";
import { findPerson, forgetPerson, mentionOf, type PersonRecords } from "../ledger/person.ts";
import { parseAddress, sameAddress } from "../mail/address.ts";

/** How much was taken out. */
export interface ForgetReport {
  tasks: number;
  /** Mails that came in. */
  messages: number;
  /** Mails and attachments of the blob store. */
  blobs: number;
  /** Events of the audit log. */
  events: number;
}

const PAGE = 500;

/**
 * Takes a person out of the ledger: their address, what they wrote and what was written to them. The audit log keeps what happened, when and in which task, and its chain stays whole.
 * After a crash, or an error of the blob store, it is called again.
 * @throws EmailKitError `INVALID_ADDRESS`, `ADDRESS_IN_USE` while a thread or a mail of theirs is not over.
 */
export async function forget(
  { db, blobs, clock }: { db: Database; blobs: BlobStore; clock: () => number },
  given: string,
  { actor }: { actor?: string | undefined } = {},
): Promise<ForgetReport> {
  const { address } = parseAddress(given);
  const person = await findPerson(db, address);
  refuseLive(person);
  let events = 0;
  for (let after = 0; ;) {
    const page = await db.transaction((sql) => forgetEvents(sql, { address, person, after }));
    events += page.changed;
    if (page.last === undefined) break;
    after = page.last;
  }
  // Before the rows that lead to them: after a crash they are found again.
  for (const reference of person.blobs) await blobs.delete(reference);
  const report = { tasks: person.tasks.length, messages: person.messages.length, blobs: person.blobs.length, events };
  await db.transaction(async (sql) => {
    const now = await findPerson(sql, address);
    refuseLive(now);
    // What came meanwhile is left to the next call, with its events.
    await forgetPerson(sql, address, person);
    await appendEvent(sql, {
      at: clock(),
      kind: "forgotten",
      ...(actor !== undefined && { actor }),
      data: { ...report },
    });
  });
  return report;
}

function refuseLive({ live }: PersonRecords): void {
  if (live.length === 0) return;
  const shown = live.slice(0, 5).join(", ");
  throw new EmailKitError(
    "ADDRESS_IN_USE",
    `The address cannot be forgotten while it is needed, by ${shown}${live.length > 5 ? ` and ${live.length - 5} more` : ""}. Let them end, cancel their tasks with kit.cancelTask, and say of mails that may have been sent whether they were, with kit.resolveDoubt.`,
  );
}

async function forgetEvents(
  sql: Parameters<Parameters<Database["transaction"]>[0]>[0],
  { address, person, after }: { address: string; person: PersonRecords; after: number },
): Promise<{ changed: number; last: number | undefined }> {
  const tasks = new Set(person.tasks.map(({ id }) => id));
  const threads = new Set(person.threads);
  const naming = mentionOf(address);
  const rows = await sql.all<{ seq: number; threadId: string | null; taskId: string | null; personal: string }>(
    `SELECT seq, thread_id AS "threadId", task_id AS "taskId", personal_json AS personal FROM events WHERE seq > :after ORDER BY seq LIMIT :limit`,
    { after, limit: PAGE },
  );
  let changed = 0;
  for (const { seq, threadId, taskId, personal } of rows) {
    const entries = JSON.parse(personal) as PersonalEntry[];
    const is = (name: string) =>
      entries.some((entry) => entry.name === name && "salt" in entry && sameAddress(String(entry.value), address));
    const theirs = taskId === null ? threadId !== null && threads.has(threadId) : tasks.has(taskId);
    const about = theirs || is("from") || is("to");
    const wrote = is("from");
    const left = entries.map((entry) => {
      if (!("salt" in entry)) return entry;
      const gone =
        JSON.stringify(entry.value).search(naming) >= 0 ||
        (about && (entry.name === "subject" || entry.name.startsWith("data."))) ||
        (wrote && entry.name === "messageId");
      return gone ? { name: entry.name, hash: commitment(entry) } : entry;
    });
    if (left.every((entry, index) => entry === entries[index])) continue;
    await sql.run("UPDATE events SET personal_json = :personal WHERE seq = :seq", {
      personal: JSON.stringify(left),
      seq,
    });
    changed++;
  }
  return { changed, last: rows.at(-1)?.seq };
}
