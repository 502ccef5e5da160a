import type { Transport } from "@modelcontextprotocol/sdk/shared/transport.js";
import { EmailKitError } from "../errors.ts";
import type { NeutralTool } from "../langgraph/calls/tickets.ts";
import type { Logger } from "../log.ts";
import { packageVersion } from "../version.ts";

/** A connection to one client. */
export interface McpConnection extends AsyncDisposable {
  /** Resolves when it has ended, from either side. */
  readonly closed: Promise<void>;
  close(): Promise<void>;
}

/** Serves these tools to one client, over standard input and output unless it is another transport. */
export async function serveTools(
  tools: readonly NeutralTool[],
  log: Logger,
  { transport, instructions }: { transport?: Transport | undefined; instructions?: string } = {},
): Promise<McpConnection> {
  const { McpServer, StdioServerTransport, AjvJsonSchemaValidator, types } = await loadSdk();
  const { McpError, ErrorCode } = types;
  const validator = new AjvJsonSchemaValidator();
  const known = new Map(tools.map((tool) => [tool.name, { tool, check: validator.getValidator(tool.inputSchema) }]));
  const { server } = new McpServer(
    { name: "langgraph-email", version: packageVersion() },
    { capabilities: { tools: {} }, ...(instructions !== undefined && { instructions }) },
  );
  server.setRequestHandler(types.ListToolsRequestSchema, () => ({
    tools: tools.map(({ name, description, inputSchema, readOnly }) => {
      return { name, description, inputSchema, annotations: { readOnlyHint: readOnly } };
    }),
  }));
  server.setRequestHandler(types.CallToolRequestSchema, async ({ params }, { signal }) => {
    const found = known.get(params.name);
    if (!found) throw new McpError(ErrorCode.InvalidParams, `There is no tool ${params.name}.`);
    const input = params.arguments ?? {};
    const { valid, errorMessage } = found.check(input);
    const work = valid ? found.tool.call(input, signal) : Promise.reject(invalid(params.name, errorMessage));
    return work.then(
      (text) => ({ content: [{ type: "text", text }] }),
      (error: unknown) => ({ content: [{ type: "text", text: explain(error, params.name, log) }], isError: true }),
    );
  });
  const closed = Promise.withResolvers<void>();
  Object.assign(server, {
    onclose: () => closed.resolve(),
    onerror: (error: Error) => log.warn("A message of an MCP client was not understood", { error: error.message }),
  });
  const close = () => server.close();
  if (!transport) process.stdin.once("end", () => void close());
  await server.connect(transport ?? new StdioServerTransport());
  return { closed: closed.promise, close, [Symbol.asyncDispose]: close };
}

function invalid(tool: string, why: string | undefined): EmailKitError {
  return new EmailKitError("INVALID_CONFIG", `The arguments of ${tool} do not fit its schema: ${why}.`);
}

/** What a model can mend it is told; what else went wrong is the log's. */
function explain(error: unknown, tool: string, log: Logger): string {
  if (error instanceof EmailKitError) return JSON.stringify({ error: error.code, message: error.message });
  log.error(`The tool ${tool} failed`, { error: String(error) });
  return JSON.stringify({ error: "FAILED", message: "The tool failed; the server's log says why." });
}

async function loadSdk() {
  try {
    const [{ McpServer }, { StdioServerTransport }, { AjvJsonSchemaValidator }, types] = await Promise.all([
      import("@modelcontextprotocol/sdk/server/mcp.js"),
      import("@modelcontextprotocol/sdk/server/stdio.js"),
      import("@modelcontextprotocol/sdk/validation/ajv"),
      import("@modelcontextprotocol/sdk/types.js"),
    ]);
    return { McpServer, StdioServerTransport, AjvJsonSchemaValidator, types };
  } catch (cause) {
    const message =
      "MCP is spoken with the package @modelcontextprotocol/sdk, which is not installed: npm install @modelcontextprotocol/sdk.";
    throw new EmailKitError("INVALID_CONFIG", message, { cause });
  }
}
