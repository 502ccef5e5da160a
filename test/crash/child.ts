import { enableCompileCache, flushCompileCache } from "node:module";
import { DatabaseSync } from "node:sqlite";
import { instrumentFiles } from "./files.ts";
import { type Life, type LifeReport, THREAD } from "./life.ts";
import { arm, seenPoints } from "./points.ts";
import { instrumentSockets } from "./wire.ts";

enableCompileCache();

/** A process that may be killed: it lives one life after another, until it comes to a point at which it dies. */
let current: Life | undefined;
instrumentFiles(() => current?.directory);
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
  const { kit, graph } = createWorld(life);
  const config = { configurable: { thread_id: THREAD } };
  const worker = await kit.start({ stopOn: [] });
  await worker.ready;
  const begun = (await graph.getState(config)).createdAt !== undefined;
  if (!begun || life.restart === "invoke") {
    await graph.invoke(begun ? null : {}, config).catch((error: unknown) => {
      // On a machine that is busy enough, a heartbeat comes too late: the worker has the thread then.
      if (!/^LEASE_LOST$|^Abort$/.test((error as { code?: string }).code ?? (error as Error).message)) throw error;
    });
  }
  for (;;) {
    const state = await graph.getState(config);
    if (state.next.length === 0 && state.tasks.length === 0 && isQuiet(life)) {
      await kit.close();
      const points = seenPoints();
      arm(undefined);
      // Who is killed leaves none.
      flushCompileCache();
      return { kind: "ended", values: state.values as Record<string, unknown>, points };
    }
    await new Promise((resolve) => {
      setTimeout(resolve, 40);
    });
  }
}

/** Nothing is left to be mailed or answered. */
function isQuiet(life: Life): boolean {
  const db = new DatabaseSync(`${life.directory}/mail.db`, { readOnly: true, timeout: 1_000 });
  try {
    const open = db.prepare(
      `SELECT (SELECT COUNT(*) FROM outbox WHERE state NOT IN ('submitted', 'withdrawn', 'refused'))
            + (SELECT COUNT(*) FROM requests WHERE state <> 'answered') AS open`,
    );
    return open.get()?.["open"] === 0;
  } finally {
    db.close();
  }
}
