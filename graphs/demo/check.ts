import { readFile } from "node:fs/promises";
import { SqliteSaver } from "@langchain/langgraph-checkpoint-sqlite";
import { type AuditEvent, createEmailKit } from "langgraph-email";
import type { MailServer } from "langgraph-email/testing";
import { createPipeline } from "../pipeline.ts";
import type { Printer } from "./print.ts";
import type { DemoSettings } from "./settings.ts";

export interface Claims {
  hold: boolean;
}

/** Prints the mail chain of the run from the audit log, and holds the claims against ledger, mailboxes and checkpoints. */
export async function checkRun(run: {
  mail: MailServer;
  settings: DemoSettings;
  kills: number;
  print: Printer;
}): Promise<Claims> {
  const { settings, mail } = run;
  await using kit = createEmailKit({
    ledger: `${settings.directory}/desk.db`,
    agents: { desk: settings.accounts.desk },
  });
  const events = await kit.events({ threadId: settings.threadId });
  printChain(events);
  const people = {
    research: settings.accounts.research.address,
    analysis: settings.accounts.analysis.address,
    approver: settings.approver,
  };
  const claims = [
    ...mailboxClaims(mail, Object.values(people)),
    ledgerClaim(events),
    await nodeClaim(
      settings,
      createPipeline(kit, people, SqliteSaver.fromConnString(`${settings.directory}/desk-checkpoints.db`)),
    ),
  ];
  console.log(`\nChecked${run.kills > 0 ? ` after ${run.kills} SIGKILLs` : ""}\n`);
  for (const { holds, text } of claims) console.log(`  ${holds ? "✓" : "✗"} ${text}`);
  console.log("");
  return { hold: claims.every(({ holds }) => holds) };
}

function printChain(events: readonly AuditEvent[]): void {
  console.log("\nMail chain of the run, from the audit log\n");
  const names = new Map(
    events.map((event) => [event.taskId, event.data["name"]]).filter(([, name]) => name) as [string, string][],
  );
  for (const event of events) {
    const time = new Date(event.at).toISOString().slice(11, 23);
    const created = events.find(({ kind, taskId }) => kind === "task-created" && taskId === event.taskId);
    if (event.kind === "submitted") {
      console.log(`  ${time}  → ${created?.to?.join(", ")}  ${created?.subject}\n                ${event.messageId}`);
    } else if (event.kind === "received") {
      const grade = typeof event.data["grade"] === "string" ? `, grade ${event.data["grade"]}` : "";
      console.log(
        `  ${time}  ← ${event.from}  ${String(event.data["disposition"])} "${names.get(event.taskId ?? "")}"${grade}\n                ${event.messageId ?? "(no Message-ID)"}`,
      );
    }
  }
}

interface Claim {
  holds: boolean;
  text: string;
}

function mailboxClaims(mail: MailServer, addresses: readonly string[]): Claim[] {
  return addresses.map((address) => {
    const count = mail.mails(address).length;
    return { holds: count === 1, text: `mailbox of ${address}: ${count} task mail` };
  });
}

function ledgerClaim(events: readonly AuditEvent[]): Claim {
  const times = (kind: string) => events.filter((event) => event.kind === kind).length;
  const counts = ["task-created", "submitted", "settled"].map((kind) => `${times(kind)} ${kind}`);
  return {
    holds: times("task-created") === times("submitted") && times("submitted") === times("settled"),
    text: `ledger: ${counts.join(", ")}`,
  };
}

/** A node's result is stored with the checkpoint that follows it; a start after that would be a node run twice. */
async function nodeClaim(settings: DemoSettings, graph: ReturnType<typeof createPipeline>): Promise<Claim> {
  const starts = (await readFile(`${settings.directory}/nodes.jsonl`, "utf8"))
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line) as { at: number; node: string });
  const stored = new Map<string, number>();
  let completions = 0;
  let next: number | undefined;
  for await (const snapshot of graph.getStateHistory({ configurable: { thread_id: settings.threadId } })) {
    for (const node of snapshot.next) {
      if (next === undefined) continue;
      stored.set(node, next);
      completions++;
    }
    next = Date.parse(snapshot.createdAt!);
  }
  const again = starts.filter(({ node, at }) => at > (stored.get(node) ?? Infinity));
  return {
    holds: again.length === 0 && completions === stored.size && stored.has("publish"),
    text: `checkpoints: ${stored.size} nodes stored, each once; ${starts.length} starts, ${again.length} of them after the node's result was stored`,
  };
}
