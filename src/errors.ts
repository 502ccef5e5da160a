/** Every error code of this library: what happened, and whether the same call may succeed later. */
export const ERROR_CODES = {
  // Configuration and use
  INVALID_CONFIG: { retryable: false, summary: "The configuration is wrong." },
  INVALID_ADDRESS: { retryable: false, summary: "Not a usable mail address." },
  INVALID_MESSAGE: { retryable: false, summary: "The mail cannot be composed from this input." },
  MESSAGE_TOO_LARGE: { retryable: false, summary: "The mail is larger than allowed." },
  UNKNOWN_AGENT: { retryable: false, summary: "No agent of that name is configured." },
  SCOPE_MISSING: { retryable: false, summary: "The agent lacks the scope for this." },
  UNKNOWN_TASK: { retryable: false, summary: "No task of that name is defined." },
  BUDGET_EXCEEDED: { retryable: true, summary: "The mail does not fit into a budget now." },
  RECIPIENT_NOT_ALLOWED: { retryable: false, summary: "The agent may not mail this address." },
  REVIEW_REFUSED: { retryable: false, summary: "The outbound review refused the mail." },
  // Graphs and runs
  GRAPH_NOT_ATTACHED: { retryable: false, summary: "The graph does not run under this kit." },
  RUN_NOT_DURABLE: { retryable: false, summary: "The run's checkpoints are not stored before mail goes out." },
  GRAPH_CHANGED: { retryable: false, summary: "The graph no longer has the node that its thread waits in." },
  INTERRUPT_CAUGHT: { retryable: false, summary: "Something caught the interrupt of a wait." },
  THREAD_BUSY: { retryable: true, summary: "Another run holds the thread." },
  LEASE_LOST: { retryable: true, summary: "This run lost its thread to another one; its writes are refused." },
  SERVER_UNREACHABLE: { retryable: true, summary: "LangGraph's API server cannot be reached." },
  SERVER_REFUSED: { retryable: false, summary: "LangGraph's API server refused a request of the worker." },
  TASK_ID_COLLISION: { retryable: false, summary: "The same task was sent twice by one execution of a node." },
  TASK_AMBIGUOUS: { retryable: false, summary: "More than one task could be meant." },
  INVALID_ANSWER: { retryable: false, summary: "A resume does not answer what is waited for." },
  TASK_NOT_FOUND: { retryable: false, summary: "The ledger holds no such task." },
  MESSAGE_NOT_FOUND: { retryable: false, summary: "No such mail is kept." },
  ADDRESS_IN_USE: { retryable: true, summary: "A thread still needs the address that is to be forgotten." },
  LEDGER_MISMATCH: { retryable: false, summary: "The task belongs to another ledger." },
  LEDGER_VERSION: { retryable: false, summary: "The ledger was written by a newer version." },
  LEDGER_FAILED: { retryable: true, summary: "The ledger could not be read or written." },
  LEDGER_REFUSED: { retryable: false, summary: "The ledger's database cannot hold a value." },
  BLOB_FAILED: { retryable: true, summary: "Content could not be stored or read." },
  BLOB_NOT_FOUND: { retryable: false, summary: "Stored content is missing." },
  // Submission (SMTP)
  SMTP_AUTH_FAILED: { retryable: false, summary: "The submission server refused the credentials." },
  SMTP_UNREACHABLE: { retryable: true, summary: "The submission server cannot be reached." },
  SMTP_TLS_FAILED: { retryable: false, summary: "No secure connection to the submission server." },
  SMTP_REFUSED: { retryable: false, summary: "The submission server refused the mail for good." },
  SMTP_DEFERRED: { retryable: true, summary: "The submission server refused the mail for now." },
  SMTP_OUTCOME_UNKNOWN: {
    retryable: false,
    summary: "The connection broke after the mail was handed over; it may or may not have been accepted.",
  },
  // Mailbox (IMAP)
  IMAP_AUTH_FAILED: { retryable: false, summary: "The mailbox server refused the credentials." },
  IMAP_UNREACHABLE: { retryable: true, summary: "The mailbox server cannot be reached." },
  IMAP_TLS_FAILED: { retryable: false, summary: "No secure connection to the mailbox server." },
  MAILBOX_NOT_FOUND: { retryable: false, summary: "The mailbox does not exist." },
  IMAP_FAILED: { retryable: true, summary: "The mailbox server failed." },
} as const satisfies Record<string, { retryable: boolean; summary: string }>;

export type EmailKitErrorCode = keyof typeof ERROR_CODES;

/** The one error class of this library: a code, what happened, and what to do. Never carries a secret. */
export class EmailKitError extends Error {
  override readonly name = "EmailKitError";
  readonly code: EmailKitErrorCode;
  /** Whether the same call may succeed later without a change by a person. */
  readonly retryable: boolean;

  /** @param message What happened and what to do about it, in one or two sentences. */
  constructor(code: EmailKitErrorCode, message: string, options?: { cause?: unknown }) {
    super(message, options);
    this.code = code;
    this.retryable = ERROR_CODES[code].retryable;
  }
}

/** Whether what keeps the work is out of order, which is nobody's fault who does the work. */
export function isOutage(error: unknown): boolean {
  return error instanceof EmailKitError && ["LEDGER_FAILED", "BLOB_FAILED", "SERVER_UNREACHABLE"].includes(error.code);
}

/** What was thrown, and by which line, for a log or a ledger: without its message, which may hold what was being read. */
export function placeOf(error: unknown): string {
  if (!(error instanceof Error)) return typeof error;
  const { name, message, stack = "" } = error;
  const start = stack.indexOf(message);
  const frames = start < 0 ? "" : stack.slice(start + message.length);
  const [, line] = /\n {4}at .*?([^\s/\\(]+:\d+):\d+\)?(?:\n|$)/.exec(frames) ?? [];
  return line === undefined ? name : `${name} at ${line}`;
}
