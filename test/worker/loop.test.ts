import { AsyncLocalStorage } from "node:async_hooks";
import { describe, expect, it, vi } from "vitest";
import { startLoop } from "../../src/worker/loop.ts";
import { watchOutages } from "../../src/worker/outage.ts";
import { collectLog } from "../support/desk.ts";

const loop = (pass: () => Promise<number>, nextDue: () => number | undefined = () => undefined) => {
  const log = collectLog();
  const outages = watchOutages(log);
  return { log, ...startLoop({ name: "test", pass, nextDue: async () => nextDue(), clock: Date.now, outages }) };
};

describe("a loop", () => {
  it("makes one look of many calls, and another of those that come while it looks", async () => {
    const gate = Promise.withResolvers<void>();
    const pass = vi.fn(async () => {
      await gate.promise;
      return 0;
    });
    const one = loop(pass);
    one.wake();
    one.wake();
    await vi.waitFor(() => expect(pass).toHaveBeenCalledTimes(1));
    one.wake();
    one.wake();
    gate.resolve();
    await one.settle();
    expect(pass.mock.calls.length).toBeLessThan(4);
    await one.stop();
  });

  it("looks again when the next due time comes, by itself", async () => {
    let due: number | undefined = Date.now() + 30;
    const pass = vi.fn(async () => {
      if (due !== undefined && Date.now() >= due) due = undefined;
      return 0;
    });
    const one = loop(pass, () => due);
    one.wake();
    await vi.waitFor(() => expect(due).toBeUndefined());
    await one.stop();
    const calls = pass.mock.calls.length;
    one.wake();
    expect(pass.mock.calls.length).toBe(calls);
  });

  it("that rests makes few looks of many calls, the first at once, and misses none", async () => {
    let work = 0;
    let done = 0;
    const pass = vi.fn(async () => {
      done = work;
      return 0;
    });
    const options = {
      name: "test",
      pass,
      nextDue: async () => undefined,
      clock: Date.now,
      outages: watchOutages(collectLog()),
    };
    const one = startLoop({ ...options, restMs: 40 });
    const begin = performance.now();
    while (performance.now() - begin < 100) {
      work += 1;
      one.wake();
      await new Promise((resolve) => setImmediate(resolve));
      if (work === 2) expect(done).toBeGreaterThan(0);
    }
    await vi.waitFor(() => expect(done).toBe(work));
    expect(pass.mock.calls.length).toBeLessThan(6);
    // Whoever settles does not rest.
    work += 1;
    const settling = performance.now();
    one.wake();
    await one.settle();
    expect(done).toBe(work);
    expect(performance.now() - settling).toBeLessThan(35);
    await one.stop();
  });

  it("goes on after an error, which it tells of", async () => {
    const one = loop(async () => {
      throw new Error("broken");
    });
    one.wake();
    await vi.waitFor(() => expect(one.log.lines).toHaveLength(1));
    expect(one.log.lines[0]).toMatchObject({ level: "error", fields: { error: "broken" } });
    await one.stop();
  });

  it("runs outside of the context that it was woken from", async () => {
    const context = new AsyncLocalStorage<string>();
    const seen: unknown[] = [];
    let due: number | undefined = Date.now() + 20;
    const one = loop(
      async () => {
        seen.push(context.getStore());
        if (due !== undefined && Date.now() >= due) due = undefined;
        return 0;
      },
      () => due,
    );
    context.run("a node's run", () => one.wake());
    await vi.waitFor(() => expect(due).toBeUndefined());
    expect(new Set(seen)).toEqual(new Set([undefined]));
    await one.stop();
  });
});
