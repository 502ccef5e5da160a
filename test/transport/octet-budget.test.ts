import { expect, test } from "vitest";
import { createOctetBudget } from "../../src/transport/octet-budget.ts";

test("grants what fits, in the order in which it was asked for", async () => {
  const budget = createOctetBudget(10);
  const granted: string[] = [];
  const ask = async (name: string, octets: number) => {
    const giveBack = await budget.take(octets);
    granted.push(name);
    return giveBack;
  };
  const [a, b, c] = [ask("a", 6), ask("b", 6), ask("c", 1)];
  const giveBackA = await a;
  expect(granted).toEqual(["a"]);
  giveBackA();
  (await b)();
  (await c)();
  expect(granted).toEqual(["a", "b", "c"]);
});

test("who wants more than there is gets all of it, alone", async () => {
  const budget = createOctetBudget(10);
  const giveBack = await budget.take(1_000);
  let second = false;
  const next = budget.take(1).then((giveBackNext) => {
    second = true;
    giveBackNext();
  });
  await Promise.resolve();
  expect(second).toBe(false);
  giveBack();
  await next;
});
