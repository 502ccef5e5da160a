import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { memoryBlobs } from "../../src/blobs/memory.ts";
import { type MailServer, startMailServer } from "../../src/dev/index.ts";
import { replyAs } from "../../src/testing/reply-as.ts";
import { askGraph, collectLog, deskKit, outcomeOf, thread, until } from "../support/desk.ts";

// Mistakes that the code does not have: in the parser, in what is made of a mail, and in the transaction that stores it.
const mistake = (): never => {
  throw new TypeError("words of the mail");
};
vi.mock("../../src/mail/mime-structure.ts", async (original) => {
  const real = await original<typeof import("../../src/mail/mime-structure.ts")>();
  const scanMimeStructure: typeof real.scanMimeStructure = (raw) =>
    Buffer.from(raw).includes("Subject: parser") ? mistake() : real.scanMimeStructure(raw);
  return { ...real, scanMimeStructure };
});
vi.mock("mailparser", async (original) => {
  const real = await original<typeof import("mailparser")>();
  class MailParser extends real.MailParser {
    createNode(node: { headers: { getFirst(name: string): string } }) {
      if (node.headers.getFirst("subject") === "streams") mistake();
      // @ts-expect-error It is no part of the library's types.
      return super.createNode(node);
    }
  }
  return { ...real, MailParser };
});
vi.mock("../../src/mail/classify.ts", async (original) => {
  const real = await original<typeof import("../../src/mail/classify.ts")>();
  const classify: typeof real.classify = (message, own) =>
    message.subject === "understanding" ? mistake() : real.classify(message, own);
  return { ...real, classify };
});
vi.mock("../../src/worker/proof.ts", async (original) => {
  const real = await original<typeof import("../../src/worker/proof.ts")>();
  const readProof: typeof real.readProof = async (deps, sql, mail, now) =>
    mail.message?.subject === "storing" ? mistake() : real.readProof(deps, sql, mail, now);
  return { ...real, readProof };
});

let mail: MailServer;
beforeEach(async () => {
  mail = await startMailServer();
  mail.account("boss@b.example");
});
afterEach(async () => {
  await mail.close();
});

const deliver = (subject: string) =>
  mail.deliver(`From: b@b.example\r\nSubject: ${subject}\r\nMessage-ID: <${subject}@b.example>\r\n\r\nHello\r\n`, [
    "desk@a.example",
  ]);

it.each(["parser", "streams", "understanding", "storing"])(
  "a mail at which the reading throws (%s) is kept as unreadable, and those around it are read",
  async (poison) => {
    const log = collectLog();
    await using kit = deskKit(mail, { log });
    const graph = askGraph(kit);
    await graph.invoke({ to: "boss@b.example" }, thread("t1"));
    await kit.runOnce();
    for (const subject of ["before", poison, "after"]) deliver(subject);
    await replyAs(mail, { from: "boss@b.example", mail: mail.mails("boss@b.example")[0]!, text: "approved: yes" });
    await kit.runOnce();
    expect(await outcomeOf(graph, "t1")).toMatchObject({ kind: "replied" });
    expect((await kit.messages("unmatched")).map(({ subject }) => subject).toSorted()).toEqual(["after", "before"]);
    const [unreadable, ...others] = await kit.messages("unreadable");
    expect(others).toEqual([]);
    expect(unreadable).toMatchObject({ reason: expect.stringMatching(/TypeError at poison\.test\.ts:\d+$/) });
    if (poison !== "parser" && poison !== "streams")
      expect(unreadable).toMatchObject({ sender: "b@b.example", subject: poison });
    const errors = log.lines.filter(({ level }) => level === "error");
    expect(errors).toMatchObject([{ message: "A mail cannot be read", fields: { reason: unreadable!.reason } }]);
    expect(JSON.stringify([log.lines, await kit.events()])).not.toContain("words of the mail");
    await kit.runOnce();
    expect(await kit.messages("unreadable")).toHaveLength(1);
  },
);

