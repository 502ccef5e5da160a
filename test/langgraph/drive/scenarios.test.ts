import { Command, MemorySaver } from "@langchain/langgraph";
import type { EmailKit, Worker } from "langgraph-email";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startMailServer } from "../../../src/dev/index.ts";
import { deskKit, thread } from "../../support/desk.ts";
import { askGraph, manyGraph, payGraph } from "../server/scenario-graphs.ts";
import { type Driver, type GraphName, scenarios } from "./scenarios.ts";

let driver: Driver;
let worker: Worker;
let kit: EmailKit<"desk">;

beforeAll(async () => {
  const mail = await startMailServer();
  kit = deskKit(mail, { retry: { tries: 2, first: "100 ms" } });
  const graphs = {
    ask: askGraph(kit, "ask", new MemorySaver()),
    many: manyGraph(kit, "many", new MemorySaver()),
    pay: payGraph(kit, "pay", new MemorySaver()),
  };
  worker = await kit.start();
  const run = async (graph: GraphName, threadId: string, input: unknown) => {
    await (graphs[graph] as { invoke(input: unknown, config: object): Promise<unknown> }).invoke(
      input,
      thread(threadId),
    );
  };
  let threads = 0;
  driver = {
    mail,
    kit,
    async begin(graph, input) {
      const id = `thread-${++threads}`;
      await run(graph, id, input);
      return id;
    },
    resume: async (graph, id, value) => run(graph, id, new Command({ resume: value })),
    standing: async (graph, id) => graphs[graph].getState(thread(id)),
  };
});

afterAll(async () => {
  await worker.stop();
  await kit.close();
  await driver.mail.close();
});

describe("kit.start", () => {
  it("refuses what is no client, and none in the API server's process", async () => {
    const one = deskKit(driver.mail);
    await expect(one.start({ server: "http://127.0.0.1" as never })).rejects.toMatchObject({ code: "INVALID_CONFIG" });
    const loopback = Symbol.for("langgraph_api:fetch");
    Reflect.set(globalThis, loopback, fetch);
    try {
      await expect(one.start()).rejects.toThrow("new Client()");
      await expect(one.runOnce()).rejects.toMatchObject({ code: "INVALID_CONFIG" });
    } finally {
      Reflect.deleteProperty(globalThis, loopback);
      await one.close();
    }
  });
});

describe("in the worker's process", () => scenarios(() => driver));
