import { Annotation, END, MemorySaver, START, StateGraph } from "@langchain/langgraph";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { createEmailKit, defineTask, type EmailKit, type EmailKitConfig, type Outcome } from "langgraph-email";
import { startMailServer, type MailServer } from "../../src/dev/index.ts";
import { collectLog, testClock, thread, until } from "../support/desk.ts";

const MINUTE = 60_000;
const note = defineTask("note", { deadline: "10 days" });

let mail: MailServer;
beforeEach(async () => {
  mail = await startMailServer();
});
afterEach(async () => {
  await mail.close();
});

const State = Annotation.Root({
  to: Annotation<string[]>,
  reassignTo: Annotation<string[] | undefined>,
  outcomes: Annotation<(Outcome<string> | { kind: "open" })[]>,
});

function graphOf(kit: EmailKit<"desk" | "lab">, from: "desk" | "lab") {
  return kit.attach(
    from,
    new StateGraph(State)
      .addNode("mail", async ({ to, reassignTo = [] }) => {
        const mails = to.map((address) => ({ from, to: address, reassignTo, subject: "News", body: "There is news." }));
        const { outcomes } = await kit.awaitReplies(await kit.sendTasks(note, mails));
        return { outcomes };
      })
      .addEdge(START, "mail")
      .addEdge("mail", END)
      .compile({ checkpointer: kit.checkpointer(new MemorySaver()) }),
  );
}

/** Two agents of one domain, with mail accounts of their own. */
function twoAgents(options: Partial<EmailKitConfig> = {}) {
  const clock = testClock();
  const log = collectLog();
  const of = (address: string) => {
    const { smtp, imap } = mail.account(address);
    return { address, smtp, imap };
  };
  const agents = { desk: of("desk@a.example"), lab: of("lab@a.example") };
  const kit = createEmailKit({ ledger: ":memory:", clock: clock.now, log, ...options, agents });
  const [desk, lab] = [graphOf(kit, "desk"), graphOf(kit, "lab")];
  const kinds = async () => (await kit.events()).map(({ kind }) => kind);
  const outcomes = async (graph: typeof desk, id: string) =>
    ((await graph.getState(thread(id))).values as typeof State.State).outcomes;
  return { kit, desk, lab, clock, log, kinds, outcomes, [Symbol.asyncDispose]: () => kit.close() };
}

const people = (count: number) =>
  Array.from({ length: count }, (_, place) => mail.account(`person${place}@b.example`).address);
const received = (addresses: readonly string[]) =>
  addresses.reduce((sum, address) => sum + mail.mails(mail.account(address).address).length, 0);

describe("a provider that throttles", () => {
  it("holds back the whole account, and no other; longer each time, until it takes a mail", async () => {
    await using two = twoAgents();
    const { kit, clock } = two;
    mail.faults.refuseData = { times: 1, reply: "421 4.7.0 Too fast, slow down" };
    await two.desk.invoke({ to: [people(1)[0]!] }, thread("t1"));
    await kit.runOnce();
    await two.desk.invoke({ to: people(3) }, thread("t2"));
    await two.lab.invoke({ to: [mail.account("other@b.example").address] }, thread("t3"));
    await kit.runOnce();
    expect(received(people(3))).toBe(0);
    expect(received(["other@b.example"])).toBe(1);
    const [desk, lab] = await kit.sending();
    expect(desk).toMatchObject({ queued: 4, throttled: { reason: expect.stringMatching(/421 4\.7\.0/) } });
    expect(desk!.waits!.until).toBe(desk!.throttled!.until);
    expect(lab).not.toHaveProperty("throttled");
    const queued = (await kit.events({ threadId: "t2" })).filter(({ kind }) => kind === "queued");
    expect(queued).toHaveLength(3);
    mail.faults.refuseData = { times: 4, reply: "421 4.7.0 Too fast, slow down" };
    clock.advance(MINUTE);
    await kit.runOnce();
    const throttled = (await kit.events()).filter(({ kind }) => kind === "throttled");
    const lengths = throttled.map(({ at, data }) => Date.parse(data["until"] as string) - at);
    expect(lengths).toHaveLength(2);
    expect(lengths[0]).toBeGreaterThanOrEqual(0.75 * MINUTE);
    expect(lengths[1]).toBeGreaterThan(1.5 * MINUTE - 1);
    clock.advance(2 * MINUTE);
    await kit.runOnce();
    expect(received(people(3))).toBe(4);
    expect((await kit.sending())[0]).not.toHaveProperty("throttled");
  });

  it("and says that a day is used up as if for good: the mails wait, and none has bounced", async () => {
    await using two = twoAgents();
    mail.faults.refuseData = { times: 1, reply: "550 5.4.5 Daily user sending limit exceeded" };
    await two.desk.invoke({ to: [people(1)[0]!] }, thread("t1"));
    await two.kit.runOnce();
    expect(await two.kinds()).not.toContain("settled");
    two.clock.advance(61 * MINUTE);
    await two.kit.runOnce();
    expect(received(people(1))).toBe(1);
  });
});

