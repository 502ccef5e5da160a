import { createServer } from "node:net";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type AgentConfig, createEmailKit, EmailKitError, type EmailKitErrorCode } from "langgraph-email";
import { startMailServer, type MailServer } from "../../src/dev/index.ts";
import { replyAs } from "../../src/testing/reply-as.ts";
import { approval, askGraph, collectLog, deskKit, outcomeOf, thread, until } from "../support/desk.ts";

let mail: MailServer;
beforeEach(async () => {
  mail = await startMailServer();
  mail.account("boss@b.example");
});
afterEach(async () => {
  await mail.close();
});

const account = (): AgentConfig => {
  const { address, smtp, imap } = mail.account("desk@a.example");
  return { address, smtp, imap };
};
const wrongPassword = (url: string) => url.replace(/:[^:@]*@/, ":hunter2-is-wrong@");
const closedPort = async () => {
  const server = createServer();
  await new Promise<void>((resolve) => {
    server.listen(0, "127.0.0.1", resolve);
  });
  const { port } = server.address() as { port: number };
  server.close();
  return port;
};

interface Case {
  what: string;
  code: EmailKitErrorCode;
  agent: () => AgentConfig | Promise<AgentConfig>;
}

/** A kit with such an account, the error that `verify` throws, and what the worker logs. */
const CASES: readonly Case[] = [
  {
    what: "wrong SMTP credentials",
    code: "SMTP_AUTH_FAILED",
    agent: () => ({ ...account(), smtp: wrongPassword(account().smtp as string) }),
  },
  {
    what: "wrong IMAP credentials",
    code: "IMAP_AUTH_FAILED",
    agent: () => ({ ...account(), imap: wrongPassword(account().imap as string) }),
  },
  {
    what: "an unreachable submission server",
    code: "SMTP_UNREACHABLE",
    agent: async () => ({ ...account(), smtp: `smtp://desk:dev@127.0.0.1:${await closedPort()}` }),
  },
  {
    what: "an unreachable mailbox server",
    code: "IMAP_UNREACHABLE",
    agent: async () => ({ ...account(), imap: `imap://desk:dev@127.0.0.1:${await closedPort()}` }),
  },
  {
    what: "a certificate that nobody vouches for, at submission",
    code: "SMTP_TLS_FAILED",
    agent: () => ({ ...account(), smtp: mail.account("desk@a.example").smtps }),
  },
  {
    what: "a certificate that nobody vouches for, at the mailbox",
    code: "IMAP_TLS_FAILED",
    agent: () => ({ ...account(), imap: mail.account("desk@a.example").imaps }),
  },
  {
    what: "a mailbox that does not exist",
    code: "MAILBOX_NOT_FOUND",
    agent: () => ({ ...account(), mailbox: "Nope" }),
  },
];

const kitOf = (desk: AgentConfig, log = collectLog()) => createEmailKit({ ledger: ":memory:", log, agents: { desk } });

async function rejection(work: Promise<unknown>): Promise<EmailKitError> {
  const error: unknown = await work.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  expect(error).toBeInstanceOf(EmailKitError);
  return error as EmailKitError;
}

