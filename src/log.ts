/** One line of the kit's log: a short message and plain fields. Never carries a secret or a mail's content. */
export type LogFields = Readonly<Record<string, unknown>>;

/** The logger port. `console`, pino and winston loggers fit through {@link consoleLogger} or a three-line adapter. */
export interface Logger {
  debug(message: string, fields?: LogFields): void;
  info(message: string, fields?: LogFields): void;
  warn(message: string, fields?: LogFields): void;
  error(message: string, fields?: LogFields): void;
}

export const silentLogger: Logger = { debug() {}, info() {}, warn() {}, error() {} };

/** Writes warnings and errors to standard error, and the rest too where `verbose` is set. */
export function consoleLogger(options: { verbose?: boolean } = {}): Logger {
  const write = (level: string) => (message: string, fields?: LogFields) =>
    console.error(`[langgraph-email] ${level} ${message}${fields ? ` ${JSON.stringify(fields)}` : ""}`);
  const quiet = () => {};
  return {
    debug: options.verbose ? write("debug") : quiet,
    info: options.verbose ? write("info") : quiet,
    warn: write("warn"),
    error: write("error"),
  };
}

/** A logger that throws loses its line, and nothing else: it is called where mails are read and stored. */
export function unfailing(log: Logger): Logger {
  const write = (level: keyof Logger) => (message: string, fields?: LogFields) => {
    try {
      log[level](message, fields);
    } catch {
      // There is nowhere to tell it.
    }
  };
  return { debug: write("debug"), info: write("info"), warn: write("warn"), error: write("error") };
}