describe("an address that is suppressed", () => {
  it("after a bounce that says there is no such mailbox: the next task to it has bounced at once, and goes to the next candidate", async () => {
    await using two = twoAgents();
    const { kit } = two;
    const colleague = mail.account("colleague@b.example").address;
    await two.desk.invoke({ to: ["refused@b.example", "full@b.example"] }, thread("t1"));
    await kit.runOnce();
    expect(await kit.suppressed()).toMatchObject([
      { address: "refused@b.example", reason: "bounced", status: "5.1.1" },
    ]);
    await two.lab.invoke({ to: ["Refused@B.example"] }, thread("t2"));
    await kit.runOnce();
    const [outcome] = await two.outcomes(two.lab, "t2");
    expect(outcome).toMatchObject({
      kind: "bounced",
      recipient: "Refused@b.example",
      status: "5.1.1",
      permanent: true,
    });
    expect(outcome).toMatchObject({ diagnostic: expect.stringMatching(/suppression list.*kit\.unsuppress/) });
    await two.lab.invoke({ to: ["refused@b.example"], reassignTo: [colleague] }, thread("t3"));
    await kit.runOnce();
    expect(received([colleague])).toBe(1);
    expect((await kit.sending())[1]!.reputation).toEqual({ sent: 1, bounced: 0, complained: 0 });
  });

  it("after a bounce that comes back later, once its reader could not be reached for good", async () => {
    await using two = twoAgents();
    await two.desk.invoke({ to: ["bounced@b.example", ...people(1)] }, thread("t1"));
    await two.kit.runOnce();
    await until("the report", async () => {
      await two.kit.runOnce();
      return (await two.kit.suppressed()).length === 1;
    });
    expect(await two.kit.suppressed()).toMatchObject([{ address: "bounced@b.example", status: "5.1.1" }]);
    expect((await two.kit.sending())[0]).toMatchObject({
      reputation: { sent: 2, bounced: 1, complained: 0 },
      domainReputation: { sent: 2, bounced: 1 },
    });
  });

  it("after a bounce of what a served agent answered", async () => {
    await using two = twoAgents();
    const { kit } = two;
    kit.serveInbox("desk", two.desk, { from: "anyone", input: () => ({ to: [] }), reply: () => ({ text: "Here." }) });
    const request = "From: bounced@b.example\r\nTo: desk@a.example\r\nSubject: News?\r\n\r\nAny?\r\n";
    mail.deliver(request, "desk@a.example");
    await until("the report", async () => {
      await kit.runOnce();
      return (await kit.suppressed()).length === 1;
    });
    expect(await kit.suppressed()).toMatchObject([{ address: "bounced@b.example", status: "5.1.1" }]);
    expect((await kit.sending())[0]).toMatchObject({ reputation: { sent: 1, bounced: 1 } });
  });

  it("after a complaint, while its task waits on", async () => {
    await using two = twoAgents();
    const { kit } = two;
    await two.desk.invoke({ to: ["complaint@b.example"] }, thread("t1"));
    await until("the complaint", async () => {
      await kit.runOnce();
      return (await kit.suppressed()).length === 1;
    });
    expect(await kit.suppressed()).toMatchObject([{ address: "complaint@b.example", reason: "complained" }]);
    expect(await two.outcomes(two.desk, "t1")).toBeUndefined();
    const before = received(["complaint@b.example"]);
    await two.desk.invoke({ to: ["complaint@b.example"] }, thread("t2"));
    await kit.runOnce();
    expect(await two.outcomes(two.desk, "t2")).toMatchObject([{ kind: "bounced" }]);
    expect(received(["complaint@b.example"])).toBe(before);
  });

  it("by hand, and taken off again: whoever did it is in the log", async () => {
    await using two = twoAgents();
    const { kit } = two;
    const [person] = people(1);
    expect(await kit.suppress(`Person <${person!.toUpperCase()}>`, { actor: "ops" })).toBe(true);
    expect(await kit.suppress(person!)).toBe(false);
    await two.desk.invoke({ to: [person!, mail.account("other@b.example").address] }, thread("t1"));
    await kit.runOnce();
    expect(received([person!])).toBe(0);
    expect(received(["other@b.example"])).toBe(1);
    expect(await kit.unsuppress(person!)).toBe(true);
    expect(await kit.unsuppress(person!)).toBe(false);
    await two.desk.invoke({ to: [person!] }, thread("t2"));
    await kit.runOnce();
    expect(received([person!])).toBe(1);
    const events = (await kit.events()).filter(({ kind }) => kind.endsWith("suppressed"));
    expect(events).toMatchObject([
      { kind: "suppressed", actor: "ops", data: { reason: "manual" } },
      { kind: "unsuppressed" },
    ]);
    await expect(kit.suppress("no address")).rejects.toMatchObject({ code: "INVALID_ADDRESS" });
  });
});