describe("an account that cannot be used", () => {
  it("passes verify when all is well", async () => {
    await using kit = kitOf(account());
    await kit.verify();
  });

  it.each(CASES)("$what: verify throws one clear error", async ({ code, agent }) => {
    await using kit = kitOf(await agent());
    const error = await rejection(kit.verify());
    expect(error.code).toBe(code);
    // What happened, where, and what to do.
    expect(error.message).toMatch(code === "MAILBOX_NOT_FOUND" ? /Nope/ : /127\.0\.0\.1/);
    expect(error.message).toMatch(/Check /);
    expect(error.message).not.toContain("hunter2");
  });

  it.each(CASES)(
    "$what: a worker that runs all the same says so, once for each attempt, and stops in time",
    async ({ code, agent }) => {
      const log = collectLog();
      await using kit = kitOf(await agent(), log);
      const graph = askGraph(kit);
      await using worker = await kit.start();
      await worker.ready;
      await graph.invoke({ to: "boss@b.example" }, thread("t1"));
      await until(`${code} in the log`, () => log.codes().includes(code));
      const lines = log.lines.filter((line) => line.fields["code"] === code && line.level !== "debug");
      expect(lines.every((line) => line.level === "warn")).toBe(true);
      expect(lines.length).toBeLessThan(4);
      const before = Date.now();
      await worker.stop();
      expect(Date.now() - before).toBeLessThan(5_000);
    },
  );

  it("loses nothing: once the credentials are right, the mail goes out and the reply is read", async () => {
    const log = collectLog();
    const desk = account();
    mail.faults.refuseAuth = true;
    let ahead = 0;
    await using kit = createEmailKit({
      ledger: ":memory:",
      log,
      agents: { desk },
      clock: () => Date.now() + ahead,
    });
    const graph = askGraph(kit);
    await graph.invoke({ to: "boss@b.example" }, thread("t1"));
    const error = await rejection(kit.runOnce());
    expect(error.code).toBe("IMAP_AUTH_FAILED");
    expect(log.codes()).toContain("SMTP_AUTH_FAILED");
    expect(mail.mails("boss@b.example")).toEqual([]);

    mail.faults.refuseAuth = false;
    ahead += 60_000;
    await kit.runOnce();
    const [task] = mail.mails("boss@b.example");
    await replyAs(mail, { from: "boss@b.example", mail: task!, text: "approved: yes" });
    await kit.runOnce();
    expect(await outcomeOf(graph, "t1")).toMatchObject({ kind: "replied", data: { approved: true } });
    expect(mail.mails("boss@b.example")).toHaveLength(1);
  });

  it("one dead mailbox does not keep another one from being read", async () => {
    const log = collectLog();
    const dead = `imap://x:y@127.0.0.1:${await closedPort()}`;
    const { address, smtp } = mail.account("other@a.example");
    await using kit = createEmailKit({
      ledger: ":memory:",
      log,
      agents: { other: { address, smtp, imap: dead }, desk: account() },
    });
    const graph = askGraph(kit);
    await graph.invoke({ to: "boss@b.example" }, thread("t1"));
    await kit.runOnce().catch(() => {});
    const [task] = mail.mails("boss@b.example");
    await replyAs(mail, { from: "boss@b.example", mail: task!, text: "approved: no" });
    const error = await rejection(kit.runOnce());
    expect(error.code).toBe("IMAP_UNREACHABLE");
    expect(await outcomeOf(graph, "t1")).toMatchObject({ kind: "replied", data: { approved: false } });
  });
});

describe("a configuration that is wrong", () => {
  const wrong: [string, Partial<AgentConfig>, EmailKitErrorCode][] = [
    ["an address that is none", { address: "desk at a.example" }, "INVALID_ADDRESS"],
    ["two addresses in one", { address: "desk@a.example, boss@b.example" }, "INVALID_ADDRESS"],
    ["a line break in the name", { address: "Desk\r\nBcc: x@evil.example <desk@a.example>" }, "INVALID_ADDRESS"],
    ["a URL of another protocol", { smtp: "https://desk:hunter2@a.example" }, "INVALID_CONFIG"],
    ["a URL that cannot be read", { imap: "imap://desk:hunter2/@@" }, "INVALID_CONFIG"],
    [
      "credentials in clear to another machine",
      { smtp: "smtp://desk:hunter2@mail.example?tls=none" },
      "INVALID_CONFIG",
    ],
  ];
  it.each(wrong)("%s is refused at once", (_what, change, code) => {
    let thrown: unknown;
    try {
      createEmailKit({ ledger: ":memory:", agents: { desk: { ...account(), ...change } } });
    } catch (error) {
      thrown = error;
    }
    expect(thrown).toMatchObject({ name: "EmailKitError", code });
    expect((thrown as Error).message).not.toContain("hunter2");
  });

  it.each<[string, object]>([
    ["concurrency", { concurrency: 0 }],
    ["maxBytes", { maxBytes: Number.NaN }],
    ["inbound.attachments", { inbound: { attachments: { deny: ["exe"] } } }],
  ])("%s is refused where it means nothing", (name, change) => {
    expect(() => deskKit(mail, change)).toThrow(
      expect.objectContaining({ code: "INVALID_CONFIG", message: expect.stringContaining(name) }),
    );
  });

  it("a ledger in a folder that does not exist is one clear error at the first use", async () => {
    const kit = deskKit(mail, { ledger: "/nonexistent-folder/mail.db" });
    const error = await rejection(kit.events());
    expect(error.code).toBe("LEDGER_FAILED");
    expect(error.message).toMatch(/nonexistent-folder.*Check/);
  });
});

