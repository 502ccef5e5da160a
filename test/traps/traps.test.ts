import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startMailServer, type MailServer } from "../../src/dev/index.ts";
import { observe, splitCounts } from "./scenario.ts";
import { scenarios } from "./scenarios/index.ts";
import { createWorld, SAVERS } from "./world.ts";

let mail: MailServer;
beforeAll(async () => {
  mail = await startMailServer();
});
afterAll(async () => {
  await mail.close();
});

for (const { number, title, cases } of scenarios) {
  describe(`${number}. ${title}`, () => {
    for (const { name, wanted, bare, kit, processes } of cases) {
      for (const saver of processes ? (["SqliteSaver"] as const) : SAVERS) {
        it(`${name} (${saver}, bare LangGraph fails)`, async () => {
          await using world = await createWorld(mail, saver);
          const { result: observed } = splitCounts(await observe(bare, world));
          expect(observed).not.toEqual(wanted);
          // By what LangGraph does, not by a mistake of the scenario.
          expect(String(observed)).not.toMatch(/^(Error|TypeError|ReferenceError)/);
        });
        it(`${name} (${saver}, kit)`, async () => {
          await using world = await createWorld(mail, saver);
          expect(splitCounts(await observe(kit, world)).result).toEqual(wanted);
        });
      }
    }
  });
}
