import { type ChildProcess, fork } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Annotation, END, MemorySaver, START, StateGraph } from "@langchain/langgraph";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { createEmailKit, defineTask, type EmailKit, type EmailKitConfig, type Outcome } from "langgraph-email";
import { startMailServer, type MailServer } from "../../src/dev/index.ts";
import { composeKit } from "../../src/kit.ts";
import { type KitPorts, PORTS } from "../../src/open-kit.ts";
import type { Submission, Submitter } from "../../src/transport/transport.ts";
import { openSqlite } from "../../src/ledger/sqlite.ts";
import { openPostgres } from "../../src/ledger/postgres.ts";
import { collectLog, deskKit, testClock, thread, until } from "../support/desk.ts";
import { hasPostgres, startPostgres } from "../support/postgres.ts";
import type { BudgetSettings } from "./budgets-process.ts";

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const note = defineTask("note", { deadline: "3 days" });

let mail: MailServer;
beforeEach(async () => {
  mail = await startMailServer();
});
afterEach(async () => {
  await mail.close();
});

const State = Annotation.Root({ to: Annotation<string[]>, outcomes: Annotation<Outcome<string>[]> });

/** Mails a task to each address at once; `wait`: and waits for all of them. */
function mailing<Name extends string>(
  kit: EmailKit<Name>,
  from: Name,
  options: { task?: ReturnType<typeof defineTask>; wait?: boolean; name?: string } = {},
) {
  const task = (options.task ?? note) as typeof note;
  return kit.attach(
    options.name ?? from,
    new StateGraph(State)
      .addNode("mail", async ({ to }) => {
        const mails = to.map((address) => ({ from, to: address.split(" "), subject: "News", body: "There is news." }));
        const receipts = await kit.sendTasks(task, mails);
        if (!options.wait) return {};
        const { outcomes } = await kit.awaitReplies(receipts);
        return { outcomes: outcomes as Outcome<string>[] };
      })
      .addEdge(START, "mail")
      .addEdge("mail", END)
      .compile({ checkpointer: kit.checkpointer(new MemorySaver()) }),
  );
}

const people = (count: number, domain = "b.example") =>
  Array.from({ length: count }, (_, place) => mail.account(`person${place}@${domain}`).address);
const delivered = (addresses: readonly string[]) =>
  [...new Set(addresses)].reduce((sum, address) => sum + mail.mails(mail.account(address).address).length, 0);

function agentOf(address: string) {
  const { smtp, imap } = mail.account(address);
  return { address, smtp, imap };
}

