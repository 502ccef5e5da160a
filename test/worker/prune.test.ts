import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { MemorySaver } from "@langchain/langgraph";
import { defineTask } from "langgraph-email";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { startMailServer, type MailServer } from "../../src/dev/index.ts";
import { replyAs } from "../../src/testing/reply-as.ts";
import { askGraph, collectLog, deskKit, outcomeOf, testClock, thread } from "../support/desk.ts";
import { hasPostgres, type PostgresServer, startPostgres } from "../support/postgres.ts";

const DAY = 86_400_000;
const patient = defineTask("approval", { deadline: "200 days" });
const secret = "a secret that workers of one ledger share";

let mail: MailServer;
let directory: string;
beforeEach(async () => {
  mail = await startMailServer();
  mail.account("boss@b.example");
  directory = await mkdtemp(join(tmpdir(), "prune-"));
});
afterEach(async () => {
  await mail.close();
  await rm(directory, { recursive: true });
});

/** One thread that has ended, one that waits, one that is stalled, and a mail that nobody waited for: all of them 91 days ago. */
async function yearsLater(ledger: string) {
  const clock = testClock();
  const kit = deskKit(mail, { ledger, secret, clock: clock.now, log: collectLog(), retry: { tries: 1 } });
  const saver = new MemorySaver();
  const graph = askGraph(kit, { task: patient, saver });
  const broken = askGraph(kit, {
    task: patient,
    saver,
    name: "broken",
    after: () => {
      throw new Error("broken");
    },
  });
  await graph.invoke({ to: "boss@b.example" }, thread("ended"));
  await kit.runOnce();
  await broken.invoke({ to: "boss@b.example" }, thread("stalled"));
  await kit.runOnce();
  const asked = mail.mails("boss@b.example");
  for (const each of asked) await replyAs(mail, { from: "boss@b.example", mail: each, text: "Fine." });
  mail.deliver("From: who@c.example\r\nSubject: Hi\r\n\r\nHello\r\n", "desk@a.example");
  await kit.runOnce();
  await graph.invoke({ to: "boss@b.example" }, thread("waiting"));
  await kit.runOnce();
  expect(await outcomeOf(graph, "ended")).toMatchObject({ kind: "replied" });
  clock.advance(91 * DAY);
  return { kit, graph, [Symbol.asyncDispose]: () => kit.close() };
}

async function keepsWhatLives(ledger: string): Promise<void> {
  await using desk = await yearsLater(ledger);
  const { kit, graph } = desk;
  const before = await kit.events({ threadId: "ended" });
  expect(await kit.prune({ olderThan: "90 days" })).toEqual({
    threads: 1,
    tasks: 1,
    requests: 0,
    messages: 2,
    blobs: 3,
  });
  expect(await kit.prune({ olderThan: "90 days" })).toMatchObject({ threads: 0, messages: 0, blobs: 0 });
  expect(await kit.events({ threadId: "ended" })).toEqual(before);
  expect((await kit.stalled()).map(({ threadId }) => threadId)).toEqual(["stalled"]);
  expect(await kit.messages("unmatched")).toEqual([]);
  expect(await kit.messages("settled")).toHaveLength(1);
  // A second answer to what was removed, and the first one to what still waits.
  const [ended, , waiting] = mail.mails("boss@b.example");
  await replyAs(mail, { from: "boss@b.example", mail: ended!, text: "Second thoughts." });
  await replyAs(mail, { from: "boss@b.example", mail: waiting!, text: "At last." });
  await kit.runOnce();
  expect(await kit.messages("late")).toMatchObject([{ reason: expect.stringContaining("kit.prune"), taskId: null }]);
  expect(await outcomeOf(graph, "waiting")).toMatchObject({ kind: "replied", text: expect.stringMatching(/^At last/) });
}

describe("prune", () => {
  it("removes what is over and old, and nothing of what lives", async () => {
    await keepsWhatLives(join(directory, "mail.db"));
  });

  it("removes nothing that is younger", async () => {
    await using desk = await yearsLater(join(directory, "mail.db"));
    expect(await desk.kit.prune({ olderThan: "92 days" })).toMatchObject({
      threads: 0,
      tasks: 0,
      messages: 0,
      blobs: 0,
    });
    await expect(desk.kit.prune({ olderThan: "1 hour" })).rejects.toMatchObject({ code: "INVALID_CONFIG" });
  });

  it("what was removed is not read in again when the mailbox's uids are given anew", async () => {
    await using desk = await yearsLater(join(directory, "mail.db"));
    await desk.kit.prune({ olderThan: "90 days" });
    mail.renumber("desk@a.example");
    await desk.kit.runOnce();
    expect(await desk.kit.messages("late")).toEqual([]);
    expect(await desk.kit.messages("unmatched")).toEqual([]);
  });
});

describe.skipIf(!hasPostgres)("prune on PostgreSQL", () => {
  let postgres: PostgresServer;
  beforeAll(async () => {
    postgres = await startPostgres();
  });
  afterAll(async () => {
    await postgres.close();
  });

  it("removes what is over and old, and nothing of what lives", async () => {
    await keepsWhatLives(postgres.ledgerUrl());
  });
});
