import { EmailKitError } from "../errors.ts";
import type { Logger, LogFields } from "../log.ts";

/** Says once that something fails, and once that all works again, however often and in how many places it is tried meanwhile. */
export interface Outages {
  /** @param what Is tried again by itself. */
  failed(what: string, error: unknown, fields?: LogFields): void;
  worked(what: string): void;
}

export function watchOutages(log: Logger): Outages {
  /** The cause of what fails now: an error's code, or its words. */
  const failing = new Map<string, string>();
  return {
    failed(what, error, fields = {}) {
      const { error: reason, code } = described(error);
      const cause = code ?? reason;
      const known = [...failing.values()].includes(cause);
      failing.set(what, cause);
      const expected = error instanceof EmailKitError;
      log[known ? "debug" : expected ? "warn" : "error"](
        `The worker's ${what} failed and will be tried again: ${reason}`,
        { ...fields, error: reason, ...(code && { code }) },
      );
    },
    worked(what) {
      if (failing.delete(what) && failing.size === 0) log.info("The worker goes on: what failed works again");
    },
  };
}

function described(error: unknown): { error: string; code?: string } {
  if (error instanceof EmailKitError) return { error: error.message, code: error.code };
  return { error: error instanceof Error ? error.message : String(error) };
}
