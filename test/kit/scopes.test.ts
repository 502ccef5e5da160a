import { join } from "node:path";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { type AddressInfo, createServer } from "node:net";
import { Annotation, END, MemorySaver, START, StateGraph } from "@langchain/langgraph";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type AgentConfig, createEmailKit, type EmailKit } from "langgraph-email";
import { startMailServer, type MailServer } from "../../src/dev/index.ts";
import { memoryBlobs } from "../../src/blobs/memory.ts";
import { replyAs } from "../../src/testing/reply-as.ts";
import { approval, askGraph, AskState, collectLog, outcomeOf, testClock, thread } from "../support/desk.ts";

let mail: MailServer;
let directory: string;
beforeEach(async () => {
  mail = await startMailServer();
  mail.account("boss@b.example");
  directory = await mkdtemp(join(tmpdir(), "langgraph-email-scopes-"));
});
afterEach(async () => {
  await mail.close();
  await rm(directory, { recursive: true });
});

const account = (): AgentConfig => {
  const { address, smtp, imap } = mail.account("desk@a.example");
  return { address, smtp, imap };
};

const blobs = memoryBlobs();
const clock = testClock();

function kitOf(change: Partial<AgentConfig>, ledger = ":memory:"): EmailKit<"desk"> {
  const shared = { blobs, clock: clock.now };
  return createEmailKit({ ledger, log: collectLog(), agents: { desk: { ...account(), ...change } }, ...shared });
}

const names = (kit: EmailKit<"desk">) => kit.tools("desk").map(({ name }) => name);

function answering(kit: EmailKit<"desk">) {
  const graph = new StateGraph(Annotation.Root({ text: Annotation<string> }))
    .addNode("work", async ({ text }) => ({ text: `Done: ${text}` }))
    .addEdge(START, "work")
    .addEdge("work", END)
    .compile({ checkpointer: kit.checkpointer(new MemorySaver()) });
  kit.serveInbox("desk", kit.attach("work", graph), {
    from: "anyone",
    input: ({ text }) => ({ text }),
    reply: ({ text }) => ({ text }),
  });
}

describe("an agent's scopes", () => {
  it("are all of them by default", async () => {
    await using kit = kitOf({});
    expect(names(kit)).toEqual([
      "delegate_by_email",
      "send_task",
      "await_reply",
      "await_mail",
      "read_verification_code",
      "reply",
      "search_mail",
      "read_mail",
    ]);
  });

  it.each([[["read"]], [["read", "reply"]]] as const)("%j: mails no task, in a node or by a tool", async (scopes) => {
    await using kit = kitOf({ scopes });
    const reading = ["await_mail", "read_verification_code", "search_mail", "read_mail"];
    expect(names(kit).filter((name) => name !== "reply")).toEqual(reading);
    expect(names(kit).includes("reply")).toBe(scopes.length === 2);
    await expect(askGraph(kit).invoke({ to: "boss@b.example" }, thread("1"))).rejects.toMatchObject({
      code: "SCOPE_MISSING",
      message: expect.stringContaining("agents.desk.scopes"),
    });
    expect(await kit.events()).toMatchObject([{ kind: "send-refused", data: { code: "SCOPE_MISSING" } }]);
    await kit.runOnce();
    expect(mail.mails("boss@b.example")).toHaveLength(0);
  });

  it("read: needs no submission server, and makes no connection to it", async () => {
    const { smtp: _, ...rest } = account();
    await using kit = createEmailKit({ ledger: ":memory:", agents: { desk: { ...rest, scopes: ["read"] } } });
    await kit.verify();
    expect(() => answering(kit)).toThrow(/needs the scope "reply"/);
    let connections = 0;
    const server = createServer((socket) => {
      connections++;
      socket.destroy();
    });
    await new Promise<void>((resolve) => void server.listen(0, "127.0.0.1", resolve));
    const { port } = server.address() as AddressInfo;
    await using given = kitOf({ scopes: ["read"], smtp: `smtp://desk:dev@127.0.0.1:${port}` });
    await given.verify();
    await given.runOnce();
    server.close();
    expect(connections).toBe(0);
  });

  it("reply: answers who asks", async () => {
    await using kit = kitOf({ scopes: ["read", "reply"] });
    answering(kit);
    const request = Buffer.from(
      "From: boss@b.example\r\nTo: desk@a.example\r\nSubject: Work\r\nMessage-ID: <1@b.example>\r\n\r\nPlease.\r\n",
    );
    await replyAs(mail, { from: "boss@b.example", to: "desk@a.example", mail: request, text: "Please", quote: false });
    await kit.runOnce();
    expect(mail.mails("boss@b.example").map(({ raw }) => Buffer.from(raw).toString())).toEqual([
      expect.stringContaining("Done: Please"),
    ]);
  });

  it.each<[string, readonly unknown[]]>([
    ["of an unknown name", ["read", "write"]],
    ["without read", ["send"]],
    ["none", []],
  ])("%s are an error at once", (_, scopes) => {
    expect(() => kitOf({ scopes: scopes as never })).toThrow(/agents\.desk\.scopes/);
  });
});

