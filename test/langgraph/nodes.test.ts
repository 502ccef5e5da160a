import { Annotation, Command, END, MemorySaver, START, StateGraph } from "@langchain/langgraph";
import {
  createEmailKit,
  defineTask,
  type EmailKit,
  type EmailKitConfig,
  type InboxRequest,
  type Outcome,
  type Replies,
} from "langgraph-email";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { z } from "zod";
import { startMailServer, type MailServer } from "../../src/dev/index.ts";
import { replyAs, waitForEnd } from "../../src/testing/index.ts";
import { collectLog, testClock, thread, until } from "../support/desk.ts";

const bid = defineTask("bid", { reply: z.object({ price: z.number() }) });
const claim = defineTask("claim", { reply: z.object({ covered: z.boolean() }) });
type Kit = EmailKit<"desk" | "lab", typeof bid | typeof claim>;

const [ANN, BOB, CEM] = ["ann@b.example", "bob@b.example", "cem@b.example"];
const LAB = "lab@c.example";
const MONITOR = "monitor@a.example";

let mail: MailServer;
beforeEach(async () => {
  mail = await startMailServer();
  for (const address of [ANN, BOB, CEM, MONITOR]) mail.account(address);
});
afterEach(async () => {
  await mail.close();
});

function kitOf(options: Partial<EmailKitConfig> = {}): Kit {
  const of = (address: string) => {
    const { smtp, imap } = mail.account(address);
    return { address, smtp, imap };
  };
  const agents = { desk: { ...of("desk@a.example"), deny: ["*@secret.example"] }, lab: of(LAB) };
  return createEmailKit({ ledger: ":memory:", log: collectLog(), ...options, agents, tasks: [bid, claim] });
}

const State = Annotation.Root({
  to: Annotation<string[]>,
  monitor: Annotation<string>,
  item: Annotation<string>,
  notes: Annotation<string>,
  replies: Annotation<Replies<{ price: number }>>,
  outcome: Annotation<Outcome<{ covered: boolean }>>,
  chosen: Annotation<string>,
});
type AskState = typeof State.State;
type AskNode = (state: AskState) => Promise<typeof State.Update | Command>;

function graphOf(kit: Kit, ask: AskNode) {
  return kit.attach(
    "asking",
    new StateGraph(State)
      .addNode("ask", ask, { ends: ["cheap", END] })
      .addNode("cheap", () => ({ chosen: "cheap" }))
      .addEdge(START, "ask")
      .compile({ checkpointer: kit.checkpointer(new MemorySaver()) }),
  );
}

const question = ({ to, item }: AskState) => ({ from: "desk" as const, to, subject: item, body: "Your price?" });
const text = ({ raw }: { raw: Uint8Array }) => Buffer.from(raw).toString();
const answer = async (from: string, words: string) =>
  replyAs(mail, { from, mail: await mail.waitForMail(from), text: words });
const asked = async (kit: Kit) => (await kit.events()).filter(({ kind }) => kind === "task-created").length;

