import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { defineTask, EmailKitError } from "langgraph-email";
import { type MailServer, startMailServer } from "../../src/dev/index.ts";
import { askGraph, deskKit, outcomeOf, thread } from "../support/desk.ts";

let mail: MailServer;
beforeEach(async () => {
  mail = await startMailServer();
  mail.account("boss@b.example");
});
afterEach(async () => {
  await mail.close();
});

const berlin = { timeZone: "Europe/Berlin", holidays: ["2026-12-25"] };

describe("a deadline in business days", () => {
  it("is reckoned by the kit's calendar, and expires then", async () => {
    let now = Date.parse("2026-12-24T10:00+01:00");
    await using kit = deskKit(mail, { clock: () => now, calendar: berlin });
    const graph = askGraph(kit, { task: defineTask("approval", { deadline: "2 business days" }) });
    await graph.invoke({ to: "boss@b.example" }, thread("t"));
    const [task] = (await graph.getState(thread("t"))).tasks;
    const end = "2026-12-29T09:00:00.000Z";
    expect(task?.interrupts[0]?.value).toMatchObject({ deadline: end });
    now = Date.parse(end) - 1;
    await kit.runOnce();
    expect(await outcomeOf(graph, "t")).toBeUndefined();
    now = Date.parse(end);
    await kit.runOnce();
    expect(await outcomeOf(graph, "t")).toEqual({ kind: "expired", deadline: end });
  });

  it("is refused without a calendar, before anything is mailed", async () => {
    await using kit = deskKit(mail);
    const graph = askGraph(kit, { task: defineTask("approval", { deadline: "2 business days" }) });
    await expect(graph.invoke({ to: "boss@b.example" }, thread("t"))).rejects.toThrow(/Give the kit a calendar/);
    await kit.runOnce();
    expect(mail.mails("boss@b.example")).toEqual([]);
  });
});

it("checks a calendar and a deadline where they are written", () => {
  expect(() => deskKit(mail, { calendar: { timeZone: "Mars/Olympus" } })).toThrow(EmailKitError);
  expect(() => defineTask("approval", { deadline: "some business days" })).toThrow(/is no deadline/);
});
