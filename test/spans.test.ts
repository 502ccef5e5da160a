import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { SqliteSaver } from "@langchain/langgraph-checkpoint-sqlite";
import { SpanKind, trace } from "@opentelemetry/api";
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from "vitest";
import { startMailServer, type MailServer } from "../src/dev/index.ts";
import { EmailKitError } from "../src/errors.ts";
import { withSpan } from "../src/spans.ts";
import { replyAs } from "../src/testing/reply-as.ts";
import { askGraph, deskKit, outcomeOf, thread, until } from "./support/desk.ts";
import { type SeenSpan, startTracing } from "./support/tracing.ts";

vi.setConfig({ testTimeout: 60_000 });

const tracing = startTracing();
const nameOf = (spans: SeenSpan[], name: string) => spans.find((span) => span.name === `langgraph-email ${name}`)!;

describe("spans of two processes", () => {
  let mail: MailServer;
  let directory: string;
  let worker: ChildProcess | undefined;
  beforeAll(async () => {
    mail = await startMailServer();
    mail.account("boss@b.example");
    directory = await mkdtemp(join(tmpdir(), "langgraph-email-spans-"));
  });
  afterAll(async () => {
    worker?.kill("SIGKILL");
    await mail.close();
    await rm(directory, { recursive: true });
  });

  it("are one trace: from the node that asks to what follows from the answer", async () => {
    const kit = deskKit(mail, { ledger: join(directory, "mail.db") });
    const graph = askGraph(kit, { saver: SqliteSaver.fromConnString(join(directory, "checkpoints.db")) });
    await trace.getTracer("app").startActiveSpan("ask the boss", async (span) => {
      await graph.invoke({ to: "boss@b.example" }, thread("t1"));
      span.end();
    });
    const { smtp, imap } = mail.account("desk@a.example");
    worker = fork(new URL("spans-process.ts", import.meta.url), [JSON.stringify({ directory, smtp, imap })], {
      execArgv: ["--conditions=langgraph-email-source"],
    });
    const task = await mail.waitForMail("boss@b.example", undefined, 30_000);
    await replyAs(mail, { from: "boss@b.example", mail: task, text: "approved: yes" });
    await until("the thread to end", async () => (await graph.getState(thread("t1"))).next.length === 0, 30_000);
    expect(await outcomeOf(graph, "t1")).toMatchObject({ kind: "replied" });
    // The run has stored its last step a little before its span ends.
    const there = await until("the worker's span", async () => {
      worker!.send("spans");
      const [spans] = (await once(worker!, "message")) as [SeenSpan[]];
      return nameOf(spans, "resume") && spans;
    });
    const here = tracing.spans();
    await kit.close();

    const [asked, sent] = [here.find(({ name }) => name === "ask the boss")!, nameOf(here, "send_task")];
    const [submitted, received, resumed] = ["submit", "receive", "resume"].map((name) => nameOf(there, name));
    const all = [sent, submitted!, received!, resumed!];
    expect(new Set(all.map(({ traceId }) => traceId))).toEqual(new Set([asked.traceId]));
    expect(sent.parent).toBe(asked.spanId);
    for (const span of [submitted!, received!, resumed!]) {
      expect(span).toMatchObject({ parent: sent.spanId, links: [sent.spanId], failed: false });
    }
    expect(there.find(({ name }) => name === "after")).toMatchObject({
      traceId: asked.traceId,
      parent: resumed!.spanId,
    });
    expect(all.map(({ kind }) => kind)).toEqual([
      SpanKind.PRODUCER,
      SpanKind.CLIENT,
      SpanKind.CONSUMER,
      SpanKind.INTERNAL,
    ]);
    const { "messaging.message.conversation_id": taskId } = sent.attributes;
    expect(sent.attributes).toMatchObject({
      "messaging.system": "email",
      "messaging.operation.name": "send_task",
      "messaging.operation.type": "create",
      "langgraph_email.task": "approval",
      "langgraph_email.agent": "desk",
      "langgraph_email.graph": "ask",
      "langgraph_email.thread_id": "t1",
    });
    expect(submitted!.attributes).toMatchObject({
      "messaging.operation.type": "send",
      "messaging.message.conversation_id": taskId,
      "server.address": "127.0.0.1",
      "langgraph_email.mail": "task",
      "langgraph_email.result": "submitted",
    });
    expect(received!.attributes).toMatchObject({
      "messaging.operation.type": "process",
      "messaging.message.conversation_id": taskId,
      "langgraph_email.classification": "person",
      "langgraph_email.disposition": "settled",
    });
    expect(resumed!.attributes).toMatchObject({
      "langgraph_email.reason": "decided",
      "langgraph_email.tasks": "approval",
      "langgraph_email.outcomes": "replied",
    });
    expect(JSON.stringify(all)).not.toMatch(/boss|desk@|Please approve|laptops/);
  });
});

describe("withSpan", () => {
  afterEach(() => vi.doUnmock("@opentelemetry/api"));

  it("tells why it failed by the code alone", async () => {
    const error = new EmailKitError("RECIPIENT_NOT_ALLOWED", "jon@b.example is not allowed.");
    await expect(withSpan("send_task", { attributes: {} }, () => Promise.reject(error))).rejects.toBe(error);
    const span = tracing.spans().at(-1)!;
    expect(span).toMatchObject({ failed: true, attributes: { "error.type": "RECIPIENT_NOT_ALLOWED" } });
    expect(JSON.stringify(span)).not.toContain("jon");
  });

  it("follows several tasks: the first one's trace goes on, with a link to each", async () => {
    const tasks = ["1", "2"].map((n) => `00-${n.repeat(32)}-${n.repeat(16)}-01`);
    const follows = [null, tasks[0]!, "nonsense", tasks[1]!, tasks[0]!];
    const traceparent = await withSpan("resume", { attributes: {}, follows }, async (span) => span.traceparent);
    const span = tracing.spans().at(-1)!;
    expect(span).toMatchObject({ traceId: "1".repeat(32), parent: "1".repeat(16) });
    expect(span.links).toEqual(["1".repeat(16), "2".repeat(16)]);
    expect(traceparent).toBe(`00-${span.traceId}-${span.spanId}-01`);
  });

  it("begins a trace of its own where nothing is known, and not one of whoever started the worker", async () => {
    await trace.getTracer("app").startActiveSpan("start", async (span) => {
      await withSpan("resume", { attributes: {}, follows: [] }, async () => {});
      expect(tracing.spans().at(-1)).toMatchObject({ parent: undefined });
      span.end();
    });
  });

  it("keeps to the decision of a sampler", async () => {
    const before = tracing.spans().length;
    const follows = [`00-${"3".repeat(32)}-${"4".repeat(16)}-00`];
    const traceparent = await withSpan("submit", { attributes: {}, follows }, async (span) => span.traceparent);
    expect(traceparent).toMatch(/^00-3{32}-[0-9a-f]{16}-00$/);
    expect(tracing.spans()).toHaveLength(before);
  });

  it("does its work where OpenTelemetry is not installed", async () => {
    vi.resetModules();
    vi.doMock("@opentelemetry/api", () => {
      throw new Error("Cannot find package");
    });
    const before = tracing.spans().length;
    const { withSpan: withoutApi } = await import("../src/spans.ts");
    expect(await withoutApi("submit", { attributes: {} }, async (span) => span)).toMatchObject({ traceparent: null });
    expect(tracing.spans()).toHaveLength(before);
  });
});
