import { afterEach, beforeEach, expect, test } from "vitest";
import { startMailServer, type MailAccount, type MailServer } from "../../../src/dev/index.ts";
import { mailOf, rawClient, type RawClient } from "../imap-client.ts";

let server: MailServer;
let desk: MailAccount;
let client: RawClient;
beforeEach(async () => {
  server = await startMailServer({ maxMailBytes: 100_000 });
  desk = server.account("desk@a.example", { password: 'p"w\\' });
  client = rawClient(server.imap.port);
  await client.until(/^\* OK \[CAPABILITY IMAP4rev1 .*STARTTLS.*\r\n$/);
});
afterEach(async () => {
  client.end();
  await server.close();
});

const signIn = () => client.run(String.raw`LOGIN "desk@a.example" "p\"w\\"`);

test("signs in by LOGIN with quoted strings, with literals, and by SASL with and without initial response", async () => {
  expect(await signIn()).toMatch(/^t1 OK \[CAPABILITY (?!.*AUTH=)/);
  const plain = Buffer.from('\0desk@a.example\0p"w\\').toString("base64");
  for (const dialogue of [
    [`a AUTHENTICATE PLAIN ${plain}\r\n`],
    ["a AUTHENTICATE PLAIN\r\n", `${plain}\r\n`],
    ["a AUTHENTICATE LOGIN\r\n", "ZGVza0BhLmV4YW1wbGU=\r\n", `${Buffer.from('p"w\\').toString("base64")}\r\n`],
    ["a LOGIN {14}\r\n", "desk@a.example {4}\r\n", 'p"w\\\r\n'],
    ['a LOGIN {14+}\r\ndesk@a.example {4+}\r\np"w\\\r\n'],
  ]) {
    const other = rawClient(server.imap.port);
    await other.until(/^\* OK/);
    for (const [index, line] of dialogue.entries()) {
      other.send(line);
      await other.until(index === dialogue.length - 1 ? /^a OK/m : /^\+ .*\r\n$/);
    }
    other.end();
  }
  expect(await client.run("LOGIN x y")).toMatch(/BAD Signed in already/);
});

test("refuses what comes too early, and what it does not know", async () => {
  expect(await client.run("SELECT INBOX")).toMatch(/^t1 BAD/);
  expect(await client.run("FETCH 1 UID")).toMatch(/^t2 BAD/);
  expect(await client.run("XYZZY")).toMatch(/^t3 BAD Unknown command/);
  expect(await client.run("constructor")).toMatch(/^t4 BAD Unknown command/);
  expect(await client.run("LOGIN desk@a.example wrong")).toMatch(/^t5 NO \[AUTHENTICATIONFAILED\]/);
  await signIn();
  expect(await client.run("SELECT nowhere")).toMatch(/NO \[NONEXISTENT\]/);
  expect(await client.run("FETCH 1 UID")).toMatch(/BAD No mailbox selected/);
});

test("SELECT tells all that a client needs; EXAMINE is for reading only", async () => {
  server.deliver(mailOf("one"), desk.address);
  await signIn();
  const selected = await client.run("SELECT inbox (CONDSTORE)");
  for (const line of [
    /^\* FLAGS \(.*\\Seen.*\)/m,
    /^\* OK \[PERMANENTFLAGS \(.*\\\*\)\]/m,
    /^\* 1 EXISTS/m,
    /^\* 0 RECENT/m,
    /^\* OK \[UNSEEN 1\]/m,
    /^\* OK \[UIDVALIDITY \d+\]/m,
    /^\* OK \[UIDNEXT 2\]/m,
    /^\* OK \[HIGHESTMODSEQ \d+\]/m,
    /OK \[READ-WRITE\]/m,
  ]) {
    expect(selected).toMatch(line);
  }
  expect(await client.run("EXAMINE INBOX")).toMatch(/OK \[READ-ONLY\]/);
  expect(await client.run("STORE 1 +FLAGS (\\Seen)")).toMatch(/NO \[READ-ONLY\]/);
  await client.run("FETCH 1 BODY[]");
  expect(server.mails(desk.address)[0]?.flags).toEqual([]);
});

test("BODY[] marks as seen and says so; BODY.PEEK[] does not; partials and odd sections", async () => {
  server.deliver("Subject: x\r\nX-A: 1\r\n\r\n0123456789", desk.address);
  await signIn();
  await client.run("SELECT INBOX");
  expect(await client.run("FETCH 1 BODY.PEEK[TEXT]<2.3>")).toContain("BODY[TEXT]<2> {3}\r\n234)");
  expect(await client.run("FETCH 1 BODY.PEEK[TEXT]<20.3>")).toContain("BODY[TEXT]<20> {0}\r\n)");
  expect(await client.run("FETCH 1 BODY.PEEK[1]")).toContain("BODY[1] {10}\r\n0123456789)");
  expect(await client.run("FETCH 1 BODY.PEEK[2]")).toContain("BODY[2] NIL)");
  expect(await client.run('FETCH 1 BODY.PEEK[HEADER.FIELDS ("X-A" Subject)]')).toContain(
    'BODY[HEADER.FIELDS ("X-A" SUBJECT)] {22}\r\nSubject: x\r\nX-A: 1\r\n\r\n)',
  );
  expect(await client.run("FETCH 1 BODY.PEEK[HEADER.FIELDS.NOT (Subject)]")).not.toContain("Subject: x");
  expect(await client.run("FETCH 1 (FLAGS)")).toContain("FLAGS ()");
  expect(await client.run("FETCH 1 RFC822.TEXT")).toContain("RFC822.TEXT {10}\r\n0123456789 FLAGS (\\Seen))");
  expect(await client.run("FETCH 1 FAST")).toMatch(/FLAGS \(\\Seen\) INTERNALDATE ".{26}" RFC822\.SIZE \d+\)/);
  expect(await client.run("FETCH 1 BODY[0]")).toMatch(/BAD/);
  expect(await client.run("FETCH 1 BODY[NONSENSE]")).toMatch(/BAD/);
  expect(await client.run("FETCH 0 UID")).toMatch(/BAD/);
  expect(await client.run("UID FETCH 99 (FLAGS)")).toMatch(/^t\d+ OK/);
  expect(await client.run("UID FETCH 99:* (FLAGS)")).toContain("UID 1 ");
});

test("sequence numbers hold until the client has been told of an EXPUNGE", async () => {
  for (const subject of ["a", "b", "c"]) server.deliver(mailOf(subject), desk.address);
  await signIn();
  await client.run("SELECT INBOX");
  const other = rawClient(server.imap.port);
  await other.until(/OK/);
  await other.run(String.raw`LOGIN "desk@a.example" "p\"w\\"`);
  await other.run("SELECT INBOX");
  await other.run(String.raw`STORE 1 +FLAGS (\Deleted)`);
  await other.run("EXPUNGE");
  other.end();
  server.deliver(mailOf("d"), desk.address);
  // FETCH by number may not tell of it (RFC 9051 section 7.5.1), so 2 is still the mail with uid 2.
  const fetched = await client.run("FETCH 2 UID");
  expect(fetched).toContain("* 2 FETCH (UID 2)");
  expect(fetched).not.toContain("EXPUNGE");
  expect(fetched).toContain("* 4 EXISTS");
  expect(await client.run("NOOP")).toContain("* 1 EXPUNGE");
  expect(await client.run("FETCH 1:* UID")).toMatch(
    /\* 1 FETCH \(UID 2\)\r\n\* 2 FETCH \(UID 3\)\r\n\* 3 FETCH \(UID 4\)/,
  );
});

test("LIST takes wildcards, many of them in no time", async () => {
  await signIn();
  await client.run(`CREATE ${"a/".repeat(20)}b`);
  const names = async (pattern: string) =>
    [...(await client.run(`LIST "" "${pattern}"`)).matchAll(/"\/" "(.*)"\r/g)].map((match) => match[1]);
  expect(await names("%")).toEqual(["INBOX", "Sent", "Drafts", "Trash", "Junk"]);
  expect(await names("*t")).toEqual(["Sent"]);
  expect(await names("inbox")).toEqual(["INBOX"]);
  expect(await names("a/%")).toEqual([]);
  expect(await names("")).toEqual([""]);
  const started = performance.now();
  expect(await names(`${"*a".repeat(15)}%x`)).toEqual([]);
  expect(performance.now() - started).toBeLessThan(100);
});

test("IDLE pushes news as it comes, and CLOSE expunges without a word", async () => {
  await signIn();
  await client.run("SELECT INBOX");
  client.send("i IDLE\r\n");
  await client.until(/^\+ /);
  server.deliver(mailOf("a"), desk.address);
  expect(await client.until(/RECENT/)).toContain("* 1 EXISTS");
  client.send("DONE\r\n");
  await client.until(/^i OK/);
  await client.run(String.raw`STORE 1 +FLAGS.SILENT (\deleted)`);
  expect(await client.run("CLOSE")).toBe("t4 OK Closed\r\n");
  expect(server.mails(desk.address)).toEqual([]);
});

test("what is too large is refused: a literal, a literal that does not wait, a line, a pile of errors", async () => {
  client.send("a LOGIN {9000}\r\n");
  expect(await client.until(/\r\n/)).toMatch(/^a NO \[TOOBIG\]/);
  await signIn();
  client.send("b APPEND INBOX {100001}\r\n");
  expect(await client.until(/\r\n/)).toMatch(/^b NO \[TOOBIG\]/);
  expect(await client.run("NOOP")).toMatch(/OK/);

  const rude = rawClient(server.imap.port);
  rude.send("a LOGIN {9000+}\r\n");
  await rude.until(/^\* BYE Literal too large/m);
  await rude.closed;

  const endless = rawClient(server.imap.port);
  endless.send(`a ${"x".repeat(70_000)}`);
  await endless.until(/^\* BYE Line too long/m);
  await endless.closed;

  const pest = rawClient(server.imap.port);
  pest.send("nonsense\r\n".repeat(60));
  await pest.until(/^\* BYE Too many errors/m);
  await pest.closed;
});

test("commands sent at once are answered in order", async () => {
  await signIn();
  client.send("a SELECT INBOX\r\nb APPEND INBOX {13+}\r\nSubject: x\r\n\n\r\nc UID SEARCH ALL\r\nd LOGOUT\r\n");
  const all = await client.until(/^d OK/m);
  expect(all.match(/^[abcd] OK/gm)).toEqual(["a OK", "b OK", "c OK", "d OK"]);
  expect(all).toContain("* SEARCH 1\r\n");
  await client.closed;
});

test("nothing that came in clear is carried into TLS", async () => {
  client.send("a STARTTLS\r\nb CAPABILITY\r\n");
  expect(await client.until(/^a OK/)).not.toContain("b OK");
  client.send("c NOOP\r\n"); // No TLS record: the handshake fails.
  await client.closed;
});

test("random bytes and mangled commands end in an answer or a closed connection, and never in the server's end", async () => {
  let seed = 20261117;
  const random = (below: number) => {
    seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0;
    return seed % below;
  };
  const good = [
    "a FETCH 1:* (UID FLAGS BODY.PEEK[HEADER.FIELDS (FROM TO)]<0.10> ENVELOPE BODYSTRUCTURE)\r\n",
    'a SEARCH OR (FROM "x" NOT SEEN) HEADER "a" {3+}\r\nabc SINCE 1-Jan-2026 UID 1:*\r\n',
    "a STORE 1 (UNCHANGEDSINCE 5) +FLAGS.SILENT (\\Seen x)\r\n",
    'a APPEND "INBOX" (\\Seen) "17-Nov-2026 10:00:00 +0000" {5+}\r\nhello\r\n',
    'a LIST (SPECIAL-USE) "" ("*" "%/a*b") RETURN (CHILDREN)\r\n',
    "a UID MOVE 1:3,*:5 Trash\r\n",
    "a AUTHENTICATE PLAIN =\r\n",
  ];
  server.deliver(mailOf("x", { fields: ["Content-Type: multipart/mixed; boundary="] }), desk.address);
  for (let round = 0; round < 300; round += 1) {
    const other = round % 3 === 0 ? rawClient(server.imap.port) : await openWithPassword();
    const bytes = Buffer.from(good[random(good.length)] as string, "latin1");
    for (let change = random(6); change >= 0; change -= 1) bytes[random(bytes.length)] = random(256);
    other.send(round % 10 === 0 ? Buffer.from(Array.from({ length: 200 }, () => random(256))) : bytes);
    other.send("\r\nz NOOP\r\n");
    await Promise.race([
      other.until(/^z (OK|BAD)/m).catch(() => {}),
      other.closed,
      new Promise((r) => setTimeout(r, 30)),
    ]);
    other.end();
  }
  expect(await client.run("NOOP")).toMatch(/OK/);
});

const openWithPassword = async () => {
  const other = rawClient(server.imap.port);
  await other.until(/^\* OK/);
  await other.run(String.raw`LOGIN "desk@a.example" "p\"w\\"`);
  await other.run("SELECT INBOX");
  return other;
};
