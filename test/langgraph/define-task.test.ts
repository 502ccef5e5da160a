import { type } from "arktype";
import { defineTask, EmailKitError, type TaskOptions } from "langgraph-email";
import * as v from "valibot";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { z } from "zod";
import * as z3 from "zod/v3";
import { startMailServer, type MailServer } from "../../src/dev/index.ts";
import { replyAs, waitForEnd } from "../../src/testing/index.ts";
import { askGraph, deskKit, thread, until } from "../support/desk.ts";

const opaque = {
  "~standard": {
    version: 1 as const,
    vendor: "own",
    validate: (value: unknown) =>
      typeof value === "object" && value !== null && "seats" in value && typeof value.seats === "number"
        ? { value: { seats: value.seats } }
        : { issues: [{ message: "How many seats?" }] },
  },
};
const opaqueJson = { type: "object", properties: { seats: { type: "integer" } }, required: ["seats"] };

describe("the schema of a reply", () => {
  it.each([
    ["zod 4", z.object({ seats: z.number() })],
    ["zod 3", z3.object({ seats: z3.number() })],
    ["Valibot", v.object({ seats: v.number() })],
    ["ArkType", type({ seats: "number" })],
  ])("of %s is known as JSON Schema", (_name, reply) => {
    expect(defineTask("seats", { reply }).replySchema).toMatchObject({
      properties: { seats: { type: "number" } },
      required: ["seats"],
    });
  });

  it("is given where its library has none", () => {
    expect(() => defineTask("seats", { reply: opaque })).toThrow(EmailKitError);
    expect(() => defineTask("seats", { reply: opaque })).toThrow(/replyJsonSchema/);
    expect(defineTask("seats", { reply: opaque, replyJsonSchema: opaqueJson }).replySchema).toBe(opaqueJson);
  });

  it.each([
    ["zod 4", z.object({ at: z.date() })],
    ["zod 3", z3.object({ at: z3.date() })],
    ["Valibot", v.object({ at: v.date() })],
    ["ArkType", type({ at: "Date" })],
  ])("of %s is refused where no mail can hold it", (_name, reply) => {
    expect(() => defineTask("seats", { reply })).toThrow(/z\.coerce\.date/);
  });

  it("gets its name checked", () => {
    expect(() => defineTask(" ")).toThrow("A task needs a name.");
  });
});

it.each<[string, TaskOptions]>([
  ["accept.grade", { accept: { grade: "b" as "B" } }],
  ["accept.from", { accept: { from: ["@b.example"] } }],
  ["accept.attachments", { accept: { attachments: { allow: ["pdf"] } } }],
  ["retries", { retries: -1 }],
  ["maxClarifications", { maxClarifications: 0.5 }],
  ["onOutOfOffice", { onOutOfOffice: "ignore" as "wait" }],
  ["overBudget", { overBudget: "throw" as "error" }],
])("an option that means nothing is an error at once: %s", (name, options) => {
  expect(() => defineTask("seats", options as never)).toThrow(
    expect.objectContaining({ code: "INVALID_CONFIG", message: expect.stringContaining(`"seats": ${name}`) }),
  );
});

describe("a task through the mail", () => {
  let mail: MailServer;
  beforeEach(async () => {
    mail = await startMailServer();
    mail.account("kim@b.example");
  });
  afterEach(async () => {
    await mail.close();
  });

  const tasks = {
    "zod 3": defineTask("seats", {
      reply: z3.object({ seats: z3.number().int() }).transform(({ seats }) => ({ rows: seats / 2 })),
    }),
    Valibot: defineTask("seats", {
      reply: v.pipe(
        v.object({ seats: v.pipe(v.number(), v.integer()) }),
        v.transform(({ seats }) => ({ rows: seats / 2 })),
      ),
    }),
    ArkType: defineTask("seats", {
      reply: type({ seats: "number.integer" }).pipe(({ seats }) => ({ rows: seats / 2 })),
    }),
    "a schema with its JSON Schema beside it": defineTask("seats", {
      reply: {
        "~standard": {
          ...opaque["~standard"],
          validate: (value: unknown) => {
            const read = opaque["~standard"].validate(value);
            return read.value ? { value: { rows: read.value.seats / 2 } } : { issues: read.issues };
          },
        },
      },
      replyJsonSchema: opaqueJson,
    }),
  };

  it.each(Object.entries(tasks))("of %s asks, clarifies and transforms", async (_name, task) => {
    await using kit = deskKit(mail);
    const graph = askGraph(kit, { task });
    await using _worker = await kit.start();
    await graph.invoke({ to: "kim@b.example" }, thread("1"));
    const asked = await until("the task", () => mail.mails("kim@b.example")[0]);
    expect(Buffer.from(asked.raw).toString()).toMatch(/seats: \(a (?:whole )?number\)/);
    await replyAs(mail, { from: "kim@b.example", mail: asked, text: "seats: a few" });
    const question = await until("the question", () => mail.mails("kim@b.example")[1]);
    await replyAs(mail, { from: "kim@b.example", mail: question, text: "Seats: 40" });
    expect((await waitForEnd(graph, thread("1"))).outcome).toMatchObject({ kind: "replied", data: { rows: 20 } });
  });
});