describe("an agent that harms", () => {
  it("is paused alone, waits for a person, and begins anew", async () => {
    await using two = twoAgents({ breaker: { sample: 5, bounces: 0.4 } });
    const { kit } = two;
    const bad = ["refused@b.example", "refused@c.example"];
    await two.desk.invoke({ to: [...people(3), ...bad] }, thread("t1"));
    await kit.runOnce();
    const [desk, lab] = await kit.sending();
    expect(desk!.paused!.reason).toBe("2 of 5 recipients bounced (40.0 %)");
    expect(lab).not.toHaveProperty("paused");
    expect(two.log.lines.map(({ message }) => message)).toContainEqual(
      expect.stringMatching(/kit\.resumeSending\("desk"\)/),
    );
    await two.desk.invoke({ to: people(1) }, thread("t2"));
    await two.lab.invoke({ to: people(1) }, thread("t3"));
    await kit.runOnce();
    expect(received(people(1))).toBe(2);
    expect((await kit.sending())[0]).toMatchObject({ queued: 1, waits: { because: desk!.paused!.reason } });
    two.clock.advance(MINUTE);
    expect(await kit.resumeSending("desk", { actor: "ops" })).toBe(true);
    expect(await kit.resumeSending("desk")).toBe(false);
    two.clock.advance(MINUTE);
    await kit.runOnce();
    expect(received(people(1))).toBe(3);
    expect((await kit.sending())[0]!.reputation).toEqual({ sent: 1, bounced: 0, complained: 0 });
    expect((await two.kinds()).filter((kind) => kind.endsWith("paused"))).toEqual(["paused", "unpaused"]);
  });

  it("can be paused by a person", async () => {
    await using two = twoAgents();
    expect(await two.kit.pauseSending("desk", "Holidays")).toBe(true);
    expect(await two.kit.pauseSending("desk", "Holidays")).toBe(false);
    await two.desk.invoke({ to: people(1) }, thread("t1"));
    await two.kit.runOnce();
    expect(received(people(1))).toBe(0);
    expect((await two.kit.events({ threadId: "t1" })).find(({ kind }) => kind === "queued")!.data).toEqual({
      because: "Holidays",
    });
    await expect(two.kit.pauseSending("nobody" as "desk", "")).rejects.toMatchObject({ code: "UNKNOWN_AGENT" });
  });

  it.each([{ bounces: 0 }, { complaints: 30 }, { sample: 0.5 }])("is not defined by %j", (breaker) => {
    expect(() => twoAgents({ breaker })).toThrow(expect.objectContaining({ code: "INVALID_CONFIG" }));
  });
});
