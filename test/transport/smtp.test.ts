import { spawn } from "node:child_process";
import { once } from "node:events";
import { setTimeout } from "node:timers/promises";
import { inspect } from "node:util";
import { afterEach, describe, expect, it } from "vitest";
import type { ServerOptions } from "../../src/accounts/account.ts";
import { startMailServer } from "../../src/dev/index.ts";
import { EmailKitError } from "../../src/errors.ts";
import { createSubmitter, type SubmitterSettings } from "../../src/transport/smtp.ts";
import type { Submitter } from "../../src/transport/transport.ts";
import { type ScriptedPeer, startScriptedPeer } from "../transcripts/scripted-peer.ts";

const SIGN_IN = `
  S: 220 mx.example ready
  C: EHLO…
  S: 250-mx.example
  S: 250-SIZE 100000
  S: 250-8BITMIME
  S: 250-ENHANCEDSTATUSCODES
  S: 250 AUTH PLAIN
  C: AUTH PLAIN…
  S: 235 2.7.0 ok`;
const ENVELOPE = `
  C: MAIL FROM:<desk@a.example>…
  S: 250 2.1.0 ok
  C: RCPT TO:<bob@b.example>
  S: 250 2.1.5 ok`;
const DATA = `
  C: DATA
  S: 354 go ahead`;
const MAIL = `${ENVELOPE}${DATA}
  C: <data>
  S: 250 2.0.0 queued as 1`;

const raw = Buffer.from("Message-ID: <1@a.example>\r\nSubject: hello\r\n\r\nHello\r\n");
const mail = { envelope: { from: "desk@a.example", to: ["bob@b.example"] }, raw };
const toTwo = { envelope: { from: "desk@a.example", to: ["bob@b.example", "eve@b.example"] }, raw };

const cleanups: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).toReversed()) await cleanup();
});

async function play(...transcripts: string[]): Promise<ScriptedPeer> {
  const peer = await startScriptedPeer(...transcripts);
  cleanups.push(() => peer.close());
  return peer;
}

function submitterFor(port: number, settings: SubmitterSettings = {}, options: Partial<ServerOptions> = {}): Submitter {
  const submitter = createSubmitter(
    { host: "127.0.0.1", port, user: "desk", auth: { password: "hunter2" }, connectTimeoutMs: 2_000, ...options },
    { replyTimeoutMs: 2_000, closeTimeoutMs: 100, ...settings },
  );
  cleanups.push(() => submitter.close());
  return submitter;
}

describe("a submission that goes through", () => {
  it("sends the envelope and the bytes as they are", async () => {
    const peer = await play(`${SIGN_IN}
      C: MAIL FROM:<> BODY=8BITMIME SIZE=35
      S: 250 ok
      C: RCPT TO:<bob+a=b.c@xn--bcher-kva.example>
      S: 250 ok${DATA}
      C: <data>
      S: 250 ok`);
    const odd = Buffer.from("X: 1\r\n\r\n.dot\r\n..\r\nünder \t \r\nno end", "utf8");
    const envelope = { from: "", to: ["bob+a=b.c@bücher.example"] };
    const result = await submitterFor(peer.port).submit({ envelope, raw: odd });
    expect(result).toEqual({ kind: "submitted", response: "250 ok", serverMessageIds: [], refused: [] });
    expect(peer.mismatches).toEqual([]);
    const sent = Buffer.from(peer.received.at(-1) ?? "", "latin1").toString("utf8");
    expect(sent).toBe("X: 1\r\n\r\n..dot\r\n...\r\nünder \t \r\nno end");
  });

  it("names the ids that the server put in place of ours, but not ours and not the addresses", async () => {
    const peer = await play(`${SIGN_IN}${ENVELOPE}${DATA}
      C: <data>
      S: 250 2.0.0 OK <AB1@AB1.eurprd01.prod.outlook.com> for <1@a.example> to <bob@b.example>`);
    expect(await submitterFor(peer.port).submit(mail)).toMatchObject({
      kind: "submitted",
      serverMessageIds: ["<AB1@AB1.eurprd01.prod.outlook.com>"],
    });
  });

  it("uses one connection for mails in turn, and signs in once", async () => {
    const peer = await play(`${SIGN_IN}${MAIL}${MAIL}${MAIL}`);
    const submitter = submitterFor(peer.port);
    for (let turn = 0; turn < 3; turn += 1) expect(await submitter.submit(mail)).toMatchObject({ kind: "submitted" });
    expect(peer.connections).toBe(1);
    expect(peer.mismatches).toEqual([]);
  });

  it("takes a new connection where the server has closed an idle one", async () => {
    const peer = await play(
      `${SIGN_IN}${MAIL}
      C: MAIL…
      RST`,
      `${SIGN_IN}${MAIL}`,
    );
    const submitter = submitterFor(peer.port);
    expect(await submitter.submit(mail)).toMatchObject({ kind: "submitted" });
    expect(await submitter.submit(mail)).toMatchObject({ kind: "submitted" });
    expect(peer.connections).toBe(2);
  });

  it("submits side by side without losing or doubling a mail", async () => {
    await using server = await startMailServer();
    server.account("desk@a.example");
    const { port } = server.smtp;
    server.account("bob@b.example");
    const submitter = submitterFor(port, {}, { user: "desk@a.example", auth: { password: "dev" } });
    const results = await Promise.all(Array.from({ length: 60 }, () => submitter.submit(mail)));
    expect(results.filter((result) => result.kind === "submitted")).toHaveLength(60);
    expect(server.mails("bob@b.example")).toHaveLength(60);
  });
});

