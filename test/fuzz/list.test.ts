import { readdirSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { MAIL_PARSERS, NO_PARSERS, RAW_PARSERS, RENDERERS, TEXT_PARSERS } from "./parsers.ts";

const SOURCES = join(import.meta.dirname, "../../src");
const FOLDERS = ["mail", "policy", "transport", "dev", "dev/imap", "audit"];

test("every file that may read what others wrote is fuzzed, or says why not", () => {
  const fuzzed = [TEXT_PARSERS, MAIL_PARSERS, RAW_PARSERS, RENDERERS].flatMap((list) =>
    Object.keys(list).map((name) => name.split(" (")[0]!),
  );
  const others = Object.keys(NO_PARSERS).flatMap((names) => names.split(" "));
  const files = FOLDERS.flatMap((folder) =>
    readdirSync(join(SOURCES, folder))
      .filter((file) => file.endsWith(".ts"))
      .map((file) => `${folder}/${file.slice(0, -3)}`),
  );
  expect(files.filter((file) => !fuzzed.includes(file) && !others.includes(file))).toEqual([]);
  expect(others.filter((file) => !files.includes(file) || fuzzed.includes(file))).toEqual([]);
});
