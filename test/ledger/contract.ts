import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { insertAliases, resolveAlias } from "../../src/ledger/aliases.ts";
import { parseMessageIds } from "../../src/mail/message-id.ts";
import { randomOf } from "../support/mail-soup.ts";
import { closeConfirmation, dueConfirmations, insertConfirmation, mayConfirm } from "../../src/ledger/confirmations.ts";
import { databaseBlobs } from "../../src/ledger/blobs.ts";
import { advanceCursor, readCursor } from "../../src/ledger/cursors.ts";
import type { Database } from "../../src/ledger/database.ts";
import { forget } from "../../src/audit/forget.ts";
import { verifyAudit } from "../../src/audit/verify.ts";
import {
  appendEvent,
  EVENT_COLUMNS,
  type EventRow,
  lastEvent,
  lastSyncedEvent,
  readEvents,
} from "../../src/ledger/events.ts";
import { acquireLease, readLease, releaseLease, renewLease } from "../../src/ledger/leases.ts";
import { openLedger } from "../../src/ledger/ledger.ts";
import {
  findMessage,
  insertMessage,
  type MessageRecord,
  messagesByDisposition,
  moveMessage,
} from "../../src/ledger/messages.ts";
import {
  abandonedRows,
  dueRows,
  insertOutbox,
  leaseRows,
  markFailed,
  markSending,
  markSubmitted,
  nextOutboxTime,
  outboxState,
  renewOutboxLease,
  reschedule,
  unhold,
} from "../../src/ledger/outbox.ts";
import {
  decideReview,
  findRefusal,
  forgetRefusals,
  insertRefusal,
  insertReview,
  openReview,
  openReviews,
} from "../../src/ledger/reviews.ts";
import {
  insertRequest,
  markAnswered,
  markStarted,
  markWaiting,
  openRequests,
  wakeRequests,
} from "../../src/ledger/requests.ts";
import { sealEvents } from "../../src/ledger/seals.ts";
import { findTask, insertTask, settleTask, type TaskRecord, unclaimedTasks } from "../../src/ledger/tasks.ts";
import {
  findThread,
  nextThreadTime,
  readyThreads,
  recordFailure,
  recordSuccess,
  registerThread,
  retryStalled,
  stalledThreads,
} from "../../src/ledger/threads.ts";
import {
  closeWait,
  findWait,
  markDelivered,
  markParked,
  markWoken,
  openWait,
  openWaits,
} from "../../src/ledger/waits.ts";

/** Claims what is due for a worker. */
function leaseDue(db: Database, at: { agents: string[]; holder: string; now: number; leaseMs: number; limit: number }) {
  return db.transaction(async (sql) => {
    const rows = await dueRows(sql, { agents: at.agents, now: at.now, limit: at.limit });
    const ids = rows.map(({ id }) => id);
    await leaseRows(sql, ids, { holder: at.holder, until: at.now + at.leaseMs, countedAt: null });
    return rows;
  });
}

