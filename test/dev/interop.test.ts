import { spawn, spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { startMailServer, type MailAccount, type MailServer } from "../../src/dev/index.ts";
import { mailOf } from "./imap-client.ts";

/** Other people's clients, where this machine has them. What is missing is skipped, and says so. */
function has(command: string, ...args: string[]): boolean {
  const found = spawnSync(command, args, { stdio: "ignore" }).status === 0;
  if (!found)
    console.warn(`SKIPPED: no working ${command} here; its conversations with the mail server are not tested.`);
  return found;
}
const hasCurl = has("curl", "--version");
const hasPython = has("python3", "-c", "import imaplib, smtplib");

let server: MailServer;
let desk: MailAccount;
let directory: string;
beforeEach(async () => {
  server = await startMailServer();
  desk = server.account("desk@a.example");
  directory = mkdtempSync(join(tmpdir(), "mail-interop-"));
  writeFileSync(join(directory, "ca.pem"), server.ca);
});
afterEach(async () => {
  rmSync(directory, { recursive: true });
  await server.close();
});

/** Runs a program to its end; this process has to go on serving it. */
async function run(command: string, args: string[], input = ""): Promise<string> {
  const child = spawn(command, args, { cwd: directory });
  let output = "";
  let errors = "";
  child.stdout.on("data", (chunk) => (output += String(chunk)));
  child.stderr.on("data", (chunk) => (errors += String(chunk)));
  child.stdin.end(input);
  const code = await new Promise((resolve) => child.once("close", resolve));
  if (code !== 0) throw new Error(`${command} ended with ${String(code)}: ${errors}`);
  return output;
}

describe.skipIf(!hasCurl)("curl", () => {
  const login = () => ["--silent", "--show-error", "--user", `${desk.address}:${desk.password}`];
  const imap = () => `imap://127.0.0.1:${server.imap.port}`;

  test("lists, fetches, searches, appends", async () => {
    server.deliver(mailOf("from curl"), desk.address);
    expect(await run("curl", [...login(), imap()])).toContain('* LIST (\\HasNoChildren \\Sent) "/" "Sent"');
    const raw = Buffer.from(server.mails(desk.address)[0]?.raw as Uint8Array).toString();
    expect(await run("curl", [...login(), `${imap()}/INBOX;UID=1`])).toBe(raw);
    expect(await run("curl", [...login(), `${imap()}/INBOX;UID=1;SECTION=TEXT`])).toBe("Hello\r\n");
    expect(await run("curl", [...login(), `${imap()}/INBOX?SUBJECT%20curl`])).toBe("* SEARCH 1\r\n");
    writeFileSync(join(directory, "mail"), mailOf("appended"));
    await run("curl", [...login(), "--upload-file", "mail", `${imap()}/Drafts`]);
    expect(server.mails(desk.address, "Drafts")[0]?.header("subject")).toBe("appended");
    expect(await run("curl", [...login(), `${imap()}/INBOX`, "--request", "STORE 1 +FLAGS (\\Answered)"])).toContain(
      "\\Answered",
    );
  });

  test("submits, in clear and on TLS", async () => {
    writeFileSync(join(directory, "mail"), mailOf("submitted"));
    const envelope = ["--mail-from", "desk@a.example", "--mail-rcpt", "desk+x@a.example", "--upload-file", "mail"];
    await run("curl", [...login(), ...envelope, `smtp://127.0.0.1:${server.smtp.port}`]);
    await run("curl", [
      ...login(),
      ...envelope,
      "--cacert",
      "ca.pem",
      "--ssl-reqd",
      `smtp://127.0.0.1:${server.smtp.port}`,
    ]);
    await run("curl", [...login(), ...envelope, "--cacert", "ca.pem", `smtps://localhost:${server.smtps.port}`]);
    expect(server.mails(desk.address)).toHaveLength(3);
    expect(
      await run("curl", [...login(), "--cacert", "ca.pem", `imaps://localhost:${server.imaps.port}/INBOX;UID=3`]),
    ).toContain("Subject: submitted");
  });
});

describe.skipIf(!hasPython)("Python", () => {
  test("imaplib: the usual session, and STARTTLS", async () => {
    server.deliver(mailOf("one"), desk.address);
    const script = `
import imaplib, ssl, sys, json
host, port, user, password = sys.argv[1], int(sys.argv[2]), sys.argv[3], sys.argv[4]
m = imaplib.IMAP4("127.0.0.1", port)
m.starttls(ssl.create_default_context(cafile="ca.pem"))
m.login(user, password)
assert m.select("INBOX") == ("OK", [b"1"]), "select"
assert m.search(None, "SUBJECT", '"one"') == ("OK", [b"1"]), "search"
typ, data = m.fetch("1", "(UID FLAGS RFC822.SIZE BODY.PEEK[HEADER.FIELDS (SUBJECT)])")
assert data[0][1] == b"Subject: one\\r\\n\\r\\n", data
typ, data = m.append("INBOX", "\\\\Seen", imaplib.Time2Internaldate(0), b"Subject: two\\r\\n\\r\\nbody\\r\\n")
assert typ == "OK" and b"APPENDUID" in data[0], data
typ, data = m.uid("FETCH", "2", "(INTERNALDATE RFC822)")
assert imaplib.Internaldate2tuple(data[0][0]) == __import__("time").localtime(0), data
assert data[0][1] == b"Subject: two\\r\\n\\r\\nbody\\r\\n", data
assert m.uid("COPY", "1:2", "Trash")[0] == "OK"
assert m.store("1", "+FLAGS", "\\\\Deleted")[0] == "OK"
assert m.expunge() == ("OK", [b"1"]), "expunge"
assert m.status("Trash", "(MESSAGES UIDNEXT)") == ("OK", [b'"Trash" (MESSAGES 2 UIDNEXT 3)']), "status"
typ, data = m.list()
assert b'(\\\\HasNoChildren \\\\Junk) "/" "Junk"' in data, data
assert m.close()[0] == "OK"
assert m.logout()[0] == "BYE"
print("done")
`;
    const args = ["-c", script, "127.0.0.1", String(server.imap.port), desk.address, desk.password];
    // imaplib's STARTTLS checks the certificate against the host that it connected to.
    expect(await run("python3", args)).toBe("done\n");
    expect(server.mails(desk.address).map((mail) => mail.header("subject"))).toEqual(["two"]);
  });

  test("smtplib: several recipients, one of them refused", async () => {
    server.account("other@a.example");
    const script = `
import smtplib, ssl, sys
s = smtplib.SMTP("localhost", int(sys.argv[1]))
s.starttls(context=ssl.create_default_context(cafile="ca.pem"))
s.login(sys.argv[2], sys.argv[3])
refused = s.sendmail("desk@a.example", ["other@a.example", "nobody@a.example"], "Subject: x\\r\\n\\r\\n.dot\\r\\n")
assert list(refused) == ["nobody@a.example"] and refused["nobody@a.example"][0] == 550, refused
s.quit()
print("done")
`;
    expect(await run("python3", ["-c", script, String(server.smtp.port), desk.address, desk.password])).toBe("done\n");
    expect(Buffer.from(server.mails("other@a.example")[0]?.raw as Uint8Array).toString()).toContain("\r\n\r\n.dot\r\n");
  });
});
