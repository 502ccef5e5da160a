import type { SpanContext } from "@opentelemetry/api";
import { EmailKitError } from "./errors.ts";

/**
 * The names, kinds and types of OpenTelemetry's conventions for messaging spans, sections "Operation types" and "Span kind", for what is one of its operations:
 * a task is created, sent to a server, and a mail about it processed.
 */
const OPERATIONS = {
  send_task: { kind: "PRODUCER", type: "create" },
  await_mail: { kind: "INTERNAL", type: undefined },
  submit: { kind: "CLIENT", type: "send" },
  receive: { kind: "CONSUMER", type: "process" },
  resume: { kind: "INTERNAL", type: undefined },
} as const;

/** Nothing that names a person: no addresses, no subjects, no text of errors. */
export type SpanAttributes = Readonly<Record<string, string | number | undefined>>;

/** What spans say of a task. */
export function aboutTask(task: {
  id: string;
  name: string;
  agent: string;
  graph: string;
  threadId: string;
}): SpanAttributes {
  return {
    "messaging.message.conversation_id": task.id,
    "langgraph_email.task": task.name,
    "langgraph_email.agent": task.agent,
    "langgraph_email.graph": task.graph,
    "langgraph_email.thread_id": task.threadId,
  };
}

export interface SpanOptions {
  attributes: SpanAttributes;
  /** The `traceparent` of each task that it is about: it continues the first one's trace, and links to all. Default: it is a part of what is going on here. */
  follows?: readonly (string | null)[];
  /** Milliseconds since the epoch. Default: now. */
  startedAt?: number;
}

export interface OpenSpan {
  /** Its context, as W3C Trace Context section 3.2 writes it; null where nobody traces. */
  traceparent: string | null;
  /** With `error.type`, the span has failed. */
  set(attributes: SpanAttributes): void;
}

const NO_SPAN: OpenSpan = { traceparent: null, set: () => {} };

let loading: Promise<typeof import("@opentelemetry/api") | undefined> | undefined;

/** The registry that the application's SDK is known by; undefined where the package is not installed. */
const loadApi = () => (loading ??= import("@opentelemetry/api").catch(() => undefined));

/** Does `work` in a span of OpenTelemetry, where the application has its API and an SDK. */
export async function withSpan<T>(
  name: keyof typeof OPERATIONS,
  { attributes, follows, startedAt }: SpanOptions,
  work: (span: OpenSpan) => Promise<T>,
): Promise<T> {
  const api = await loadApi();
  if (!api) return work(NO_SPAN);
  const { context, ROOT_CONTEXT, SpanKind, SpanStatusCode, trace } = api;
  const { kind, type } = OPERATIONS[name];
  const followed = [...new Set(follows)].flatMap((traceparent) => readTraceparent(traceparent) ?? []);
  // A worker runs in the context of whoever started it, long ago.
  const here = follows ? ROOT_CONTEXT : context.active();
  const parent = followed[0] ? trace.setSpanContext(here, followed[0]) : here;
  const span = trace.getTracer("langgraph-email").startSpan(
    `langgraph-email ${name}`,
    {
      kind: SpanKind[kind],
      attributes: {
        ...(type && {
          "messaging.system": "email",
          "messaging.operation.name": name,
          "messaging.operation.type": type,
        }),
        ...attributes,
      },
      links: followed.map((spanContext) => ({ context: spanContext })),
      ...(startedAt !== undefined && { startTime: startedAt }),
    },
    parent,
  );
  const set = (more: SpanAttributes) => {
    span.setAttributes(more);
    if (more["error.type"] !== undefined) span.setStatus({ code: SpanStatusCode.ERROR });
  };
  const spanContext = span.spanContext();
  const traceparent = api.isSpanContextValid(spanContext) ? writeTraceparent(spanContext) : null;
  try {
    return await context.with(trace.setSpan(parent, span), () => work({ traceparent, set }));
  } catch (error) {
    set({ "error.type": error instanceof EmailKitError ? error.code : error instanceof Error ? error.name : "_OTHER" });
    throw error;
  } finally {
    span.end();
  }
}

function writeTraceparent({ traceId, spanId, traceFlags }: SpanContext): string {
  return `00-${traceId}-${spanId}-${(traceFlags & 0xff).toString(16).padStart(2, "0")}`;
}

function readTraceparent(traceparent: string | null): SpanContext | undefined {
  const [, traceId, spanId, flags] = /^00-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})$/.exec(traceparent ?? "") ?? [];
  return traceId && spanId && flags ? { traceId, spanId, traceFlags: parseInt(flags, 16), isRemote: true } : undefined;
}
