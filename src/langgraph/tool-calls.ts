import { BaseCallbackHandler } from "@langchain/core/callbacks/base";

/** How many tool runs are remembered; their ends are not always reported. */
const MAX_CALLS = 10_000;

const calls = new Map<string, string>();

/** Remembers under which id the model called a tool: inside of the tool only the id of its run is to be seen. */
class ToolCallHandler extends BaseCallbackHandler {
  override name = "langgraph-email-tool-calls";
  override awaitHandlers = true;

  override handleToolStart(...args: unknown[]): void {
    const [runId, toolCallId] = [args[2], args[7]];
    if (typeof runId !== "string" || typeof toolCallId !== "string") return;
    calls.set(runId, toolCallId);
    if (calls.size > MAX_CALLS) calls.delete(calls.keys().next().value!);
  }
}

export const toolCallHandler = new ToolCallHandler();

/** The tool call that this code runs in: LangChain's id of its run, new at every execution, and the model's id of it, which stays. Undefined outside of a tool. */
export function toolCallOf(config: { callbacks?: unknown } | undefined): { runId: string; id: string } | undefined {
  const runId = (config?.callbacks as { getParentRunId?: () => string | undefined } | undefined)?.getParentRunId?.();
  const id = runId === undefined ? undefined : calls.get(runId);
  return id === undefined ? undefined : { runId: runId!, id };
}
