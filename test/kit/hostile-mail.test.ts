import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { startMailServer, type MailServer } from "../../src/dev/index.ts";
import { replyAs } from "../../src/testing/reply-as.ts";
import { askGraph, collectLog, deskKit, outcomeOf, thread, until } from "../support/desk.ts";

let mail: MailServer;
beforeEach(async () => {
  mail = await startMailServer({ maxMailBytes: 40 * 1024 * 1024 });
  mail.account("boss@b.example");
});
afterEach(async () => {
  await mail.close();
});

const deep = (levels: number) => {
  const open = Array.from(
    { length: levels },
    (_, level) => `Content-Type: multipart/mixed; boundary=b${level}\r\n\r\n--b${level}\r\n`,
  ).join("");
  return `From: x@evil.example\r\nTo: desk@a.example\r\nSubject: deep\r\n${open}Content-Type: text/plain\r\n\r\nx\r\n`;
};
const manyParts = `From: x@evil.example\r\nTo: desk@a.example\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n${"--b\r\n\r\nx\r\n".repeat(5000)}--b--\r\n`;

const UNREADABLE: [string, string | Uint8Array, RegExp][] = [
  ["nested beyond the limit", deep(100), /level|deep|nest/i],
  ["in more parts than the limit", manyParts, /part/i],
  ["with a header beyond the limit", `From: x@evil.example\r\n${"X-A: b\r\n".repeat(60_000)}\r\nbody`, /header/i],
];
const MALFORMED: [string, string | Uint8Array][] = [
  [
    "larger than is read",
    Buffer.concat([Buffer.from("From: x@evil.example\r\n\r\n"), Buffer.alloc(26 * 1024 * 1024, 0x61)]),
  ],
  ["of random bytes", Buffer.from(Array.from({ length: 4000 }, (_, index) => (index * 197 + 31) % 256))],
  ["without any header", "\r\n\r\njust text\r\n"],
  ["with a lone NUL", "From: x@evil.example\r\nSubject: a\0b\r\n\r\n\0\0\0"],
  [
    "with a boundary that never comes",
    "From: x@evil.example\r\nContent-Type: multipart/mixed; boundary=q\r\n\r\nnothing",
  ],
  [
    "with a broken encoding",
    "From: =?utf-8?B?////?= <x@evil.example>\r\nContent-Transfer-Encoding: base64\r\n\r\n====%%%%",
  ],
  ["whose sender is no address", "From: <>\r\nTo: desk@a.example\r\nSubject: hello\r\n\r\nhello"],
  ["with a Message-ID of 100 kB", `From: x@evil.example\r\nMessage-ID: <${"a".repeat(100_000)}@x>\r\n\r\nhello`],
  ["with names of prototypes", "From: x@evil.example\r\n__proto__: 1\r\nconstructor: 2\r\nSubject: p\r\n\r\nhello"],
];

describe("a hostile mail in the inbox", () => {
  it.each(UNREADABLE)(
    "%s is stored as unreadable and shown, and the next mail is handled",
    async (_what, raw, reason) => {
      const log = collectLog();
      await using kit = deskKit(mail, { log });
      const graph = askGraph(kit);
      await graph.invoke({ to: "boss@b.example" }, thread("t1"));
      await kit.runOnce();
      mail.deliver(raw, "desk@a.example");
      await replyAs(mail, { from: "boss@b.example", mail: mail.mails("boss@b.example")[0]!, text: "approved: yes" });
      await kit.runOnce();
      expect(await outcomeOf(graph, "t1")).toMatchObject({ kind: "replied" });
      const [unreadable, ...others] = await kit.messages("unreadable");
      expect(others).toEqual([]);
      expect(unreadable!.reason).toMatch(reason);
      expect(log.lines.filter(({ level, message }) => level === "warn" && /cannot be read/.test(message))).toHaveLength(
        1,
      );
      expect(log.lines.filter(({ level }) => level === "error")).toEqual([]);
      // It is not read again.
      await kit.runOnce();
      expect(await kit.messages("unreadable")).toHaveLength(1);
    },
  );

  it.each(MALFORMED)("%s is kept, and the next mail is handled", async (_what, raw) => {
    const log = collectLog();
    await using kit = deskKit(mail, { log });
    const graph = askGraph(kit);
    await graph.invoke({ to: "boss@b.example" }, thread("t1"));
    await kit.runOnce();
    mail.deliver(raw, "desk@a.example");
    await replyAs(mail, { from: "boss@b.example", mail: mail.mails("boss@b.example")[0]!, text: "approved: yes" });
    await kit.runOnce();
    expect(await outcomeOf(graph, "t1")).toMatchObject({ kind: "replied" });
    const kept = [...(await kit.messages("unreadable")), ...(await kit.messages("unmatched"))];
    expect(kept).toHaveLength(1);
    expect(kept[0]!.reason).toBeTruthy();
    expect(log.lines.filter(({ level }) => level === "error")).toEqual([]);
  });

  it("is handled by a running worker as well, between two replies", async () => {
    await using kit = deskKit(mail);
    const graph = askGraph(kit);
    await using worker = await kit.start();
    await worker.ready;
    for (const id of ["t1", "t2"]) {
      await graph.invoke({ to: "boss@b.example" }, thread(id));
      const task = await until("the task", () => mail.mails("boss@b.example")[id === "t1" ? 0 : 1]);
      mail.deliver(`X-Thread: ${id}\r\n${deep(60)}`, "desk@a.example");
      await replyAs(mail, { from: "boss@b.example", mail: task, text: "approved: yes" });
      await until(`${id} to go on`, () => outcomeOf(graph, id));
    }
    expect(await kit.messages("unreadable")).toHaveLength(2);
  });

  it("cannot pass for a reply by naming the task's ids without being its addressee", async () => {
    await using kit = deskKit(mail);
    const graph = askGraph(kit);
    await graph.invoke({ to: "boss@b.example" }, thread("t1"));
    await kit.runOnce();
    const task = mail.mails("boss@b.example")[0]!;
    mail.deliver(
      `From: mallory@evil.example\nTo: ${task.header("reply-to")}\nSubject: Re: x\nIn-Reply-To: ${task.header("message-id")}\nReferences: ${task.header("references")}\n\napproved: yes\n`,
      "desk@a.example",
    );
    await kit.runOnce();
    expect(await outcomeOf(graph, "t1")).toBeUndefined();
    const [held] = await kit.messages("quarantined");
    expect(held).toMatchObject({ sender: "mallory@evil.example", grade: "D" });
    await replyAs(mail, { from: "boss@b.example", mail: task, text: "approved: no" });
    await kit.runOnce();
    expect(await outcomeOf(graph, "t1")).toMatchObject({ kind: "replied", data: { approved: false } });
  });
});
