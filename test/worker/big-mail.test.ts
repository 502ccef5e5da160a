import { fork } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Annotation, END, MemorySaver, START, StateGraph } from "@langchain/langgraph";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { createEmailKit, defineTask } from "langgraph-email";
import { startMailServer, type MailServer } from "../../src/dev/index.ts";
import { replyAs, waitForEnd } from "../../src/testing/index.ts";
import { askGraph, collectLog, deskKit, thread, until } from "../support/desk.ts";
import type { BigMailSettings, Peak } from "./big-mail-process.ts";

let mail: MailServer;
beforeEach(async () => {
  mail = await startMailServer();
  mail.account("kim@b.example");
});
afterEach(async () => {
  await mail.close();
});

const inbound = { maxBytes: 50_000 };
const film = { filename: "film.mp4", contentType: "video/mp4", content: Buffer.alloc(60_000, 7) };
const kimGot = (n: number) => until(`mail ${n} for Kim`, () => mail.mails("kim@b.example")[n - 1]);
const textOf = ({ raw }: { raw: Uint8Array }) => Buffer.from(raw).toString("utf8").replaceAll("=\r\n", "");

describe("a mail above inbound.maxBytes", () => {
  it("that answers a task is answered: it is too large; and the wait goes on", async () => {
    await using kit = deskKit(mail, { inbound });
    const graph = askGraph(kit);
    await using _worker = await kit.start();
    await graph.invoke({ to: "kim@b.example" }, thread("1"));
    await replyAs(mail, { from: "kim@b.example", mail: await kimGot(1), text: "approved: yes", attachments: [film] });

    const question = await kimGot(2);
    expect(textOf(question)).toMatch(/has \d+ kB, and no more than 50 kB is read\. Please send less/);
    expect((await graph.getState(thread("1"))).next).toEqual(["ask"]);
    const [asked] = await kit.messages("clarifying");
    expect(asked).toMatchObject({ sender: "kim@b.example", grade: "B", content: { text: "", attachments: [] } });
    expect(asked!.content.unreadOctets).toBeGreaterThan(80_000);

    await replyAs(mail, { from: "kim@b.example", mail: question, text: "approved: yes" });
    expect((await waitForEnd(graph, thread("1"))).outcome).toMatchObject({ kind: "replied", data: { approved: true } });
  });

  it("ends the task as unparseable when it was asked for less often enough, also where any text would do", async () => {
    await using kit = deskKit(mail, { inbound });
    const graph = askGraph(kit, { task: defineTask("words") });
    await using _worker = await kit.start();
    await graph.invoke({ to: "kim@b.example" }, thread("1"));
    for (const turn of [1, 2, 3]) {
      await replyAs(mail, { from: "kim@b.example", mail: await kimGot(turn), text: "Here", attachments: [film] });
    }
    const { outcome } = await waitForEnd(graph, thread("1"));
    expect(outcome).toMatchObject({ kind: "unparseable", from: "kim@b.example", text: "" });
    expect(outcome).toHaveProperty("issues", [expect.stringContaining("no more than 50 kB is read")]);
    expect(mail.mails("kim@b.example")).toHaveLength(3);
  });

  it("from somebody else is quarantined and not answered; released, it is", async () => {
    await using kit = deskKit(mail, { inbound });
    const graph = askGraph(kit);
    await using _worker = await kit.start();
    await graph.invoke({ to: "kim@b.example" }, thread("1"));
    await replyAs(mail, { from: "eve@c.example", mail: await kimGot(1), text: "approved: yes", attachments: [film] });
    const [message] = await until("it in quarantine", async () => {
      const found = await kit.messages("quarantined");
      return found.length > 0 && found;
    });
    expect(mail.mails("eve@c.example")).toHaveLength(0);
    expect(await kit.release(message!.id)).toBe("clarifying");
    expect(textOf(await mail.waitForMail("eve@c.example"))).toContain("Please send less");
  });

  it("that asks a served agent is answered, and starts no run", async () => {
    await using kit = deskKit(mail, { inbound });
    let ran = 0;
    const State = Annotation.Root({ text: Annotation<string> });
    const graph = kit.attach(
      "desk",
      new StateGraph(State)
        .addNode("work", () => {
          ran += 1;
          return {};
        })
        .addEdge(START, "work")
        .addEdge("work", END)
        .compile({ checkpointer: kit.checkpointer(new MemorySaver()) }),
    );
    kit.serveInbox("desk", graph, { from: "anyone", input: ({ text }) => ({ text }), reply: () => ({ text: "done" }) });
    mail.deliver(requestWith(60_000), "desk@a.example");
    await kit.runOnce();
    const answer = textOf(await kimGot(1));
    expect(answer).toContain("no more than 50 kB is read");
    expect(answer).toMatch(/^In-Reply-To: <big@b\.example>/im);
    expect(ran).toBe(0);
  });

  it("that was waited for as a mail that is no reply ends the wait", async () => {
    await using kit = deskKit(mail, { inbound });
    const State = Annotation.Root({ kind: Annotation<string> });
    const graph = kit.attach(
      "code",
      new StateGraph(State)
        .addNode("wait", async () => ({ kind: (await kit.awaitMail({ agent: "desk", from: "kim@b.example" })).kind }))
        .addEdge(START, "wait")
        .addEdge("wait", END)
        .compile({ checkpointer: kit.checkpointer(new MemorySaver()) }),
    );
    await graph.invoke({}, thread("1"));
    mail.deliver(requestWith(60_000), "desk@a.example");
    await kit.runOnce();
    expect((await graph.getState(thread("1"))).values).toEqual({ kind: "unparseable" });
  });

  it("that belongs to nothing is kept as such, and said in the log", async () => {
    const log = collectLog();
    await using kit = deskKit(mail, { inbound, log });
    mail.deliver(requestWith(60_000), "desk@a.example");
    await kit.runOnce();
    expect(await kit.messages("unmatched")).toMatchObject([{ sender: "kim@b.example", subject: "A film" }]);
    expect(log.lines).toContainEqual(
      expect.objectContaining({ level: "warn", message: "Only the header of a mail is read: it is too large" }),
    );
  });
});

