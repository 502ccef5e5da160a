import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type BlobStore, EmailKitError } from "langgraph-email";
import { memoryBlobs } from "../../src/blobs/memory.ts";
import { startMailServer, type MailServer } from "../../src/dev/index.ts";
import { replyAs } from "../../src/testing/reply-as.ts";
import { askGraph, collectLog, deskKit, outcomeOf, testClock, thread, until } from "../support/desk.ts";

const MINUTE = 60_000;

let mail: MailServer;
beforeEach(async () => {
  mail = await startMailServer();
  mail.account("boss@b.example");
});
afterEach(async () => {
  await mail.close();
});

async function parked(options: Parameters<typeof deskKit>[1] = {}, to = "boss@b.example") {
  const clock = testClock();
  const log = collectLog();
  const kit = deskKit(mail, { clock: clock.now, log, ...options });
  const graph = askGraph(kit);
  await graph.invoke({ to }, thread("t1"));
  const kinds = async () => (await kit.events()).map(({ kind }) => kind).filter((kind) => kind.startsWith("submi"));
  return { kit, graph, clock, log, kinds, [Symbol.asyncDispose]: () => kit.close() };
}

const received = () => mail.mails("boss@b.example");
const ids = () => received().map((each) => each.header("message-id"));

describe("a connection that is lost after the final dot", () => {
  it("leaves the outcome unknown; the same bytes go out again after the configured time", async () => {
    await using desk = await parked({ onDoubt: { resendAfter: "5 min" } });
    mail.faults.loseAfterData = 1;
    await desk.kit.runOnce();
    expect(received()).toEqual([]);
    expect(await desk.kinds()).toEqual(["submission-unknown"]);
    expect(desk.log.codes()).toEqual(["SMTP_OUTCOME_UNKNOWN"]);
    desk.clock.advance(4 * MINUTE);
    await desk.kit.runOnce();
    expect(received()).toEqual([]);
    desk.clock.advance(MINUTE + 1);
    await desk.kit.runOnce();
    expect(received()).toHaveLength(1);
    expect(await desk.kinds()).toEqual(["submission-unknown", "submitted"]);
  });

  it("where the server had taken it: the second copy has the same Message-ID, and one outcome", async () => {
    await using desk = await parked({ onDoubt: { resendAfter: "5 min" } });
    mail.faults.dropAfterData = 1;
    await desk.kit.runOnce();
    desk.clock.advance(5 * MINUTE + 1);
    await desk.kit.runOnce();
    expect(received()).toHaveLength(2);
    expect(new Set(ids()).size).toBe(1);
    const body = (index: number) => Buffer.from(received()[index]!.raw).toString().split("\r\n\r\n").slice(1).join();
    expect(body(0)).toBe(body(1));
    for (const each of received()) await replyAs(mail, { from: "boss@b.example", mail: each, text: "approved: yes" });
    await desk.kit.runOnce();
    expect(await outcomeOf(desk.graph, "t1")).toMatchObject({ kind: "replied" });
    expect(await desk.kit.messages("settled")).toHaveLength(1);
    expect(await desk.kit.messages("late")).toHaveLength(1);
  });

  it.each([
    ["sent again after a while", { resendAfter: "5 min" }],
    ["held", "hold"],
  ] as const)("counts as submitted, and does not go out again, when its reply comes: %s", async (_, onDoubt) => {
    await using desk = await parked({ onDoubt });
    mail.faults.dropAfterData = 1;
    await desk.kit.runOnce();
    await replyAs(mail, { from: "boss@b.example", mail: received()[0]!, text: "approved: yes" });
    desk.clock.advance(5 * MINUTE + 1);
    await desk.kit.runOnce();
    expect(await outcomeOf(desk.graph, "t1")).toMatchObject({ kind: "replied" });
    expect(received()).toHaveLength(1);
    expect(await desk.kinds()).toEqual(["submission-unknown", "submitted"]);
  });

  it("counts as submitted when it is asked back, though the task waits on", async () => {
    await using desk = await parked({ onDoubt: { resendAfter: "5 min" } });
    mail.faults.dropAfterData = 1;
    await desk.kit.runOnce();
    await replyAs(mail, { from: "boss@b.example", mail: received()[0]!, text: "Which laptops?" });
    desk.clock.advance(5 * MINUTE + 1);
    await desk.kit.runOnce();
    expect(await desk.kinds()).toEqual(["submission-unknown", "submitted", "submitted"]);
    expect(new Set(ids()).size).toBe(2);
    expect(received()).toHaveLength(2);
  });

  it("is held where the configuration says so, and expires unless it is answered", async () => {
    await using desk = await parked({ onDoubt: "hold" });
    mail.faults.loseAfterData = 1;
    await desk.kit.runOnce();
    desk.clock.advance(13 * 24 * 60 * MINUTE);
    await desk.kit.runOnce();
    expect(received()).toEqual([]);
    desk.clock.advance(24 * 60 * MINUTE + 1);
    await desk.kit.runOnce();
    expect(await outcomeOf(desk.graph, "t1")).toMatchObject({ kind: "expired" });
  });
});

