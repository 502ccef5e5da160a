import type { BaseCheckpointSaver, PendingWrite } from "@langchain/langgraph-checkpoint";
import type { KitPorts } from "../../src/open-kit.ts";
import type { Database, Sql, SqlParameters } from "../../src/ledger/database.ts";
import { openPostgres } from "../../src/ledger/postgres.ts";
import { isPostgresUrl } from "../../src/ledger/postgres/url.ts";
import { openSqlite } from "../../src/ledger/sqlite.ts";
import { createMailbox } from "../../src/transport/imap.ts";
import { createSubmitter } from "../../src/transport/smtp.ts";
import type { Mailbox, MailboxReader, Submitter } from "../../src/transport/transport.ts";
import type { Life } from "./life.ts";
import { after, around, point } from "./points.ts";

/** The kit's ports, with a point at every await. */
export const instrumentedPorts = (life: Life): KitPorts => ({
  openDatabase: async (ledger) =>
    instrumentDatabase(isPostgresUrl(ledger) ? await openPostgres(ledger) : openSqlite(ledger)),
  createSubmitter: (options, settings) => instrumentSubmitter(createSubmitter(options, settings), life.sabotage),
  createMailbox: (options, settings) => instrumentMailbox(createMailbox(options, settings)),
});

/** Points bear the names of the functions that ask: `markSending:after`, or in a transaction `createTask.insertTask`. */
function instrumentDatabase(db: Database): Database {
  const statement = <T>(text: string, work: () => Promise<T>): Promise<T> => {
    const name = caller() ?? "statement";
    return /^\s*(?:INSERT|UPDATE|DELETE)\b/i.test(text) ? around(name, work) : after(name, work);
  };
  return {
    name: db.name,
    all: <Row>(text: string, parameters?: SqlParameters) => statement(text, () => db.all<Row>(text, parameters)),
    run: (text, parameters) => statement(text, () => db.run(text, parameters)),
    async transaction(work, options) {
      const name = caller() ?? "transaction";
      point(`${name}:begin`);
      const result = await db.transaction(async (sql) => {
        const done = await work(instrumentSql(sql, name));
        point(`${name}:commit`);
        return done;
      }, options);
      point(`${name}:committed`);
      return result;
    },
    onCommit: (listener) => db.onCommit(listener),
    close: () => around("ledger.close", () => db.close()),
  };
}

function instrumentSql(sql: Sql, transaction: string): Sql {
  const named = () => `${transaction}.${caller() ?? "statement"}`;
  return {
    all: <Row>(text: string, parameters?: SqlParameters) => after(named(), () => sql.all<Row>(text, parameters)),
    run: (text, parameters) => after(named(), () => sql.run(text, parameters)),
  };
}

/** A named function of the kit, in the file where `bundle.ts` puts it without its database drivers. Of functions of one name, the bundle numbers all but one. */
const KIT = /^\s*at (?:async )?(?:\w+\.)*#?(\w+?)(?:\$\d+)? \(.*\/src\/kit\.js/;
/** Who only does, or tries again, what another function asks for. */
const PLUMBING = new Set(["untilStored", "tasksWhere", "recipientsOf"]);

/** The function of the kit that called, unless it has no name. */
function caller(): string | undefined {
  const limit = Error.stackTraceLimit;
  Error.stackTraceLimit = 15;
  const frames = new Error().stack?.split("\n") ?? [];
  Error.stackTraceLimit = limit;
  return frames.map((line) => KIT.exec(line)?.[1]).find((name) => name !== undefined && !PLUMBING.has(name));
}

function instrumentSubmitter(submitter: Submitter, sabotage: Life["sabotage"]): Submitter {
  return {
    submit: (mail) =>
      around("submit", () =>
        submitter.submit({
          ...mail,
          ...(mail.onHandover && {
            onHandover: () => around("submit.handover", sabotage ? async () => {} : mail.onHandover!),
          }),
        }),
      ),
    verify: () => submitter.verify(),
    close: () => around("submit.close", () => submitter.close()),
  };
}

function instrumentMailbox(mailbox: Mailbox): Mailbox {
  const instrumented = (reader: MailboxReader): MailboxReader => ({
    cursor: (uidValidity) => around("mailbox.cursor", () => reader.cursor(uidValidity)),
    store: (mails, more) => around("mailbox.store", () => reader.store(mails, more)),
  });
  return {
    key: mailbox.key,
    junkKey: mailbox.junkKey,
    drain: (reader) => around("mailbox.drain", () => mailbox.drain(instrumented(reader))),
    verify: () => mailbox.verify(),
    watch: (reader, options) => around("mailbox.watch", () => mailbox.watch(instrumented(reader), options)),
    close: () => around("mailbox.close", () => mailbox.close()),
  };
}

/** @param onResult Called when a node's result is stored, with LangGraph's id of the node run. */
export function instrumentSaver<Saver extends BaseCheckpointSaver>(
  saver: Saver,
  onResult: (nodeTaskId: string) => void,
): Saver {
  const getTuple = saver.getTuple.bind(saver);
  const put = saver.put.bind(saver);
  const putWrites = saver.putWrites.bind(saver);
  saver.getTuple = (config) => after("saver.getTuple", () => getTuple(config));
  saver.put = (config, checkpoint, metadata, versions) =>
    around(`saver.put(${metadata.source})`, () => put(config, checkpoint, metadata, versions));
  saver.putWrites = (config, writes, nodeTaskId) => {
    const kind = kindOf(writes);
    return around(`saver.putWrites(${kind})`, async () => {
      await putWrites(config, writes, nodeTaskId);
      if (kind === "result") onResult(nodeTaskId);
    });
  };
  return saver;
}

function kindOf(writes: readonly PendingWrite[]): string {
  const special = writes.map(([channel]) => /^__(interrupt|resume|error|error_source_node)__$/.exec(channel)?.[1]);
  return special.find((kind) => kind !== undefined) ?? "result";
}
