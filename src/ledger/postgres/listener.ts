/** The parts of a database client that listening takes. */
export interface ListeningClient {
  query(statement: string): Promise<unknown>;
  on(event: "notification", listener: (message: { payload?: string | undefined }) => void): unknown;
  on(event: "error" | "end", listener: () => void): unknown;
  unref(): void;
  end(): Promise<void>;
}

export interface ListenerOptions {
  /** Makes a connection of its own. */
  connect: () => Promise<ListeningClient>;
  channel: string;
  /** The payload of this process's own notifications, which it needs not hear. */
  own: string;
  /** Somebody else has committed, or may have. */
  onNotice: () => void;
}

/** A connection that died without a word is noticed after this time and its reply's. */
const PROBE_MS = 5_000;
const PROBE_REPLY_MS = 5_000;
/** While there is no connection, commits are looked for as often as a new one is tried. */
const RETRY_MS = { first: 250, max: 5_000 };

/** Listens for commits of others, over a connection that is made anew whenever it is lost. Resolves when it listens, and rejects when the first connection fails. */
export async function startListener(options: ListenerOptions): Promise<{ stop(): Promise<void> }> {
  const notice = options.onNotice;
  let stopped = false;
  let current: ListeningClient | undefined;
  let timer: NodeJS.Timeout | undefined;

  const later = (ms: number, work: () => Promise<void>) => {
    clearTimeout(timer);
    timer = setTimeout(() => void work(), ms).unref();
  };
  const listen = async () => {
    const client = await options.connect();
    client.on("error", () => lost(client));
    client.on("end", () => lost(client));
    client.on("notification", ({ payload }) => {
      if (payload !== options.own) notice();
    });
    await client.query(`LISTEN "${options.channel}"`);
    client.unref();
    if (stopped) return close(client);
    current = client;
    later(PROBE_MS, () => probe(client));
  };
  const probe = async (client: ListeningClient) => {
    if (client !== current) return;
    const timeout = setTimeout(() => lost(client), PROBE_REPLY_MS).unref();
    try {
      await client.query("SELECT 1");
      if (client === current) later(PROBE_MS, () => probe(client));
    } catch {
      lost(client);
    } finally {
      clearTimeout(timeout);
    }
  };
  const lost = (client: ListeningClient) => {
    if (stopped || client !== current) return;
    current = undefined;
    void close(client);
    later(0, () => reconnect(RETRY_MS.first));
  };
  const reconnect = async (waitMs: number) => {
    if (stopped) return;
    try {
      await listen();
    } catch {
      later(waitMs, () => reconnect(Math.min(RETRY_MS.max, waitMs * 2)));
    }
    // Whatever was committed meanwhile has been missed.
    notice();
  };

  await listen();
  return {
    async stop() {
      stopped = true;
      clearTimeout(timer);
      if (current) await close(current);
    },
  };
}

async function close(client: ListeningClient): Promise<void> {
  await client.end().catch(() => {});
}
