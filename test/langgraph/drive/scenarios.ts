import { expect, it } from "vitest";
import type { AuditEvent, EmailKit } from "langgraph-email";
import type { MailServer } from "../../../src/dev/index.ts";
import { until } from "../../support/desk.ts";
import { answer } from "../../support/people.ts";
import { TREASURER } from "../server/scenario-graphs.ts";

export interface Standing {
  values: Record<string, unknown>;
  next: readonly string[];
  tasks: readonly { interrupts: readonly { id?: string; value?: unknown }[] }[];
  /** The API server's: `idle`, `busy`, `interrupted`, `error`. */
  status?: string;
}

export type GraphName = "ask" | "many" | "pay";

/** One way to have threads run and resumed. */
export interface Driver {
  mail: MailServer;
  kit: EmailKit<"desk">;
  /** Starts a thread, and resolves with its id when its first run has ended. */
  begin(graph: GraphName, input: Record<string, unknown>): Promise<string>;
  /** Resumes by hand, as a user interface does. */
  resume(graph: GraphName, threadId: string, value: unknown): Promise<void>;
  standing(graph: GraphName, threadId: string): Promise<Standing>;
}

export async function end(driver: Driver, graph: GraphName, threadId: string): Promise<Standing["values"]> {
  const { values } = await until(
    "the thread ends",
    async () => {
      const standing = await driver.standing(graph, threadId);
      const { next, tasks, status = "idle" } = standing;
      return next.length === 0 && tasks.length === 0 && status === "idle" && standing;
    },
    15_000,
  );
  return values;
}

export async function eventsOf({ kit }: Driver, threadId: string): Promise<AuditEvent["kind"][]> {
  return (await kit.events({ threadId })).map(({ kind }) => kind);
}

