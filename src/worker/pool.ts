export interface PoolOptions<Item> {
  /** Items that are worked on at the same time. */
  limit: number;
  /** Items that can be worked on, at most so many. */
  find: (atMost: number) => Promise<Item[]>;
  keyOf: (item: Item) => string;
  /** Must not reject for what can be expected. */
  work: (item: Item) => Promise<unknown>;
  /** The work on an item was rejected: the item is left alone for a while, and then found again. */
  onError: (item: Item, error: unknown) => void;
  /** An item has ended: there may be more to do. */
  onDone: () => void;
}

const AFTER_ERROR_MS = 5_000;

/** Works on several items side by side, each once at a time, so that a slow one holds up nobody. */
export function startPool<Item>(options: PoolOptions<Item>) {
  const running = new Map<string, Promise<unknown>>();
  const resting = new Map<string, NodeJS.Timeout>();
  /** Found when there was no more room. */
  let waiting: Item[] = [];
  const rest = (key: string) => {
    const timer = setTimeout(() => {
      resting.delete(key);
      options.onDone();
    }, AFTER_ERROR_MS);
    resting.set(key, timer.unref());
  };
  const run = async (item: Item, key: string) => {
    try {
      await options.work(item);
    } catch (error) {
      rest(key);
      options.onError(item, error);
    } finally {
      running.delete(key);
      options.onDone();
    }
  };
  const start = () => {
    while (running.size < options.limit && waiting.length > 0) {
      const item = waiting.shift()!;
      const key = options.keyOf(item);
      if (!running.has(key) && !resting.has(key)) running.set(key, run(item, key));
    }
  };
  return {
    /** Starts what is found and fits; resolves with 0, since what it starts goes on by itself. Looks for more only when there is room: looking costs as much as lies there. */
    async fill(): Promise<0> {
      start();
      if (running.size >= options.limit) return 0;
      // What rests is found too, and must not hide the others. Twice as many as fit, since looking has its price.
      waiting = [...(await options.find(options.limit * 2 + running.size + resting.size))];
      start();
      return 0;
    },
    async idle(): Promise<void> {
      await Promise.all(running.values());
    },
    /** Resolves when nothing is under way; nothing is started afterwards by a rest that ends. */
    async stop(): Promise<void> {
      waiting = [];
      await Promise.all(running.values());
      for (const timer of resting.values()) clearTimeout(timer);
      resting.clear();
    },
  };
}
