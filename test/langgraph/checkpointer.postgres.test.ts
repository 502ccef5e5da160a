import { PostgresSaver } from "@langchain/langgraph-checkpoint-postgres";
import { deltaChannelHistoryTests, validate } from "@langchain/langgraph-checkpoint-validation";
import { Pool } from "pg";
import { afterAll, beforeAll, describe } from "vitest";
import { EmailCheckpointSaver } from "../../src/langgraph/checkpointer.ts";
import { openLedger } from "../../src/ledger/ledger.ts";
import { openPostgres } from "../../src/ledger/postgres.ts";
import { memoryKit } from "../support/open-kit.ts";
import { hasPostgres, type PostgresServer, startPostgres } from "../support/postgres.ts";

describe.skipIf(!hasPostgres)("EmailCheckpointSaver around PostgresSaver, in one database with the ledger", () => {
  let postgres: PostgresServer;
  let made = 0;
  const open = new Set<EmailCheckpointSaver>();
  let kit: Awaited<ReturnType<typeof memoryKit>>;
  beforeAll(async () => {
    postgres = await startPostgres();
    const db = await openPostgres(postgres.ledgerUrl());
    kit = await memoryKit({ ledger: await openLedger(db, { id: "abcdefghijklmnop", now: Date.now() }) });
  });
  afterAll(async () => {
    await Promise.all([...open].map((saver) => saver.end()));
    await kit.ledger.db.close();
    await postgres.close();
  });

  const initializer = {
    checkpointerName: "@langchain/langgraph-checkpoint-postgres",
    async createCheckpointer() {
      // The suite counts what a fresh saver lists.
      const schema = `checkpoints_${++made}`;
      const pool = new Pool({ connectionString: postgres.url });
      // The server ends the pool's idle connections when it stops.
      pool.on("error", () => {});
      const saver = new EmailCheckpointSaver(new PostgresSaver(pool, undefined, { schema }), async () => kit);
      await saver.setup();
      open.add(saver);
      return saver;
    },
    async destroyCheckpointer(saver: EmailCheckpointSaver) {
      open.delete(saver);
      await saver.end();
    },
  };
  validate(initializer);
  deltaChannelHistoryTests(initializer);
});
