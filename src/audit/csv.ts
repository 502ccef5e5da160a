import type { AuditEvent } from "../ledger/events.ts";

const COLUMNS: Record<string, (event: AuditEvent) => string | number | undefined> = {
  seq: ({ seq }) => seq,
  time: ({ at }) => new Date(at).toISOString(),
  kind: ({ kind }) => kind,
  agent: ({ agent }) => agent,
  graph: ({ graph }) => graph,
  thread: ({ threadId }) => threadId,
  run: ({ runId }) => runId,
  task: ({ taskId }) => taskId,
  message_id: ({ messageId }) => messageId,
  from: ({ from }) => from,
  to: ({ to }) => to?.join(", "),
  subject: ({ subject }) => subject,
  body_sha256: ({ body }) => body,
  actor: ({ actor }) => actor,
  details: ({ data }) => JSON.stringify(data),
  forgotten: ({ forgotten }) => forgotten?.join(", "),
};

export function csvHeader(): string {
  return record(Object.keys(COLUMNS));
}

export function csvRow(event: AuditEvent): string {
  return record(Object.values(COLUMNS).map((column) => column(event) ?? ""));
}

/** RFC 4180 section 2: every field in quotes, lines end with CRLF. */
function record(fields: readonly (string | number)[]): string {
  return `${fields.map((field) => `"${harmless(String(field)).replaceAll('"', '""')}"`).join(",")}\r\n`;
}

/** A spreadsheet would take such a text for a formula, and a stranger's subject for an order. */
function harmless(text: string): string {
  return /^\s*[=+\-@\uFF1D\uFF0B\uFF0D\uFF20]|^[\t\r\n]/.test(text) ? `'${text}` : text;
}
