import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { inspect } from "node:util";
import { SqliteSaver } from "@langchain/langgraph-checkpoint-sqlite";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type AgentConfig, createEmailKit, type EmailKitConfig } from "langgraph-email";
import { startMailServer, type MailServer } from "../../src/dev/index.ts";
import { replyAs } from "../../src/testing/reply-as.ts";
import { askGraph, collectLog, deskKit, thread, until } from "../support/desk.ts";
import { findTokens } from "../../src/mail/reply-token.ts";

const PASSWORD = "pa55/wörd with spaces";
const TOKEN = "ya29.a0AfH6SMB-access-token";
const SECRET = "this-key-signs-the-tokens-and-is-secret";
/** Each as it is, and in the forms in which protocols and URLs carry it. */
const FORMS = [PASSWORD, TOKEN, SECRET].flatMap((secret) => [
  secret,
  encodeURIComponent(secret),
  Buffer.from(secret).toString("base64").replace(/=+$/, ""),
  Buffer.from(secret).toString("hex"),
]);
const PLAIN_LOGIN = Buffer.from(`\0desk@a.example\0${PASSWORD}`).toString("base64").replace(/=+$/, "");

let mail: MailServer;
let directory: string;
beforeEach(async () => {
  mail = await startMailServer();
  mail.account("boss@b.example");
  directory = await mkdtemp(join(tmpdir(), "langgraph-email-secrets-"));
});
afterEach(async () => {
  await mail.close();
  await rm(directory, { recursive: true });
});

function expectNoSecret(where: string, text: string): void {
  for (const form of [...FORMS, PLAIN_LOGIN]) {
    if (text.includes(form)) throw new Error(`${where} holds ${form}`);
  }
}

/** Every file of the ledger, its blobs and the checkpoints, with their names. */
async function filesBelow(folder: string): Promise<[string, string][]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  return Promise.all(files.map(async (file): Promise<[string, string]> => [file, await readFile(file, "latin1")]));
}

const latin1 = (text: string) => Buffer.from(text, "utf8").toString("latin1");

function kitFor(desk: AgentConfig, more: Partial<EmailKitConfig<"desk">> = {}) {
  const log = collectLog();
  const kit = createEmailKit({ ledger: join(directory, "mail.db"), secret: SECRET, log, agents: { desk }, ...more });
  const saver = SqliteSaver.fromConnString(join(directory, "checkpoints.db"));
  return { kit, log, graph: askGraph(kit, { saver }) };
}

function desk(password = PASSWORD): AgentConfig {
  const { address, smtp, imap } = mail.account("desk@a.example", { password });
  return { address, smtp, imap };
}

