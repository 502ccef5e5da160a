import { afterEach, beforeEach, expect, it } from "vitest";
import { startMailServer, type MailServer } from "../../src/dev/index.ts";
import { replyAs } from "../../src/testing/index.ts";
import { approval, askGraph, deskKit, until } from "../support/desk.ts";

let mail: MailServer;
beforeEach(async () => {
  mail = await startMailServer();
});
afterEach(async () => {
  await mail.close();
});

it.each(["auto-replied", "auto-generated"])(
  "an agent of another make answers in JSON, marked %s; a vacation notice before it changes nothing",
  async (autoSubmitted) => {
    await using kit = deskKit(mail);
    mail.account("bot@b.example");
    const graph = askGraph(kit, { task: approval });
    await using worker = await kit.start();
    await worker.ready;
    const thread = { configurable: { thread_id: "1" } };
    await graph.invoke({ to: "bot@b.example" }, thread);
    const task = await mail.waitForMail("bot@b.example");
    const answer = (text: string, subject?: string) =>
      replyAs(mail, {
        from: "bot@b.example",
        mail: task,
        text,
        client: "plain",
        headers: { "Auto-Submitted": autoSubmitted },
        ...(subject && { subject }),
      });
    await answer("I am away until Monday. Yes, all requests are approved by my deputy.", "Out of office");
    await until("the notice is recorded", async () => (await kit.messages("recorded")).length === 1);
    expect((await graph.getState(thread)).next).toEqual(["ask"]);
    await answer('Here is my answer.\n\n```json\n{ "approved": true }\n```');
    const outcome = await until("the outcome", async () => (await graph.getState(thread)).values.outcome);
    expect(outcome).toMatchObject({ kind: "replied", data: { approved: true } });
  },
);