it.each([0, 1.5, 60 * 1024 * 1024])("a limit of %d octets is refused", (maxBytes) => {
  const { imap, smtp, address } = mail.account("desk@a.example");
  const agents = { desk: { address, smtp, imap } };
  expect(() => createEmailKit({ ledger: ":memory:", agents, inbound: { maxBytes } })).toThrow(/inbound\.maxBytes/);
});

it("big mails take no more memory than one of them does", { timeout: 60_000 }, async () => {
  const one = await peakOf(1);
  const ten = await peakOf(10);
  // Each has 20 MB, and its copies and what is decoded of it lie beside it until they are collected.
  expect(one.memory).toBeLessThan(10 * 20_000_000);
  expect(ten.memory).toBeLessThan(1.75 * one.memory);
});

/** Of a process that reads so many mails of 20 MB in one pass. */
async function peakOf(count: number): Promise<Peak> {
  await using server = await startMailServer();
  const { imap } = server.account("desk@a.example");
  for (let n = 0; n < count; n += 1) server.deliver(requestWith(20_000_000 * 0.73, n), "desk@a.example");
  const directory = await mkdtemp(join(tmpdir(), "langgraph-email-big-"));
  try {
    const settings: BigMailSettings = { directory, imap };
    const child = fork(new URL("big-mail-process.ts", import.meta.url), [JSON.stringify(settings)], {
      execArgv: ["--conditions=langgraph-email-source"],
    });
    return await new Promise<Peak>((resolve, reject) => {
      child.once("message", resolve);
      child.once("exit", (code) => reject(new Error(`The process ended with ${code}.`)));
    });
  } finally {
    await rm(directory, { recursive: true });
  }
}

/** A mail with an attachment of so many octets. */
function requestWith(octets: number, n = 0): Buffer {
  const line = `${String(n).padStart(4, "0")}${"A".repeat(72)}\r\n`;
  return Buffer.concat([
    Buffer.from(
      [
        `From: Kim <kim@b.example>`,
        `To: desk@a.example`,
        `Subject: A film`,
        `Message-ID: <big${n || ""}@b.example>`,
        `MIME-Version: 1.0`,
        `Content-Type: multipart/mixed; boundary=x`,
        ``,
        `--x`,
        ``,
        `Please cut this.`,
        `--x`,
        `Content-Type: video/mp4`,
        `Content-Disposition: attachment; filename=film.mp4`,
        `Content-Transfer-Encoding: base64`,
        ``,
        ``,
      ].join("\r\n"),
    ),
    Buffer.alloc(Math.ceil(octets / 57) * line.length, line),
    Buffer.from("--x--\r\n"),
  ]);
}