describe("a connection that breaks before the mail is handed over", () => {
  const places: [string, string][] = [
    ["before the greeting", ""],
    ["after the greeting", "S: 220 hi"],
    ["after EHLO", "S: 220 hi\nC: *"],
    ["while signing in", SIGN_IN.replace(/\n\s*S: 235.*/, "")],
    ["after MAIL", `${SIGN_IN}\nC: *`],
    ["after RCPT", `${SIGN_IN}\nC: *\nS: 250 ok\nC: *`],
    ["after DATA", `${SIGN_IN}${ENVELOPE}\nC: DATA`],
  ];
  it.each(places.flatMap(([place, script]) => ["FIN", "RST"].map((end) => [place, end, script] as const)))(
    "%s, by %s: deferred, for nothing was sent",
    async (_place, end, script) => {
      const peer = await play(`${script}\n${end}`);
      const result = await submitterFor(peer.port).submit(mail);
      expect(result).toMatchObject({ kind: "deferred", error: { code: "SMTP_UNREACHABLE", retryable: true } });
      expect(peer.received.join("\n")).not.toContain("Subject");
    },
  );

  it.each([
    ["the greeting", ""],
    ["the answer to MAIL", `${SIGN_IN}\nC: *`],
    ["the answer to DATA", `${SIGN_IN}${ENVELOPE}\nC: DATA`],
  ])("is given up when %s does not come", async (_what, script) => {
    const peer = await play(`${script}\nHANG`);
    const submitter = submitterFor(peer.port, { replyTimeoutMs: 150 }, { connectTimeoutMs: 150 });
    expect(await submitter.submit(mail)).toMatchObject({ kind: "deferred", error: { code: "SMTP_UNREACHABLE" } });
  });
});

describe("a connection that breaks once the mail is handed over", () => {
  const handedOver = `${SIGN_IN}${ENVELOPE}${DATA}\nC: <data>`;
  it.each([
    ["FIN after the final dot", `${handedOver}\nFIN`, raw],
    ["RST after the final dot", `${handedOver}\nRST`, raw],
    ["no answer after the final dot", `${handedOver}\nHANG`, raw],
    ["an answer that is neither yes nor no", `${handedOver}\nS: 354 again`, raw],
    ["RST within the data", `${SIGN_IN}${ENVELOPE}${DATA}\nWAIT 20\nRST`, Buffer.alloc(90_000, "x\r\n")],
    ["FIN within the data", `${SIGN_IN}${ENVELOPE}${DATA}\nFIN`, Buffer.alloc(90_000, "x\r\n")],
  ])("%s: unknown", async (_what, script, bytes) => {
    const peer = await play(script);
    const submitter = submitterFor(peer.port, { replyTimeoutMs: 150 });
    const result = await submitter.submit({ ...mail, raw: bytes });
    expect(result).toMatchObject({ kind: "unknown", error: { code: "SMTP_OUTCOME_UNKNOWN", retryable: false } });
    expect(peer.connections).toBe(1);
  });
});

