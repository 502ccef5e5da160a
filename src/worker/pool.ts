export interface PoolOptions<Item> {
  /** Items that are worked on at the same time. */
  limit: number;
  find: () => Promise<Item[]>;
  keyOf: (item: Item) => string;
  /** Must not reject for what can be expected; a rejection is ignored, and the item is found again later. */
  work: (item: Item) => Promise<unknown>;
  /** An item has ended: there may be more to do. */
  onDone: () => void;
}

/** Works on several items side by side, each once at a time, so that a slow one holds up nobody. */
export function startPool<Item>(options: PoolOptions<Item>) {
  const running = new Map<string, Promise<unknown>>();
  return {
    /** Starts what is found and fits; resolves with 0, since what it starts goes on by itself. */
    async fill(): Promise<0> {
      for (const item of await options.find()) {
        const key = options.keyOf(item);
        if (running.size >= options.limit) break;
        if (running.has(key)) continue;
        running.set(
          key,
          options
            .work(item)
            .catch(() => {})
            .finally(() => {
              running.delete(key);
              options.onDone();
            }),
        );
      }
      return 0;
    },
    async idle(): Promise<void> {
      await Promise.all(running.values());
    },
  };
}
