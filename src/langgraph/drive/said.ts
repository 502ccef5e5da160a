/** What a person did in a user interface, whichever it is. `action` names the task, where the interface says it back. */
export type Said =
  | { kind: "data"; data: unknown; action?: string }
  /** Of what was shown as an action. */
  | { kind: "edit"; data: unknown; action?: string }
  | { kind: "accept"; action?: string }
  | { kind: "reject"; reason?: string; action?: string }
  | { kind: "ignore"; action?: string };

/**
 * Reads the answer of a user interface: LangChain's decisions, also as Agent Chat UI writes them, and Agent Inbox's responses, one or in a list.
 * Undefined for anything else, which is data.
 */
export function readSaid(value: unknown): Said[] | undefined {
  const decisions = (value as { decisions?: unknown } | null)?.decisions;
  const items = Array.isArray(decisions) ? decisions : Array.isArray(value) ? value : [value];
  const said = items.map(readOne);
  return said.length > 0 && said.every((one) => one !== undefined) ? said : undefined;
}

interface Response {
  type?: unknown;
  args?: unknown;
  message?: unknown;
  edited_action?: Action;
  editedAction?: Action;
}

interface Action {
  name?: unknown;
  action?: unknown;
  args?: unknown;
}

function readOne(value: unknown): Said | undefined {
  const { type, args, message, edited_action: snake, editedAction: camel } = (value ?? {}) as Response;
  switch (type) {
    case "approve":
    case "accept":
      return { kind: "accept", ...named(args) };
    case "ignore":
      return { kind: "ignore" };
    case "reject": {
      // Agent Inbox puts it into `args` where it takes an interrupt for one of LangChain's middleware.
      const reason = message ?? args;
      return { kind: "reject", ...(typeof reason === "string" && reason !== "" && { reason }) };
    }
    case "response":
    case "respond":
      return { kind: "data", data: args ?? message };
    case "edit": {
      const action = snake ?? camel ?? (args as Action | null | undefined);
      return action ? { kind: "edit", data: action.args, ...named(action) } : undefined;
    }
    default:
      return undefined;
  }
}

function named(action: unknown): { action?: string } {
  const { name, action: label } = (action ?? {}) as Action;
  const said = name ?? label;
  return typeof said === "string" ? { action: said } : {};
}