describe("onHandover", () => {
  it("is awaited when the server has taken the envelope, before a byte of the mail leaves", async () => {
    const peer = await play(`${SIGN_IN}${MAIL}`);
    let sentBefore: string[] = [];
    const onHandover = async () => {
      await setTimeout(40);
      sentBefore = [...peer.received];
    };
    expect(await submitterFor(peer.port).submit({ ...mail, onHandover })).toMatchObject({ kind: "submitted" });
    expect(sentBefore.at(-1)).toBe("DATA");
    expect(peer.received.at(-1)).toBe(raw.toString().replace(/\r\n$/, ""));
  });

  it("is not called where the envelope is refused, and once where a stale connection was in the way", async () => {
    const stale = `${SIGN_IN}${MAIL}\nC: MAIL…\nRST`;
    const peer = await play(stale, `${SIGN_IN}${MAIL}\nC: MAIL…\nS: 550 no`);
    const submitter = submitterFor(peer.port);
    const calls: number[] = [];
    const submit = (turn: number) => submitter.submit({ ...mail, onHandover: async () => void calls.push(turn) });
    expect((await submit(1)).kind).toBe("submitted");
    expect((await submit(2)).kind).toBe("submitted");
    expect((await submit(3)).kind).toBe("refused");
    expect(calls).toEqual([1, 2]);
  });

  it("withdraws the mail when it rejects: nothing of it leaves, and the next one goes out", async () => {
    const peer = await play(`${SIGN_IN}${ENVELOPE}${DATA}\nC: <data>`, `${SIGN_IN}${MAIL}`);
    const submitter = submitterFor(peer.port);
    const onHandover = () => Promise.reject(new Error("the task was cancelled"));
    const result = await submitter.submit({ ...mail, onHandover });
    expect(result).toMatchObject({ kind: "deferred", error: { code: "SMTP_DEFERRED" } });
    expect(result).toHaveProperty("error.message", expect.stringContaining("the task was cancelled"));
    expect(peer.received.join("\n")).not.toContain("Subject");
    expect((await submitter.submit(mail)).kind).toBe("submitted");
  });

  it("leaves the mail unsent where the connection breaks meanwhile", async () => {
    const peer = await play(`${SIGN_IN}${ENVELOPE}${DATA}\nRST`);
    const onHandover = () => setTimeout(100);
    const result = await submitterFor(peer.port).submit({ ...mail, onHandover });
    expect(result).toMatchObject({ kind: "deferred", error: { code: "SMTP_UNREACHABLE" } });
  });
});

describe("a server that takes too long in all", () => {
  it.each([
    ["before the mail is handed over", `${SIGN_IN}\nC: *`, "deferred"],
    ["afterwards", `${SIGN_IN}${ENVELOPE}${DATA}\nC: <data>`, "unknown"],
  ])("%s", async (_when, script, kind) => {
    const trickle = "S: 250-still here\nWAIT 60\n".repeat(50);
    const peer = await play(`${script}\n${trickle}`);
    const submitter = submitterFor(peer.port, { submitTimeoutMs: 300, replyTimeoutMs: 150 });
    const started = performance.now();
    expect(await submitter.submit(mail)).toMatchObject({ kind });
    expect(performance.now() - started).toBeGreaterThan(290);
    expect(performance.now() - started).toBeLessThan(1_500);
  });
});