/** Every driver of the database port has to pass this. */
export function ledgerContract(name: string, openTwo: () => Promise<[Database, Database]>): void {
  describe(`ledger on ${name}`, () => {
    let db: Database;
    let other: Database;
    beforeEach(async () => {
      [db, other] = await openTwo();
      await openLedger(db, { id: "first", now: 1_000 });
    });
    afterEach(async () => {
      await db.close();
      if (other !== db) await other.close();
    });

    it("keeps its identity when it is opened again", async () => {
      const again = await openLedger(other, { id: "second", now: 2_000 });
      expect({ id: again.id, createdAt: again.createdAt }).toEqual({ id: "first", createdAt: 1_000 });
    });

    it("refuses a ledger of a newer version", async () => {
      await db.run("UPDATE meta SET value = '999' WHERE key = 'schema'");
      await expect(openLedger(other, { id: "x", now: 0 })).rejects.toMatchObject({ code: "LEDGER_VERSION" });
    });

    it("undoes a transaction that throws, and goes on", async () => {
      const failing = db.transaction(async (sql) => {
        await insertTask(sql, task("a"));
        throw new Error("no");
      });
      await expect(failing).rejects.toThrow("no");
      expect(await findTask(db, "a")).toBeUndefined();
      expect(await insertTask(db, task("a"))).toBe(true);
    });

    it("takes transactions of one process one after another", async () => {
      await Promise.all(
        Array.from({ length: 20 }, (_, index) =>
          db.transaction(async (sql) => {
            await advanceCursor(sql, "box", "1", index);
            await Promise.resolve();
            expect(await readCursor(sql, "box", "1")).toBeGreaterThanOrEqual(index);
          }),
        ),
      );
      expect(await readCursor(db, "box", "1")).toBe(19);
    });

    it("takes transactions of two processes one after another: none overwrites what it has not read", async () => {
      await advanceCursor(db, "box", "1", 0);
      const increment = (handle: Database) =>
        handle.transaction(async (sql) => {
          const uid = (await readCursor(sql, "box", "1"))!;
          await appendEvent(sql, { at: uid, kind: "received", data: {} });
          await advanceCursor(sql, "box", "1", uid + 1);
        });
      await Promise.all(Array.from({ length: 40 }, (_, index) => increment(index % 2 ? db : other)));
      expect(await readCursor(db, "box", "1")).toBe(40);
      // The audit log's numbers are in the order of the commits: who reads on from the last one misses none.
      expect((await readEvents(db)).map((event) => event.at)).toEqual(Array.from({ length: 40 }, (_, index) => index));
    });

    it("seals the audit log, and finds what was done to it", async () => {
      const clock = () => 7;
      for (let at = 1; at <= 5; at++) {
        await appendEvent(db, { at, kind: "received", from: `p${at}@x.example`, data: { at, why: "It is so." } });
        if (at === 2 || at === 4) await sealEvents(other, clock);
      }
      const whole = await verifyAudit(db, { clock });
      expect(whole).toMatchObject({ ok: true, events: 5, head: { seal: 3, events: 5 } });
      const check = async (anchor = whole.head) => (await verifyAudit(db, { anchor, clock })).findings;
      expect(await check()).toEqual([]);
      for (const statement of [
        "DELETE FROM events",
        "UPDATE events SET at = 9",
        "DELETE FROM seals",
        "UPDATE seals SET at = 9",
      ])
        await expect(db.run(statement)).rejects.toThrow("The audit log is only ever appended to");
      for (const table of ["events", "seals"]) {
        const on = name.startsWith("PostgreSQL") ? ` ON ${table}` : "";
        for (const trigger of ["kept", "unchanged"]) await db.run(`DROP TRIGGER ${table}_${trigger}${on}`);
      }
      /** What is found after a statement, which is undone again. */
      const after = async (...statements: string[]) => {
        const before = await db.all<EventRow & { seal: number }>("SELECT * FROM events");
        const seals = await db.all<Record<string, string | number>>("SELECT * FROM seals");
        for (const statement of statements) await db.run(statement);
        const found = await check();
        await db.transaction(async (sql) => {
          await sql.run("DELETE FROM events");
          await sql.run("DELETE FROM seals");
          for (const row of before) {
            await sql.run(
              `INSERT INTO events (${EVENT_COLUMNS}, seal) VALUES (:seq, :at, :kind, :agent, :graph, :thread_id, :run_id, :task_id, :body, :data_json, :personal_json, :seal)`,
              { ...row },
            );
          }
          for (const row of seals) {
            await sql.run(
              "INSERT INTO seals (number, at, total, events_json, hash) VALUES (:number, :at, :total, :events_json, :hash)",
              row,
            );
          }
        });
        return found;
      };
      expect(await after("UPDATE events SET at = 99 WHERE seq = 2")).toEqual([{ kind: "altered", seal: 1, seq: 2 }]);
      expect(await after("UPDATE events SET personal_json = replace(personal_json, 'p3@', 'q3@')")).toEqual([
        { kind: "altered", seal: 2, seq: 3 },
      ]);
      expect(await after("DELETE FROM events WHERE seq = 4")).toEqual([{ kind: "missing", seal: 2, seq: 4 }]);
      expect(
        await after(
          "UPDATE events SET seq = 50 WHERE seq = 1",
          "UPDATE events SET seq = 1 WHERE seq = 2",
          "UPDATE events SET seq = 2 WHERE seq = 50",
        ),
      ).toEqual([
        { kind: "altered", seal: 1, seq: 1 },
        { kind: "altered", seal: 1, seq: 2 },
      ]);
      const copy = (seq: number, seal: number) =>
        `INSERT INTO events (seq, at, kind, data_json, personal_json, seal) VALUES (${seq}, 1, 'received', '{}', '[]', ${seal})`;
      expect(await after(copy(60, 2))).toEqual([{ kind: "inserted", seal: 2, seq: 60 }]);
      expect(await after(copy(-5, 1))).toEqual([{ kind: "inserted", seal: 1, seq: -5 }]);
      expect(await after(copy(60, 9))).toEqual([{ kind: "inserted", seal: 9, seq: 60 }]);
      expect(await after("UPDATE events SET seal = 2 WHERE seq = 5")).toEqual([
        { kind: "missing", seal: 3, seq: 5 },
        { kind: "inserted", seal: 2, seq: 5 },
      ]);
      expect(await after("UPDATE seals SET at = 8 WHERE number = 2")).toEqual([{ kind: "broken-seal", seal: 2 }]);
      expect(await after("DELETE FROM seals WHERE number = 1", "DELETE FROM events WHERE seal = 1")).toEqual([
        { kind: "missing-seal", seal: 1 },
        { kind: "broken-seal", seal: 2 },
      ]);
      // Only the anchor tells what is consistent in itself.
      const cut = ["DELETE FROM seals WHERE number > 1", "DELETE FROM events WHERE seal > 1"];
      expect(await after(...cut)).toEqual([{ kind: "truncated", seal: 3 }]);
      expect(await check({ ...whole.head!, hash: "other" })).toEqual([{ kind: "rewritten", seal: 3 }]);
      expect(await check()).toEqual([]);
    });

    it("forgets a person", async () => {
      const blobs = databaseBlobs(db);
      const [own, shared] = [await blobs.put(Buffer.from("own")), await blobs.put(Buffer.from("shared"))];
      const attachment = (blob: string) => ({ filename: "a", contentType: "a/b", size: 1, blob });
      const content = { text: "t", quoted: "", signature: "", attachments: [attachment(own), attachment(shared)] };
      await insertTask(db, task("a"));
      await insertOutbox(db, mail("a"));
      await insertMessage(db, { ...message("m1"), sender: "Boss@b.example", taskId: "a", content });
      await insertMessage(db, {
        ...message("m2"),
        sender: "other@b.example",
        content: { ...content, attachments: [attachment(shared)] },
      });
      const event = { at: 1, kind: "received", from: "boss@b.example", subject: "s", messageId: "<1@b>" } as const;
      await appendEvent(db, { ...event, to: ["desk@a.example", "BOSS@b.example"], data: { why: "by boss" } });
      await appendEvent(db, { ...event, from: "theboss@b.example", data: {} });
      const clock = () => 5;
      await verifyAudit(db, { clock });
      const forgetBoss = () => forget({ db, blobs, clock }, "boss@b.example");
      await expect(forgetBoss()).rejects.toMatchObject({ code: "ADDRESS_IN_USE" });
      await settleTask(db, "a", { kind: "expired", deadline: "" }, 2);
      expect(await forgetBoss()).toMatchObject({ tasks: 1, messages: 1, blobs: 1, events: 1 });
      expect(await findTask(db, "a")).toMatchObject({ addressees: ["forgotten"], subject: "", body: "" });
      expect(await findMessage(db, "m1")).toMatchObject({
        sender: null,
        raw: "",
        content: { text: "", attachments: [] },
      });
      expect(await findMessage(db, "m2")).toMatchObject({ sender: "other@b.example", content: { text: "t" } });
      await expect(blobs.get(own)).rejects.toMatchObject({ code: "BLOB_NOT_FOUND" });
      expect(Buffer.from(await blobs.get(shared)).toString()).toBe("shared");
      expect(await readEvents(db)).toMatchObject([
        { to: ["desk@a.example"], data: {}, forgotten: ["messageId", "from", "subject", "to", "why"] },
        { from: "theboss@b.example", subject: "s" },
        { kind: "forgotten" },
      ]);
      expect(await verifyAudit(db, { clock })).toMatchObject({ ok: true, events: 3 });
    });

    it("takes many transactions at once: one that throws undoes itself alone", async () => {
      const results = await Promise.allSettled(
        Array.from({ length: 100 }, (_, index) =>
          db.transaction(async (sql) => {
            await insertTask(sql, task(`t${index}`));
            await Promise.resolve();
            if (index % 3 === 0) throw new Error(`no ${index}`);
            if (index % 3 === 1) await sql.run("INSERT INTO nothing VALUES (1)");
            return index;
          }),
        ),
      );
      expect(results.map(({ status }) => status === "fulfilled")).toEqual(results.map((_, index) => index % 3 === 2));
      for (const index of results.keys()) {
        expect((await findTask(other, `t${index}`)) !== undefined, `t${index}`).toBe(index % 3 === 2);
      }
    });

    it("goes on when a transaction of another process fails", async () => {
      const failing = other.transaction(async (sql) => {
        await insertTask(sql, task("a"));
        await sql.run("INSERT INTO nothing VALUES (1)");
      });
      await expect(failing).rejects.toMatchObject({ code: "LEDGER_FAILED", retryable: true });
      await advanceCursor(db, "box", "1", 1);
      await advanceCursor(other, "box", "1", 2);
      expect(await findTask(db, "a")).toBeUndefined();
    });

    it("undoes a transaction that goes on after a statement has failed, or tells so", async () => {
      const swallowing = db.transaction(async (sql) => {
        await insertTask(sql, task("a"));
        await sql.run("INSERT INTO nothing VALUES (1)").catch(() => {});
      });
      const stored = await swallowing.then(
        () => true,
        () => false,
      );
      expect((await findTask(db, "a")) !== undefined).toBe(stored);
    });

    it("decides a wait that is opened while its task is settled", async () => {
      for (let round = 0; round < 20; round++) {
        const id = `task-${round}`;
        await insertTask(db, task(id));
        const place = { graph: "g", threadId: "t", node: "n", checkpointId: "c", nodeTaskId: id };
        await Promise.all([
          db.transaction((sql) => settleTask(sql, id, { kind: "expired", deadline: "" }, 5)),
          other.transaction(async (sql) => {
            await openWait(sql, { ...place, id, taskIds: [id] }, 1);
            if ((await findTask(sql, id))?.outcome) await markDelivered(sql, id, 6);
          }),
        ]);
        expect((await findWait(db, id))?.decidedAt).toBeTypeOf("number");
      }
    });

    it("keeps numbers, text and bytes as they were", async () => {
      const now = 4_102_444_800_000;
      await insertTask(db, { ...task("a"), subject: "é 😀 ' :now $1 \\", deadlineAt: now });
      expect(await findTask(other, "a")).toMatchObject({ subject: "é 😀 ' :now $1 \\", deadlineAt: now });
      const blobs = databaseBlobs(db);
      const content = Uint8Array.from({ length: 1000 }, (_, index) => index % 256);
      const reference = await blobs.put(content);
      expect(await blobs.put(content)).toBe(reference);
      expect(new Uint8Array(await databaseBlobs(other).get(reference))).toEqual(content);
      await expect(blobs.get("0".repeat(64))).rejects.toMatchObject({ code: "BLOB_NOT_FOUND" });
    });

    it("stores a text with NUL, whatever becomes of it", async () => {
      await insertTask(db, { ...task("a"), subject: "a\0b" });
      expect((await findTask(db, "a"))?.subject).toMatch(/^a.b$/u);
    });

    it("looks for members of a list, and of an empty one", async () => {
      await registerThread(db, "t", "it's");
      await acquireLease(db, "thread:t", "gone", 0, 100);
      const ready = (graphs: string[]) => readyThreads(db, { server: true, graphs, now: 101, limit: 10 });
      expect(await ready(["{a,b}", "it's"])).toHaveLength(1);
      expect(await ready([])).toHaveLength(0);
    });

    it("tells the threads of the API server from those of this process", async () => {
      await registerThread(db, "t", "g", "assistant-1");
      await registerThread(db, "t", "g", "assistant-2");
      await registerThread(db, "t", "g");
      await acquireLease(db, "thread:t", "gone", 0, 100);
      const ready = (graphs: string[], server: boolean) => readyThreads(db, { graphs, server, now: 101, limit: 10 });
      expect(await ready([], true)).toMatchObject([{ threadId: "t", graph: "g", assistant: "assistant-2" }]);
      expect(await ready(["g"], false)).toEqual([]);
      expect(await nextThreadTime(db, { graphs: [], server: true }, 0)).toBe(101);
      expect(await nextThreadTime(db, { graphs: ["g"], server: false }, 0)).toBeUndefined();
    });

    it("retries a failed thread, stalls it, and lets it go on", async () => {
      await registerThread(db, "t", "g");
      await recordFailure(db, "t", "g", { error: "no", retryAt: 50, now: 10 });
      expect(await nextThreadTime(db, { graphs: ["g"], server: true }, 0)).toBe(50);
      expect(await readyThreads(db, { server: true, graphs: ["g"], now: 49, limit: 1 })).toHaveLength(0);
      expect(await readyThreads(db, { server: true, graphs: ["g"], now: 50, limit: 1 })).toHaveLength(1);
      await recordFailure(db, "t", "g", { error: "no", retryAt: null, now: 60 });
      expect(await stalledThreads(db)).toMatchObject([{ threadId: "t", failures: 2, stalledAt: 60, retryAt: null }]);
      expect(await nextThreadTime(db, { graphs: ["g"], server: true }, 0)).toBeUndefined();
      expect(await retryStalled(db, "t", 70)).toEqual(["g"]);
      expect(await retryStalled(db, "t", 70)).toEqual([]);
      await recordSuccess(db, "t", "g");
      expect(await findThread(db, "t", "g")).toEqual({
        threadId: "t",
        graph: "g",
        assistant: null,
        failures: 0,
        retryAt: null,
        stalledAt: null,
        lastError: null,
      });
    });

    it("hands out the requests of a thread one after another", async () => {
      await insertMessage(db, message("m"));
      await insertMessage(db, message("m"));
      expect(await findMessage(db, "m")).toEqual(message("m"));
      expect(await messagesByDisposition(db, "request")).toHaveLength(1);
      const request = { agent: "desk", graph: "g", threadId: "t", message: "m", hops: 0 };
      expect(await insertRequest(db, { ...request, id: "b", createdAt: 2 })).toBe(true);
      expect(await insertRequest(db, { ...request, id: "a", createdAt: 1 })).toBe(true);
      const open = async () => (await openRequests(db, { graphs: ["g"], now: 10, limit: 5 })).map(({ id }) => id);
      expect(await open()).toEqual(["a"]);
      await markStarted(db, "a");
      await markWaiting(db, "a");
      expect(await open()).toEqual([]);
      await wakeRequests(db, "t");
      expect(await open()).toEqual(["a"]);
      await markAnswered(db, "a", 5);
      expect(await open()).toEqual(["b"]);
    });

    it("tells which waits of a thread are open, and which tasks are still to be asked for", async () => {
      await insertTask(db, task("a"));
      await insertTask(db, task("b"));
      const place = { graph: "g", threadId: "t", node: "n", checkpointId: "c" };
      await openWait(db, { ...place, id: "w", nodeTaskId: "mine", taskIds: ["a"] }, 1);
      const claims = async (nodeTaskId: string) => {
        const found = await unclaimedTasks(db, {
          threadId: "t",
          graph: "g",
          name: "approval",
          nodeTaskId,
          checkpointId: "c",
        });
        return Object.fromEntries(found.map(({ task, mine }) => [task.id, mine]));
      };
      expect(await claims("mine")).toEqual({ a: true, b: false });
      expect(await claims("other")).toEqual({ b: false });
      expect(await openWaits(db, "t")).toHaveLength(1);
      expect(await openWaits(db, "t", "other")).toHaveLength(0);
      expect(await markParked(db, "w", 2)).toBe(true);
      expect(await markParked(db, "w", 2)).toBe(false);
      await closeWait(db, "w", "consumed", 3);
      expect(await openWaits(db, "t", "g")).toHaveLength(0);
    });

    it("follows a mail from due to submitted", async () => {
      await insertOutbox(db, { ...mail("a"), taskId: null, requestId: "r" });
      expect(await nextOutboxTime(db)).toBe(5);
      await leaseDue(db, { agents: ["desk"], holder: "w", now: 10, leaseMs: 100, limit: 5 });
      await renewOutboxLease(db, "a", "w", 500);
      expect(await markSending(db, "a", "other")).toBe(false);
      expect(await markSending(db, "a", "w")).toBe(true);
      expect(await nextOutboxTime(db)).toBe(501);
      await markSubmitted(db, "a", 20);
      expect(await outboxState(db, "a")).toMatchObject({ state: "submitted", submittedAt: 20 });
      await markFailed(db, "a", "unknown", "lost");
      expect(await outboxState(db, "a")).toMatchObject({ state: "unknown", lastError: "lost" });
      await insertAliases(db, { requestId: "r" }, ["x", "y"]);
      await insertAliases(db, { taskId: "t" }, ["x"]);
      expect(await resolveAlias(db, "x")).toEqual({ requestId: "r" });
    });

    it("binds a request to the longest Message-ID that is read, whatever letters it has", async () => {
      const random = randomOf(1);
      const letters = Array.from({ length: 331 }, () => String.fromCharCode(0x4e00 + Math.floor(random() * 0x5000)));
      const [id = ""] = parseMessageIds(`<${letters.join("")}@x>`);
      expect(id).toHaveLength(335);
      await insertAliases(db, { requestId: "r" }, [id]);
      expect(await resolveAlias(db, id)).toEqual({ requestId: "r" });
    });

    it("numbers the audit log, of all and of a thread", async () => {
      const event = { at: 1, kind: "received", data: { a: "\0" } } as const;
      await appendEvent(db, { ...event, threadId: "t" });
      await appendEvent(db, event);
      expect(await lastEvent(db)).toBe(2);
      expect(await readEvents(db, { threadId: "t" })).toEqual([{ ...event, seq: 1, threadId: "t" }]);
      expect(await readEvents(db, { after: 1, limit: 5 })).toEqual([{ ...event, seq: 2 }]);
    });

    it("knows the last event that no power cut can take", async () => {
      expect(await lastSyncedEvent(db)).toBe(0);
      await appendEvent(db, { at: 1, kind: "settled", data: {} });
      await db.transaction((sql) => appendEvent(sql, { at: 2, kind: "resumed", data: {} }), { durable: "soon" });
      expect([await lastSyncedEvent(db), await lastEvent(db)]).toEqual([1, 2]);
      await appendEvent(db, { at: 3, kind: "received", data: {} });
      expect(await lastSyncedEvent(db)).toBe(3);
    });

    it("says that it is closed", async () => {
      await db.close();
      await db.close();
      await expect(readCursor(db, "box", "1")).rejects.toMatchObject({ code: "LEDGER_FAILED" });
      await expect(advanceCursor(db, "box", "1", 1)).rejects.toThrow(/closed/);
    });

    it("inserts a task once, and freezes its first outcome", async () => {
      expect(await insertTask(db, task("a"))).toBe(true);
      expect(await insertTask(db, { ...task("a"), subject: "other" })).toBe(false);
      const expired = { kind: "expired" as const, deadline: "2026-01-01T00:00:00.000Z" };
      expect(await settleTask(db, "a", expired, 5)).toBe(true);
      const late = { kind: "cancelled" as const, by: "graph" as const, reason: "" };
      expect(await settleTask(db, "a", late, 6)).toBe(false);
      expect(await findTask(db, "a")).toEqual({ ...task("a"), outcome: expired, settledAt: 5 });
    });

    it("keeps one question at a time about the mails to a task, and finds what there is to do about it", async () => {
      for (const id of ["a", "q1", "q2"]) await insertTask(db, task(id));
      for (const id of ["m1", "m2"]) await insertMessage(db, { ...message(id), uid: 1, disposition: "quarantined" });
      const about = (at: string, question: string) => ({ message: at, question, taskId: "a", agent: "desk" });
      expect(await mayConfirm(db, "a", 2)).toBe(true);
      expect(await insertConfirmation(db, { ...about("m1", "q1"), createdAt: 1 })).toBe(true);
      expect(await insertConfirmation(db, { ...about("m2", "q2"), createdAt: 2 })).toBe(false);
      expect([await mayConfirm(db, "a", 2), await mayConfirm(db, "q1", 2)]).toEqual([false, false]);
      expect(await dueConfirmations(db, ["desk"], 9)).toEqual([]);

      await settleTask(db, "q1", { kind: "expired", deadline: "" }, 5);
      expect(await dueConfirmations(db, ["desk"], 9)).toEqual([{ ...about("m1", "q1"), createdAt: 1 }]);
      expect(await dueConfirmations(db, ["lab"], 9)).toEqual([]);
      await closeConfirmation(db, "m1", 6);
      expect(await dueConfirmations(db, ["desk"], 9)).toEqual([]);
      expect([await mayConfirm(db, "a", 2), await mayConfirm(db, "a", 1)]).toEqual([true, false]);

      expect(await insertConfirmation(db, { ...about("m2", "q2"), createdAt: 7 })).toBe(true);
      await moveMessage(db, "m2", "quarantined", "discarded");
      expect(await dueConfirmations(db, ["desk"], 9)).toMatchObject([{ message: "m2" }]);
    });

    it("withdraws a mail that has not gone out when its task is settled", async () => {
      await insertTask(db, task("a"));
      await insertOutbox(db, mail("a"));
      await settleTask(db, "a", { kind: "expired", deadline: "" }, 5);
      expect((await outboxState(db, "a"))?.state).toBe("withdrawn");
    });

    it("holds a mail until it is decided on, once", async () => {
      await insertTask(db, task("a"));
      await insertTask(db, task("q"));
      await insertOutbox(db, mail("a"), "held");
      const details = { agent: "desk", to: ["x@b.example"], subject: "s", findings: [] };
      const review = { id: "a", question: "q", instead: null, threadId: "t", details, createdAt: 3 };
      await insertReview(db, review);
      expect(await leaseDue(db, { agents: ["desk"], holder: "w", now: 10, leaseMs: 5, limit: 9 })).toEqual([]);
      expect(await openReview(db, "a")).toEqual(review);
      expect(await openReview(db, "q")).toEqual(review);
      expect(await openReviews(db)).toMatchObject([{ ...review, until: task("q").deadlineAt }]);
      expect(await decideReview(db, "a", 11)).toBe(true);
      expect(await decideReview(db, "a", 12)).toBe(false);
      expect([await openReview(db, "q"), await openReviews(db)]).toEqual([undefined, []]);
      expect([await unhold(db, "a", "due", 11), await unhold(db, "a", "withdrawn", 12)]).toEqual([true, false]);
      expect((await outboxState(db, "a"))?.state).toBe("due");

      const refusal = { id: "r", threadId: "t", details: { ...details, findings: [] }, at: 13 };
      await insertRefusal(db, refusal);
      await insertRefusal(db, refusal);
      expect([await findRefusal(db, "r"), await openReviews(db)]).toEqual([[], []]);
      await forgetRefusals(db, "t");
      expect(await findRefusal(db, "r")).toBe(undefined);
    });

    it("does not make a mail due again whose task was settled while it was submitted", async () => {
      await insertTask(db, task("a"));
      await insertOutbox(db, mail("a"));
      await leaseDue(db, { agents: ["desk"], holder: "w", now: 10, leaseMs: 100, limit: 5 });
      await settleTask(db, "a", { kind: "expired", deadline: "" }, 5);
      await reschedule(db, "a", 50, "451");
      expect((await outboxState(db, "a"))?.state).toBe("withdrawn");
    });

    it("leases each due mail to one worker, and knows the abandoned ones", async () => {
      for (const id of ["a", "b", "c"]) {
        await insertTask(db, task(id));
        await insertOutbox(db, mail(id));
      }
      const lease = (handle: Database, holder: string) =>
        leaseDue(handle, { agents: ["desk"], holder, now: 10, leaseMs: 100, limit: 2 });
      const [one, two] = await Promise.all([lease(db, "w1"), lease(other, "w2")]);
      expect([...one, ...two].map((row) => row.id).toSorted()).toEqual(["a", "b", "c"]);
      expect(await lease(db, "w3")).toEqual([]);
      expect(await leaseDue(db, { agents: ["else"], holder: "w", now: 10, leaseMs: 1, limit: 9 })).toEqual([]);
      expect(await abandonedRows(db, 110)).toHaveLength(0);
      expect(await abandonedRows(db, 111)).toHaveLength(3);
    });

    it("moves a cursor forward only, and keeps one for each uidValidity", async () => {
      await advanceCursor(db, "box", "1", 7);
      await advanceCursor(db, "box", "1", 5);
      expect(await readCursor(db, "box", "1")).toBe(7);
      expect(await readCursor(db, "box", "2")).toBeUndefined();
    });

    it("gives a lease to one holder, with a growing fence", async () => {
      const first = (await acquireLease(db, "thread:t", "one", 0, 100))!;
      expect(await acquireLease(other, "thread:t", "two", 100, 100)).toBeUndefined();
      expect(await renewLease(db, first, 90, 100)).toBe(true);
      expect(await readLease(other, "thread:t", 190)).toMatchObject({ kind: "held" });
      expect(await readLease(other, "thread:t", 191)).toMatchObject({ kind: "expired" });
      const second = (await acquireLease(other, "thread:t", "two", 191, 100))!;
      expect(second.fence).toBe(first.fence + 1);
      expect(await renewLease(db, first, 192, 100)).toBe(false);
      await releaseLease(db, first);
      expect(await readLease(db, "thread:t", 192)).toMatchObject({ kind: "held", fence: second.fence });
      await releaseLease(other, second);
      expect(await readLease(db, "thread:t", 192)).toEqual({ kind: "free", fence: second.fence });
    });

    it("finds a thread when its wait is decided, until that has woken it", async () => {
      const ready = () => readyThreads(db, { server: true, graphs: ["g"], now: 10, limit: 10 });
      await registerThread(db, "t", "g");
      await registerThread(db, "t", "another graph");
      await insertTask(db, task("a"));
      const place = { graph: "g", threadId: "t", node: "n", checkpointId: "c" };
      await openWait(db, { ...place, id: "wait-a", nodeTaskId: "n-a", taskIds: ["a"] }, 1);
      expect(await ready()).toHaveLength(0);
      await settleTask(db, "a", { kind: "expired", deadline: "" }, 2);
      expect(await ready()).toHaveLength(1);
      expect(
        await readyThreads(db, { server: true, graphs: ["other", "another graph"], now: 10, limit: 10 }),
      ).toHaveLength(0);
      expect((await findWait(db, "wait-a"))?.decidedAt).toBe(2);
      await markWoken(db, "wait-a", 3);
      expect(await ready()).toHaveLength(0);
    });

    it("finds a registered thread whose run vanished", async () => {
      await registerThread(db, "t", "g");
      await acquireLease(db, "thread:t", "gone", 0, 100);
      expect(await readyThreads(db, { server: true, graphs: ["g"], now: 100, limit: 10 })).toHaveLength(0);
      expect(await readyThreads(db, { server: true, graphs: ["g"], now: 101, limit: 10 })).toMatchObject([
        { threadId: "t" },
      ]);
    });

    it("tells of commits of its own and of others", async () => {
      let own = 0;
      const stop = db.onCommit(() => own++);
      await db.run("UPDATE meta SET value = 'x' WHERE key = 'nothing'");
      expect(own).toBe(0);
      // That a mail is kept gives nobody work, and must not hold up the news that it settles a task.
      await databaseBlobs(db).put(Buffer.from("a mail"));
      expect(own).toBe(0);
      await advanceCursor(db, "box", "1", 1);
      await expect.poll(() => own, { timeout: 2_000 }).toBe(1);
      if (other !== db) {
        await advanceCursor(other, "box", "1", 2);
        await expect.poll(() => own, { timeout: 2_000 }).toBe(2);
      }
      stop();
      await advanceCursor(db, "box", "1", 3);
      expect(own).toBeLessThanOrEqual(2);
    });
  });
}

