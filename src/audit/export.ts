import type { BlobStore } from "../blobs/blobs.ts";
import { EmailKitError } from "../errors.ts";
import type { Database } from "../ledger/database.ts";
import type { AuditEvent } from "../ledger/events.ts";
import { csvHeader, csvRow } from "./csv.ts";
import { mboxEntry } from "./mbox.ts";
import { eachEvent } from "./trace.ts";

/** `jsonl`: an event a line · `csv`: RFC 4180, an event a record · `mbox`: the mails themselves, as they went out and came in (RFC 4155, with mboxrd's quoting). */
export type ExportFormat = (typeof EXPORT_FORMATS)[number];

export const EXPORT_FORMATS = ["jsonl", "csv", "mbox"] as const;

export interface ExportFilter {
  agent?: string;
  threadId?: string;
  /** LangChain's id of a run, as events have it. */
  runId?: string;
  /** Not earlier. */
  since?: Date;
  /** Earlier. */
  until?: Date;
}

/** The audit log, or the mails that it tells of, piece by piece. What was forgotten is left out of an mbox. */
export async function* exportAudit(
  { db, blobs }: { db: Database; blobs: BlobStore },
  format: ExportFormat,
  { since, until, ...filter }: ExportFilter = {},
): AsyncGenerator<Uint8Array> {
  if (!EXPORT_FORMATS.includes(format)) {
    throw new EmailKitError("INVALID_CONFIG", `No format "${format}". Give one of: ${EXPORT_FORMATS.join(", ")}.`);
  }
  const query = { ...filter, ...(since && { since: since.getTime() }), ...(until && { until: until.getTime() }) };
  if (format === "csv") yield Buffer.from(csvHeader());
  for await (const event of eachEvent(db, query)) {
    if (format === "jsonl") yield Buffer.from(`${JSON.stringify(event)}\n`);
    else if (format === "csv") yield Buffer.from(csvRow(event));
    else {
      const raw = await mailOf(blobs, event);
      if (raw) yield mboxEntry(raw, { from: event.from, at: event.at });
    }
  }
}

async function mailOf(blobs: BlobStore, { kind, body }: AuditEvent): Promise<Uint8Array | undefined> {
  if (body === undefined || (kind !== "submitted" && kind !== "received")) return undefined;
  try {
    return await blobs.get(body);
  } catch (error) {
    if (error instanceof EmailKitError && error.code === "BLOB_NOT_FOUND") return undefined;
    throw error;
  }
}