describe("a mail that cannot be sent", () => {
  const send = async (change: Record<string, unknown>, options = {}) => {
    await using kit = deskKit(mail, options);
    const { StateGraph, START, END, MemorySaver, Annotation } = await import("@langchain/langgraph");
    const graph = kit.attach(
      "bad",
      new StateGraph(Annotation.Root({ ok: Annotation<boolean> }))
        .addNode("send", async () => {
          const fine = { from: "desk" as const, to: "boss@b.example", subject: "Hello", body: "Hello" };
          await kit.sendTask(approval, { ...fine, ...change });
          return { ok: true };
        })
        .addEdge(START, "send")
        .addEdge("send", END)
        .compile({ checkpointer: kit.checkpointer(new MemorySaver()) }),
    );
    const error = await rejection(graph.invoke({ ok: false }, thread("t1")));
    await kit.runOnce();
    expect(mail.mails("boss@b.example")).toEqual([]);
    expect((await kit.events()).map((event) => event.kind)).toEqual([]);
    return error;
  };

  const cases: [string, Record<string, unknown>, EmailKitErrorCode, RegExp][] = [
    ["an address that is none", { to: "boss" }, "INVALID_ADDRESS", /"boss"/],
    ["an empty recipient list", { to: [] }, "INVALID_ADDRESS", /nobody/],
    ["two recipients in one string", { to: "boss@b.example,x@evil.example" }, "INVALID_ADDRESS", /usable address/],
    [
      "a header injected by the recipient",
      { to: "boss@b.example\r\nBcc: x@evil.example" },
      "INVALID_ADDRESS",
      /line break/,
    ],
    [
      "a header injected by a name",
      { to: '"A\nBcc: x@evil.example" <boss@b.example>' },
      "INVALID_ADDRESS",
      /line break/,
    ],
    ["a header injected by a copy", { cc: "x@b.example\nBcc: y@evil.example" }, "INVALID_ADDRESS", /line break/],
    ["a header injected by the subject", { subject: "Hi\r\nBcc: x@evil.example" }, "INVALID_MESSAGE", /subject/],
    ["a lone line feed in the subject", { subject: "Hi\nX: y" }, "INVALID_MESSAGE", /subject/],
    ["a NUL in the body", { body: "a\0b" }, "INVALID_MESSAGE", /NUL/],
    [
      "a header injected by an attachment's name",
      { attachments: [{ filename: "a\r\nX: y.txt", contentType: "text/plain", content: "x" }] },
      "INVALID_MESSAGE",
      /filename/,
    ],
    ["an agent that is not configured", { from: "nobody" }, "UNKNOWN_AGENT", /desk/],
  ];
  it.each(cases)("%s: thrown in the node, and nothing is mailed", async (_what, change, code, message) => {
    const error = await send(change);
    expect(error.code).toBe(code);
    expect(error.message).toMatch(message);
  });

  it("a body over the limit: thrown in the node, and nothing is mailed", async () => {
    const error = await send({ body: "x".repeat(60_000) }, { maxBytes: 50_000 });
    expect(error.code).toBe("MESSAGE_TOO_LARGE");
    expect(error.message).toMatch(/may have 50000/);
  });

  it("a mail over the server's limit settles the task as bounced", async () => {
    await using small = await startMailServer({ maxMailBytes: 20_000 });
    small.account("boss@b.example");
    await using kit = deskKit(small);
    const graph = askGraph(kit, { body: "x".repeat(40_000) });
    await graph.invoke({ to: "boss@b.example" }, thread("t1"));
    await kit.runOnce();
    expect(await outcomeOf(graph, "t1")).toMatchObject({ kind: "bounced", permanent: true });
  });
});