describe("an agent's budget", () => {
  const budgeted = (budget: { perHour?: number; perDay?: number }, options: Partial<EmailKitConfig<"desk">> = {}) => {
    const clock = testClock();
    const kit = deskKit(mail, {
      clock: clock.now,
      agents: { desk: { ...agentOf("desk@a.example"), budget } },
      ...options,
    });
    return { kit, clock };
  };

  it("lets through what fits, keeps the rest, and sends it in order when there is room", async () => {
    const { kit, clock } = budgeted({ perHour: 3 });
    await using _kit = kit;
    const to = people(7);
    await mailing(kit, "desk").invoke({ to }, thread("t1"));
    await kit.runOnce();
    await kit.runOnce();
    expect(delivered(to)).toBe(3);
    clock.advance(HOUR - 60_000);
    await kit.runOnce();
    expect(delivered(to)).toBe(3);
    clock.advance(121_000);
    await kit.runOnce();
    expect(delivered(to.slice(0, 6))).toBe(6);
    expect(delivered(to)).toBe(6);
    clock.advance(HOUR + 61_000);
    await kit.runOnce();
    expect(delivered(to)).toBe(7);
  });

  it("says in the log that a mail waits, for what, and until when", async () => {
    const { kit, clock } = budgeted({ perHour: 2 });
    await using _kit = kit;
    await mailing(kit, "desk").invoke({ to: people(4) }, thread("t1"));
    const queued = (await kit.events({ threadId: "t1" })).filter(({ kind }) => kind === "queued");
    expect(queued.map(({ data }) => data["because"])).toEqual(Array(2).fill("the budget of the agent desk"));
    const until = Date.parse(queued[1]!.data["until"] as string);
    expect(until - clock.now()).toBeGreaterThan(HOUR - 120_000);
    await kit.runOnce();
    clock.advance(until - clock.now());
    await kit.runOnce();
    expect(delivered(people(4))).toBe(4);
  });

  it("counts recipients", async () => {
    const names = ["a", "b", "c", "d", "e", "f"].map((name) => mail.account(`${name}@b.example`).address);
    const { kit } = budgeted({ perDay: 5 });
    await using _kit = kit;
    await mailing(kit, "desk").invoke(
      { to: ["a@b.example b@b.example c@b.example", "d@b.example e@b.example f@b.example"] },
      thread("t1"),
    );
    await kit.runOnce();
    expect(delivered(names)).toBe(3);
  });

  it("gives back what the server did not take", async () => {
    const { kit, clock } = budgeted({ perDay: 2 });
    await using _kit = kit;
    mail.faults.refuseData = { times: 2, reply: "451 4.3.0 Try again later" };
    await mailing(kit, "desk").invoke({ to: people(2) }, thread("t1"));
    await kit.runOnce();
    expect(delivered(people(2))).toBe(0);
    clock.advance(60_000);
    await kit.runOnce();
    expect(delivered(people(2))).toBe(2);
  });

  it("ends with the deadline for what did not go out in time", async () => {
    const { kit, clock } = budgeted({ perDay: 1 });
    await using _kit = kit;
    const task = defineTask("note", { deadline: "10 h" });
    const graph = mailing(kit, "desk", { task, wait: true });
    await graph.invoke({ to: people(2) }, thread("t1"));
    await kit.runOnce();
    clock.advance(10 * HOUR + 1);
    await kit.runOnce();
    const { values } = await graph.getState(thread("t1"));
    expect((values as typeof State.State).outcomes.map(({ kind }) => kind)).toEqual(["expired", "expired"]);
    clock.advance(2 * DAY);
    await kit.runOnce();
    expect(delivered(people(2))).toBe(1);
  });

  it("is an error where the task asks for that, and nothing but that is kept", async () => {
    const { kit } = budgeted({ perHour: 2 });
    await using _kit = kit;
    const task = defineTask("note", { overBudget: "error" });
    const graph = mailing(kit, "desk", { task });
    await graph.invoke({ to: people(2) }, thread("t1"));
    await expect(graph.invoke({ to: people(1, "c.example") }, thread("t2"))).rejects.toMatchObject({
      code: "BUDGET_EXCEEDED",
      message: expect.stringMatching(/the budget of the agent desk is in the way until \d{4}-/),
    });
    expect(await kit.events({ threadId: "t2" })).toMatchObject([
      { kind: "send-refused", to: people(1, "c.example"), data: { code: "BUDGET_EXCEEDED" } },
    ]);
    await kit.runOnce();
    expect(delivered([...people(2), ...people(1, "c.example")])).toBe(2);
  });

  it("is an error at once for more recipients than it ever holds", async () => {
    const { kit } = budgeted({ perDay: 2 });
    await using _kit = kit;
    const graph = mailing(kit, "desk");
    await expect(graph.invoke({ to: ["a@b.example b@b.example c@b.example"] }, thread("t1"))).rejects.toThrow(
      /the budget of the agent desk never holds 3 recipients/,
    );
  });

  it("that was raised lets go what waited", async () => {
    const directory = await mkdtemp(join(tmpdir(), "langgraph-email-budgets-"));
    const ledger = join(directory, "mail.db");
    const before = budgeted({ perDay: 1 }, { ledger });
    await mailing(before.kit, "desk").invoke({ to: people(3) }, thread("t1"));
    await before.kit.runOnce();
    await before.kit.close();
    const after = budgeted({ perDay: 10 }, { ledger });
    await after.kit.runOnce();
    expect(delivered(people(3))).toBe(3);
    await after.kit.close();
    await rm(directory, { recursive: true });
  });
});

