import { cyrus } from "./cyrus.ts";
import { dovecot } from "./dovecot.ts";
import { local } from "./local.ts";
import type { TestServerKind } from "./server.ts";

const KINDS = [local, dovecot, cyrus];

/**
 * The servers that the scenarios of this folder run on: those that MAIL_TEST_SERVER names, separated by commas. Default: `local`.
 * One that cannot be started here is left out, loudly.
 */
export function configuredServers(): TestServerKind[] {
  const names = (process.env["MAIL_TEST_SERVER"] || "local").split(",").map((name) => name.trim());
  const kinds = names.map((name) => {
    const kind = KINDS.find((kind) => kind.name === name);
    if (!kind)
      throw new Error(`MAIL_TEST_SERVER names "${name}". There are: ${KINDS.map(({ name }) => name).join(", ")}.`);
    return kind;
  });
  return kinds.filter((kind) => {
    const missing = kind.missing();
    if (missing !== undefined) console.warn(`\n!!! SKIPPED: the tests on ${kind.name} do not run: ${missing}.\n`);
    return missing === undefined;
  });
}