describe("a server that refuses", () => {
  it.each([
    ["the content for now", `${DATA}\nC: <data>\nS: 451 4.3.0 try later`, "deferred", 451, "4.3.0", "SMTP_DEFERRED"],
    ["the content and closes", `${DATA}\nC: <data>\nS: 421 4.3.2 bye\nFIN`, "deferred", 421, "4.3.2", "SMTP_DEFERRED"],
    ["the content for good", `${DATA}\nC: <data>\nS: 554 5.7.1 spam`, "refused", 554, "5.7.1", "SMTP_REFUSED"],
    ["the size", `${DATA}\nC: <data>\nS: 552 5.3.4 too big`, "refused", 552, "5.3.4", "MESSAGE_TOO_LARGE"],
    ["DATA for now", "\nC: DATA\nS: 451 4.7.1 greylisted", "deferred", 451, "4.7.1", "SMTP_DEFERRED"],
    ["DATA for good", "\nC: DATA\nS: 550 5.7.1 no", "refused", 550, "5.7.1", "SMTP_REFUSED"],
  ])("%s", async (_what, script, kind, replyCode, enhancedStatus, code) => {
    const peer = await play(`${SIGN_IN}${ENVELOPE}${script}`);
    const result = await submitterFor(peer.port).submit(mail);
    expect(result).toMatchObject({ kind, replyCode, enhancedStatus, error: { code } });
    expect(peer.mismatches).toEqual([]);
  });

  it.each([
    ["550 5.7.1 not your address", { kind: "refused", error: { code: "SMTP_REFUSED" } }],
    ["452 4.3.1 disk full", { kind: "deferred", error: { code: "SMTP_DEFERRED" } }],
    ["503 5.5.1 out of step", { kind: "deferred", error: { code: "SMTP_DEFERRED" } }],
    ["552 5.3.4 too big", { kind: "refused", error: { code: "MESSAGE_TOO_LARGE" } }],
    ["530 5.7.0 Authentication required", { kind: "deferred", error: { code: "SMTP_AUTH_FAILED", retryable: false } }],
    ["530 5.7.0 Must issue a STARTTLS command first", { kind: "deferred", error: { code: "SMTP_TLS_FAILED" } }],
  ])("the sender with %s", async (reply, expected) => {
    const peer = await play(`${SIGN_IN}\nC: MAIL…\nS: ${reply}`);
    expect(await submitterFor(peer.port).submit(mail)).toMatchObject(expected);
  });

  it("a mail that is larger than announced in EHLO, before it is sent", async () => {
    const peer = await play(`${SIGN_IN}\nC: *`);
    const result = await submitterFor(peer.port).submit({ ...mail, raw: Buffer.alloc(100_001, "x") });
    expect(result).toMatchObject({ kind: "refused", error: { code: "MESSAGE_TOO_LARGE" } });
    expect(peer.received).toHaveLength(2);
  });

  it("at the greeting: which says nothing about the mail", async () => {
    const peer = await play("S: 554 5.3.2 no service here\nFIN");
    const result = await submitterFor(peer.port).submit(mail);
    expect(result).toMatchObject({ kind: "deferred", replyCode: 554, error: { code: "SMTP_UNREACHABLE" } });
  });

  it("and goes on with the same connection for the next mail", async () => {
    const peer = await play(`${SIGN_IN}\nC: MAIL…\nS: 550 no\nC: RSET\nS: 250 ok${MAIL}`);
    const submitter = submitterFor(peer.port);
    expect((await submitter.submit(mail)).kind).toBe("refused");
    await setTimeout(50);
    expect((await submitter.submit(mail)).kind).toBe("submitted");
    expect(peer.connections).toBe(1);
  });
});