describe("secrets", () => {
  it("are in no log line, ledger row, blob, file name or checkpoint of a whole round trip", async () => {
    const { kit, log, graph } = kitFor(desk());
    await kit.verify();
    await graph.invoke({ to: "boss@b.example" }, thread("t1"));
    await kit.runOnce();
    await replyAs(mail, { from: "boss@b.example", mail: mail.mails("boss@b.example")[0]!, text: "approved: yes" });
    await kit.runOnce();
    expectNoSecret("the audit log", JSON.stringify(await kit.events()));
    expectNoSecret("the state", inspect(await graph.getState(thread("t1")), { depth: 20 }));
    expectNoSecret("the kit", inspect(kit, { depth: 20, showHidden: true }) + inspect(graph, { depth: 4 }));
    await kit.close();
    expectNoSecret("the log", inspect(log.lines, { depth: 20 }));
    const files = await filesBelow(directory);
    // The search would find what is there.
    expect(files.some(([, content]) => content.includes("May we buy 40 laptops?"))).toBe(true);
    expect(files.some(([file, content]) => file.endsWith("mail.db") && content.includes("boss@b.example"))).toBe(true);
    for (const [file, content] of files) {
      expectNoSecret(`the name ${file}`, file);
      for (const form of [...FORMS, PLAIN_LOGIN])
        expect(content.includes(latin1(form)), `${file} holds ${form}`).toBe(false);
    }
  });

  it.each(["subaddress", "catch-all"] as const)("that reply addresses are (%s) are in no event", async (replyTo) => {
    await using kit = deskKit(mail, { agents: { desk: { ...desk(), replyTo } } });
    const graph = askGraph(kit);
    await graph.invoke({ to: "boss@b.example" }, thread("t1"));
    await kit.runOnce();
    const [task] = mail.mails("boss@b.example");
    const reply = { from: "boss@b.example", mail: task!, text: "approved: yes" };
    // The catch-all is a mailbox of its own here.
    await replyAs(mail, { ...reply, to: "desk@a.example", headers: { "X-Original-To": task!.header("reply-to")! } });
    if (replyTo === "subaddress") await replyAs(mail, reply);
    await kit.runOnce();
    const events = await kit.events();
    expect(events.filter(({ kind }) => kind === "received")[0]?.data).toMatchObject({ grade: "B" });
    expect(findTokens(JSON.stringify(events))).toEqual([]);
    const [submitted] = events.filter(({ kind }) => kind === "submitted");
    expect(submitted?.from).toBe(replyTo === "subaddress" ? "desk@a.example" : "…@a.example");
  });

  it("are kept in <ledger>.key alone where the kit draws the key, readable by its owner only", async () => {
    const { address, smtp, imap } = mail.account("desk@a.example");
    const kit = createEmailKit({
      ledger: join(directory, "mail.db"),
      log: collectLog(),
      agents: { desk: { address, smtp, imap } },
    });
    const graph = askGraph(kit);
    await graph.invoke({ to: "boss@b.example" }, thread("t1"));
    await kit.runOnce();
    await kit.close();
    const key = (await readFile(join(directory, "mail.db.key"), "utf8")).trim();
    const raw = Buffer.from(key, "base64");
    expect(raw).toHaveLength(32);
    for (const [file, content] of await filesBelow(directory)) {
      if (file.endsWith(".key")) continue;
      for (const form of [key, raw.toString("latin1"), raw.toString("hex")])
        expect(content.includes(form), file).toBe(false);
    }
    const { mode } = await (await import("node:fs/promises")).stat(join(directory, "mail.db.key"));
    expect(mode & 0o077).toBe(0);
  });

  it.each(["smtp", "imap"] as const)(
    "are in no error, cause or log line where %s refuses the password",
    async (protocol) => {
      const right = desk("right");
      const wrong = (right[protocol] as string).replace(/:[^:@]*@/, `:${encodeURIComponent(PASSWORD)}@`);
      const { kit, log, graph } = kitFor({ ...right, [protocol]: wrong });
      const error: unknown = await kit.verify().catch((thrown: unknown) => thrown);
      expect(error).toMatchObject({ name: "EmailKitError" });
      expectNoSecret("the error", chainOf(error));
      await graph.invoke({ to: "boss@b.example" }, thread("t1"));
      const thrown: unknown = await kit.runOnce().catch((rejected: unknown) => rejected);
      expectNoSecret("runOnce's error", chainOf(thrown));
      const worker = await kit.start();
      await worker.ready;
      await worker.stop();
      expect(log.codes()).toContain(protocol === "smtp" ? "SMTP_AUTH_FAILED" : "IMAP_AUTH_FAILED");
      expectNoSecret("the log", inspect(log.lines, { depth: 20 }));
      expectNoSecret("the audit log", JSON.stringify(await kit.events()));
      await kit.close();
      for (const [file, content] of await filesBelow(directory)) {
        for (const form of FORMS) expect(content.includes(latin1(form)), file).toBe(false);
      }
    },
  );

  it("are in no error where the access token is refused, or its function throws", async () => {
    const { address } = mail.account("desk@a.example");
    const server = (port: number, accessToken: () => Promise<string>) => ({
      host: "127.0.0.1",
      port,
      tls: "none" as const,
      user: address,
      auth: { accessToken },
    });
    const refused = async () => TOKEN;
    for (const [smtp, imap] of [
      [server(mail.smtp.port, refused), desk().imap],
      [desk().smtp, server(mail.imap.port, refused)],
    ]) {
      const { kit, log } = kitFor({ address, smtp: smtp!, imap: imap! }, { ledger: ":memory:" });
      const error: unknown = await kit.verify().catch((thrown: unknown) => thrown);
      expect(error).toMatchObject({ name: "EmailKitError" });
      expectNoSecret("the error", chainOf(error));
      const worker = await kit.start();
      await worker.ready;
      await worker.stop();
      expectNoSecret("the log", inspect(log.lines, { depth: 20 }));
      await kit.close();
    }
  });

  it("are in no error of the configuration", () => {
    const broken: AgentConfig[] = [
      { ...desk(), smtp: `smtp://desk:${PASSWORD}@@x` },
      { ...desk(), imap: `ftp://desk:${encodeURIComponent(PASSWORD)}@x` },
      { ...desk(), imap: { host: "bad host", user: "desk", auth: { password: PASSWORD } } },
      { ...desk(), smtp: { host: "mail.example", user: "desk", tls: "none", auth: { password: PASSWORD } } },
    ];
    for (const agent of broken) {
      let thrown: unknown;
      try {
        createEmailKit({ ledger: ":memory:", agents: { desk: agent } });
      } catch (error) {
        thrown = error;
      }
      expect(thrown).toMatchObject({ code: "INVALID_CONFIG" });
      expectNoSecret("the error", chainOf(thrown));
    }
    let short: unknown;
    try {
      createEmailKit({ ledger: ":memory:", secret: "short-secret", agents: { desk: desk() } });
    } catch (error) {
      short = error;
    }
    expect(chainOf(short)).not.toContain("short-secret");
  });

  it("stay out of sight where a graph is watched while it runs", async () => {
    const { kit, graph } = kitFor(desk(), { ledger: ":memory:" });
    const seen: unknown[] = [];
    for await (const chunk of await graph.stream(
      { to: "boss@b.example" },
      { ...thread("t1"), streamMode: ["debug", "updates", "tasks"] },
    )) {
      seen.push(chunk);
    }
    await until("the debug stream", () => seen.length > 2);
    expectNoSecret("the stream", inspect(seen, { depth: 20 }));
    await kit.close();
  });
});

/** The error as people and programs see it: message, stack, fields, causes, JSON. */
function chainOf(error: unknown): string {
  const seen: string[] = [];
  for (let each = error; each !== undefined && each !== null; each = (each as { cause?: unknown }).cause) {
    seen.push(inspect(each, { depth: 20, showHidden: true }), JSON.stringify(each), String((each as Error).stack));
  }
  return seen.join("\n");
}
