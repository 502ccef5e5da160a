import { canonicalAddress, sameAddress } from "../mail/address.ts";
import type { Sql } from "./database.ts";
import type { MessageContent } from "./messages.ts";
import type { StoredOutcome } from "./outcome.ts";
import { IN_DOUBT } from "./restore.ts";
import type { ReviewRecord } from "./reviews.ts";

/** What stands where an address was. */
const FORGOTTEN = "forgotten";

/** All that a ledger holds of one address, besides its audit log. */
export interface PersonRecords {
  /** Tasks that the address was asked in, or was to be asked in, or answered. */
  tasks: { id: string; threadId: string }[];
  /** Ids of mails from it, and of reports and automatic mails about it. */
  messages: string[];
  /** Ids of what it asked served agents for. */
  requests: string[];
  /** Ids of mails to it. */
  outbox: string[];
  /** Ids of what was held or refused of mails to it. */
  reviews: string[];
  /** Threads of any of these. */
  threads: string[];
  /** Threads and mails among them that are not over. */
  live: string[];
  /** References of the mails and attachments among these that nothing else refers to. */
  blobs: string[];
}

/** Reads whole tables: for an operator's act. */
export async function findPerson(sql: Sql, given: string): Promise<PersonRecords> {
  const address = canonicalAddress(given);
  const pattern = escaped(JSON.stringify(address));
  /** As a whole string of a JSON document. */
  const like = `%${pattern}%`;
  const reviews = await sql.all<{ id: string; question: string }>(
    `SELECT id, question FROM reviews WHERE lower(details_json) LIKE :like ESCAPE '\\'`,
    { like },
  );
  // They quote the mail, and so does who answers them.
  const questions = reviews.map(({ question }) => question);
  const asked = await sql.all<{ id: string; threadId: string; settled: number | null }>(
    `SELECT id, thread_id AS "threadId", settled_at AS settled FROM tasks
     WHERE id IN :questions OR ${["addressees_json", "candidates_json", "attempts_json", "steps_json", "expects_json"].map((column) => `lower(${column}) LIKE :like ESCAPE '\\'`).join(" OR ")}
       OR lower(outcome_json) LIKE :from ESCAPE '\\'`,
    { questions, like, from: `%"from":${pattern}%` },
  );
  const taskIds = asked.map(({ id }) => id);
  const found = await sql.all<{ id: string; raw: string; content: string; sure: number }>(
    `SELECT id, raw, content_json AS content, CASE WHEN lower(sender) = :address OR task_id IN :taskIds THEN 1 ELSE 0 END AS sure FROM messages
     WHERE lower(sender) = :address OR task_id IN :questions OR (classification NOT IN ('person', 'agent') AND (task_id IN :taskIds OR lower(content_json) LIKE :part ESCAPE '\\'))`,
    { address, taskIds, questions, part: `%${pattern.slice(1, -1)}%` },
  );
  const naming = mentionOf(address);
  const messages = found.filter(({ sure, content }) => sure === 1 || content.search(naming) >= 0);
  const messageIds = messages.map(({ id }) => id);
  const requests = await sql.all<{ id: string; threadId: string; state: string }>(
    `SELECT id, thread_id AS "threadId", state FROM requests WHERE message IN :messageIds`,
    { messageIds },
  );
  const outbox = await sql.all<{ id: string; raw: string; state: string; doubtful: number }>(
    `SELECT id, raw, state, CASE WHEN ${IN_DOUBT} THEN 1 ELSE 0 END AS doubtful FROM outbox WHERE task_id IN :taskIds OR request_id IN :requestIds OR lower(envelope_json) LIKE :like ESCAPE '\\'`,
    { taskIds, requestIds: requests.map(({ id }) => id), like },
  );
  const threads = [...new Set([...asked, ...requests].map(({ threadId }) => threadId))];
  const waits = await sql.all<{ threadId: string }>(
    `SELECT DISTINCT thread_id AS "threadId" FROM waits WHERE thread_id IN :threads AND closed_at IS NULL`,
    { threads },
  );
  const open = [
    ...asked.filter(({ settled }) => settled === null).map(({ threadId }) => threadId),
    ...requests.filter(({ state }) => state !== "answered").map(({ threadId }) => threadId),
    ...waits.map(({ threadId }) => threadId),
  ].map((threadId) => `thread ${threadId}`);
  const unsent = outbox.filter(({ state, doubtful }) => doubtful === 1 || ["due", "leased", "sending"].includes(state));
  const own = new Set([...messageIds, ...outbox.map(({ id }) => id)]);
  const references = [
    ...messages.flatMap(({ raw, content }) => [raw, ...attachmentsOf(content)]),
    ...outbox.map(({ raw }) => raw),
  ];
  return {
    tasks: asked.map(({ id, threadId }) => ({ id, threadId })),
    messages: messageIds,
    requests: requests.map(({ id }) => id),
    outbox: outbox.map(({ id }) => id),
    reviews: reviews.map(({ id }) => id),
    threads,
    live: [...new Set([...open, ...unsent.map(({ id }) => `mail ${id} in the outbox`)])],
    blobs: await unshared(sql, new Set(references.filter((reference) => reference !== "")), own),
  };
}

