/** A thread that answers requests, held, wherever it runs. */
export interface RequestThread {
  /** Whether the thread's latest run without a wake-up is this request's: after a crash it goes on, and is not begun again. */
  hasBegun(requestId: string): Promise<boolean>;
  begin(requestId: string, input: unknown): Promise<void>;
  /** Runs on until nothing more is ready. `begun`: a process before this one began the request's run, and may have vanished within it. */
  goOn(begun: boolean): Promise<unknown>;
  state(): Promise<{ finished: boolean; values: unknown }>;
  /** Whether a throw says nothing about the graph: the worker stops, or the thread has gone to another run. */
  isBrokenOff(error: unknown): Promise<boolean>;
  fail(error: unknown): Promise<void>;
  release(): Promise<void>;
}
