import { Client } from "@langchain/langgraph-sdk";
import { createEmailKit } from "langgraph-email";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startMailServer } from "../../../src/dev/index.ts";
import { collectLog, until } from "../../support/desk.ts";
import { answer } from "../../support/people.ts";
import { type DevServer, serverDirectory, startDevServer } from "../server/dev-server.ts";
import { type Driver, end, scenarios, type Standing } from "./scenarios.ts";

const directory = serverDirectory();
const ledger = `${directory}/mail.db`;
const remoteLedger = `${directory}/remote.db`;
let env: Record<string, string>;
let server: DevServer;
let client: Client;
let driver: Driver;

beforeAll(async () => {
  const mail = await startMailServer();
  const desk = mail.account("desk@a.example");
  const { address, smtp, imap } = desk;
  env = { EMAIL_LEDGER: ledger, REMOTE_LEDGER: remoteLedger, DESK: address, DESK_SMTP: smtp, DESK_IMAP: imap };
  const lab = mail.account("lab@b.example");
  Object.assign(env, { LAB: lab.address, LAB_SMTP: lab.smtp, LAB_IMAP: lab.imap });
  server = await startDevServer({ directory, env });
  client = new Client({ apiUrl: server.url });
  driver = {
    mail,
    kit: createEmailKit({ ledger, log: collectLog(), agents: { desk } }),
    async begin(assistant, input) {
      const { thread_id: id } = await client.threads.create();
      await client.runs.wait(id, assistant, { input });
      return id;
    },
    async resume(assistant, id, value) {
      await client.runs.wait(id, assistant, {
        command: { resume: value },
        config: { configurable: { __pregel_strict_resume: true } },
        multitaskStrategy: "enqueue",
      });
    },
    async standing(_, id) {
      const [state, { status }] = await Promise.all([client.threads.getState(id), client.threads.get(id)]);
      return { ...(state as Standing), status };
    },
  };
}, 60_000);

afterAll(async () => {
  await server?.stop();
  await driver?.kit.close();
  await driver?.mail.close();
});

const person = (name: string) => driver.mail.account(`${name}@b.example`).address;
const reply = async (from: string) =>
  answer(driver.mail, from, await driver.mail.waitForMail(from), '{"approved": true}');

