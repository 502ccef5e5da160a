import type { Database } from "../ledger/database.ts";
import { type AuditEvent, type EventQuery, readEvents } from "../ledger/events.ts";

/** All that happened in a thread, oldest first. Plain JSON. */
export interface Trace {
  threadId: string;
  events: AuditEvent[];
}

const PAGE = 1_000;

export async function readTrace(db: Database, threadId: string): Promise<Trace> {
  const events: AuditEvent[] = [];
  for await (const event of eachEvent(db, { threadId })) events.push(event);
  return { threadId, events };
}

/** Events in the order they happened, however many. */
export async function* eachEvent(db: Database, query: Omit<EventQuery, "after" | "limit">): AsyncGenerator<AuditEvent> {
  for (let after = 0; ;) {
    const page = await readEvents(db, { ...query, after, limit: PAGE });
    yield* page;
    if (page.length < PAGE) return;
    after = page.at(-1)!.seq;
  }
}

/** One line of what strangers wrote: without characters that move the cursor, hide or turn text around. */
export function plain(text: string): string {
  return text.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]+/gu, "\uFFFD");
}

/** The event's own details in one line, as `name=value`. */
export function detailsOf({ data, actor, forgotten }: AuditEvent): string {
  const all = { ...(actor !== undefined && { by: actor }), ...data, ...(forgotten && { forgotten }) };
  const lines = Object.entries(all).map(
    ([name, value]) => `${name}=${typeof value === "string" ? value : JSON.stringify(value)}`,
  );
  return plain(lines.join(" "));
}
