import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startMailServer, type MailServer } from "../../src/dev/index.ts";
import { observeAll, splitCounts } from "./scenario.ts";
import { scenarios } from "./scenarios/index.ts";

let mail: MailServer;
beforeAll(async () => {
  mail = await startMailServer();
});
afterAll(async () => {
  await mail.close();
});

for (const { number, title, cases } of scenarios) {
  describe(`${number}. ${title}`, () => {
    for (const one of cases) {
      it(`${one.name} (bare LangGraph fails)`, async () => {
        for (const [saver, observed] of await observeAll(mail, one, "bare")) {
          const { result } = splitCounts(observed);
          expect(result, saver).not.toEqual(one.wanted);
          // By what LangGraph does, not by a mistake of the scenario.
          expect(String(result), saver).not.toMatch(/^(Error|TypeError|ReferenceError)/);
        }
      });
      it(`${one.name} (with the kit)`, async () => {
        for (const [saver, observed] of await observeAll(mail, one, "kit")) {
          expect(splitCounts(observed).result, saver).toEqual(one.wanted);
        }
      });
    }
  });
}
