import { Annotation, END, MemorySaver, START, StateGraph } from "@langchain/langgraph";
import { afterEach, beforeEach, expect, it } from "vitest";
import { createEmailKit, defineTask, type InboxRequest, type ServeOptions } from "langgraph-email";
import { startMailServer, type MailServer } from "../../src/dev/index.ts";
import { replyAs } from "../../src/testing/index.ts";
import { collectLog, thread } from "../support/desk.ts";

let mail: MailServer;
beforeEach(async () => {
  mail = await startMailServer();
  mail.account(ANN);
});
afterEach(async () => {
  await mail.close();
});

const ANN = "ann@b.example";
const TEAM = "team@a.example";
const State = Annotation.Root({ text: Annotation<string> });

/** Two agents behind one address; each answers with its name. */
function team(rules: Record<"billing" | "support", Partial<ServeOptions<never, never>>>) {
  const log = collectLog();
  const { smtp, imap } = mail.account(TEAM);
  const agent = { address: TEAM, smtp, imap };
  const kit = createEmailKit({ ledger: ":memory:", log, agents: { billing: agent, support: agent } });
  for (const name of ["billing", "support"] as const) {
    const graph = new StateGraph(State)
      .addNode("work", ({ text }) => ({ text: `${name}: ${text}` }))
      .addEdge(START, "work")
      .addEdge("work", END)
      .compile({ checkpointer: kit.checkpointer(new MemorySaver()) });
    const { from = "anyone", accepts } = rules[name];
    kit.serveInbox(name, kit.attach(name, graph), {
      from,
      ...(accepts && { accepts }),
      input: ({ subject }) => ({ text: subject }),
      reply: ({ text }) => ({ text }),
    });
  }
  return { kit, log };
}

const about = (word: string) => (request: InboxRequest) => request.subject.includes(word);
const RULES = { billing: { accepts: about("Invoice") }, support: { accepts: about("broken") } };

function write(subject: string, from = ANN): void {
  const id = Math.random().toString(36).slice(2);
  const head = [`From: ${from}`, `To: ${TEAM}`, `Subject: ${subject}`, `Message-ID: <${id}@b.example>`];
  mail.deliver(`${head.join("\r\n")}\r\n\r\nPlease.\r\n`, TEAM);
}

const answers = () =>
  mail.mails(ANN).map(({ raw }) => /(?:billing|support): .*/.exec(Buffer.from(raw).toString())?.[0]);

it("each takes what its rule matches, the first where two do, and what none takes is left alone", async () => {
  const { kit } = team(RULES);
  await using _kit = kit;
  for (const subject of ["It is broken", "Invoice 7", "Invoice broken", "Hello"]) write(subject);
  await kit.runOnce();
  expect(new Set(answers())).toEqual(
    new Set(["billing: Invoice 7", "billing: Invoice broken", "support: It is broken"]),
  );
  expect((await kit.messages("unmatched")).map(({ subject }) => subject)).toEqual(["Hello"]);
});

it("a follow-up goes to who answered before, whatever it says now", async () => {
  const { kit } = team(RULES);
  await using _kit = kit;
  write("It is broken");
  await kit.runOnce();
  await replyAs(mail, { from: ANN, mail: mail.mails(ANN)[0]!, subject: "Invoice?", text: "And who pays?" });
  await kit.runOnce();
  expect(answers()).toEqual(["support: It is broken", "support: Invoice?"]);
});

it("who may ask is a part of the rule", async () => {
  const { kit } = team({ billing: { from: ["*@corp.example"] }, support: {} });
  await using _kit = kit;
  write("Invoice 7");
  await kit.runOnce();
  expect(answers()).toEqual(["support: Invoice 7"]);
});

it("a rule that throws takes nothing, and is an error in the log", async () => {
  const broken = () => {
    throw new Error("No rule.");
  };
  const { kit, log } = team({ billing: { accepts: broken }, support: { accepts: about("Invoice") } });
  await using _kit = kit;
  write("Invoice 7");
  await kit.runOnce();
  expect(answers()).toEqual(["support: Invoice 7"]);
  expect(log.lines.filter(({ level }) => level === "error")).toHaveLength(1);
});

it("what one of them sends with a copy to their address is no request to the other", async () => {
  const { kit } = team({ billing: { accepts: about("nothing") }, support: {} });
  await using _kit = kit;
  const question = defineTask("question");
  const asking = new StateGraph(State)
    .addNode("ask", async () => {
      await kit.sendTask(question, { from: "billing", to: ANN, cc: TEAM, subject: "Paid?", body: "Is it?" });
      return { text: (await kit.awaitReply(question)).kind };
    })
    .addEdge(START, "ask")
    .addEdge("ask", END)
    .compile({ checkpointer: kit.checkpointer(new MemorySaver()) });
  await kit.attach("asking", asking).invoke({}, thread("1"));
  await kit.runOnce();
  expect(mail.mails(TEAM)).toHaveLength(1);
  expect((await kit.messages("own")).map(({ subject }) => subject)).toEqual(["Paid?"]);
  expect(mail.mails(ANN)).toHaveLength(1);
});