describe("broadcast", () => {
  it("asks each by themselves, waits once for enough of them, and tells the rest", async () => {
    await using kit = kitOf();
    const graph = graphOf(
      kit,
      kit.nodes.broadcast("bid", {
        mail: question,
        until: { quorum: 2 },
        cancelRest: true,
        update: (replies, { item }) => {
          const prices = replies.outcomes.flatMap((one) => (one.kind === "replied" ? [one.data.price] : []));
          return new Command({
            update: { replies, notes: `${item}: ${prices.join()}` },
            goto: Math.min(...prices) < 10 ? "cheap" : END,
          });
        },
      }),
    );
    await using _worker = await kit.start();
    const parked = await graph.invoke({ to: [ANN, BOB, CEM], item: "Chairs" }, thread("1"));
    expect((parked as { __interrupt__?: unknown[] }).__interrupt__).toHaveLength(1);
    for (const [person, others] of [
      [ANN, [BOB, CEM]],
      [CEM, [ANN, BOB]],
    ] as const) {
      const question = text(await mail.waitForMail(person));
      for (const other of others) expect(question).not.toContain(other);
      await answer(person, person === ANN ? "price: 12" : "price: 9");
    }
    const ended = await waitForEnd(graph, thread("1"));
    expect(ended).toMatchObject({
      replies: { kind: "met", outcomes: [{ data: { price: 12 } }, { kind: "open" }, { data: { price: 9 } }] },
      notes: "Chairs: 12,9",
      chosen: "cheap",
    });
    const note = await mail.waitForMail(BOB, (one) => one.header("in-reply-to") !== undefined);
    expect(text(note)).toContain("This is not needed any more");
  });

  it("ends at its deadline with what there is", async () => {
    const clock = testClock();
    await using kit = kitOf({ clock: clock.now });
    const update = (replies: Replies<{ price: number }>) => ({ replies });
    const graph = graphOf(kit, kit.nodes.broadcast(bid, { mail: question, deadline: "2 h", update }));
    await graph.invoke({ to: [ANN, BOB], item: "Desks" }, thread("1"));
    await kit.runOnce();
    await answer(BOB, "price: 3");
    clock.advance(2 * 3_600_000 + 1);
    await kit.runOnce();
    const { replies } = (await graph.getState(thread("1"))).values as AskState;
    expect(replies).toMatchObject({ kind: "expired", outcomes: [{ kind: "open" }, { kind: "replied" }] });
  });

  it("is refused as it is made where it could never be waited for", async () => {
    await using kit = kitOf();
    const options = { mail: question, update: () => ({}) };
    expect(() => kit.nodes.broadcast("bid", { ...options, until: { quorum: 0 } })).toThrow("quorum is 0");
    expect(() => kit.nodes.broadcast("bid", { ...options, deadline: "soon" })).toThrow("soon");
    expect(() => kit.nodes.broadcast("bit" as "bid", options)).toThrow('No task "bit"');
  });

  it.each<[string, string[], string, string]>([
    ["nobody", [], "INVALID_ADDRESS", "nobody"],
    ["somebody twice", [ANN, BOB, `Ann <${ANN.toUpperCase()}>`], "INVALID_ADDRESS", "twice"],
    ["too few for what is waited for", [ANN], "INVALID_CONFIG", '{"quorum":2}'],
    ["somebody last who may not be mailed", [ANN, "x@secret.example"], "RECIPIENT_NOT_ALLOWED", "x@secret.example"],
    ["the agent itself last", [ANN, "desk@a.example"], "INVALID_ADDRESS", "itself"],
  ])("mails nobody where it is to ask %s", async (_, to, code, message) => {
    await using kit = kitOf();
    const until = { quorum: 2 };
    const graph = graphOf(kit, kit.nodes.broadcast("bid", { mail: question, until, update: () => ({}) }));
    const run = graph.invoke({ to, item: "Lamps" }, thread("1"));
    await expect(run).rejects.toMatchObject({ code, message: expect.stringContaining(message) });
    expect(await asked(kit)).toBe(0);
  });
});

const handingOver = (kit: Kit, more: { reassignTo?: string[] } = {}) =>
  graphOf(
    kit,
    kit.nodes.handOff("claim", {
      mail: ({ to, monitor, item }: AskState) => ({
        from: "desk",
        to: to[0]!,
        monitor,
        subject: "Claim",
        body: "Is it covered?",
        data: { item, bought: "2026-05-05" },
        ...more,
      }),
      update: (outcome) => ({ outcome }),
    }),
  );
const screen = { item: "A broken screen", notes: "She pays late." };

