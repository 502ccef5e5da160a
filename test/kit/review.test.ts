import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { END, MemorySaver, START, StateGraph } from "@langchain/langgraph";
import { SqliteSaver } from "@langchain/langgraph-checkpoint-sqlite";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { createEmailKit, defineTask, type EmailKitConfig, type ReviewConfig } from "langgraph-email";
import { z } from "zod";
import { startMailServer, type MailServer } from "../../src/dev/index.ts";
import { replyAs } from "../../src/testing/reply-as.ts";
import { askGraph, collectLog, deskKit, outcomeOf, testClock, thread } from "../support/desk.ts";

const KEY = ["ghp", "aB3dE5gH7jK9mN1pQ2rS4tU6vW8xY0zA1bC2"].join("_");
const CARD = "4111 1111 1111 1111";
const DAY = 86_400_000;

let mail: MailServer;
let clock: ReturnType<typeof testClock>;
beforeEach(async () => {
  clock = testClock();
  mail = await startMailServer();
  mail.account("boss@b.example");
  mail.account("kim@a.example");
  mail.account("mallory@evil.example");
});
afterEach(() => mail.close());

const kitWith = (review: ReviewConfig, more: Partial<EmailKitConfig<"desk">> = {}) =>
  deskKit(mail, { review, clock: clock.now, ...more });