function task(id: string): TaskRecord {
  return {
    id,
    name: "approval",
    agent: "desk",
    graph: "g",
    threadId: "t",
    runId: null,
    nodeTaskId: "n",
    messageId: `<${id}@a.example>`,
    addressees: ["boss@b.example"],
    subject: "s",
    body: "b",
    replySchema: { type: "object" },
    accept: {
      grade: "C",
      from: [],
      maxClarifications: 2,
      receipt: false,
      retries: 2,
      reassigns: false,
      onOutOfOffice: "wait",
    },
    createdAt: 1,
    deadlineAt: 1_000,
    clarifications: 0,
    candidates: [],
    attempts: [],
    unreached: [],
    resendAt: null,
    reassign: null,
    steps: [],
    awayUntil: null,
    traceparent: null,
    expects: null,
    settledAt: null,
    outcome: null,
  };
}

function mail(id: string) {
  return {
    id,
    kind: "task" as const,
    taskId: id,
    requestId: null,
    agent: "desk",
    messageId: `<${id}@a.example>`,
    envelope: { from: "desk@a.example", to: ["boss@b.example"] },
    raw: "0",
    dueAt: 5,
    attempts: 0,
    createdAt: 5,
  };
}

function message(id: string): MessageRecord {
  return {
    id,
    agent: "desk",
    mailbox: "box",
    uidValidity: "1",
    uid: 1,
    messageId: null,
    sender: "boss@b.example",
    subject: "s",
    classification: "person",
    disposition: "request",
    reason: null,
    taskId: null,
    grade: null,
    raw: "0",
    content: { text: "t", quoted: "", signature: "", attachments: [] },
    receivedAt: 1,
    storedAt: 2,
  };
}
