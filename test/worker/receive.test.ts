import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { afterEach, beforeEach, expect, it } from "vitest";
import { type MailServer, startMailServer } from "../../src/dev/index.ts";
import { deskKit } from "../support/desk.ts";

let mail: MailServer;
let directory: string;
beforeEach(async () => {
  mail = await startMailServer();
  directory = await mkdtemp(join(tmpdir(), "langgraph-email-receive-"));
});
afterEach(async () => {
  await mail.close();
  await rm(directory, { recursive: true });
});

const deliver = (subject: string) =>
  mail.deliver(`From: b@b.example\r\nSubject: ${subject}\r\nMessage-ID: <${subject}@b.example>\r\n\r\nHello\r\n`, [
    "desk@a.example",
  ]);

it("a mail that cannot be stored holds up those behind it, and none before", async () => {
  const ledger = join(directory, "mail.db");
  await using kit = deskKit(mail, { ledger });
  await kit.runOnce();
  const file = new DatabaseSync(ledger);
  file.exec(
    `CREATE TRIGGER refuse BEFORE INSERT ON messages WHEN NEW.subject = '7' BEGIN SELECT RAISE(ABORT, 'refused'); END`,
  );
  for (let index = 0; index < 30; index++) deliver(String(index));
  await expect(kit.runOnce()).rejects.toThrow("refused");
  const subjects = async () => (await kit.messages("unmatched")).map(({ subject }) => subject);
  expect((await subjects()).toSorted()).toEqual(["0", "1", "2", "3", "4", "5", "6"]);
  file.exec("DROP TRIGGER refuse");
  file.close();
  await kit.runOnce();
  expect(new Set(await subjects()).size).toBe(30);
  expect(await subjects()).toHaveLength(30);
});