describe("on LangGraph's API server", () => {
  scenarios(() => driver);

  it("shows why an answer was not taken, and what a form may hold, and waits on", async () => {
    const uma = person("uma");
    const id = await driver.begin("ask", { to: uma, subject: "Stairs" });
    await driver.resume("ask", id, "perhaps");
    const { status, tasks } = await driver.standing("ask", id);
    expect(status).toBe("interrupted");
    expect(tasks[0]!.interrupts[0]).toMatchObject({
      value: { refused: expect.stringContaining("approved"), description: expect.stringContaining("not taken") },
      response_schema: { type: "object", required: ["approved"] },
    });
    await reply(uma);
    expect(await end(driver, "ask", id)).toMatchObject({ outcome: { kind: "replied" } });
  });

  it("resumes a thread by the assistant that ran it", async () => {
    const jon = person("jon");
    const { assistant_id: id } = await client.assistants.create({
      graphId: "ask",
      config: { configurable: { signature: "the board" } },
    });
    const { thread_id: threadId } = await client.threads.create();
    await client.runs.wait(threadId, id, { input: { to: jon, subject: "Desks" } });
    await reply(jon);
    expect(await end(driver, "ask", threadId)).toMatchObject({ outcome: { kind: "replied" } });
    expect((await driver.mail.waitForMail(jon)).header("subject")).toBe("Desks (the board)");
    const runs = await client.runs.list(threadId);
    expect(runs.map((run) => run.assistant_id)).toEqual([id, id]);
    expect(runs.find(({ metadata }) => metadata?.["langgraph_email"])?.metadata).toMatchObject({
      langgraph_email: "resume",
      langgraph_email_reason: "decided",
      langgraph_email_tasks: "approval",
      langgraph_email_outcomes: "replied",
    });
  });

  it("streams what a run asks and waits for", async () => {
    const ned = person("ned");
    const { thread_id: id } = await client.threads.create();
    const told: unknown[] = [];
    const input = { to: ned, subject: "Chairs" };
    for await (const { event, data } of client.runs.stream(id, "ask", { input, streamMode: "custom" })) {
      if (event === "custom") told.push(data);
    }
    expect(told).toMatchObject([
      { type: "langgraph-email/progress", kind: "task-created", to: [ned] },
      { type: "langgraph-email/progress", kind: "waiting", tasks: 1, settled: 0 },
    ]);
  });

  it("serves an inbox: each request is a thread there", async () => {
    const [nan, oli] = [person("nan"), person("oli")];
    driver.mail.deliver(
      `From: ${nan}\nTo: lab@b.example\nSubject: Is it so?\nMessage-ID: <so@b.example>\n\n${oli}\n`,
      "lab@b.example",
    );
    await reply(oli);
    expect(Buffer.from((await driver.mail.waitForMail(nan)).raw).toString()).toContain("They replied.");
    const event = (await driver.kit.events()).find(({ kind }) => kind === "request-received");
    expect(await end(driver, "ask", event!.threadId!)).toMatchObject({ outcome: { kind: "replied" } });
  });

  it("has a worker elsewhere that resumes by URL", async () => {
    const kim = person("kim");
    const { thread_id: id } = await client.threads.create();
    await client.runs.wait(id, "remote", { input: { to: kim, subject: "Far" } });
    const desk = driver.mail.account("desk@a.example");
    const kit = createEmailKit({ ledger: remoteLedger, log: collectLog(), agents: { desk } });
    const worker = await kit.start({ server: client });
    await reply(kim);
    expect(await end(driver, "ask", id)).toMatchObject({ outcome: { kind: "replied" } });
    await worker.stop();
    await kit.close();
  });

  const begin = async (assistant: string, to: string) => {
    const { thread_id: id } = await client.threads.create();
    await client.runs.wait(id, assistant, { input: { to, subject: "Lamps" } });
    await driver.mail.waitForMail(to);
    return id;
  };

  it("finds the threads that wait after a restart, with auth on and a node renamed", async () => {
    const [lea, meg] = [person("lea"), person("meg")];
    const [id, changed] = [await begin("ask", lea), await begin("changing", meg)];
    await server.stop();
    // While nobody is there.
    for (const from of [lea, meg]) await reply(from);
    const later = { ...env, WORKER_KEY: "worker-key", CHANGING_NODE: "enquire" };
    server = await startDevServer({ directory, env: later, auth: true });
    client = new Client({ apiUrl: server.url, apiKey: "user-key" });
    await expect(
      new Client({ apiUrl: server.url, apiKey: "none", callerOptions: { maxRetries: 0 } }).threads.get(id),
    ).rejects.toThrow("401");
    expect(await end(driver, "ask", id)).toMatchObject({ outcome: { kind: "replied" } });
    const mia = person("mia");
    const next = await driver.begin("ask", { to: mia, subject: "Rugs" });
    await reply(mia);
    expect(await end(driver, "ask", next)).toMatchObject({ outcome: { kind: "replied" } });
    const [stalled] = await until("the changed graph's thread is stalled", async () => {
      const all = await driver.kit.stalled();
      return all.length > 0 && all;
    });
    expect(stalled).toMatchObject({ threadId: changed, lastError: expect.stringContaining('waits in node "ask"') });

    await server.stop();
    server = await startDevServer({ directory, env });
    client = new Client({ apiUrl: server.url });
    expect(await driver.kit.retry(changed)).toBe(true);
    expect(await end(driver, "ask", changed)).toMatchObject({ outcome: { kind: "replied" } });
    expect(driver.mail.mails(meg)).toHaveLength(1);
  }, 60_000);
});
