import { createEmailKit, defineTask, type EmailKit, type EmailKitConfig } from "langgraph-email";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { z } from "zod";
import { parseAccount } from "../../src/accounts/parse-account.ts";
import { askGraph, collectLog, outcomeOf, testClock, thread, until } from "../support/desk.ts";
import { configuredServers } from "./configured.ts";
import { reply, type TestServer, waitForMail } from "./server.ts";

const once = defineTask("approval", { reply: z.object({ approved: z.boolean() }), retries: 0 });
const BOSS = "boss@b.example";
const DESKS = Array.from({ length: 30 }, (_, index) => `desk-${index + 1}@a.example`);
const START_TIMEOUT = 30_000;

describe.each(configuredServers())("the round trip on $name", (kind) => {
  let server: TestServer;
  let used = 0;
  beforeAll(async () => {
    server = await kind.start([BOSS, ...DESKS]);
  }, START_TIMEOUT);
  afterAll(async () => {
    await server[Symbol.asyncDispose]();
  }, START_TIMEOUT);

  /** A kit with an address of its own. */
  function openKit(options: Partial<EmailKitConfig<"desk">> = {}) {
    const { address, smtp, imap } = server.account(DESKS[used++]!);
    const config = { ledger: ":memory:", log: collectLog(), agents: { desk: { address, smtp, imap } }, ...options };
    const kit: EmailKit<"desk"> = createEmailKit(config);
    return { kit, address };
  }

  /** A graph that has mailed its question and waits. */
  async function asked(to: string, options: { body?: string; start?: boolean } = {}) {
    const clock = testClock();
    const { kit, address } = openKit({ clock: clock.now });
    const graph = askGraph(kit, { task: once, ...(options.body !== undefined && { body: options.body }) });
    const worker = options.start ? await kit.start() : undefined;
    await worker?.ready;
    await graph.invoke({ to }, thread("t1"));
    if (!worker) await kit.runOnce();
    return {
      kit,
      address,
      clock,
      outcome: () => outcomeOf(graph, "t1"),
      kinds: async () => (await kit.events({ threadId: "t1" })).map((event) => event.kind),
      /** The mail that the other side has got from this desk. */
      task: () => waitForMail(server, to, (mail) => mail.header("from")?.includes(address) === true),
      /** Reads the mailbox until the outcome is there. */
      ended: () =>
        until("an outcome", async () => {
          await kit.runOnce();
          return outcomeOf(graph, "t1");
        }),
      [Symbol.asyncDispose]: () => kit.close(),
    };
  }

  it("a person's reply comes back by its token, and its wait goes on", async () => {
    await using desk = await asked(BOSS);
    const task = await desk.task();
    expect(task.header("reply-to")).toMatch(/desk-\d+\+[a-z2-7]+@a\.example/);
    await reply(server, { from: BOSS, mail: task, text: "approved: yes", client: "outlook" });
    expect(await desk.ended()).toMatchObject({ kind: "replied", data: { approved: true }, from: BOSS, grade: "B" });
    expect((await desk.kinds()).filter((kind) => kind === "resumed")).toHaveLength(1);
  });

  it("a reply whose token is lost is known by its Message-ID", async () => {
    await using desk = await asked(BOSS);
    const task = await desk.task();
    await reply(server, {
      from: BOSS,
      mail: task,
      text: "approved: no",
      to: desk.address,
      quote: false,
      headers: { References: "", "In-Reply-To": task.header("message-id")! },
    });
    expect(await desk.ended()).toMatchObject({ kind: "replied", data: { approved: false }, grade: "C" });
  });

  it("a reply with an attachment and words in other scripts comes in whole", async () => {
    await using desk = await asked(BOSS);
    const content = Buffer.from("Größe,価格\r\n40,€ 12\r\n");
    await reply(server, {
      from: `Jürgen Große <${BOSS}>`,
      mail: await desk.task(),
      text: "approved: yes\n\n承知しました。Grüße",
      attachments: [{ filename: "Größen.csv", contentType: "text/csv", content }],
    });
    const outcome = await desk.ended();
    expect(outcome).toMatchObject({ kind: "replied", attachments: [{ filename: "Größen.csv", size: content.length }] });
    expect(outcome).toHaveProperty("text", expect.stringContaining("承知しました。Grüße"));
  });

  it("refused at RCPT: bounced at once, and nothing was mailed", async () => {
    await using desk = await asked(server.addresses.refused);
    expect(await desk.outcome()).toMatchObject({
      kind: "bounced",
      recipient: server.addresses.refused,
      status: "5.1.1",
      permanent: true,
    });
    expect(await desk.kinds()).toContain("submission-refused");
    expect(await server.mails(desk.address)).toEqual([]);
  });

  it("unknown later: bounced by the server's report", async () => {
    await using desk = await asked(server.addresses.unknown);
    expect(await desk.ended()).toMatchObject({
      kind: "bounced",
      recipient: server.addresses.unknown,
      status: "5.1.1",
      permanent: true,
    });
    expect(await desk.kinds()).toContain("submitted");
  });

  it("mailbox full: bounced, and not for good", async () => {
    await using desk = await asked(server.addresses.full);
    expect(await desk.ended()).toMatchObject({
      kind: "bounced",
      recipient: server.addresses.full,
      status: "5.2.2",
      permanent: false,
    });
  });

  it("too big for the next hop: bounced, and not for good", async ({ skip }) => {
    const { tooBig } = server.addresses;
    if (tooBig === undefined) return skip("This server has no next hop.");
    await using desk = await asked(tooBig, { body: "A line of a long mail.\n".repeat(2_000) });
    expect(await desk.ended()).toMatchObject({ kind: "bounced", recipient: tooBig, status: "5.3.4", permanent: false });
  });

  it("next hop down: the delay is recorded and the wait goes on, until the failure", async () => {
    await using desk = await asked(server.addresses.expired);
    await until("the delay", async () => {
      await desk.kit.runOnce();
      return (await desk.kit.messages("recorded")).length > 0;
    });
    expect(await desk.outcome()).toBeUndefined();
    const outcome = await desk.ended();
    expect(outcome).toMatchObject({ kind: "bounced", recipient: server.addresses.expired, permanent: false });
    expect(outcome).toHaveProperty("status", expect.stringMatching(/^4\.4\.[17]$/));
  });

  it("out of office: recorded, and the answer that follows counts", async () => {
    await using desk = await asked(server.addresses.away);
    await waitForMail(server, desk.address);
    await desk.kit.runOnce();
    expect(await desk.kit.messages("recorded")).toMatchObject([{ classification: "auto-reply" }]);
    expect(await desk.outcome()).toBeUndefined();
    await reply(server, { from: server.addresses.away, mail: await desk.task(), text: "approved: yes" });
    expect(await desk.ended()).toMatchObject({ kind: "replied", data: { approved: true } });
  });

  it("the envelope sender's token survives, and names the task of a bounce that has no other id", async () => {
    await using desk = await asked(BOSS);
    const path = (await desk.task()).header("return-path")?.replace(/^<|>$/g, "");
    expect(path).toMatch(/^desk-\d+\+[a-z2-7]+@a\.example$/);
    await server.inject(
      `From: Mail system <mailer-daemon@b.example>\nTo: ${desk.address}\nSubject: Undeliverable\nMessage-ID: <${used}.bounce@b.example>\n\n` +
        `Your message could not be delivered.\n\n<${BOSS}>: 550 5.1.1 User unknown\n`,
      { from: "", to: path! },
    );
    expect(await desk.ended()).toMatchObject({ kind: "bounced", recipient: BOSS, permanent: true });
  });

  it("a worker is told of a reply at once", async () => {
    await using desk = await asked(BOSS, { start: true });
    await reply(server, { from: BOSS, mail: await desk.task(), text: "approved: yes" });
    // Far less than the minute after which the mailbox is looked at anyhow.
    expect(await until("an outcome", desk.outcome, 5_000)).toMatchObject({ kind: "replied" });
  });

  it("a connection that is cut is made again, and what came meanwhile is read once", async () => {
    await using desk = await asked(BOSS, { start: true });
    const task = await desk.task();
    await server.cut(desk.address);
    await reply(server, { from: BOSS, mail: task, text: "approved: yes" });
    expect(await until("an outcome", desk.outcome, 10_000)).toMatchObject({ kind: "replied" });
    await server.cut(desk.address);
    await desk.kit.runOnce();
    expect(await desk.kit.messages("settled")).toHaveLength(1);
    expect(await desk.kit.messages("late")).toEqual([]);
  });

  it("a mailbox whose UIDVALIDITY changes is read again, and nothing is done twice", async () => {
    await using desk = await asked(BOSS);
    const task = await desk.task();
    await reply(server, { from: BOSS, mail: task, text: "approved: yes" });
    expect(await desk.ended()).toMatchObject({ kind: "replied" });
    await server.renumber(desk.address);
    await reply(server, { from: BOSS, mail: task, text: "approved: no" });
    await waitForMail(server, desk.address, (mail) => Buffer.from(mail.raw).includes("approved: no"));
    await until("the second reply", async () => {
      await desk.kit.runOnce();
      return (await desk.kit.messages("late")).length > 0;
    });
    expect(await desk.kit.messages("late")).toHaveLength(1);
    expect(await desk.kit.messages("settled")).toHaveLength(1);
    expect((await desk.kinds()).filter((kind) => kind === "settled")).toHaveLength(1);
  });

  it.each(["implicit", "starttls"] as const)("TLS (%s) with the server's own authority", async (tls) => {
    const account = server.account(DESKS[used++]!);
    const { smtp, imap } = parseAccount(
      tls === "implicit"
        ? { smtp: account.smtps, imap: account.imaps }
        : { smtp: `${account.smtp}?tls=starttls`, imap: `${account.imap}?tls=starttls` },
    );
    const { ca } = server;
    const secure = { smtp: { ...smtp, ca }, imap: { ...imap, ca } };
    const { kit } = openKit({ agents: { desk: { address: account.address, ...secure } } });
    await using _kit = kit;
    await kit.verify();
    const graph = askGraph(kit);
    await graph.invoke({ to: BOSS }, thread("t1"));
    await kit.runOnce();
    const task = await waitForMail(server, BOSS, (mail) => mail.header("from")?.includes(account.address) === true);
    await reply(server, { from: BOSS, mail: task, text: "approved: yes" });
    await until("an outcome", async () => {
      await kit.runOnce();
      return outcomeOf(graph, "t1");
    });
    const plain = openKit({ agents: { desk: { address: account.address, smtp, imap } } });
    await using _plain = plain.kit;
    await expect(plain.kit.verify()).rejects.toMatchObject({ code: "SMTP_TLS_FAILED" });
  });

  it("twenty threads, answered in a burst: each goes on once, with its own answer", async () => {
    const { kit, address } = openKit();
    await using _kit = kit;
    const graph = askGraph(kit, { task: once });
    await using worker = await kit.start();
    await worker.ready;
    const ids = Array.from({ length: 20 }, (_, index) => `t${index}`);
    await Promise.all(ids.map((id) => graph.invoke({ to: BOSS }, thread(id))));
    const tasks = await until("the tasks", async () => {
      const mails = (await server.mails(BOSS)).filter((mail) => mail.header("from")?.includes(address));
      return mails.length === ids.length && mails;
    });
    await Promise.all(
      tasks.map((mail, index) =>
        reply(server, { from: BOSS, mail, text: `approved: ${index % 2 === 0 ? "yes" : "no"}` }),
      ),
    );
    const outcomes = await Promise.all(ids.map((id) => until(`the outcome of ${id}`, () => outcomeOf(graph, id))));
    const approvals = outcomes.map((outcome) => outcome.kind === "replied" && (outcome.data as { approved: boolean }));
    expect(approvals.filter((data) => data && data.approved)).toHaveLength(10);
    const events = await kit.events({ limit: 10_000 });
    expect(events.filter((event) => event.kind === "resumed")).toHaveLength(20);
  });
});