describe("recipients that are refused", () => {
  const answers = (first: string, second: string, rest: string) => [
    ["one by one", `${SIGN_IN}\nC: MAIL…\nS: 250 ok\nC: RCPT…\nS: ${first}\nC: RCPT…\nS: ${second}${rest}`],
    [
      "with PIPELINING",
      `${SIGN_IN.replace("250-8BITMIME", "250-PIPELINING")}\nC: MAIL…\nC: RCPT…\nC: RCPT…\nC: DATA
       S: 250 ok\nS: ${first}\nS: ${second}${rest.replace("C: DATA", "#")}`,
    ],
  ];
  const bob = "bob@b.example";
  const eve = "eve@b.example";

  it.each(answers("550 5.1.1 no such user", "250 ok", `${DATA}\nC: <data>\nS: 250 ok`))(
    "some for good, %s: submitted to the others",
    async (_way, script) => {
      const peer = await play(script);
      expect(await submitterFor(peer.port).submit(toTwo)).toEqual({
        kind: "submitted",
        response: "250 ok",
        serverMessageIds: [],
        refused: [
          {
            address: bob,
            replyCode: 550,
            enhancedStatus: "5.1.1",
            diagnostic: "550 5.1.1 no such user",
            permanent: true,
          },
        ],
      });
    },
  );

  it.each(answers("250 ok", "450 4.2.1 busy", `${DATA}\nC: <data>\nS: 250 ok`))(
    "some for now, %s: submitted to the others",
    async (_way, script) => {
      const peer = await play(script);
      const refused = [{ address: eve, permanent: false, replyCode: 450 }];
      expect(await submitterFor(peer.port).submit(toTwo)).toMatchObject({ kind: "submitted", refused });
    },
  );

  it.each(answers("550 5.1.1 unknown", "553 5.1.3 bad", "\nC: DATA\nS: 503 5.5.1 no recipients"))(
    "all for good, %s: refused",
    async (_way, script) => {
      const peer = await play(script);
      const result = await submitterFor(peer.port).submit(toTwo);
      expect(result).toMatchObject({ kind: "refused", error: { code: "SMTP_REFUSED" } });
      expect(result).toMatchObject({
        refused: [
          { address: bob, replyCode: 550 },
          { address: eve, replyCode: 553 },
        ],
      });
    },
  );

  it.each([
    ...answers("450 4.2.1 busy", "451 4.7.1 greylisted", "\nC: DATA\nS: 503 5.5.1 no recipients"),
    ...answers("550 5.1.1 unknown", "450 4.2.1 busy", "\nC: DATA\nS: 503 5.5.1 no recipients"),
    ...answers("450 4.2.1 busy", "550 5.1.1 unknown", "\nC: DATA\nS: 354 go on\nC: .\nS: 554 no recipients"),
  ])("all, and one only for now, %s: deferred", async (_way, script) => {
    const peer = await play(script);
    const result = await submitterFor(peer.port).submit(toTwo);
    expect(result).toMatchObject({ kind: "deferred", error: { code: "SMTP_DEFERRED", retryable: true } });
    expect(result).toMatchObject({ refused: [{ address: bob }, { address: eve }] });
  });

  it("some, and then the content: what the server says of the content counts", async () => {
    const script = `\nC: MAIL…\nS: 250 ok\nC: RCPT…\nS: 550 no\nC: RCPT…\nS: 250 ok${DATA}\nC: <data>\nS: 451 later`;
    const peer = await play(`${SIGN_IN}${script}`);
    expect(await submitterFor(peer.port).submit(toTwo)).toMatchObject({ kind: "deferred", replyCode: 451 });
  });

  it("before anything is sent, where the address would break the command line", async () => {
    const peer = await play(SIGN_IN);
    for (const to of [[], [""], ["bob@b.example>\r\nRCPT TO:<eve@b.example"], ["<bob@b.example>"]]) {
      const result = await submitterFor(peer.port).submit({ envelope: { from: "", to }, raw });
      expect(result).toMatchObject({ kind: "refused", error: { code: "INVALID_ADDRESS" } });
    }
    const empty = await submitterFor(peer.port).submit({ ...mail, raw: new Uint8Array() });
    expect(empty).toMatchObject({ kind: "refused", error: { code: "INVALID_MESSAGE" } });
    expect(peer.connections).toBe(0);
  });
});

