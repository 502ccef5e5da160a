import { Annotation, END, MemorySaver, START, StateGraph } from "@langchain/langgraph";
import type { EmailKit, MailExpectation, MailOutcome } from "langgraph-email";
import { afterEach, beforeEach, expect, it } from "vitest";
import { startMailServer, type MailServer } from "../../src/dev/index.ts";
import { waitForEnd } from "../../src/testing/index.ts";
import { deskKit, testClock, thread, until } from "../support/desk.ts";

let mail: MailServer;
beforeEach(async () => {
  mail = await startMailServer();
});
afterEach(async () => {
  await mail.close();
});

const State = Annotation.Root({ got: Annotation<MailOutcome> });

function signUpGraph(kit: EmailKit<"desk">, expectation: Partial<MailExpectation<"desk">> = {}) {
  return kit.attach(
    "sign-up",
    new StateGraph(State)
      .addNode("code", async () => ({
        got: await kit.awaitMail({ agent: "desk", from: "*@shop.example", subject: "code", ...expectation }),
      }))
      .addEdge(START, "code")
      .addEdge("code", END)
      .compile({ checkpointer: kit.checkpointer(new MemorySaver()) }),
  );
}

function deliver(from: string, subject: string, text: string): void {
  const id = Math.random().toString(36).slice(2);
  const head = [`From: ${from}`, "To: desk@a.example", `Subject: ${subject}`, `Message-ID: <${id}@x.example>`];
  mail.deliver(`${head.join("\r\n")}\r\nAuto-Submitted: auto-generated\r\n\r\n${text}\r\n`, "desk@a.example");
}

it("parks until the mail comes, passes others by, and finds the code", async () => {
  await using kit = deskKit(mail);
  const graph = signUpGraph(kit);
  await using _worker = await kit.start();
  await graph.invoke({}, thread("1"));
  deliver("noreply@evil.example", "Your code", "Your verification code is 111111.");
  deliver("noreply@shop.example", "Welcome", "We are glad to have you.");
  await until("both are looked at", async () => (await kit.messages("unmatched")).length === 2);
  expect((await graph.getState(thread("1"))).next).toEqual(["code"]);
  deliver("noreply@shop.example", "Your sign-in code", "Your verification code is 482913. It expires in 10 minutes.");
  const { got } = await waitForEnd(graph, thread("1"));
  expect(got).toMatchObject({ kind: "received", from: "noreply@shop.example", verification: { code: "482913" } });
});

it("takes a mail that came shortly before, and each mail once", async () => {
  await using kit = deskKit(mail);
  const graph = signUpGraph(kit);
  await using _worker = await kit.start();
  deliver("noreply@shop.example", "Your code", "Your verification code is 482913.");
  await until("it is stored", async () => (await kit.messages("unmatched")).length === 1);
  await graph.invoke({}, thread("1"));
  expect((await waitForEnd(graph, thread("1"))).got).toMatchObject({ kind: "received" });
  await graph.invoke({}, thread("2"));
  expect((await graph.getState(thread("2"))).next).toEqual(["code"]);
});

it("expires", async () => {
  const clock = testClock();
  await using kit = deskKit(mail, { clock: clock.now });
  const graph = signUpGraph(kit, { within: "10 min" });
  await graph.invoke({}, thread("1"));
  clock.advance(11 * 60_000);
  await kit.runOnce();
  expect((await graph.getState(thread("1"))).values.got).toMatchObject({ kind: "expired" });
});