describe("what a worker had counted that lost its lease", () => {
  const opened = async (
    onSubmit: (submit: Submitter["submit"], mail: Submission) => ReturnType<Submitter["submit"]>,
  ) => {
    const directory = await mkdtemp(join(tmpdir(), "langgraph-email-budgets-"));
    const clock = testClock();
    const config = {
      ledger: join(directory, "mail.db"),
      clock: clock.now,
      log: collectLog(),
      agents: { desk: { ...agentOf("desk@a.example"), budget: { perDay: 10 } } },
    };
    const createSubmitter: KitPorts["createSubmitter"] = (...args) => {
      const submitter = PORTS.createSubmitter(...args);
      return { ...submitter, submit: (each) => onSubmit((one) => submitter.submit(one), each) };
    };
    const slow = composeKit(config, { ...PORTS, createSubmitter });
    const other = createEmailKit(config);
    const used = async () => (await other.sending())[0]!.budgets[0]!.used;
    const close = async () => {
      await slow.close();
      await other.close();
      await rm(directory, { recursive: true });
    };
    return { slow, other, clock, used, [Symbol.asyncDispose]: close };
  };

  it("is not taken back when another one has sent the mail", async () => {
    await using kits = await opened(async (submit, each) => {
      kits.clock.advance(31_000);
      await kits.other.runOnce();
      return submit(each);
    });
    await mailing(kits.slow, "desk").invoke({ to: people(1) }, thread("t1"));
    await kits.slow.runOnce();
    expect(delivered(people(1))).toBe(1);
    expect(await kits.used()).toBe(1);
    expect((await kits.other.events()).filter(({ kind }) => kind === "submitted")).toHaveLength(1);
  });

  it("is taken back once where the other one could not send it either", async () => {
    await using kits = await opened(async (submit, each) => {
      kits.clock.advance(31_000);
      mail.faults.refuseData = { times: 1, reply: "451 4.3.0 Try again later" };
      await kits.other.runOnce();
      return submit(each);
    });
    await mailing(kits.slow, "desk").invoke({ to: people(1) }, thread("t1"));
    await kits.slow.runOnce();
    expect(delivered(people(1))).toBe(0);
    expect(await kits.used()).toBe(0);
  });

  it("is taken back without those whom nothing is mailed to any more", async () => {
    await using kits = await opened(() => Promise.reject(new Error("The process dies here.")));
    const [ann, bob] = people(2);
    await mailing(kits.slow, "desk").invoke({ to: [`${ann} ${bob}`] }, thread("t1"));
    await kits.slow.suppress(bob!);
    await kits.slow.runOnce();
    expect(await kits.used()).toBe(1);
    kits.clock.advance(31_000);
    await kits.other.runOnce();
    expect(delivered([ann!, bob!])).toBe(1);
    expect(await kits.used()).toBe(1);
  });
});