/** What holds whatever drives the thread. Each scenario writes to people of its own. */
export function scenarios(open: () => Driver): void {
  const person = (name: string) => {
    const address = `${name}@b.example`;
    open().mail.account(address);
    return address;
  };
  const reply = async (from: string, text = '{"approved": true}') =>
    answer(open().mail, from, await open().mail.waitForMail(from), text);

  it("resumes a thread when the reply comes", async () => {
    const driver = open();
    const dana = person("dana");
    const id = await driver.begin("ask", { to: dana, subject: "Laptops" });
    await reply(dana);
    expect(await end(driver, "ask", id)).toMatchObject({ outcome: { kind: "replied", data: { approved: true } } });
    const kinds = await eventsOf(driver, id);
    expect(kinds).toEqual(expect.arrayContaining(["task-created", "parked", "submitted", "settled", "resumed"]));
    expect(kinds.filter((kind) => kind === "resumed")).toHaveLength(1);
  });

  it("gives two replies at once to the branches that wait for them", async () => {
    const driver = open();
    const people = ["eve", "fay", "gil"].map(person);
    const id = await driver.begin("many", { to: people });
    await Promise.all(people.map(async (from) => reply(from)));
    const { answers } = await end(driver, "many", id);
    expect((answers as string[]).toSorted()).toEqual(people.map((address) => `${address}: replied`));
  });

  it("tries a run again that threw", async () => {
    const driver = open();
    const hal = person("hal");
    const id = await driver.begin("ask", { to: hal, subject: "Fire", failures: 1 });
    await reply(hal);
    expect(await end(driver, "ask", id)).toMatchObject({ done: true, outcome: { kind: "replied" } });
    expect(await eventsOf(driver, id)).toContain("run-failed");
    expect((await driver.kit.events({ threadId: id })).find(({ kind }) => kind === "run-failed")?.data).toMatchObject({
      error: expect.stringContaining("The machine is on fire."),
    });
  });

  it("leaves a thread as it is that is resumed with an answer to nothing", async () => {
    const driver = open();
    const ida = person("ida");
    const id = await driver.begin("ask", { to: ida, subject: "Chairs" });
    await driver.resume("ask", id, { ["0".repeat(32)]: { approved: false } });
    const { status = "interrupted", tasks } = await driver.standing("ask", id);
    expect(status).toBe("interrupted");
    expect(tasks[0]?.interrupts).toHaveLength(1);
    await reply(ida);
    expect(await end(driver, "ask", id)).toMatchObject({ outcome: { kind: "replied" } });
  });

  const shown = async (driver: Driver, graph: GraphName, id: string) => {
    const { tasks } = await driver.standing(graph, id);
    return tasks.flatMap(({ interrupts }) => interrupts.map(({ value }) => value as HumanShapes));
  };

  it("takes the answer of Agent Inbox, and tells who was asked by mail", async () => {
    const driver = open();
    const pia = person("pia");
    const id = await driver.begin("ask", { to: pia, subject: "Lifts" });
    await driver.mail.waitForMail(pia);
    const [request] = await shown(driver, "ask", id);
    expect(request).toMatchObject({
      config: { allow_accept: true, allow_edit: true, allow_respond: true, allow_ignore: true },
      description: expect.stringContaining("Lifts"),
    });
    const { action, args } = request!.action_request;
    expect(args).toEqual({ approved: "" });
    // Its forms give strings.
    await driver.resume("ask", id, [{ type: "edit", args: { action, args: { approved: "true" } } }]);
    expect(await end(driver, "ask", id)).toMatchObject({ outcome: { kind: "answered", data: { approved: true } } });
    const note = await driver.mail.waitForMail(pia, (mail) => mail.header("in-reply-to") !== undefined);
    expect(Buffer.from(note.raw).toString()).toContain("answered elsewhere");
    // The first answer counts.
    await reply(pia, '{"approved": false}');
    await until("the reply is late", async () =>
      (await driver.kit.messages("late")).some(({ sender }) => sender === pia),
    );
    expect(await end(driver, "ask", id)).toMatchObject({ outcome: { kind: "answered", data: { approved: true } } });
  });

  it("takes the decisions of Agent Chat UI and of LangChain's clients", async () => {
    const driver = open();
    const quin = person("quin");
    const rejected = await driver.begin("ask", { to: quin, subject: "Boats" });
    const [request] = await shown(driver, "ask", rejected);
    expect(request!.review_configs[0]!.allowed_decisions).toEqual(["approve", "edit", "reject"]);
    expect(request!.actionRequests[0]!.name).toBe(request!.reviewConfigs[0]!.actionName);
    await driver.resume("ask", rejected, { decisions: [{ type: "reject", message: "Too dear." }] });
    expect(await end(driver, "ask", rejected)).toMatchObject({
      outcome: { kind: "answered", data: { approved: false }, text: "No. Too dear." },
    });
    const approved = await driver.begin("ask", { to: quin, subject: "Oars" });
    await driver.resume("ask", approved, { decisions: [{ type: "approve" }] });
    expect(await end(driver, "ask", approved)).toMatchObject({
      outcome: { kind: "answered", data: { approved: true } },
    });
  });

  it("ends as cancelled what is set aside", async () => {
    const driver = open();
    const id = await driver.begin("ask", { to: person("rob"), subject: "Kites" });
    await driver.resume("ask", id, [{ type: "ignore", args: null }]);
    expect(await end(driver, "ask", id)).toMatchObject({ outcome: { kind: "cancelled", by: "reviewer" } });
  });

  const paying = async (...payments: string[]) => {
    const driver = open();
    driver.mail.account(TREASURER);
    const id = await driver.begin("pay", { messages: [{ role: "user", content: payments.join("\n") }] });
    return { driver, id, paid: async () => JSON.stringify(await end(driver, "pay", id)) };
  };
  const questionAbout = async (words: string) =>
    open().mail.waitForMail(TREASURER, ({ raw }) => Buffer.from(raw).toString().includes(words));

  it("has an agent's tool calls approved and changed by mail", async () => {
    const { driver, paid } = await paying("ACME 900", "Lumen 20");
    await answer(driver.mail, TREASURER, await questionAbout("Lumen"), "Yes.");
    await answer(driver.mail, TREASURER, await questionAbout("ACME"), "approved: yes\namount: 250");
    const ended = await paid();
    expect(ended).toContain("Paid 250 to ACME.");
    expect(ended).toContain("Paid 20 to Lumen.");
  });

  it("has tool calls decided where LangChain's clients show them, but for one that a mail has decided before", async () => {
    const { driver, id, paid } = await paying("Nobel 700", "Ohm 30", "Planck 9");
    const [request] = await shown(driver, "pay", id);
    const allowed = { actionName: "pay", allowedDecisions: ["approve", "edit", "reject"] };
    expect(request).toMatchObject({
      actionRequests: [
        { name: "pay", args: { to: "Nobel", amount: 700 }, description: expect.stringContaining("requires approval") },
        { name: "pay", args: { to: "Ohm", amount: 30 } },
        { name: "pay", args: { to: "Planck", amount: 9 } },
      ],
      reviewConfigs: [allowed, allowed, allowed],
    });
    await answer(driver.mail, TREASURER, await questionAbout("Nobel"), "approved: yes\namount: 600");
    await until("the mail's answer", async () => (await eventsOf(driver, id)).includes("settled"));
    const edit = (to: string, amount: number) => ({
      type: "edit",
      editedAction: { name: "pay", args: { to, amount } },
    });
    await driver.resume("pay", id, { decisions: [edit("Nobel", 1), edit("Ohm", 3), { type: "approve" }] });
    const ended = await paid();
    for (const payment of ["600 to Nobel", "3 to Ohm", "9 to Planck"]) expect(ended).toContain(`Paid ${payment}.`);
    expect(await eventsOf(driver, id)).toContain("answer-refused");
    // Whoever was asked by mail is told, and what they say after all is late.
    const notes = () =>
      driver.mail.mails(TREASURER).filter(({ raw }) => Buffer.from(raw).toString().includes("answered elsewhere"));
    await until("the notes", () => notes().length === 2);
    await answer(driver.mail, TREASURER, await questionAbout("Ohm"), "No.");
    await until("the reply is late", async () =>
      (await driver.kit.messages("late")).some(({ sender }) => sender === TREASURER),
    );
  });

  it("has a tool call decided where each field gives text, and as a call of that tool alone", async () => {
    const { driver, id, paid } = await paying("Pascal 40");
    const [request] = await shown(driver, "pay", id);
    expect(request!.action_request).toEqual({ action: "pay", args: { to: "Pascal", amount: 40 } });
    // Another tool, another set of arguments: nothing is resumed.
    for (const edited of [
      { action: "refund", args: { to: "Pascal", amount: "40" } },
      { action: "pay", args: { to: "Pascal" } },
      { action: "pay", args: { to: "Pascal", amount: "40", twice: "true" } },
      { action: "pay", args: { to: "Pascal", amount: "much" } },
      { action: "pay", args: { to: "Pascal", amount: "" } },
    ]) {
      const refused = driver.resume("pay", id, [{ type: "edit", args: edited }]);
      await refused.catch((error: unknown) => expect(error).toMatchObject({ code: "INVALID_ANSWER" }));
      expect((await driver.standing("pay", id)).tasks).toHaveLength(1);
    }
    const args = { to: "Pascal", amount: "4" };
    await driver.resume("pay", id, [{ type: "edit", args: { action: "pay", args } }]);
    expect(await paid()).toContain("Paid 4 to Pascal.");
  });

  it("has a tool call rejected, and the model told why", async () => {
    const { driver, id, paid } = await paying("Quine 8");
    await driver.resume("pay", id, { decisions: [{ type: "reject", message: "Not this month." }] });
    const ended = await paid();
    expect(ended).toContain("Not this month.");
    expect(ended).not.toContain("Paid 8");
  });

  it("gives an answer to the branch whose action it names, and one that names none to nobody", async () => {
    const driver = open();
    const people = ["sam", "tea"].map(person);
    const id = await driver.begin("many", { to: people });
    // LangGraph would give it to both.
    const toAnyone = driver.resume("many", id, [{ type: "accept", args: null }]);
    await toAnyone.catch((error: unknown) => expect(error).toMatchObject({ code: "INVALID_ANSWER" }));
    const requests = await shown(driver, "many", id);
    expect(requests).toHaveLength(2);
    const ofTea = requests.find(({ to }) => to[0] === people[1]);
    const name = ofTea!.actionRequests[0]!.name;
    await driver.resume("many", id, {
      decisions: [{ type: "edit", editedAction: { name, args: { approved: "yes" } } }],
    });
    await reply(people[0]!);
    const { answers } = await end(driver, "many", id);
    expect((answers as string[]).toSorted()).toEqual([`${people[0]}: replied`, `${people[1]}: answered`]);
  });
}

interface HumanShapes {
  to: string[];
  config: unknown;
  description: string;
  action_request: { action: string; args: unknown };
  review_configs: { allowed_decisions: string[] }[];
  actionRequests: { name: string }[];
  reviewConfigs: { actionName: string }[];
}