describe("signing in", () => {
  const refusing = (reply: string) => SIGN_IN.replace("235 2.7.0 ok", reply);

  it("tells what to do when the credentials are refused, and never shows them", async () => {
    const echo = Buffer.from("\0desk\0hunter2").toString("base64");
    const script = refusing(`535 5.7.8 no: hunter2 ${echo} aHVudGVyMg==`);
    const peer = await play(script, script);
    const submitter = submitterFor(peer.port);
    const result = await submitter.submit(mail);
    expect(result).toMatchObject({
      kind: "deferred",
      replyCode: 535,
      error: { code: "SMTP_AUTH_FAILED", retryable: false },
    });
    const thrown = await submitter.verify().catch((error: unknown) => error);
    expect(thrown).toMatchObject({ code: "SMTP_AUTH_FAILED" });
    expect((thrown as Error).message).toMatch(/127\.0\.0\.1:\d+ refused the credentials of "desk".*Check the user/);
    for (const shown of [
      inspect(result, { depth: 9, showHidden: true }),
      inspect(thrown, { depth: 9, showHidden: true }),
    ]) {
      expect(shown).toContain("[secret]");
      for (const secret of ["hunter2", echo, "aHVudGVyMg=="]) expect(shown).not.toContain(secret);
    }
  });

  it("is not tried again at once after a refusal", async () => {
    const peer = await play(refusing("535 5.7.8 no"), `${SIGN_IN}${MAIL}`);
    let now = 0;
    const submitter = submitterFor(peer.port, { now: () => now, authPauseMs: 1_000 });
    const refused = { kind: "deferred", error: { code: "SMTP_AUTH_FAILED" } };
    expect(await submitter.submit(mail)).toMatchObject(refused);
    now = 999;
    expect(await submitter.submit(mail)).toMatchObject(refused);
    expect(peer.connections).toBe(1);
    now = 1_000;
    expect(await submitter.submit(mail)).toMatchObject({ kind: "submitted" });
  });

  it("may fail for the moment only", async () => {
    const peer = await play(refusing("454 4.7.0 temporary authentication failure"));
    expect(await submitterFor(peer.port).submit(mail)).toMatchObject({
      kind: "deferred",
      error: { code: "SMTP_DEFERRED", retryable: true },
    });
  });

  it("asks for a fresh access token at each connection", async () => {
    const oauth = (token: string, end: string) => {
      const initial = Buffer.from(`user=desk\u0001auth=Bearer ${token}\u0001\u0001`).toString("base64");
      return `S: 220 hi\nC: *\nS: 250-x\nS: 250 AUTH XOAUTH2\nC: AUTH XOAUTH2 ${initial}\nS: 235 ok${MAIL}\n${end}`;
    };
    const peer = await play(oauth("token-1", "FIN"), oauth("token-2", ""));
    let count = 0;
    const accessToken = () => Promise.resolve(`token-${(count += 1)}`);
    const submitter = submitterFor(peer.port, {}, { auth: { accessToken } });
    expect((await submitter.submit(mail)).kind).toBe("submitted");
    expect((await submitter.submit(mail)).kind).toBe("submitted");
    expect(peer.mismatches).toEqual([]);
    expect(count).toBe(2);
  });

  it.each([
    ["fails", new Error("identity provider is down"), "SMTP_DEFERRED"],
    [
      "says what a person must do",
      new EmailKitError("SMTP_AUTH_FAILED", "The consent was withdrawn."),
      "SMTP_AUTH_FAILED",
    ],
  ])("defers when the token function %s", async (_how, error, code) => {
    const script = "S: 220 hi\nC: *\nS: 250-x\nS: 250 AUTH XOAUTH2\nHANG";
    const peer = await play(script);
    const submitter = submitterFor(peer.port, {}, { auth: { accessToken: () => Promise.reject(error) } });
    const result = await submitter.submit(mail);
    expect(result).toMatchObject({ kind: "deferred", error: { code } });
    expect(result).toHaveProperty("error.message", expect.stringContaining(error.message));
  });

  it("takes an access token out of what the server echoes", async () => {
    const peer = await play("S: 220 hi\nC: *\nS: 250-x\nS: 250 AUTH XOAUTH2\nC: *\nS: 535 bad token ya29.secret");
    const submitter = submitterFor(peer.port, {}, { auth: { accessToken: () => "ya29.secret" } });
    const result = await submitter.submit(mail);
    expect(result).toMatchObject({ kind: "deferred", error: { code: "SMTP_AUTH_FAILED" } });
    expect(inspect(result, { depth: 9 })).not.toContain("ya29.secret");
  });
});

describe("reaching the server", () => {
  it("names host and port where nothing listens", async () => {
    const peer = await startScriptedPeer("");
    await peer.close();
    const submitter = submitterFor(peer.port);
    const result = await submitter.submit(mail);
    expect(result).toMatchObject({ kind: "deferred", error: { code: "SMTP_UNREACHABLE", retryable: true } });
    expect(result).toHaveProperty("error.message", expect.stringContaining(`127.0.0.1:${peer.port}`));
    await expect(submitter.verify()).rejects.toMatchObject({ code: "SMTP_UNREACHABLE" });
  });

  it("gives a reason where a name has several addresses and none answers", async () => {
    const peer = await startScriptedPeer("");
    await peer.close();
    const result = await submitterFor(peer.port, {}, { host: "localhost" }).submit(mail);
    expect(result).toHaveProperty("error.message", expect.stringContaining("ECONNREFUSED"));
  });

  it("wants a certificate that it can trust", async () => {
    await using server = await startMailServer();
    const { address: user, password } = server.account("desk@a.example");
    server.account("bob@b.example");
    const auth = { password };
    for (const [port, tls] of [
      [server.smtps.port, "implicit"],
      [server.smtp.port, "starttls"],
    ] as const) {
      const distrusting = submitterFor(port, {}, { user, auth, tls });
      const result = await distrusting.submit(mail);
      expect(result).toMatchObject({ kind: "deferred", error: { code: "SMTP_TLS_FAILED", retryable: false } });
      await expect(distrusting.verify()).rejects.toMatchObject({ code: "SMTP_TLS_FAILED" });
      const trusting = submitterFor(port, {}, { user, auth, tls, ca: server.ca });
      await trusting.verify();
      expect((await trusting.submit(mail)).kind).toBe("submitted");
    }
  });

  it("does not sign in where STARTTLS is wanted and not offered, or TLS spoken to a server without", async () => {
    const peer = await play(SIGN_IN.replace("C: AUTH PLAIN…", "C: STARTTLS").replace("235 2.7.0 ok", "502 5.5.1 no"));
    const starttls = submitterFor(peer.port, {}, { tls: "starttls" });
    expect(await starttls.submit(mail)).toMatchObject({ kind: "deferred", error: { code: "SMTP_TLS_FAILED" } });
    const implicit = submitterFor(peer.port, {}, { tls: "implicit" });
    expect(await implicit.submit(mail)).toMatchObject({ kind: "deferred", error: { code: "SMTP_TLS_FAILED" } });
    expect(peer.received.join()).not.toContain("AUTH");
  });

  it("takes a connection that breaks within the handshake for a matter of the network", async () => {
    const peer = await play("FIN");
    const result = await submitterFor(peer.port, {}, { tls: "implicit" }).submit(mail);
    expect(result).toMatchObject({ kind: "deferred", error: { code: "SMTP_UNREACHABLE" } });
  });

  it("verifies without sending", async () => {
    const peer = await play(`${SIGN_IN}\nC: QUIT\nS: 221 bye`);
    await submitterFor(peer.port).verify();
    await expect.poll(() => peer.received.at(-1)).toBe("QUIT");
    expect(peer.mismatches).toEqual([]);
  });
});