const textOf = (raw: Uint8Array) => {
  const bytes = Buffer.from(raw)
    .toString()
    .replaceAll("=\r\n", "")
    .replace(/=([0-9A-F]{2})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
  return Buffer.from(bytes, "latin1").toString();
};
const toBoss = () => mail.mails("boss@b.example");
const toKim = () => mail.mails("kim@a.example");

describe("a mail with a secret", () => {
  it("is refused by default, in the node, with what was found and where, and without the secret anywhere", async () => {
    const directory = await mkdtemp(join(tmpdir(), "langgraph-email-review-"));
    const log = collectLog();
    const kit = kitWith({}, { ledger: join(directory, "mail.db"), log });
    const error: unknown = await askGraph(kit, { body: `Use ${KEY}.` })
      .invoke({ to: "boss@b.example" }, thread("1"))
      .catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({
      code: "REVIEW_REFUSED",
      message: expect.stringMatching(/github-token in body \(ghp_… \(40 characters\)\).*`review` in createEmailKit/),
    });
    await kit.runOnce();
    expect(toBoss()).toEqual([]);
    const events = await kit.events();
    expect(events).toMatchObject([{ kind: "review-refused", to: ["boss@b.example"], threadId: "1" }]);
    await kit.close();
    const files = (await readdir(directory, { recursive: true, withFileTypes: true })).filter((file) => file.isFile());
    for (const file of files) {
      const content = await readFile(join(file.parentPath, file.name), "latin1");
      expect(content.includes(KEY), file.name).toBe(false);
    }
    expect(JSON.stringify([events, log.lines, String(error)])).not.toContain(KEY.slice(8));
    await rm(directory, { recursive: true });
  });

  it("of the kit itself is refused: a password, the key of the tokens, a reply address", async () => {
    const { address, imap } = mail.account("desk@a.example", { password: "Tr1cky-Pässword" });
    const { smtp } = mail.account("desk@a.example");
    const secret = "this-key-signs-the-tokens-and-is-secret";
    await using kit = createEmailKit({
      ledger: ":memory:",
      log: collectLog(),
      secret,
      agents: { desk: { address, smtp, imap } },
    });
    await askGraph(kit, { name: "first" }).invoke({ to: "boss@b.example" }, thread("0"));
    await kit.runOnce();
    const replyTo = toBoss()[0]!.header("reply-to")!;
    for (const [at, leak] of ["Tr1cky-Pässword", secret, replyTo].entries()) {
      const run = askGraph(kit, { name: `leak ${at}`, body: `It is ${leak}.` }).invoke(
        { to: "boss@b.example" },
        thread(`leak ${at}`),
      );
      await expect(run).rejects.toMatchObject({ code: "REVIEW_REFUSED" });
    }
  });

  it("goes out where that is allowed", async () => {
    await using kit = kitWith({ secrets: "send" });
    await askGraph(kit, { body: KEY }).invoke({ to: "boss@b.example" }, thread("1"));
    await kit.runOnce();
    expect(toBoss()).toHaveLength(1);
  });
});

describe("an agent's own review", () => {
  it("is the kit's, but for what it says itself", async () => {
    const { address, smtp, imap } = mail.account("desk@a.example");
    const agents = { desk: { address, smtp, imap, review: { personalData: "refuse" as const } } };
    await using kit = kitWith({ secrets: "send", personalData: "hold" }, { agents });
    await askGraph(kit, { name: "a", body: KEY }).invoke({ to: "boss@b.example" }, thread("1"));
    const card = askGraph(kit, { name: "b", body: CARD }).invoke({ to: "boss@b.example" }, thread("2"));
    await expect(card).rejects.toMatchObject({ code: "REVIEW_REFUSED" });
    expect(await kit.held()).toEqual([]);
  });
});

describe("a mail that is held", () => {
  const review = { personalData: "hold", reviewer: "kim@a.example" } as const;
  const body = `Please charge ${CARD} for it.`;

  it("goes out when the reviewer approves it by mail, as it was, and the graph never knows", async () => {
    await using kit = kitWith(review);
    const graph = askGraph(kit, { body });
    await graph.invoke({ to: "boss@b.example" }, thread("1"));
    await kit.runOnce();
    expect(toBoss()).toEqual([]);
    const [question] = toKim();
    const text = textOf(question!.raw);
    expect(text).toContain("[card-number: visa …1111] for it.");
    expect(text).not.toContain(CARD);
    expect(await kit.held()).toMatchObject([
      {
        agent: "desk",
        to: ["boss@b.example"],
        findings: [{ rule: "card-number", where: "body", excerpt: "visa …1111" }],
      },
    ]);
    await replyAs(mail, { from: "kim@a.example", mail: question!, text: "Yes, approved.", client: "outlook" });
    await kit.runOnce();
    expect(await kit.held()).toEqual([]);
    const [task] = toBoss();
    expect(textOf(task!.raw)).toContain(CARD);
    await replyAs(mail, { from: "boss@b.example", mail: task!, text: "approved: yes" });
    await kit.runOnce();
    expect(await outcomeOf(graph, "1")).toMatchObject({ kind: "replied", data: { approved: true } });
    expect(toKim()).toHaveLength(1);
    const events = await kit.events({ threadId: "1" });
    const story = events.map(({ kind }) => kind).filter((kind) => ["held", "approved", "submitted"].includes(kind));
    expect(story).toEqual(["held", "submitted", "approved", "submitted"]);
    expect(events.find(({ kind }) => kind === "approved")).toMatchObject({
      from: "kim@a.example",
      data: { grade: "B" },
    });
    expect(JSON.stringify(events)).not.toContain(CARD);
  });

  it.each([
    ["rejects it", "No."],
    ["gives a reason", "approved: no\nreason: Never send card numbers."],
  ])("never goes out when the reviewer %s: the task is cancelled by `reviewer`", async (_, text) => {
    await using kit = kitWith(review);
    const graph = askGraph(kit, { body });
    await graph.invoke({ to: "boss@b.example" }, thread("1"));
    await kit.runOnce();
    await replyAs(mail, { from: "kim@a.example", mail: toKim()[0]!, text });
    await kit.runOnce();
    expect(toBoss()).toEqual([]);
    expect(await outcomeOf(graph, "1")).toMatchObject({ kind: "cancelled", by: "reviewer" });
    expect((await kit.events()).map(({ kind }) => kind)).toContain("rejected");
  });

  it("is given up at its own deadline, long before the task's", async () => {
    await using kit = kitWith({ ...review, within: "2 h" });
    const graph = askGraph(kit, { body });
    await graph.invoke({ to: "boss@b.example" }, thread("1"));
    await kit.runOnce();
    clock.advance(2 * 3_600_000 + 1_000);
    await kit.runOnce();
    expect(await outcomeOf(graph, "1")).toMatchObject({
      kind: "cancelled",
      by: "policy",
      reason: expect.stringContaining("Nobody approved"),
    });
    await replyAs(mail, { from: "kim@a.example", mail: toKim()[0]!, text: "yes" });
    await kit.runOnce();
    expect(toBoss()).toEqual([]);
    expect(await kit.messages("late")).toHaveLength(1);
  });

  it("is held no longer than its task lives", async () => {
    await using kit = kitWith({ ...review, within: "10 days" });
    const graph = askGraph(kit, { body, task: defineTask("short", { deadline: "1 h" }) });
    await graph.invoke({ to: "boss@b.example" }, thread("1"));
    expect((await kit.held())[0]!.until).toBeLessThanOrEqual(clock.now() + 3_600_000);
    await kit.runOnce();
    clock.advance(3_601_000);
    await kit.runOnce();
    expect(await outcomeOf(graph, "1")).toMatchObject({ kind: "cancelled", by: "policy" });
    expect(await kit.held()).toEqual([]);
    expect(toBoss()).toEqual([]);
  });

  it.each<[string, (question: Uint8Array) => { from: string; mail: Uint8Array; headers?: Record<string, string> }]>([
    ["somebody else", (question) => ({ from: "mallory@evil.example", mail: question })],
    ["whom it is for", (question) => ({ from: "boss@b.example", mail: question })],
    ["who answers without the token", (question) => ({ from: "kim@a.example", mail: question, to: "desk@a.example" })],
  ])("is not let go by %s", async (_, reply) => {
    await using kit = kitWith(review);
    await askGraph(kit, { body }).invoke({ to: "boss@b.example" }, thread("1"));
    await kit.runOnce();
    await replyAs(mail, { text: "approved: yes", ...reply(toKim()[0]!.raw) });
    await kit.runOnce();
    expect(await kit.held()).toHaveLength(1);
    expect(toBoss()).toEqual([]);
    expect(await kit.messages("quarantined")).toHaveLength(1);
  });

  it("is one of many: an approval is for the mail that it answers", async () => {
    await using kit = kitWith(review);
    for (const name of ["a", "b"])
      await askGraph(kit, { name, body: `${name}: ${CARD}` }).invoke({ to: "boss@b.example" }, thread(name));
    await kit.runOnce();
    const second = toKim().find(({ raw }) => textOf(raw).includes("> b: "))!;
    await replyAs(mail, { from: "kim@a.example", mail: second, text: "yes" });
    await kit.runOnce();
    expect(toBoss().map(({ raw }) => /[ab]: 4111/.exec(textOf(raw))?.[0])).toEqual(["b: 4111"]);
    expect(await kit.held()).toHaveLength(1);
  });

  it("may have been sent where it was approved before the ledger was restored from a backup", async () => {
    await using kit = kitWith(review);
    for (const name of ["a", "b"])
      await askGraph(kit, { name, body: `${name}: ${CARD}` }).invoke({ to: "boss@b.example" }, thread(name));
    await kit.runOnce();
    const question = toKim().find(({ raw }) => textOf(raw).includes("> a: "))!;
    await replyAs(mail, { from: "kim@a.example", mail: question, text: "yes" });
    await kit.holdAfterRestore();
    await kit.approve((await kit.held())[1]!.id);
    await kit.runOnce();
    expect(toBoss().map(({ raw }) => /[ab]: 4111/.exec(textOf(raw))?.[0])).toEqual(["b: 4111"]);
    expect(await kit.doubtful()).toMatchObject([
      { to: ["boss@b.example"], reason: expect.stringContaining("decided") },
    ]);
    expect(await kit.resolveDoubt("not-sent")).toBe(1);
    await kit.runOnce();
    expect(toBoss()).toHaveLength(2);
  });

  it("can be decided in the program, without a reviewer, and by whom is in the log", async () => {
    await using kit = kitWith({ personalData: "hold" });
    const [yes, no] = [askGraph(kit, { name: "a", body }), askGraph(kit, { name: "b", body })];
    await yes.invoke({ to: "boss@b.example" }, thread("1"));
    await no.invoke({ to: "boss@b.example" }, thread("2"));
    const [first, second] = await kit.held();
    expect(await kit.approve(first!.id, { actor: "Ann" })).toBe(true);
    expect(await kit.approve(first!.id)).toBe(false);
    expect(await kit.reject(second!.id, "Not by mail.")).toBe(true);
    expect(await kit.reject("nothing", "")).toBe(false);
    await kit.runOnce();
    expect(toBoss()).toHaveLength(1);
    expect(await outcomeOf(no, "2")).toMatchObject({ kind: "cancelled", by: "reviewer", reason: "Not by mail." });
    expect((await kit.events()).find(({ kind }) => kind === "approved")).toMatchObject({ from: "Ann" });
  });

  it("is mentioned to nobody else meanwhile; reminders and escalations count from when it went out", async () => {
    mail.account("chief@b.example");
    await using kit = kitWith({ personalData: "hold", within: "10 days" });
    const task = defineTask("slow", { remind: "2 days", deadline: "30 days" });
    await askGraph(kit, { body, task }).invoke({ to: "boss@b.example" }, thread("1"));
    clock.advance(5 * DAY);
    await kit.runOnce();
    expect(toBoss()).toEqual([]);
    await kit.approve((await kit.held())[0]!.id);
    await kit.runOnce();
    expect(toBoss()).toHaveLength(1);
    clock.advance(2.1 * DAY);
    await kit.runOnce();
    expect(toBoss()).toHaveLength(2);
  });

  it("is withdrawn with its task, and the question with it", async () => {
    await using kit = kitWith(review);
    const graph = askGraph(kit, { body });
    await graph.invoke({ to: "boss@b.example" }, thread("1"));
    const [held] = await kit.held();
    const receipt = { taskId: held!.id, ledgerId: "", name: "" };
    const interrupt = (await graph.getState(thread("1"))).tasks[0]!.interrupts[0]!.value as { ledgerId: string };
    const leak = kit.cancelTask({ ...receipt, ledgerId: interrupt.ledgerId } as never, `Use ${KEY}.`);
    await expect(leak).rejects.toMatchObject({ code: "REVIEW_REFUSED" });
    await kit.cancelTask({ ...receipt, ledgerId: interrupt.ledgerId } as never, "Found another way.");
    expect(await kit.held()).toEqual([]);
    await kit.runOnce();
    expect(toBoss()).toEqual([]);
    expect(toKim()).toEqual([]);
    expect(await outcomeOf(graph, "1")).toMatchObject({ kind: "cancelled", by: "graph" });
  });

  it("outlives its process, and is mailed about once", async () => {
    const directory = await mkdtemp(join(tmpdir(), "langgraph-email-review-"));
    const ledger = join(directory, "mail.db");
    const saver = () => SqliteSaver.fromConnString(join(directory, "checkpoints.db"));
    const first = kitWith(review, { ledger });
    await askGraph(first, { body, saver: saver() }).invoke({ to: "boss@b.example" }, thread("1"));
    await first.close();
    const second = kitWith(review, { ledger });
    askGraph(second, { body, saver: saver() });
    await second.runOnce();
    await second.close();
    await replyAs(mail, { from: "kim@a.example", mail: toKim()[0]!, text: "yes" });
    await using third = kitWith(review, { ledger });
    askGraph(third, { body, saver: saver() });
    await third.runOnce();
    expect(toKim()).toHaveLength(1);
    expect(toBoss()).toHaveLength(1);
    await third.close();
    await rm(directory, { recursive: true });
  });
});

describe("the answer of a served agent", () => {
  const ask = async (review: ReviewConfig, text: string) => {
    const kit = kitWith(review);
    const graph = new StateGraph(z.object({ text: z.string() }))
      .addNode("work", () => ({ text }))
      .addEdge(START, "work")
      .addEdge("work", END)
      .compile({ checkpointer: kit.checkpointer(new MemorySaver()) });
    kit.serveInbox("desk", kit.attach("work", graph), {
      from: "anyone",
      input: () => ({ text: "" }),
      reply: (state) => ({ data: state.text }),
    });
    const request = Buffer.from("From: boss@b.example\r\nTo: desk@a.example\r\nSubject: Work\r\n\r\nPlease\r\n");
    await replyAs(mail, { from: "boss@b.example", to: "desk@a.example", mail: request, text: "Please", quote: false });
    await kit.runOnce();
    return kit;
  };
  const roles = () => toBoss().map((each) => each.header("x-langgraph-email"));

  it("goes out where nothing is found", async () => {
    await using _kit = await ask({ personalData: "hold" }, "Done.");
    expect(roles()).toEqual(["answer"]);
  });

  it("is a failure where it is refused", async () => {
    await using kit = await ask({}, `It is ${KEY}`);
    expect(roles()).toEqual(["failure"]);
    expect((await kit.events()).map(({ kind }) => kind)).toContain("review-refused");
  });

  it.each([
    ["approves", "yes", "answer"],
    ["rejects", "no", "failure"],
  ])("waits until the reviewer %s it", async (_, text, role) => {
    await using kit = await ask({ personalData: "hold", reviewer: "kim@a.example" }, `Card ${CARD}`);
    expect(roles()).toEqual([]);
    expect(await kit.held()).toMatchObject([{ to: ["boss@b.example"], subject: "Re: Work" }]);
    await replyAs(mail, { from: "kim@a.example", mail: toKim()[0]!, text });
    await kit.runOnce();
    expect(await kit.held()).toEqual([]);
    expect(roles()).toEqual([role]);
    expect(textOf(toBoss()[0]!.raw).includes(CARD)).toBe(role === "answer");
  });
});

describe("the user's own check", () => {
  it("sees the mail and what was found, and its verdict counts where it is severer", async () => {
    const check = vi.fn<NonNullable<ReviewConfig["check"]>>(() => ({ verdict: "hold", reason: "Looks odd." }));
    await using kit = kitWith({ check });
    await askGraph(kit).invoke({ to: "boss@b.example" }, thread("1"));
    expect(check.mock.calls).toMatchObject([
      [
        {
          agent: "desk",
          recipients: ["boss@b.example"],
          task: "approval",
          body: "May we buy 40 laptops?",
          findings: [],
        },
      ],
    ]);
    expect(await kit.held()).toMatchObject([{ findings: [{ rule: "check", excerpt: "Looks odd." }] }]);
  });

  it("is asked once for a task, also where it refuses and the node runs again", async () => {
    const verdicts = ["refuse", "send"] as const;
    const check = vi.fn(() => verdicts[check.mock.calls.length - 1]!);
    await using kit = kitWith({ check });
    const graph = askGraph(kit);
    await expect(graph.invoke({ to: "boss@b.example" }, thread("1"))).rejects.toMatchObject({ code: "REVIEW_REFUSED" });
    await expect(graph.invoke(null, thread("1"))).rejects.toMatchObject({ code: "REVIEW_REFUSED" });
    expect(check).toHaveBeenCalledTimes(1);

    const sent = vi.fn(() => "send" as const);
    await using other = kitWith({ check: sent });
    const asked = askGraph(other, { saver: new MemorySaver() });
    await asked.invoke({ to: "boss@b.example" }, thread("2"));
    await other.runOnce();
    await replyAs(mail, { from: "boss@b.example", mail: toBoss()[0]!, text: "yes" });
    await other.runOnce();
    expect(await outcomeOf(asked, "2")).toMatchObject({ kind: "replied" });
    expect(sent).toHaveBeenCalledTimes(1);
  });

  it("that throws, or says nothing, lets nothing out", async () => {
    await using throwing = kitWith({ check: () => Promise.reject(new Error("The model is away.")) });
    await expect(askGraph(throwing).invoke({ to: "boss@b.example" }, thread("1"))).rejects.toThrow(
      "The model is away.",
    );
    await using silent = kitWith({ check: (() => undefined) as never });
    const run = askGraph(silent).invoke({ to: "boss@b.example" }, thread("1"));
    await expect(run).rejects.toMatchObject({ code: "INVALID_CONFIG" });
    await throwing.runOnce();
    await silent.runOnce();
    expect(toBoss()).toEqual([]);
  });
});

describe("a review that is configured wrongly", () => {
  it.each<[string, ReviewConfig, RegExp]>([
    ["a verdict that is none", { secrets: "block" as never }, /secrets is "block"/],
    ["a reviewer without an address", { reviewer: "Kim" }, /reviewer/],
    ["an agent that reviews itself", { reviewer: "desk@a.example" }, /cannot review its own/],
    ["a domain with a path", { links: { domains: ["corp.example/x"] } }, /links\.domains/],
    ["a number of links that is none", { links: { max: -1 } }, /links\.max/],
    ["a type that is none", { attachments: { allow: ["pdf"] } }, /attachments has "pdf"/],
    ["a time that is none", { within: "soon" }, /soon/],
  ])("%s is an error at once", (_, review, message) => {
    expect(() => kitWith(review)).toThrow(message);
  });

  it("a reviewer whose reply could not be told from a forged one is an error at once", () => {
    const { address, smtp, imap } = mail.account("desk@a.example");
    const agents = { desk: { address, smtp, imap, replyTo: "none" as const } };
    expect(() => kitWith({ reviewer: "kim@a.example" }, { agents })).toThrow(/authservIds/);
  });
});