/** Leaves the rows, so that what is read or sent again is known, and takes out of them what was said, by whom and to whom. */
export async function forgetPerson(sql: Sql, given: string, person: PersonRecords): Promise<void> {
  const address = canonicalAddress(given);
  for (const { id } of person.tasks) {
    const [row] = await sql.all<Record<string, string | null>>(
      "SELECT addressees_json, candidates_json, attempts_json, unreached_json, steps_json, accept_json, expects_json, outcome_json FROM tasks WHERE id = :id",
      { id },
    );
    const { outcome_json: outcome, ...columns } = row!;
    await sql.run(
      `UPDATE tasks SET subject = '', body = '', outcome_json = :outcome, ${Object.keys(columns)
        .map((column) => `${column} = :${column}`)
        .join(", ")} WHERE id = :id`,
      {
        id,
        outcome: outcome ? forgottenIn(outcome, address) : null,
        ...Object.fromEntries(
          Object.entries(columns).map(([column, json]) => [
            column,
            json?.replaceAll(mentionOf(address), FORGOTTEN) ?? null,
          ]),
        ),
      },
    );
  }
  const empty: MessageContent = { text: "", quoted: "", signature: "", attachments: [] };
  await sql.run(
    `UPDATE messages SET sender = NULL, message_id = NULL, subject = '', reason = NULL, raw = '', content_json = :empty,
       disposition = CASE disposition WHEN 'quarantined' THEN 'discarded' ELSE disposition END WHERE id IN :ids`,
    { empty: JSON.stringify(empty), ids: person.messages },
  );
  await sql.run("DELETE FROM attachments WHERE message IN :ids", { ids: person.messages });
  await sql.run("UPDATE outbox SET raw = '', envelope_json = :nobody, last_error = NULL WHERE id IN :ids", {
    nobody: JSON.stringify({ from: "", to: [] }),
    ids: person.outbox,
  });
  for (const { id, details } of await sql.all<{ id: string; details: string }>(
    "SELECT id, details_json AS details FROM reviews WHERE id IN :ids",
    { ids: person.reviews },
  )) {
    await sql.run("UPDATE reviews SET details_json = :details WHERE id = :id", { id, details: emptiedReview(details) });
  }
  const named = await sql.all<{ id: string; outcome: string }>(
    `SELECT id, outcome_json AS outcome FROM tasks WHERE lower(outcome_json) LIKE :part ESCAPE '\\'`,
    { part: `%${escaped(address)}%` },
  );
  for (const { id, outcome } of named) {
    const without = outcome.replaceAll(mentionOf(address), FORGOTTEN);
    await sql.run("UPDATE tasks SET outcome_json = :without WHERE id = :id", { id, without });
  }
  await sql.run("DELETE FROM counts WHERE kind = 'asked' AND unit LIKE :pair ESCAPE '\\'", {
    pair: `pair:% ${escaped(address)}`,
  });
  await sql.run("DELETE FROM aliases WHERE request_id IN :ids", { ids: person.requests });
  await sql.run("UPDATE threads SET last_error = NULL WHERE thread_id IN :ids", { ids: person.threads });
}

/** What rules found, and nothing of what they found it in. */
function emptiedReview(json: string): string {
  const details = JSON.parse(json) as ReviewRecord["details"];
  const findings = details.findings.map((finding) => ({ ...finding, excerpt: "" }));
  return JSON.stringify({ ...details, to: [], subject: "", findings });
}

/** For LIKE. */
function escaped(text: string): string {
  return text.replace(/[\\%_]/g, "\\$&");
}

/** Of an outcome that somebody else brought about, only the address is taken out. */
function forgottenIn(json: string, address: string): string {
  const outcome = JSON.parse(json) as StoredOutcome;
  if ("from" in outcome && !sameAddress(outcome.from, address)) return json.replaceAll(mentionOf(address), FORGOTTEN);
  return JSON.stringify(emptied(outcome));
}

/** How it ended, and nothing of what was said. */
function emptied(outcome: StoredOutcome): StoredOutcome {
  switch (outcome.kind) {
    case "replied":
    case "answered": {
      const { messageId: _, ...rest } = outcome;
      return { ...rest, data: null, text: "", from: FORGOTTEN, attachments: [] };
    }
    case "unparseable":
      return { ...outcome, text: "", from: FORGOTTEN, issues: [], earlier: [] };
    case "bounced":
      return { ...outcome, recipient: FORGOTTEN, diagnostic: "", attempts: [] };
    case "cancelled":
      return { ...outcome, reason: "" };
    case "expired":
      return outcome;
  }
}

/** The address in a text or a JSON document, in any case, and not as a part of a longer one. */
export function mentionOf(address: string): RegExp {
  const text = JSON.stringify(address).slice(1, -1);
  return new RegExp(`(?<![\\w.+-])${text.replace(/[^\w@-]/g, "\\$&")}(?![\\w-]|\\.\\w)`, "gi");
}

function attachmentsOf(content: string): string[] {
  return (JSON.parse(content) as MessageContent).attachments.map(({ blob }) => blob);
}

/** Those of the references that no mail of anybody else has: the same attachment may have come from two. */
async function unshared(sql: Sql, references: Set<string>, own: ReadonlySet<string>): Promise<string[]> {
  const rows = await sql.all<{ owner: string; reference: string }>(
    `SELECT id AS owner, raw AS reference FROM messages WHERE raw IN :references
     UNION ALL SELECT id AS owner, raw AS reference FROM outbox WHERE raw IN :references
     UNION ALL SELECT message AS owner, blob AS reference FROM attachments WHERE blob IN :references`,
    { references: [...references] },
  );
  for (const { owner, reference } of rows) if (!own.has(owner)) references.delete(reference);
  return [...references];
}
