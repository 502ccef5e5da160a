import { spawn } from "node:child_process";
import { appendFileSync, mkdtempSync, rmSync, statSync, truncateSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { ImapFlow } from "imapflow";
import { afterEach, beforeEach, expect, test } from "vitest";
import { startMailServer, type MailServer } from "../../src/dev/index.ts";
import { imapflow, mailOf } from "./imap-client.ts";

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "mail-journal-"));
});
afterEach(() => rmSync(directory, { recursive: true }));

const journal = () => join(directory, "mails.journal");
async function highestModseq(client: ImapFlow): Promise<bigint> {
  const status = await client.status("INBOX", { highestModseq: true });
  if (!status || status.highestModseq === undefined) throw new Error("no MODSEQ");
  return status.highestModseq;
}

const state = (server: MailServer, mailbox = "INBOX") =>
  server.mails("desk@a.example", mailbox).map((mail) => [mail.uid, mail.header("subject"), mail.flags]);

test("accounts, mails, flags, mailboxes and numbers are the same after a restart", async () => {
  const first = await startMailServer({ directory });
  const account = first.account("desk@a.example", { password: "secret word" });
  for (const subject of ["a", "b", "ü"]) first.deliver(mailOf(subject), account.address);
  const client = await imapflow(account);
  const before = await client.mailboxOpen("INBOX");
  await client.messageFlagsAdd("2", ["\\Seen", "kept"]);
  await client.messageDelete("1");
  await client.messageDelete("3", { uid: true }); // The highest uid must not come back.
  await client.mailboxCreate("Archive");
  await client.messageCopy("1", "Archive");
  await client.mailboxDelete("Junk");
  const { ca } = first;
  await client.logout();
  await first.close();

  await using second = await startMailServer({ directory });
  expect(second.ca).toBe(ca);
  expect(second.account("desk@a.example").password).toBe("secret word");
  expect(state(second)).toEqual([[2, "b", ["\\Seen", "kept"]]]);
  expect(state(second, "Archive")).toEqual([[1, "b", ["\\Seen", "kept"]]]);
  expect(() => second.mails("desk@a.example", "Junk")).toThrow("no mailbox");
  const again = await imapflow(second.account("desk@a.example"));
  const after = await again.mailboxOpen("INBOX");
  expect(after.uidValidity).toBe(before.uidValidity);
  expect(after.uidNext).toBe(4);
  await again.logout();
});

test("a record that a crash cut short is dropped, and writing goes on behind the last whole one", async () => {
  const first = await startMailServer({ directory });
  first.account("desk@a.example");
  first.deliver(mailOf("whole"), "desk@a.example");
  const { size } = statSync(journal());
  first.deliver(mailOf("cut"), "desk@a.example");
  await first.close();
  for (const damage of [
    () => truncateSync(journal(), statSync(journal()).size - 7),
    () => appendFileSync(journal(), '{"op":"app'),
  ]) {
    damage();
    const next = await startMailServer({ directory });
    expect(state(next)[0]).toEqual([1, "whole", []]);
    await next.close();
    truncateSync(journal(), size);
  }
  await using last = await startMailServer({ directory });
  last.deliver(mailOf("later"), "desk@a.example");
  expect(state(last).map(([, subject]) => subject)).toEqual(["whole", "later"]);
});

test("the journal shrinks when most of it is about mails that are gone; uids still never come back", async () => {
  const first = await startMailServer({ directory });
  const account = first.account("desk@a.example");
  for (let count = 0; count < 20; count += 1)
    first.deliver(mailOf(`m${count}`, { body: "x".repeat(100_000) }), account.address);
  const client = await imapflow(account);
  await client.mailboxOpen("INBOX");
  await client.messageDelete("1:19");
  const modseq = await highestModseq(client);
  await client.logout();
  await first.close();
  const large = statSync(journal()).size;
  await (await startMailServer({ directory })).close();
  expect(statSync(journal()).size).toBeLessThan(large / 5);
  await using again = await startMailServer({ directory });
  expect(state(again)).toEqual([[20, "m19", []]]);
  again.deliver(mailOf("next"), account.address);
  expect(state(again).at(-1)?.[0]).toBe(21);
  const flow = await imapflow(again.account(account.address));
  expect(await highestModseq(flow)).toBeGreaterThan(modseq);
  await flow.logout();
});

test("one server at a time; a lock whose owner is gone does not matter", async () => {
  const first = await startMailServer({ directory });
  await expect(startMailServer({ directory })).rejects.toMatchObject({ code: "INVALID_CONFIG" });
  await first.close();
  const gone = spawn(process.execPath, ["-e", ""]);
  await new Promise((resolve) => gone.once("exit", resolve));
  appendFileSync(join(directory, "lock"), String(gone.pid));
  await (await startMailServer({ directory })).close();
});

test("what a killed server had acknowledged is there", async () => {
  const source = new URL("../../src/dev/index.ts", import.meta.url);
  const script = `
    const { startMailServer } = await import(${JSON.stringify(source.href)});
    const server = await startMailServer({ directory: ${JSON.stringify(directory)} });
    server.account("desk@a.example");
    let count = 0;
    const next = () => { server.deliver("Subject: s" + (++count) + "\\n\\nx", "desk@a.example"); process.stdout.write(count + "\\n"); setImmediate(next); };
    next();`;
  const child = spawn(process.execPath, ["--input-type=module", "-e", script], {
    cwd: fileURLToPath(new URL("../..", import.meta.url)),
    stdio: ["ignore", "pipe", "inherit"],
  });
  let output = "";
  child.stdout.on("data", (chunk) => {
    output += String(chunk);
    if (output.split("\n").length > 200) child.kill("SIGKILL");
  });
  await new Promise((resolve) => child.once("close", resolve));
  const acknowledged = Number(output.split("\n").at(-2));
  expect(acknowledged).toBeGreaterThan(150);
  await using server = await startMailServer({ directory });
  expect(server.mails("desk@a.example").length).toBeGreaterThanOrEqual(acknowledged);
});
