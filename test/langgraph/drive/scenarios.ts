import { expect, it } from "vitest";
import type { AuditEvent, EmailKit } from "langgraph-email";
import type { MailServer } from "../../../src/dev/index.ts";
import { until } from "../../support/desk.ts";
import { answer } from "../../support/people.ts";

export interface Standing {
  values: Record<string, unknown>;
  next: readonly string[];
  tasks: readonly { interrupts: readonly { id?: string; value?: unknown }[] }[];
  /** The API server's: `idle`, `busy`, `interrupted`, `error`. */
  status?: string;
}

/** One way to have threads run and resumed. */
export interface Driver {
  mail: MailServer;
  kit: EmailKit<"desk">;
  /** Starts a thread, and resolves with its id when its first run has ended. */
  begin(graph: "ask" | "many", input: Record<string, unknown>): Promise<string>;
  /** Resumes by hand, as a user interface does. */
  resume(graph: "ask" | "many", threadId: string, value: unknown): Promise<void>;
  standing(graph: "ask" | "many", threadId: string): Promise<Standing>;
}

export async function end(driver: Driver, graph: "ask" | "many", threadId: string): Promise<Standing["values"]> {
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
}
