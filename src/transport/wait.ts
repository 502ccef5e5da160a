/** Resolves after a time, or as soon as the signal aborts. */
export function pause(milliseconds: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) {
      resolve();
      return;
    }
    const done = (): void => {
      clearTimeout(timer);
      signal.removeEventListener("abort", done);
      resolve();
    };
    const timer = setTimeout(done, milliseconds);
    signal.addEventListener("abort", done);
  });
}

/** Gives work up that takes too long, or when the signal aborts; what it does then is left alone. */
export async function withTimeout<T>(work: Promise<T>, milliseconds: number, signal?: AbortSignal): Promise<T> {
  const over = new AbortController();
  const abort = (): void => over.abort();
  signal?.addEventListener("abort", abort);
  if (signal?.aborted === true) abort();
  const timeout = async (): Promise<never> => {
    await pause(milliseconds, over.signal);
    throw new Error(signal?.aborted === true ? "aborted" : `no answer within ${milliseconds / 1000} s`);
  };
  try {
    return await Promise.race([work, timeout()]);
  } finally {
    signal?.removeEventListener("abort", abort);
    over.abort();
  }
}
