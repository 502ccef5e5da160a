import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

const ROOT = join(import.meta.dirname, "../fixtures/replies");

/** What mail programs send, as text and as HTML. */
export const replyTexts: readonly string[] = readdirSync(ROOT, { recursive: true, encoding: "utf8" })
  .filter((file) => /\.(?:txt|html)$/.test(file))
  .toSorted()
  .map((file) => readFileSync(join(ROOT, file), "utf8"));