describe("closing", () => {
  it("lets what is under way end", async () => {
    const peer = await play(`${SIGN_IN}${ENVELOPE}${DATA}\nC: <data>\nWAIT 100\nS: 250 ok`);
    const submitter = submitterFor(peer.port, { closeTimeoutMs: 2_000 });
    const result = submitter.submit(mail);
    await expect.poll(() => peer.received.join()).toContain("Subject");
    await submitter.close();
    expect((await result).kind).toBe("submitted");
    expect(await submitter.submit(mail)).toMatchObject({ kind: "deferred", error: { code: "SMTP_UNREACHABLE" } });
  });

  it("gives up on a server that hangs, and tells the two cases apart", async () => {
    const peer = await play(`${SIGN_IN}${ENVELOPE}${DATA}\nC: <data>\nHANG`, `${SIGN_IN}\nC: *\nHANG`);
    const submitter = submitterFor(peer.port, { closeTimeoutMs: 50, replyTimeoutMs: 60_000 });
    const first = submitter.submit(mail);
    await expect.poll(() => peer.received.join()).toContain("Subject");
    const second = submitter.submit(mail);
    await expect.poll(() => peer.received.filter((line) => line.startsWith("MAIL"))).toHaveLength(2);
    const started = performance.now();
    await submitter.close();
    expect(performance.now() - started).toBeLessThan(1_000);
    expect((await first).kind).toBe("unknown");
    expect((await second).kind).toBe("deferred");
  });

  it("is not needed for the process to end, nor for the mail to go out first", async () => {
    const peer = await play(`${SIGN_IN}${MAIL}\nHANG`);
    const program = `
      import { createSubmitter } from ${JSON.stringify(new URL("../../src/transport/smtp.ts", import.meta.url).href)};
      const submitter = createSubmitter({ host: "127.0.0.1", port: ${peer.port}, user: "u", auth: { password: "p" } });
      const raw = Buffer.from("Subject: x\\r\\n\\r\\nx\\r\\n");
      const result = await submitter.submit({ envelope: { from: "desk@a.example", to: ["bob@b.example"] }, raw });
      console.log(result.kind);`;
    const child = spawn(process.execPath, ["--input-type=module", "--eval", program], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    let output = "";
    child.stdout.on("data", (chunk: Buffer) => (output += chunk.toString()));
    const [code] = (await once(child, "close", { signal: AbortSignal.timeout(8_000) })) as [number | null];
    expect({ code, output }).toEqual({ code: 0, output: "submitted\n" });
  });
});

it("refuses a configuration that would send the password in clear", () => {
  const options: ServerOptions = { host: "mail.example", user: "u", auth: { password: "p" }, tls: "none" };
  expect(() => createSubmitter(options)).toThrow(expect.objectContaining({ code: "INVALID_CONFIG" }));
});
