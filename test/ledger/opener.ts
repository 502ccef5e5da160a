import { parentPort } from "node:worker_threads";
import { openSqlite } from "../../src/ledger/sqlite.ts";

/** Opens the files that it is told of, and answers with what went wrong. */
parentPort!.on("message", (path: string) => {
  try {
    void openSqlite(path).close();
    parentPort!.postMessage("");
  } catch (error) {
    parentPort!.postMessage(String(error));
  }
});