describe("budgets of several agents", () => {
  it("of one that is used up keep no other from sending", async () => {
    await using kit = createEmailKit({
      ledger: ":memory:",
      log: collectLog(),
      agents: { desk: { ...agentOf("desk@a.example"), budget: { perDay: 1 } }, lab: agentOf("lab@a.example") },
    });
    await mailing(kit, "desk").invoke({ to: people(40) }, thread("t1"));
    await mailing(kit, "lab").invoke({ to: people(30, "c.example") }, thread("t2"));
    await kit.runOnce();
    expect(delivered(people(40))).toBe(1);
    expect(delivered(people(30, "c.example"))).toBe(30);
  });

  it.each([
    ["account", { desk: "desk@a.example", lab: "lab@z.example" }],
    ["domain", { desk: "desk@a.example", lab: "lab@a.example" }],
  ] as const)("share that of their %s", async (unit, addresses) => {
    const { smtp, imap } = mail.account("desk@a.example");
    const of = (address: string) => (unit === "account" ? { address, smtp, imap } : agentOf(address));
    await using kit = createEmailKit({
      ledger: ":memory:",
      log: collectLog(),
      agents: { desk: of(addresses.desk), lab: of(addresses.lab) },
      budgets: { [unit]: { perDay: 5 } },
    });
    await mailing(kit, "desk").invoke({ to: people(4) }, thread("t1"));
    await mailing(kit, "lab").invoke({ to: people(4, "c.example") }, thread("t2"));
    await kit.runOnce();
    expect(delivered(people(4))).toBe(4);
    expect(delivered(people(4, "c.example"))).toBe(1);
  });

  it("of a thread hold back that thread alone", async () => {
    const clock = testClock();
    const kit = deskKit(mail, { clock: clock.now, budgets: { thread: { perHour: 2 } } });
    await using _kit = kit;
    const graph = mailing(kit, "desk");
    await graph.invoke({ to: people(30) }, thread("t1"));
    await graph.invoke({ to: people(2, "c.example") }, thread("t2"));
    await kit.runOnce();
    expect(delivered(people(30))).toBe(2);
    expect(delivered(people(2, "c.example"))).toBe(2);
    clock.advance(HOUR + 60_000);
    await kit.runOnce();
    expect(delivered(people(30))).toBe(4);
  });
});

// Real processes take their time to start.
vi.setConfig({ testTimeout: 60_000 });

describe("five processes with one budget", () => {
  const BUDGET = 500;
  const children: ChildProcess[] = [];
  afterEach(() => {
    for (const child of children.splice(0)) child.kill("SIGKILL");
  });

  async function share(ledger: string, sentOf: (ledger: string) => Promise<number>) {
    const { smtp, imap } = mail.account("desk@a.example");
    const secret = "a secret of at least thirty-two characters";
    // 560 recipients: some mails have ten.
    const all = people(10);
    const to = Array.from({ length: 146 }, (_, place) => (place < 46 ? all.join(" ") : all[place % 10]!));
    const kit = deskKit(mail, { ledger, secret });
    await mailing(kit, "desk").invoke({ to }, thread("t1"));
    const settings: BudgetSettings = { ledger, secret, smtp, imap, perDay: BUDGET };
    const ready = Array.from({ length: 5 }, () => {
      const child = fork(new URL("budgets-process.ts", import.meta.url), [JSON.stringify(settings)], {
        execArgv: ["--conditions=langgraph-email-source"],
      });
      children.push(child);
      return new Promise((resolve) => {
        child.once("message", resolve);
      });
    });
    await Promise.all(ready);
    await until("the whole budget to be sent", () => delivered(all) >= BUDGET, 30_000);
    // A look of each worker, at the least, at what still waits.
    await new Promise((resolve) => {
      setTimeout(resolve, 1_200);
    });
    expect(delivered(all)).toBe(BUDGET);
    expect(await sentOf(ledger)).toBe(BUDGET);
    await kit.close();
  }

  const COUNT = "SELECT CAST(SUM(recipients) AS INTEGER) AS n FROM counts WHERE unit = 'agent:desk'";

  it("send it exactly, on SQLite", async () => {
    const directory = await mkdtemp(join(tmpdir(), "langgraph-email-budgets-"));
    await share(join(directory, "mail.db"), async (path) => {
      const db = openSqlite(path);
      const [row] = await db.all<{ n: number }>(COUNT);
      await db.close();
      return row!.n;
    });
    for (const child of children.splice(0)) child.kill("SIGKILL");
    await rm(directory, { recursive: true });
  });

  it.skipIf(!hasPostgres)("send it exactly, on PostgreSQL", async () => {
    const postgres = await startPostgres();
    await share(postgres.ledgerUrl(), async (url) => {
      const db = await openPostgres(url);
      const [row] = await db.all<{ n: number }>(COUNT);
      await db.close();
      return row!.n;
    });
    for (const child of children.splice(0)) child.kill("SIGKILL");
    await postgres.close();
  });
});
