import { enableCompileCache, flushCompileCache } from "node:module";
import { instrumentFiles } from "./files.ts";
import { type Life, type LifeReport, THREAD } from "./life.ts";
import { arm, seenPoints } from "./points.ts";
import { noteSyncs } from "./power.ts";
import { ledgerRows } from "./stores.ts";
import { instrumentSockets } from "./wire.ts";

enableCompileCache();

/** How often a process looks whether it has come to the end, and how often in a row it may find that nothing has changed: less than the sweep of every minute takes. */
const LOOK_MS = 40;
const MOST_LOOKS = 1_200;

/** A process that may be killed: it lives one life after another, until it comes to a point at which it dies. */
let current: Life | undefined;
instrumentFiles(() => current?.directory);
noteSyncs(() => (current?.power ? current.ledger : undefined));
instrumentSockets((port) => {
  if (!current) return undefined;
  if (port === Number(new URL(current.accounts.desk.smtp).port)) return "smtp";
  return port === Number(new URL(current.accounts.desk.imap).port) ? "imap" : undefined;
});
const { createWorld } = await import("./graph.ts");

process.on("message", (life: Life) => {
  live(life).then(
    (report) => process.send!(report),
    (error: unknown) =>
      process.send!({ kind: "failed", error: String((error as Error).stack ?? error) } satisfies LifeReport),
  );
});
process.on("disconnect", () => process.exit());

async function live(life: Life): Promise<LifeReport> {
  current = life;
  arm(life.kill);
  const world = createWorld(life);
  const { kit, graph } = world;
  const config = { configurable: { thread_id: THREAD } };
  let failure: unknown;
  const work = async () => {
    const worker = await kit.start({ stopOn: [] });
    await worker.ready;
    const begun = (await graph.getState(config)).createdAt !== undefined;
    if (life.helps || (begun && life.restart === "worker")) return;
    await graph.invoke(begun ? null : {}, config).catch((error: unknown) => {
      // On a machine that is busy enough, a heartbeat comes too late: the worker has the thread then.
      if ((error as { code?: string }).code !== "LEASE_LOST") throw error;
    });
  };
  let working = true;
  work()
    .catch((error: unknown) => {
      failure = error;
    })
    .finally(() => {
      working = false;
    });
  let seen = "";
  for (let looks = 0; looks < MOST_LOOKS; looks++) {
    if (failure !== undefined) throw failure as Error;
    const { open: left, stored } = await storedBy(life);
    const open = working ? 1 : left;
    if (open === 0) {
      const state = await graph.getState(config);
      if (state.createdAt !== undefined && state.next.length === 0 && state.tasks.length === 0) {
        await world.close();
        const points = seenPoints();
        arm(undefined);
        // Who is killed leaves none.
        flushCompileCache();
        return { kind: "ended", values: state.values as Record<string, unknown>, points };
      }
    }
    if (stored !== seen) looks = 0;
    seen = stored;
    await new Promise((resolve) => {
      setTimeout(resolve, LOOK_MS);
    });
  }
  return { kind: "failed", error: `nothing went on: ${seen}` };
}

/** How much is left to be mailed, answered, waited for or run, and a text that changes when anything goes on. */
async function storedBy(life: Life): Promise<{ open: number; stored: string }> {
  const [row] = await ledgerRows<{ open: number; stored: string }>(
    life,
    "outbox",
    `SELECT (SELECT COUNT(*) FROM outbox WHERE state NOT IN ('submitted', 'withdrawn', 'refused'))
          + (SELECT COUNT(*) FROM requests WHERE state <> 'answered')
          + (SELECT COUNT(*) FROM waits WHERE closed_at IS NULL)
          + (SELECT COUNT(*) FROM leases WHERE name LIKE 'thread:%' AND holder IS NOT NULL) AS open,
        (SELECT 'event ' || COALESCE(MAX(seq), 0) || ', ' FROM events)
          || (SELECT COALESCE(string_agg(kind || ' ' || state, ', ' ORDER BY id), 'no mails') FROM outbox)
          || (SELECT ', ' || COUNT(*) || ' waits closed' FROM waits WHERE closed_at IS NOT NULL) AS stored`,
  );
  return row ?? { open: 1, stored: "" };
}
