import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Client } from "@langchain/langgraph-sdk";
import { afterAll, beforeAll, expect, it } from "vitest";
import { type DevServer, startServer } from "../langgraph/server/dev-server.ts";
import { until } from "../support/desk.ts";

const root = join(import.meta.dirname, "..", "..");
const directory = mkdtempSync(join(tmpdir(), "langgraph-email-studio-"));
let server: DevServer;

beforeAll(async () => {
  server = await startServer(["--conditions=langgraph-email-source", join(root, "graphs", "studio", "main.ts")], {
    cwd: directory,
    env: { PATH: `${join(root, "node_modules", ".bin")}:${process.env["PATH"]}` },
    ready: "/mail/events",
  });
}, 60_000);

afterAll(async () => {
  await server.stop();
  rmSync(directory, { recursive: true });
});

it("npm run studio: the pipeline runs over HTTP, agents answer by mail, a person in the user interface", async () => {
  const client = new Client({ apiUrl: server.url });
  const { thread_id: id } = await client.threads.create();
  await client.runs.create(id, "pipeline", { input: { topic: "Should we?" } });
  const taskId = await until(
    "the approver is asked",
    async () => {
      const { next, tasks } = await client.threads.getState(id);
      const request = tasks[0]?.interrupts[0]?.value as { taskId: string } | undefined;
      return next[0] === "approve" && request?.taskId;
    },
    15_000,
  );
  await client.runs.wait(id, "pipeline", {
    command: { resume: { taskId, data: { approved: true } } },
    // The run that has asked may not have ended yet.
    multitaskStrategy: "enqueue",
  });
  expect((await client.threads.getState(id)).values).toMatchObject({
    decision: "approved",
    findings: expect.arrayContaining([expect.objectContaining({ source: "survey, spring" })]),
    report: "Should we?: approved. Go ahead with a pilot for one quarter. (3 findings)",
  });
  // The agents' own threads are there to be seen.
  expect(await client.threads.search({ metadata: { graph_id: "research" } })).not.toHaveLength(0);
});

it("npm run studio: the assistant calls its tools, asks an agent by mail, and says what came back", async () => {
  const client = new Client({ apiUrl: server.url });
  const { thread_id: id } = await client.threads.create();
  const input = { messages: [{ role: "user", content: "What speaks for it?" }] };
  await client.runs.create(id, "assistant", { input });
  const answer = await until(
    "the assistant has its answer",
    async () => {
      const { next, values } = await client.threads.getState<{ messages: { type: string; content: string }[] }>(id);
      const last = values.messages?.at(-1);
      return next.length === 0 && last?.type === "ai" && last.content;
    },
    15_000,
  );
  expect(answer).toContain("survey");
  expect(answer).toContain('"from":"research@lab.example"');
});
