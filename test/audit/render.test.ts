import { Parser } from "htmlparser2";
import { expect, it } from "vitest";
import { traceAsHtml, traceAsMermaid, traceAsText } from "langgraph-email";
import { csvHeader, csvRow } from "../../src/audit/csv.ts";
import { mboxEntry } from "../../src/audit/mbox.ts";
import type { AuditEvent } from "../../src/ledger/events.ts";

const hostile = "</script><img src=x onerror=alert(1)>\"'`;\nend\n%%{init: {}}%%\u202E\u001B[2J #lt;";
const task: AuditEvent = {
  seq: 1,
  at: Date.UTC(2026, 0, 5, 9, 8, 7),
  kind: "task-created",
  agent: "desk",
  graph: "orders",
  threadId: "t1",
  runId: "r1",
  taskId: "k",
  messageId: "<k@a.example>",
  from: "desk@a.example",
  to: ["boss@b.example", "cc@b.example"],
  subject: "Please approve",
  body: "00",
  data: { name: "approval" },
};
const received: AuditEvent = {
  ...task,
  seq: 3,
  kind: "received",
  from: "boss@b.example",
  to: ["desk@a.example"],
  subject: hostile,
  data: { disposition: "settled", grade: "B" },
};
const events: AuditEvent[] = [
  task,
  { ...task, seq: 2, kind: "submitted", data: {} },
  received,
  { seq: 4, at: task.at, kind: "settled", agent: "desk", graph: "orders", data: { kind: "replied" } },
  {
    seq: 5,
    at: task.at,
    kind: "retried",
    graph: "orders",
    actor: "Ann <ann@a.example>",
    data: {},
    forgotten: ["from"],
  },
];
const trace = { threadId: `t1${hostile}`, events };

it("shows a trace as text that a terminal shows as it is", () => {
  const text = traceAsText({ threadId: "t1", events });
  expect(text.split("\n")).toHaveLength(7);
  expect(text).toContain(
    `2026-01-05 09:08:07.000Z  task-created  desk@a.example → boss@b.example, cc@b.example  "Please approve"  name=approval`,
  );
  expect(text).toContain("by=Ann <ann@a.example>");
  // eslint-disable-next-line no-control-regex -- that is what must not be there
  expect(traceAsText(trace)).not.toMatch(/[\u0000-\u0009\u000B-\u001F\u202E]/);
});

it("shows a trace as a Mermaid diagram in which text stays text", () => {
  const diagram = traceAsMermaid(trace);
  expect(diagram.split("\n").slice(0, 6)).toEqual([
    "sequenceDiagram",
    "  participant p0 as orders",
    "  participant p1 as desk",
    "  actor p2 as boss@b.example",
    "  p0->>p1: task#58; approval#58; Please approve",
    "  p1->>p2: Please approve (and 1 more)",
  ]);
  expect(diagram).toContain("  p1-->>p0: outcome#58; replied");
  for (const line of diagram.split("\n").slice(1, -1)) {
    expect(line).toMatch(
      /^ {2}(?:(?:participant|actor) p\d+ as |p\d+-?->>p\d+: |Note over p\d+: )(?:[\p{L}\p{N} .,@()/_-]|#\d+;)+$/u,
    );
    expect(line.replace(/^.*?: /, "")).not.toMatch(/\bend\b/);
  }
});

it("shows a trace as one page without scripts or anything to fetch", () => {
  const html = traceAsHtml(trace);
  const names: string[] = [];
  const attributes = new Set<string>();
  let text = "";
  const parser = new Parser({
    onopentag(name, given) {
      names.push(name);
      for (const attribute of Object.keys(given)) attributes.add(`${name} ${attribute}`);
    },
    ontext: (piece) => void (text += piece),
  });
  parser.end(html);
  const known = "html head meta title style body h1 table thead tbody tr th td div".split(" ");
  expect(new Set(names)).toEqual(new Set(known));
  expect([...attributes].filter((attribute) => !attribute.startsWith("meta "))).toEqual([
    "html lang",
    "tr class",
    "div class",
  ]);
  expect(names.filter((name) => name === "tr")).toHaveLength(6);
  expect(html).toContain(
    `<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">`,
  );
  expect(text).toContain("<img src=x onerror=alert(1)>");
  expect(html).not.toContain("\u202E");
});

it("writes CSV that no spreadsheet takes for orders", () => {
  const columns = csvHeader().trimEnd().split(",");
  for (const subject of ["=HYPERLINK(1)", "+1", "-1", "@x", "\t=1", " =1", "＝1", "\r\n=1"]) {
    const row = csvRow({ ...task, subject });
    expect(row).toContain(`,"'${subject}",`);
    expect(row.endsWith("\r\n")).toBe(true);
  }
  const row = csvRow({ ...task, subject: 'He said "no",\nand left' });
  expect(row).toContain('"He said ""no"",\nand left"');
  expect(row.match(/(?:"(?:[^"]|"")*"(?:,|\r\n))/g)).toHaveLength(columns.length);
  expect(row).toContain('"2026-01-05T09:08:07.000Z"');
});

it("writes mbox entries whose lines can be told from separators", () => {
  const entry = (mail: string) => Buffer.from(mboxEntry(Buffer.from(mail), { from: "a b", at: task.at })).toString();
  expect(entry("Subject: x\r\n\r\nFrom here\r\n>From there\r\nfrom x\r\n")).toBe(
    "From MAILER-DAEMON Mon Jan  5 09:08:07 2026\nSubject: x\n\n>From here\n>>From there\nfrom x\n\n",
  );
  expect(entry("a: b\r\n\r\nFrom")).toBe("From MAILER-DAEMON Mon Jan  5 09:08:07 2026\na: b\n\nFrom\n\n");
  const bytes = Uint8Array.from([0x61, 0x3a, 0xff, 0x0a, 0x0a, 0x80, 0x0a]);
  const kept = Buffer.from(mboxEntry(bytes, { from: "x@y", at: 0 }));
  expect(kept.subarray(kept.indexOf("a:"), -1)).toEqual(Buffer.from(bytes));
});
