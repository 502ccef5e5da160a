import { randomUUID } from "node:crypto";
import { existsSync } from "node:fs";
import { resolve } from "node:path";
import { parseArgs } from "node:util";
import { EXPORT_FORMATS, exportAudit, type ExportFormat } from "../audit/export.ts";
import { plain, readTrace } from "../audit/trace.ts";
import { traceAsHtml } from "../audit/trace-as-html.ts";
import { traceAsMermaid } from "../audit/trace-as-mermaid.ts";
import { traceAsText } from "../audit/trace-as-text.ts";
import { type AuditHead, verifyAudit } from "../audit/verify.ts";
import type { BlobStore } from "../blobs/blobs.ts";
import { DEFAULTS, readInbound } from "../config.ts";
import { type Ledger, openLedger } from "../ledger/ledger.ts";
import { messagesByDisposition } from "../ledger/messages.ts";
import { isPostgresUrl } from "../ledger/postgres/url.ts";
import { consoleLogger } from "../log.ts";
import { defaultBlobs, openDatabase } from "../open-kit.ts";
import { discardMessage, releaseMessage, type ReleaseOptions } from "../worker/release.ts";
import { type Command, type CommandIo, UsageError } from "./command.ts";

export const LEDGER = "LEDGER is the path of a SQLite file, or a postgres:// URL, as in createEmailKit.\n";

const RENDERERS = {
  text: traceAsText,
  mermaid: traceAsMermaid,
  html: traceAsHtml,
  json: (trace: Parameters<typeof traceAsText>[0]) => `${JSON.stringify(trace, null, 2)}\n`,
};

export const traceCommand: Command = {
  summary: "Show all that happened in a thread",
  help: `Usage: langgraph-email trace LEDGER THREAD [--format text|mermaid|html|json]\n\n${LEDGER}`,
  run: async (args, io) => {
    const { values, positionals } = parseArgs({
      args,
      allowPositionals: true,
      options: { format: { type: "string", default: "text" } },
    });
    const [ledger, threadId] = exactly(positionals, "LEDGER", "THREAD");
    const format = oneOf("--format", values.format, Object.keys(RENDERERS) as (keyof typeof RENDERERS)[]);
    return withLedger(io, ledger, async ({ db }) => {
      const trace = await readTrace(db, threadId);
      if (trace.events.length === 0) throw new Error(`The ledger knows no thread ${threadId}.`);
      io.out(RENDERERS[format](trace));
      return 0;
    });
  },
};

export const auditCommand: Command = {
  summary: "Verify that the audit log was not altered",
  help: `Usage: langgraph-email audit verify LEDGER [--anchor HEAD]

Prints a report as JSON, and ends with 1 where something was altered, taken out, put in or cut off. Keep its "head"
elsewhere, and give it back later as --anchor '{"seal":…}': only with one does a shortened log show.

${LEDGER}`,
  run: async (args, io) => {
    const { values, positionals } = parseArgs({
      args,
      allowPositionals: true,
      options: { anchor: { type: "string" } },
    });
    const [action, ledger] = exactly(positionals, "verify", "LEDGER");
    oneOf("The action", action, ["verify"]);
    const anchor = values.anchor === undefined ? undefined : readHead(values.anchor);
    return withLedger(io, ledger, async ({ db }) => {
      const report = await verifyAudit(db, { anchor, clock: Date.now });
      io.out(`${JSON.stringify(report, null, 2)}\n`);
      return report.ok ? 0 : 1;
    });
  },
};

export const exportCommand: Command = {
  summary: "Export the audit log, or the mails that it tells of",
  help: `Usage: langgraph-email export LEDGER --format jsonl|csv|mbox [options] > FILE

Options:
  --agent NAME  --thread ID  --run ID
  --since TIME  --until TIME    ISO 8601
  mbox takes the mails from where they lie by default: beside a SQLite ledger, or in PostgreSQL.

${LEDGER}`,
  run: async (args, io) => {
    const { values, positionals } = parseArgs({
      args,
      allowPositionals: true,
      options: {
        format: { type: "string" },
        agent: { type: "string" },
        thread: { type: "string" },
        run: { type: "string" },
        since: { type: "string" },
        until: { type: "string" },
      },
    });
    const [ledger] = exactly(positionals, "LEDGER");
    const format: ExportFormat = oneOf("--format", values.format, EXPORT_FORMATS);
    const { agent, thread, run, since, until } = values;
    const filter = {
      ...(agent !== undefined && { agent }),
      ...(thread !== undefined && { threadId: thread }),
      ...(run !== undefined && { runId: run }),
      ...(since !== undefined && { since: readTime("since", since) }),
      ...(until !== undefined && { until: readTime("until", until) }),
    };
    return withLedger(io, ledger, async ({ db }, blobs) => {
      for await (const chunk of exportAudit({ db, blobs }, format, filter)) io.out(chunk);
      return 0;
    });
  },
};