describe("a mail whose content is missing", () => {
  it("is said, tried again, and keeps no other mail from going out", async () => {
    const blobs = memoryBlobs();
    let missing = true;
    const get: BlobStore["get"] = async (reference) => {
      if (missing) throw new EmailKitError("BLOB_NOT_FOUND", "Gone.");
      return blobs.get(reference);
    };
    await using desk = await parked({ blobs: { ...blobs, get } });
    await desk.kit.runOnce();
    expect(desk.log.codes()).toEqual(["BLOB_NOT_FOUND"]);
    missing = false;
    desk.clock.advance(MINUTE);
    await desk.graph.invoke({ to: "boss@b.example" }, thread("t2"));
    await desk.kit.runOnce();
    expect(received()).toHaveLength(2);
  });
});

describe("a mail that is refused for now", () => {
  it("is tried again later, with the same bytes", async () => {
    await using desk = await parked();
    mail.faults.refuseData = { times: 2, reply: "451 4.3.0 Try again later" };
    await desk.kit.runOnce();
    await desk.kit.runOnce();
    expect(await desk.kinds()).toEqual(["submission-deferred"]);
    desk.clock.advance(MINUTE);
    await desk.kit.runOnce();
    desk.clock.advance(MINUTE);
    await desk.kit.runOnce();
    expect(received()).toHaveLength(1);
    expect(await desk.kinds()).toEqual(["submission-deferred", "submission-deferred", "submitted"]);
    expect(desk.log.codes()).toEqual(["SMTP_DEFERRED", "SMTP_DEFERRED"]);
  });

  it("by greylisting goes through at the second try", async () => {
    await using desk = await parked({}, "greylisted@b.example");
    await desk.kit.runOnce();
    desk.clock.advance(MINUTE);
    await desk.kit.runOnce();
    expect(await desk.kinds()).toEqual(["submission-deferred", "submitted"]);
  });

  it("keeps no other mail from going out", async () => {
    await using desk = await parked({}, "greylisted@b.example");
    for (const id of ["t2", "t3"]) await desk.graph.invoke({ to: "boss@b.example" }, thread(id));
    await desk.kit.runOnce();
    expect(received()).toHaveLength(2);
    expect((await desk.kinds()).toSorted()).toEqual(["submission-deferred", "submitted", "submitted"]);
  });

  it("because the connection was lost before a byte of it went out, goes out once", async () => {
    await using desk = await parked();
    mail.faults.dropBeforeData = 1;
    await desk.kit.runOnce();
    desk.clock.advance(MINUTE);
    await desk.kit.runOnce();
    expect(received()).toHaveLength(1);
    expect((await desk.kinds()).at(-1)).toBe("submitted");
    expect(await desk.kinds()).not.toContain("submission-unknown");
  });
});

it("a mail with which the server takes long keeps no other mail from going out", async () => {
  await mail.close();
  mail = await startMailServer({ magic: { slowMs: 60_000 } });
  mail.account("boss@b.example");
  await using desk = await parked({}, "slow@b.example");
  const worker = await desk.kit.start();
  await until("the server to have it", async () => (await desk.kit.sending())[0]!.queued === 0);
  await desk.graph.invoke({ to: "boss@b.example" }, thread("t2"));
  await mail.waitForMail("boss@b.example");
  await worker.stop({ graceMs: 10 });
  expect(await desk.kinds()).not.toContain("submission-unknown");
});

describe("a server that withdraws STARTTLS", () => {
  it("gets neither credentials nor mail in clear, and the mail goes out when it has it again", async () => {
    const directory = await mkdtemp(join(tmpdir(), "langgraph-email-starttls-"));
    const ports = { smtpPort: 0, imapPort: 0 };
    const start = async (starttls: boolean) => {
      await mail.close();
      mail = await startMailServer({ directory, starttls, ...ports });
      Object.assign(ports, { smtpPort: mail.smtp.port, imapPort: mail.imap.port });
      mail.account("boss@b.example");
    };
    await start(true);
    const { address, imap, password } = mail.account("desk@a.example");
    const { host, ca } = mail;
    const smtp = { host, port: ports.smtpPort, tls: "starttls", ca, user: address, auth: { password } } as const;
    await using desk = await parked({ agents: { desk: { address, imap, smtp } } });
    await desk.kit.runOnce();
    expect(received()).toHaveLength(1);

    await start(false);
    await desk.graph.invoke({ to: "boss@b.example" }, thread("t2"));
    await desk.kit.runOnce();
    expect(received()).toHaveLength(1);
    expect(desk.log.codes()).toEqual(["SMTP_TLS_FAILED"]);

    await start(true);
    desk.clock.advance(60 * MINUTE);
    await desk.kit.runOnce();
    expect(received()).toHaveLength(2);
    await rm(directory, { recursive: true });
  });
});

describe("a server that puts its own Message-ID in place of ours", () => {
  it("is answered under that id, and the reply finds its task without a token", async () => {
    await using desk = await parked();
    mail.faults.rewriteMessageId = true;
    await desk.kit.runOnce();
    mail.faults.rewriteMessageId = false;
    const [task] = received();
    await replyAs(mail, {
      from: "boss@b.example",
      mail: task!,
      text: "approved: yes",
      to: "desk@a.example",
      quote: false,
      headers: { References: "", "In-Reply-To": task!.header("message-id")! },
    });
    await desk.kit.runOnce();
    expect(await outcomeOf(desk.graph, "t1")).toMatchObject({ kind: "replied", grade: "C" });
  });
});