it("a served agent's functions that throw, late or at once, hold up no mail", async () => {
  const log = collectLog();
  const failing = async () => mistake();
  await using kit = deskKit(mail, { log, inbound: { verifySender: failing, judge: failing } });
  const graph = askGraph(kit);
  const take = { from: "anyone" as const, input: () => ({ to: "boss@b.example" }), reply: () => ({ text: "Done." }) };
  kit.serveInbox("desk", graph, { ...take, accepts: failing });
  for (const subject of ["one", "two"]) deliver(subject);
  await kit.runOnce();
  expect((await kit.messages("unmatched")).map(({ subject }) => subject).toSorted()).toEqual(["one", "two"]);
  expect(log.lines.filter(({ message }) => message.startsWith("The rule of an inbox failed"))).toHaveLength(2);
});

it("a judge that names no band, and a sender's verifier that says nothing known, let nothing pass", async () => {
  const log = collectLog();
  const odd = (async () => "fine") as unknown as () => Promise<"pass">;
  await using kit = deskKit(mail, { log, inbound: { verifySender: odd, judge: odd } });
  const graph = askGraph(kit);
  kit.serveInbox("desk", graph, {
    from: "anyone",
    input: () => ({ to: "boss@b.example" }),
    reply: () => ({ text: "Done." }),
  });
  deliver("one");
  await kit.runOnce();
  expect(await kit.messages("quarantined")).toMatchObject([{ reason: expect.stringContaining("judge-failed") }]);
  expect(log.lines.find(({ level }) => level === "error")?.message).toMatch(/judge of inbound mail failed/);
});

it("a request waits where the store of blobs is away when an inbox asks for it, and is served afterwards", async () => {
  const store = memoryBlobs();
  let away = false;
  const get = async (reference: string) => {
    if (away) throw new Error("The bucket is away.");
    return store.get(reference);
  };
  await using kit = deskKit(mail, { blobs: { ...store, get } });
  const graph = askGraph(kit);
  kit.serveInbox("desk", graph, {
    from: "anyone",
    accepts: () => true,
    input: () => ({ to: "boss@b.example" }),
    reply: () => ({ text: "Done." }),
  });
  mail.deliver(
    `From: b@b.example\r\nSubject: schema\r\nContent-Type: application/json; name=reply-schema.json\r\nContent-Disposition: attachment; filename=reply-schema.json\r\n\r\n{}\r\n`,
    ["desk@a.example"],
  );
  away = true;
  await expect(kit.runOnce()).rejects.toMatchObject({
    code: "BLOB_FAILED",
    message: expect.stringContaining("bucket"),
  });
  expect(await kit.messages("unmatched")).toEqual([]);
  away = false;
  await kit.runOnce();
  expect(await kit.messages("request")).toHaveLength(1);
  await until("the task", () => mail.mails("boss@b.example")[0]);
});

it("a logger that throws stops nothing", async () => {
  await using kit = deskKit(mail, { log: { debug: mistake, info: mistake, warn: mistake, error: mistake } });
  for (const subject of ["parser", "one"]) deliver(subject);
  await kit.runOnce();
  expect(await kit.messages("unreadable")).toHaveLength(1);
  expect(await kit.messages("unmatched")).toHaveLength(1);
});

it("a follower that throws is told of, and is given the events that come after", async () => {
  const log = collectLog();
  await using kit = deskKit(mail, { log });
  const seen: string[] = [];
  const stop = await kit.follow(({ kind }) => {
    seen.push(kind);
    if (seen.length === 1) mistake();
  });
  for (const subject of ["one", "two"]) deliver(subject);
  await kit.runOnce();
  await until("both", () => seen.filter((kind) => kind === "received").length === 2);
  stop();
  const told = log.lines.filter(({ message }) => message.includes("kit.follow"));
  expect(told).toMatchObject([{ level: "error", fields: { error: "TypeError: words of the mail" } }]);
});
