import type { AuditEvent } from "../ledger/events.ts";
import { detailsOf, plain, type Trace } from "./trace.ts";

const STYLE = `
:root { color-scheme: light dark; font: 14px/1.4 system-ui, sans-serif; }
body { margin: 2rem auto; max-width: 75rem; padding: 0 1rem; }
table { border-collapse: collapse; width: 100%; }
th, td { border-bottom: 1px solid #8886; padding: .3rem .6rem; text-align: left; vertical-align: top; overflow-wrap: anywhere; }
td:first-child, td:nth-child(2) { white-space: nowrap; }
.details { color: GrayText; font-size: 12px; }
.in { background: #3b82f622; } .out { background: #22c55e22; } .bad { background: #ef444422; }
`;

const OUT = new Set(["submitted", "request-answered", "answered"]);
const IN = new Set(["received", "request-received"]);
const BAD = new Set(["run-failed", "stalled", "submission-refused", "submission-unknown", "taken-over"]);

/** One page that needs nothing else: no script, nothing fetched, and everything that came by mail escaped. */
export function traceAsHtml({ threadId, events }: Trace): string {
  const title = escape(`Thread ${threadId}`);
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<meta name="viewport" content="width=device-width">
<title>${title}</title>
<style>${STYLE}</style>
</head>
<body>
<h1>${title}</h1>
<table>
<thead><tr><th>Time (UTC)</th><th>Event</th><th>Who</th><th>Subject and details</th></tr></thead>
<tbody>
${events.map(rowOf).join("\n")}
</tbody>
</table>
</body>
</html>
`;
}

function rowOf(event: AuditEvent): string {
  const { at, kind, agent, graph, from, to, subject, messageId, runId } = event;
  const who = [from ?? agent ?? graph ?? "", ...(to ? [`→ ${to.join(", ")}`] : [])].join(" ");
  const ids = [messageId, runId && `run ${runId}`].filter((id) => id !== undefined).join(" ");
  const row = OUT.has(kind) ? "out" : IN.has(kind) ? "in" : BAD.has(kind) ? "bad" : "";
  const time = new Date(at).toISOString().replace("T", " ").replace("Z", "");
  return `<tr class="${row}"><td>${time}</td><td>${escape(kind)}</td><td>${escape(who)}</td><td>${escape(subject ?? "")}<div class="details">${escape(`${detailsOf(event)} ${ids}`.trim())}</div></td></tr>`;
}

function escape(text: string): string {
  return plain(text).replace(/[&<>"'`]/g, (character) => `&#${character.codePointAt(0)};`);
}
