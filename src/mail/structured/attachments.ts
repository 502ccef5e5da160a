import type { StructuredAttachment } from "./source.ts";
import type { Finding } from "./candidates.ts";
import { readJson } from "./json-syntax.ts";
import { isRelated, shaped } from "./json-values.ts";
import type { JsonSchema } from "./schema.ts";
import { validateJson } from "./schema.ts";

const LARGEST = 1_000_000;
const JSON_TYPES = /^(?:application|text)\/(?:[\w.+-]+\+)?json$/;
const PERHAPS = new Set(["application/octet-stream", "text/plain", "application/binary", "application/x-unknown", ""]);

/** JSON in attachments that has to do with the schema; a picture's or a tool's own JSON has not. */
export function attachedJson(attachments: readonly StructuredAttachment[], schema: JsonSchema | undefined): Finding {
  const candidates: { value: unknown; confidence: number }[] = [];
  for (const attachment of attachments.slice(0, 50)) {
    const type = attachment.contentType.toLowerCase().split(";")[0]?.trim() ?? "";
    const named = /\.json$/i.test(attachment.filename);
    if (!JSON_TYPES.test(type) && !(named && PERHAPS.has(type))) continue;
    if (attachment.content.length > LARGEST) continue;
    const text = decoded(attachment.content).trim();
    const read = readJson(text, 0);
    if (read.kind !== "value" || text.slice(read.end).trim() !== "" || !isRelated(read.value, schema)) continue;
    const value = schema === undefined ? read.value : shaped(read.value, schema, schema);
    candidates.push({ value, confidence: 0.99 });
  }
  if (candidates.length === 0) return { kind: "nothing" };
  const valid = schema === undefined ? candidates : candidates.filter(({ value }) => validateJson(schema, value).ok);
  return { kind: "candidates", source: "attachment", candidates: valid.length > 0 ? valid : candidates, final: false };
}

/** RFC 8259 section 8.1: UTF-8; a byte order mark is ignored, and Windows programs still write UTF-16. */
function decoded(content: Uint8Array | string): string {
  if (typeof content === "string") return content.replace(/^\uFEFF/, "");
  const encoding =
    content[0] === 0xff && content[1] === 0xfe
      ? "utf-16le"
      : content[0] === 0xfe && content[1] === 0xff
        ? "utf-16be"
        : "utf-8";
  return new TextDecoder(encoding).decode(content);
}
