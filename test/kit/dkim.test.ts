import { generateKeyPairSync } from "node:crypto";
import { inspect } from "node:util";
import { dkimVerify } from "mailauth/lib/dkim/verify.js";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type AgentConfig, createEmailKit, defineTask } from "langgraph-email";
import { z } from "zod";
import { startMailServer, type MailServer } from "../../src/dev/index.ts";
import { replyAs } from "../../src/testing/reply-as.ts";
import { askGraph, collectLog, testClock, thread } from "../support/desk.ts";

const { publicKey, privateKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
const KEY = privateKey.export({ type: "pkcs8", format: "pem" }).toString();
const RECORD = `v=DKIM1; k=rsa; p=${publicKey.export({ type: "spki", format: "der" }).toString("base64")}`;

/** What the domain's DNS says. */
const resolver = async (name: string, type: string) => {
  if (name === "mail2026._domainkey.a.example" && type === "TXT") return [[RECORD]];
  throw Object.assign(new Error("no such name"), { code: "ENOTFOUND" });
};

async function verdictOf(raw: Uint8Array) {
  const { results } = await dkimVerify(Buffer.from(raw), { resolver });
  return results.map(({ status, signingDomain, selector }) => ({ status: status.result, signingDomain, selector }));
}

const PASS = [{ status: "pass", signingDomain: "a.example", selector: "mail2026" }];

let mail: MailServer;
beforeEach(async () => {
  mail = await startMailServer();
  mail.account("boss@b.example");
});
afterEach(() => mail.close());

const agent = (change: Partial<AgentConfig> = {}): AgentConfig => {
  const { address, smtp, imap } = mail.account("desk@a.example");
  return { address, smtp, imap, dkim: { domain: "a.example", selector: "mail2026", privateKey: KEY }, ...change };
};

describe("an agent with a DKIM key", () => {
  it("signs everything that it sends: tasks, clarifications, reminders, mails after a bounce", async () => {
    const clock = testClock();
    await using kit = createEmailKit({
      ledger: ":memory:",
      log: collectLog(),
      clock: clock.now,
      agents: { desk: agent({ address: "Dešk <desk@a.example>" }) },
    });
    const task = defineTask("ask", { reply: z.object({ count: z.number() }), remind: "1 day" });
    const graph = askGraph(kit, { task, body: "Ünï\n.\nFrom here   \n\n\n", name: "a" });
    await graph.invoke({ to: "boss@b.example" }, thread("1"));
    mail.faults.refuseData = { times: 1, reply: "451 4.3.0 later" };
    await kit.runOnce();
    clock.advance(60_000);
    await kit.runOnce();
    const [first] = mail.mails("boss@b.example");
    await replyAs(mail, { from: "boss@b.example", mail: first!, text: "What do you mean?" });
    await kit.runOnce();
    clock.advance(86_400_000);
    await kit.runOnce();
    const mails = mail.mails("boss@b.example");
    expect(mails.map((each) => each.header("x-langgraph-email"))).toEqual(["task", "task", "reminder"]);
    for (const each of mails) {
      expect(await verdictOf(each.raw)).toEqual(PASS);
      expect(each.header("message-id")).toMatch(/@a\.example>$/);
      expect(Buffer.from(each.raw).toString()).not.toMatch(/^List-/m);
    }
    expect(first!.header("dkim-signature")).toMatch(/h=from:reply-to:subject:date:message-id:to:/);
    const changed = Buffer.from(first!.raw).toString("latin1").replaceAll("count", "c0unt");
    expect(await verdictOf(Buffer.from(changed, "latin1"))).not.toEqual(PASS);
  });

  it("shows its key nowhere", async () => {
    const log = collectLog();
    const middle = KEY.split("\n")[5]!;
    await using kit = createEmailKit({ ledger: ":memory:", log, agents: { desk: agent() } });
    const graph = askGraph(kit);
    await graph.invoke({ to: "boss@b.example" }, thread("1"));
    await kit.runOnce();
    const seen = [kit, graph, log.lines, await kit.events(), await graph.getState(thread("1"))];
    for (const each of seen) expect(inspect(each, { depth: 10, showHidden: true })).not.toContain(middle);
    expect(Buffer.from(mail.mails("boss@b.example")[0]!.raw).toString()).not.toContain(middle);
  });

  const ec = generateKeyPairSync("ec", { namedCurve: "P-256" }).privateKey.export({ type: "pkcs8", format: "pem" });
  const short = generateKeyPairSync("rsa", { modulusLength: 768 }).privateKey.export({ type: "pkcs8", format: "pem" });
  it.each<[string, Partial<NonNullable<AgentConfig["dkim"]>>, RegExp]>([
    ["a path for a key", { privateKey: "/etc/dkim/key.pem" }, /PEM/],
    ["a key that is cut off", { privateKey: KEY.slice(0, 400) }, /PEM/],
    ["another kind of key", { privateKey: ec.toString() }, /RSA only/],
    ["a key too short", { privateKey: short.toString() }, /768 bits/],
    ["a domain that is not the agent's", { domain: "b.example" }, /DMARC/],
    ["a domain that only looks like it", { domain: "example.a.example" }, /DMARC/],
    ["a selector that is none", { selector: "a; d=evil" }, /selector/],
  ])("is told at once about %s", (_, change, message) => {
    const dkim = { domain: "a.example", selector: "mail2026", privateKey: KEY, ...change };
    let error: unknown;
    try {
      createEmailKit({ ledger: ":memory:", agents: { desk: agent({ dkim }) } });
    } catch (thrown) {
      error = thrown;
    }
    expect(error).toMatchObject({ code: "INVALID_CONFIG", message: expect.stringMatching(message) });
    expect(inspect(error, { depth: 10 })).not.toContain(dkim.privateKey.split("\n")[2] ?? dkim.privateKey.slice(0, 30));
  });
});
