import { openSqlite } from "../../src/ledger/sqlite.ts";

/** A process that opens the files that it is told of, and answers with what went wrong. */
process.on("message", (path: string) => {
  try {
    void openSqlite(path).close();
    process.send!("");
  } catch (error) {
    process.send!(String(error));
  }
});
process.send!("ready");
