/** Proof that a task was handed to the outbox. Plain JSON: it travels through state to another node. `Reply` is the type of the reply's data. */
export interface TaskReceipt<Reply = unknown> {
  readonly kind: "langgraph-email/receipt";
  readonly taskId: string;
  /** The ledger that holds the task. */
  readonly ledgerId: string;
  readonly name: string;
  /** The agent that asks. */
  readonly agent: string;
  readonly to: readonly string[];
  readonly subject: string;
  /** RFC 5322 Message-ID of the task mail. */
  readonly messageId: string;
  /** ISO 8601. */
  readonly deadline: string;
  /** Never present: carries the type. */
  readonly reply?: Reply;
}
