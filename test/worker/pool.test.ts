import { describe, expect, it, vi } from "vitest";
import { startPool } from "../../src/worker/pool.ts";

const pool = (work: (item: string) => Promise<unknown>, found: string[], limit = 2) => {
  const onError = vi.fn();
  const onDone = vi.fn();
  return {
    onError,
    onDone,
    ...startPool({ limit, find: async () => found, keyOf: (item) => item, work, onError, onDone }),
  };
};

describe("a pool", () => {
  it("works on as many items as it may, and on each once at a time", async () => {
    const gates = new Map<string, () => void>();
    const started: string[] = [];
    const work = (item: string) =>
      new Promise<void>((resolve) => {
        started.push(item);
        gates.set(item, resolve);
      });
    const one = pool(work, ["a", "b", "c"]);
    await one.fill();
    await one.fill();
    expect(started).toEqual(["a", "b"]);
    gates.get("a")!();
    await vi.waitFor(() => expect(one.onDone).toHaveBeenCalledTimes(1));
    await one.fill();
    expect(started).toEqual(["a", "b", "c"]);
    for (const open of gates.values()) open();
    await one.idle();
  });

  it("does not look for more while it is full", async () => {
    const gate = Promise.withResolvers<void>();
    const find = vi.fn(async () => ["a", "b", "c"]);
    const one = startPool({
      limit: 2,
      find,
      keyOf: (item) => item,
      work: () => gate.promise,
      onError: () => {},
      onDone: () => {},
    });
    for (let round = 0; round < 5; round++) await one.fill();
    expect(find).toHaveBeenCalledTimes(1);
    gate.resolve();
    await one.stop();
  });

  it("tells of work that was rejected, and leaves that item alone for a while", async () => {
    const work = vi.fn(async (item: string) => {
      if (item === "bad") throw new Error("no");
    });
    const one = pool(work, ["bad", "good"]);
    for (let round = 0; round < 3; round++) {
      await one.fill();
      await one.idle();
    }
    expect(work.mock.calls.filter(([item]) => item === "bad")).toHaveLength(1);
    expect(work.mock.calls.filter(([item]) => item === "good")).toHaveLength(3);
    expect(one.onError).toHaveBeenCalledTimes(1);
    await one.stop();
  });

  it("finds what can be worked on behind all that rests", async () => {
    const bad = Array.from({ length: 20 }, (_, index) => `bad ${index}`);
    const done: string[] = [];
    const one = startPool({
      limit: 2,
      find: async (atMost) => [...bad, "good"].slice(0, atMost),
      keyOf: (item) => item,
      work: async (item) => {
        if (item !== "good") throw new Error("no");
        done.push(item);
      },
      onError: () => {},
      onDone: () => {},
    });
    for (let round = 0; round < 20 && done.length === 0; round++) {
      await one.fill();
      await one.idle();
    }
    expect(done).toEqual(["good"]);
    await one.stop();
  });
});