describe("a candidate whom the agent may not mail any more", () => {
  it("is not mailed, and nobody waits for an answer", async () => {
    const ledger = join(directory, "mail.db");
    const saver = new MemorySaver();
    const asking = (kit: EmailKit<"desk">) =>
      kit.attach(
        "ask",
        new StateGraph(AskState)
          .addNode("ask", async () => {
            const mailing = { from: "desk" as const, subject: "?", body: "?", reassignTo: ["boss@b.example"] };
            await kit.sendTask(approval, { ...mailing, to: "refused@c.example" });
            return { outcome: await kit.awaitReply(approval) };
          })
          .addEdge(START, "ask")
          .addEdge("ask", END)
          .compile({ checkpointer: kit.checkpointer(saver) }),
      );
    const before = kitOf({}, ledger);
    await asking(before).invoke({}, thread("1"));
    await before.close();
    await using kit = kitOf({ deny: ["*@b.example"] }, ledger);
    const graph = asking(kit);
    await kit.runOnce();
    expect(mail.mails("boss@b.example")).toHaveLength(0);
    expect((await graph.getState(thread("1"))).values["outcome"]).toMatchObject({ kind: "cancelled", by: "policy" });
  });
});

describe("a configuration that is narrower than it was when the mail was put into the outbox", () => {
  it.each<[string, Partial<AgentConfig>, string]>([
    ["the scope is gone", { scopes: ["read"] }, "send"],
    ["the recipient is denied", { deny: ["*@b.example"] }, "boss@b.example"],
  ])("%s: the mail does not go out, and the graph goes on with `cancelled`", async (_, change, words) => {
    const ledger = join(directory, "mail.db");
    const saver = new MemorySaver();
    const before = kitOf({}, ledger);
    await askGraph(before, { saver }).invoke({ to: "boss@b.example" }, thread("1"));
    await before.close();
    await using kit = kitOf(change, ledger);
    const graph = askGraph(kit, { saver });
    await kit.runOnce();
    expect(mail.mails("boss@b.example")).toHaveLength(0);
    const reason = expect.stringContaining(words);
    expect(await outcomeOf(graph, "1")).toMatchObject({ kind: "cancelled", by: "policy", reason });
    const kinds = (await kit.events()).map(({ kind, data }) => [kind, data["code"]]);
    expect(kinds).toContainEqual(["submission-refused", change.scopes ? "SCOPE_MISSING" : "RECIPIENT_NOT_ALLOWED"]);
  });
});

describe("an allowlist", () => {
  it.each([["corp.example"], ["*@"], ["*"], ["@corp.example"], ["*.corp.example"]])(
    "with %j, which fits nothing, is an error at once",
    (pattern) => {
      expect(() => kitOf({ deny: [pattern] })).toThrow(/agents\.desk\.deny/);
      expect(() => kitOf({ allow: [pattern] })).toThrow(/agents\.desk\.allow/);
    },
  );
});
