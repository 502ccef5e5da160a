import { parseArgs } from "node:util";
import { readTrace } from "../audit/trace.ts";
import { verifyAudit } from "../audit/verify.ts";
import { messagesByDisposition } from "../ledger/messages.ts";
import { consoleLogger } from "../log.ts";
import { type Operator, operatorTools } from "../mcp/operator-tools.ts";
import { serveTools } from "../mcp/serve.ts";
import { decideHeld, heldMails } from "../worker/held.ts";
import { discardMessage } from "../worker/release.ts";
import { type Command, UsageError } from "./command.ts";
import { exactly, LEDGER, release, withLedger } from "./ledger.ts";

export const mcpCommand: Command = {
  summary: "Offer the operator's tools on a ledger over MCP, on standard input and output",
  help: `Usage: langgraph-email mcp LEDGER --operator

For an MCP client that a person looks after the ledger with: quarantine, held mails, traces, the audit log. A ledger alone has no
agent: for the tools that agents work by mail with, a program calls serveMcp(kit, { agent }) of langgraph-email/mcp.
Needs the package @modelcontextprotocol/sdk.

${LEDGER}`,
  run: async (args, io) => {
    const { values, positionals } = parseArgs({
      args,
      allowPositionals: true,
      options: { operator: { type: "boolean", default: false } },
    });
    const [path] = exactly(positionals, "LEDGER");
    if (!values.operator) {
      throw new UsageError(
        "These tools release mails and approve what is held: say that the client may, with --operator.",
      );
    }
    return withLedger(io, path, async (ledger, blobs) => {
      const at = { ledger, clock: Date.now };
      const operator: Operator = {
        messages: (disposition) => messagesByDisposition(ledger.db, disposition),
        release: (id, options) => release(ledger, blobs, id, options),
        discard: (id, options) => discardMessage(at, id, options),
        held: () => heldMails(ledger.db),
        approve: (id, options) => decideHeld(at, id, { approved: true }, options),
        reject: (id, reason, options) => decideHeld(at, id, { approved: false, reason }, options),
        trace: (threadId) => readTrace(ledger.db, threadId),
        verifyAudit: (options) => verifyAudit(ledger.db, { ...options, clock: Date.now }),
      };
      const connection = await serveTools(operatorTools(operator), consoleLogger());
      io.signal.addEventListener("abort", () => void connection.close(), { once: true });
      await connection.closed;
      return 0;
    });
  },
};