export const quarantineCommand: Command = {
  summary: "List quarantined mails, release or discard one",
  help: `Usage: langgraph-email quarantine list LEDGER
       langgraph-email quarantine release|discard LEDGER ID [--actor NAME]

A released reply is taken by the worker as if it had been good enough. A request to a served agent, and a reply that has to be
asked about, can be released only where their kit is: kit.release(id).

${LEDGER}`,
  run: async (args, io) => {
    const { values, positionals } = parseArgs({
      args,
      allowPositionals: true,
      options: { actor: { type: "string" } },
    });
    const action = oneOf("The action", positionals[0], ["list", "release", "discard"] as const);
    const [, ledger, id = ""] = exactly(positionals, action, "LEDGER", ...(action === "list" ? [] : ["ID"]));
    const by = values.actor === undefined ? {} : { actor: values.actor };
    return withLedger(io, ledger, async (opened, blobs) => {
      if (action === "list") {
        for (const mail of await messagesByDisposition(opened.db, "quarantined")) {
          const fields = [new Date(mail.receivedAt).toISOString(), mail.sender ?? "?", mail.subject, mail.reason ?? ""];
          io.out(`${mail.id}\n  ${fields.map(plain).join("  ")}\n`);
        }
      } else if (action === "discard") {
        await discardMessage({ ledger: opened, clock: Date.now }, id, by);
        io.out("discarded\n");
      } else {
        io.out(`${await release(opened, blobs, id, by)}\n`);
      }
      return 0;
    });
  },
};

export async function release(opened: Ledger, blobs: BlobStore, id: string, options?: ReleaseOptions) {
  const deps = {
    ledger: opened,
    blobs,
    clock: Date.now,
    log: consoleLogger(),
    // Without agents nothing is mailed, and so nothing signed.
    agents: new Map(),
    tokenKey: new Uint8Array(),
    maxBytes: DEFAULTS.maxBytes,
    inbound: readInbound(),
    serve: {
      served: () => undefined,
      accepts: async () => false,
      graphs: () => [],
      serve: async () => ({ kind: "waiting" as const }),
    },
  };
  return releaseMessage(deps, id, options);
}

/** Opens a ledger that is there: a typing error makes no new one. */
export async function withLedger(
  io: CommandIo,
  given: string,
  work: (ledger: Ledger, blobs: BlobStore) => Promise<number>,
): Promise<number> {
  const path = isPostgresUrl(given) ? given : resolve(io.cwd, given);
  if (!isPostgresUrl(given) && !existsSync(path)) {
    throw new Error(`There is no ledger ${given}.`);
  }
  const db = await openDatabase(path);
  try {
    const ledger = await openLedger(db, { id: randomUUID(), now: Date.now() });
    return await work(ledger, defaultBlobs(path, db));
  } finally {
    await db.close();
  }
}

export function exactly(given: readonly string[], ...names: string[]): [string, string, ...string[]] {
  if (given.length !== names.length) throw new UsageError(`Give ${names.join(" ")}.`);
  return given as [string, string, ...string[]];
}

function oneOf<Value extends string>(what: string, given: string | undefined, values: readonly Value[]): Value {
  const found = values.find((value) => value === given);
  if (found === undefined) throw new UsageError(`${what} is one of: ${values.join(", ")}.`);
  return found;
}

function readTime(name: string, text: string): Date {
  const time = new Date(text);
  if (Number.isNaN(time.getTime())) throw new UsageError(`--${name} is a time such as 2026-01-31T08:00:00Z.`);
  return time;
}

function readHead(text: string): AuditHead {
  try {
    const { seal, events, hash } = JSON.parse(text) as AuditHead;
    if (Number.isInteger(seal) && typeof hash === "string") return { seal, events, hash };
  } catch {
    // Said below.
  }
  throw new UsageError("--anchor is the `head` of an earlier report, as JSON.");
}
