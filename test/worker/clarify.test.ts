import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { defineTask } from "langgraph-email";
import { z } from "zod";
import { startMailServer, type MailServer } from "../../src/dev/index.ts";
import { replyAs, waitForEnd } from "../../src/testing/index.ts";
import { askGraph, deskKit, thread, until } from "../support/desk.ts";

const order = defineTask("order", {
  reply: z.object({ quantity: z.number(), color: z.enum(["red", "blue"]) }).refine(({ quantity }) => quantity <= 10, {
    message: "At most 10 can be ordered.",
  }),
  receipt: true,
});

let mail: MailServer;
beforeEach(async () => {
  mail = await startMailServer();
  mail.account("kim@b.example");
});
afterEach(async () => {
  await mail.close();
});

/** The nth mail that Kim got. */
const received = (n: number) => until(`mail ${n} for Kim`, () => mail.mails("kim@b.example")[n - 1]);
const textOf = (raw: Uint8Array) => Buffer.from(raw).toString("utf8");
const reply = async (n: number, text: string) =>
  replyAs(mail, { from: "kim@b.example", mail: await received(n), text });

describe("a reply that does not hold what was asked for", () => {
  it("is answered by what is missing, and the wait goes on until it is there", async () => {
    await using kit = deskKit(mail);
    const graph = askGraph(kit, { task: order });
    await using _worker = await kit.start();
    await graph.invoke({ to: "kim@b.example" }, thread("1"));
    await reply(1, "Sure, happy to help. Which one do you mean?");

    const question = await received(2);
    expect(question.header("subject")).toBe("Re: Please approve");
    expect(question.header("in-reply-to")).toBeTruthy();
    expect(textOf(question.raw)).toContain("could not be taken as an answer yet");
    expect(textOf(question.raw)).toContain("quantity: (a number)");
    expect((await graph.getState(thread("1"))).next).toEqual(["ask"]);

    await reply(2, "quantity: 4\ncolor: blue");
    expect((await waitForEnd(graph, thread("1"))).outcome).toMatchObject({
      kind: "replied",
      data: { quantity: 4, color: "blue" },
    });
    const receipt = await received(3);
    expect(textOf(receipt.raw)).toMatch(/Got it[\s\S]*quantity: 4[\s\S]*color: blue/);
    const kinds = (await kit.events({ threadId: "1" })).map((event) => event.kind);
    expect(kinds.filter((kind) => kind === "clarifying")).toHaveLength(1);
    expect(kinds.filter((kind) => kind === "settled")).toHaveLength(1);
  });

  it("is asked about also where its Message-ID is none that a mail of ours could name", async () => {
    await using kit = deskKit(mail);
    await askGraph(kit, { task: order }).invoke({ to: "kim@b.example" }, thread("1"));
    await kit.runOnce();
    const task = await received(1);
    mail.deliver(
      `From: kim@b.example\r\nTo: ${task.header("reply-to")}\r\nMessage-ID: <grüße@b.example>\r\n\r\nWhich one?\r\n`,
      "desk@a.example",
    );
    await kit.runOnce();
    expect((await received(2)).header("in-reply-to")).toBe(task.header("message-id"));
  });

  it("ends as unparseable when it was asked often enough, with everything that was said", async () => {
    await using kit = deskKit(mail);
    const graph = askGraph(kit, { task: order });
    await using _worker = await kit.start();
    await graph.invoke({ to: "kim@b.example" }, thread("1"));
    await reply(1, "Well.");
    await reply(2, "Hm.");
    await reply(3, "What?");
    expect((await waitForEnd(graph, thread("1"))).outcome).toMatchObject({
      kind: "unparseable",
      text: "What?",
      from: "kim@b.example",
      earlier: ["Well.", "Hm."],
    });
    expect(mail.mails("kim@b.example")).toHaveLength(3);
  });

  it("is asked again where only the schema itself refuses it, and the graph parks again", async () => {
    await using kit = deskKit(mail);
    const graph = askGraph(kit, { task: order });
    await using _worker = await kit.start();
    await graph.invoke({ to: "kim@b.example" }, thread("1"));
    await reply(1, "quantity: 40\ncolor: red");
    const question = await until("the question", () =>
      mail.mails("kim@b.example").find(({ raw }) => textOf(raw).includes("At most 10 can be ordered.")),
    );
    expect((await graph.getState(thread("1"))).next).toEqual(["ask"]);
    await replyAs(mail, { from: "kim@b.example", mail: question, text: "quantity: 9\ncolor: red" });
    expect((await waitForEnd(graph, thread("1"))).outcome).toMatchObject({
      kind: "replied",
      data: { quantity: 9, color: "red" },
    });
  });

  it("ends the task at once where no clarification is wanted", async () => {
    await using kit = deskKit(mail);
    const strict = defineTask("strict", { reply: z.object({ quantity: z.number() }), maxClarifications: 0 });
    const graph = askGraph(kit, { task: strict });
    await using _worker = await kit.start();
    await graph.invoke({ to: "kim@b.example" }, thread("1"));
    await reply(1, "Well.");
    expect((await waitForEnd(graph, thread("1"))).outcome).toMatchObject({ kind: "unparseable", earlier: [] });
    expect(mail.mails("kim@b.example")).toHaveLength(1);
  });
});
