import { ImapFlow } from "imapflow";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { startMailServer, type MailServer } from "../../src/dev/index.ts";
import { replyAs, waitForEnd } from "../../src/testing/index.ts";
import { askGraph, deskKit, thread } from "../support/desk.ts";

let mail: MailServer;
beforeEach(async () => {
  mail = await startMailServer();
});
afterEach(async () => {
  vi.useRealTimers();
  await mail.close();
});

it("in a mailbox of 100,000 old mails, nothing is replayed and the reply is found", { timeout: 60_000 }, async () => {
  mail.account("desk@a.example");
  mail.account("kim@b.example");
  vi.useFakeTimers({ toFake: ["Date"], now: Date.now() - 30 * 86_400_000 });
  for (let n = 0; n < 100_000; n += 1) {
    mail.deliver(
      `From: kim@b.example\nTo: desk@a.example\nSubject: Re: ${n}\nMessage-ID: <${n}@b.example>\n\nyes\n`,
      "desk@a.example",
    );
  }
  vi.useRealTimers();

  await using kit = deskKit(mail);
  const graph = askGraph(kit);
  await graph.invoke({ to: "kim@b.example" }, thread("1"));
  const begun = performance.now();
  await using worker = await kit.start();
  await worker.ready;
  const asked = await mail.waitForMail("kim@b.example");
  await replyAs(mail, { from: "kim@b.example", mail: asked, text: "approved: yes" });
  expect((await waitForEnd(graph, thread("1"))).outcome).toMatchObject({ kind: "replied", data: { approved: true } });
  // The server alone takes a part of that for its answer to SEARCH.
  expect(performance.now() - begun).toBeLessThan(10_000);
  const received = (await kit.events()).filter(({ kind }) => kind === "received");
  expect(received).toMatchObject([{ from: "kim@b.example", threadId: "1" }]);
});

it("a reply that another client marks as seen, moves away and back is taken once", async () => {
  const { imap } = mail.account("desk@a.example");
  mail.account("kim@b.example");
  await using kit = deskKit(mail);
  const graph = askGraph(kit);
  await graph.invoke({ to: "kim@b.example" }, thread("1"));
  await kit.runOnce();
  await replyAs(mail, { from: "kim@b.example", mail: mail.mails("kim@b.example")[0]!, text: "approved: yes" });
  await kit.runOnce();

  const { hostname, port } = new URL(imap);
  const auth = { user: "desk@a.example", pass: "dev" };
  const other = new ImapFlow({
    host: hostname,
    port: Number(port),
    secure: false,
    doSTARTTLS: false,
    auth,
    logger: false,
  });
  await other.connect();
  await other.mailboxOpen("INBOX");
  await other.messageFlagsAdd("1", ["\\Seen"]);
  await other.messageMove("1", "Trash");
  await other.mailboxOpen("Trash");
  await other.messageMove("1", "INBOX");
  await other.logout();
  await kit.runOnce();
  expect(mail.mails("desk@a.example")).toHaveLength(1);
  const kinds = (await kit.events({ threadId: "1" })).map(({ kind }) => kind);
  expect(kinds.filter((kind) => kind === "received" || kind === "settled")).toEqual(["received", "settled"]);
});
