const LONGEST_MS = 30_000;

/** What a function of the kit's user resolves with, within 30 seconds: meanwhile, the mails behind the one that it is asked about wait. */
export async function inTime<T>(ask: () => Promise<T>): Promise<T> {
  const timeout = Promise.withResolvers<never>();
  const timer = setTimeout(() => timeout.reject(new Error("It took too long.")), LONGEST_MS);
  try {
    return await Promise.race([ask(), timeout.promise]);
  } finally {
    clearTimeout(timer);
  }
}
