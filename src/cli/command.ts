/** Where a command writes, and what tells it to end. */
export interface CommandIo {
  /** Text, or bytes as they are. */
  out(text: string | Uint8Array): void;
  err(text: string): void;
  /** Aborts at SIGINT or SIGTERM. */
  signal: AbortSignal;
  /** Working directory. */
  cwd: string;
}

/** A subcommand of `langgraph-email`. */
export interface Command {
  /** One line for the list of commands. */
  summary: string;
  /** The whole help text. */
  help: string;
  /** Resolves with the exit code. An error is printed by its message, and ends with 1; a {@link UsageError} with 2. */
  run(args: string[], io: CommandIo): Promise<number>;
}

/** The arguments make no sense. */
export class UsageError extends Error {
  override readonly name = "UsageError";
}
