import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { afterEach, beforeEach, expect, it } from "vitest";
import { memoryBlobs } from "../../src/blobs/memory.ts";
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

it.each(["Subject: 7", "attached 7"])(
  "a mail whose content cannot be kept (%s) holds up those behind it, and none before",
  async (poison) => {
    const store = memoryBlobs();
    let refusing = true;
    const put = async (content: Uint8Array) => {
      if (refusing && Buffer.from(content).toString().includes(poison)) throw new Error("refused");
      return store.put(content);
    };
    await using kit = deskKit(mail, { blobs: { ...store, put } });
    await kit.runOnce();
    for (let index = 0; index < 12; index++) {
      const attached = Buffer.from(`attached ${index}`).toString("base64");
      mail.deliver(
        `From: b@b.example\r\nSubject: ${index}\r\nContent-Type: application/pdf; name=a.pdf\r\nContent-Transfer-Encoding: base64\r\n\r\n${attached}\r\n`,
        ["desk@a.example"],
      );
    }
    await expect(kit.runOnce()).rejects.toThrow("refused");
    const subjects = async () => (await kit.messages("unmatched")).map(({ subject }) => subject).toSorted();
    expect(await subjects()).toEqual(["0", "1", "2", "3", "4", "5", "6"]);
    refusing = false;
    await kit.runOnce();
    expect(await subjects()).toHaveLength(12);
  },
);