describe("handOff", () => {
  it("gives a served agent what was picked, in a conversation of its own, and shows it to the monitor", async () => {
    await using kit = kitOf();
    const requests: InboxRequest[] = [];
    const Claim = z.object({ item: z.string(), bought: z.string() });
    const work = new StateGraph(z.object({ claim: Claim, covered: z.boolean().optional() }))
      .addNode("look", ({ claim: { bought } }) => ({ covered: bought > "2026" }))
      .addEdge(START, "look")
      .addEdge("look", END)
      .compile({ checkpointer: kit.checkpointer(new MemorySaver()) });
    kit.serveInbox("lab", kit.attach("lab", work), {
      from: ["desk@a.example"],
      input: (request) => {
        requests.push(request);
        return { claim: Claim.parse(request.data) };
      },
      reply: ({ covered }) => ({ data: { covered } }),
    });
    // The desk has been asked itself: nothing of that conversation goes along.
    const desk = handingOver(kit);
    kit.serveInbox("desk", desk, {
      from: [ANN],
      input: ({ text: notes }) => ({ ...screen, notes, to: [LAB], monitor: MONITOR }),
      reply: ({ outcome }) => ({
        text: outcome.kind === "replied" ? `Covered: ${outcome.data.covered}` : outcome.kind,
      }),
    });
    await using _worker = await kit.start();
    mail.deliver(
      `From: ${ANN}\nTo: desk@a.example\nSubject: Help\nMessage-ID: <h@b>\n\nMy name is Ann.\n`,
      "desk@a.example",
    );
    expect(text(await mail.waitForMail(ANN))).toContain("Covered: true");
    expect(requests).toMatchObject([{ data: { item: screen.item, bought: "2026-05-05" }, attachments: [] }]);
    expect(requests[0]!.text).toContain(`item → "${screen.item}"`);
    const seen = await mail.waitForMail(MONITOR);
    expect(seen.header("message-id")).toBe((await mail.waitForMail(LAB)).header("message-id"));
    expect(seen.header("cc")).toBe(MONITOR);
    expect(seen.header("in-reply-to")).toBeUndefined();
    expect(seen.header("references")).not.toContain("<h@b>");
    expect(text(seen)).not.toMatch(/Help|name is Ann/);
  });

  it("takes the peer's answer, and none of the monitor's or of what was handed over", async () => {
    await using kit = kitOf();
    const graph = handingOver(kit);
    await graph.invoke({ ...screen, to: [BOB], monitor: MONITOR, item: "covered: true" }, thread("1"));
    await kit.runOnce();
    const [task] = mail.mails(BOB);
    await replyAs(mail, { from: MONITOR, mail: mail.mails(MONITOR)[0]!, text: "covered: yes" });
    // As programs do that send the attachments back.
    const back = { filename: "request.json", contentType: "application/json", content: '{ "covered": true }' };
    await replyAs(mail, { from: BOB, mail: task!, text: "I will look into it.", attachments: [back] });
    await kit.runOnce();
    expect(await kit.messages("quarantined")).toMatchObject([{ sender: MONITOR }]);
    const again = await until("the question", () => mail.mails(BOB)[1]);
    await replyAs(mail, { from: BOB, mail: again, text: "covered: no" });
    await kit.runOnce();
    const { outcome } = (await graph.getState(thread("1"))).values as AskState;
    expect(outcome).toMatchObject({ kind: "replied", from: BOB, data: { covered: false } });
  });

  it("lets the monitor see what goes to the next candidate", async () => {
    await using kit = kitOf();
    const graph = handingOver(kit, { reassignTo: [CEM] });
    await using _worker = await kit.start();
    await graph.invoke({ ...screen, to: ["refused@b.example"], monitor: MONITOR }, thread("1"));
    const task = await mail.waitForMail(CEM);
    const id = task.header("message-id");
    expect(text(await mail.waitForMail(MONITOR, (one) => one.header("message-id") === id))).toContain("request.json");
    await answer(CEM, "covered: yes");
    expect(await waitForEnd(graph, thread("1"))).toMatchObject({ outcome: { kind: "replied", from: CEM } });
  });

  it("has bounced where only the monitor could get it", async () => {
    await using kit = kitOf();
    await kit.suppress(BOB);
    const graph = handingOver(kit);
    await graph.invoke({ ...screen, to: [BOB], monitor: MONITOR }, thread("1"));
    await kit.runOnce();
    const { outcome } = (await graph.getState(thread("1"))).values as AskState;
    expect(outcome).toMatchObject({
      kind: "bounced",
      recipient: BOB,
      diagnostic: expect.stringContaining("suppression"),
    });
  });

  it("has what it hands over reviewed, in the text and in the attachment", async () => {
    await using kit = kitOf();
    const item = `Our key: ghp_${"x9Kd72".repeat(6)}`;
    const run = handingOver(kit).invoke({ ...screen, item, to: [BOB], monitor: MONITOR }, thread("1"));
    await expect(run).rejects.toMatchObject({
      code: "REVIEW_REFUSED",
      message: expect.stringMatching(/github-token in body.*github-token in attachment 1/),
    });
    expect(await asked(kit)).toBe(0);
  });

  it.each<[string, string, string[]]>([
    ["is the peer", `Bob <${BOB.toUpperCase()}>`, []],
    ["is a candidate", CEM, [CEM]],
    ["asks", "desk@a.example", []],
  ])("mails nobody where the monitor %s", async (_, monitor, reassignTo) => {
    await using kit = kitOf();
    const run = handingOver(kit, { reassignTo }).invoke({ ...screen, to: [BOB], monitor }, thread("1"));
    await expect(run).rejects.toMatchObject({
      code: "INVALID_ADDRESS",
      message: expect.stringContaining("to monitor"),
    });
    expect(await asked(kit)).toBe(0);
  });
});
