import { ImapFlow } from "imapflow";
import { defineTask } from "langgraph-email";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { z } from "zod";
import { memoryBlobs } from "../../src/blobs/memory.ts";
import { startMailServer, type MailServer } from "../../src/dev/index.ts";
import { replyAs } from "../../src/testing/reply-as.ts";
import { askGraph, deskKit, outcomeOf, thread, until } from "../support/desk.ts";

let mail: MailServer;
beforeEach(async () => {
  mail = await startMailServer();
  mail.account("boss@b.example");
});
afterEach(async () => {
  await mail.close();
});

const boss = { from: "boss@b.example", text: "approved: yes" };

/** What the provider's filter does to everything that lies in the desk's inbox. */
async function filterAll(): Promise<void> {
  const { imap } = mail.account("desk@a.example");
  const { hostname, port } = new URL(imap);
  const auth = { user: "desk@a.example", pass: "dev" };
  const client = new ImapFlow({
    host: hostname,
    port: Number(port),
    secure: false,
    doSTARTTLS: false,
    auth,
    logger: false,
  });
  await client.connect();
  await client.mailboxOpen("INBOX");
  await client.messageMove("1:*", "Junk");
  await client.logout();
}

async function answeredIntoJunk(options: Parameters<typeof deskKit>[1] = {}, task?: ReturnType<typeof defineTask>) {
  const kit = deskKit(mail, options);
  const graph = askGraph(kit, task && { task });
  await graph.invoke({ to: "boss@b.example" }, thread("t1"));
  await kit.runOnce();
  await replyAs(mail, { ...boss, mail: mail.mails("boss@b.example")[0]! });
  await filterAll();
  return { kit, graph, [Symbol.asyncDispose]: () => kit.close() };
}

describe("a reply in the Junk folder", () => {
  it("is found, and no better than grade C", async () => {
    await using desk = await answeredIntoJunk();
    await desk.kit.runOnce();
    expect(await outcomeOf(desk.graph, "t1")).toMatchObject({ kind: "replied", grade: "C", data: { approved: true } });
  });

  it("is found by a running worker, while what comes into the inbox is", async () => {
    await using desk = await answeredIntoJunk();
    await using worker = await desk.kit.start();
    await worker.ready;
    expect(await until("the outcome", () => outcomeOf(desk.graph, "t1"))).toMatchObject({ kind: "replied" });
    await desk.graph.invoke({ to: "boss@b.example" }, thread("t2"));
    const second = await until("the mail", () => mail.mails("boss@b.example")[1]);
    await replyAs(mail, { ...boss, mail: second });
    expect(await until("the outcome", () => outcomeOf(desk.graph, "t2"))).toMatchObject({ grade: "B" });
  });

  it("is quarantined where the task asks for more, and says why", async () => {
    const strict = defineTask("approval", { reply: z.object({ approved: z.boolean() }), accept: { grade: "B" } });
    await using desk = await answeredIntoJunk({}, strict);
    await desk.kit.runOnce();
    const [kept] = await desk.kit.messages("quarantined");
    expect(kept).toMatchObject({ grade: "C", reason: expect.stringContaining("Junk folder") });
    expect(await desk.kit.release(kept!.id)).toBe("settled");
  });

  it("is left alone where the agent's junk is", async () => {
    const { address, smtp, imap } = mail.account("desk@a.example");
    await using desk = await answeredIntoJunk({ agents: { desk: { address, smtp, imap, junk: false } } });
    await desk.kit.runOnce();
    expect(await outcomeOf(desk.graph, "t1")).toBeUndefined();
  });
});

it("nothing else in the Junk folder is kept, or becomes a request", async () => {
  const blobs = memoryBlobs();
  let puts = 0;
  const counting = { ...blobs, put: (content: Uint8Array) => ((puts += 1), blobs.put(content)) };
  await using kit = deskKit(mail, { blobs: counting });
  kit.serveInbox("desk", askGraph(kit), {
    from: "anyone",
    input: () => ({ to: "boss@b.example" }),
    reply: () => ({ text: "done" }),
  });
  mail.deliver("From: offers@spam.example\r\nSubject: Offer\r\n\r\nBuy!\r\n", "desk@a.example");
  await filterAll();
  await kit.runOnce();
  mail.deliver("From: who@c.example\r\nSubject: Work\r\n\r\nPlease work.\r\n", "desk@a.example");
  const before = puts;
  await kit.runOnce();
  expect(before).toBe(0);
  const received = (await kit.events()).filter(({ kind }) => kind === "received");
  expect(received).toHaveLength(1);
  expect(await kit.messages("request")).toMatchObject([{ sender: "who@c.example" }]);
});
