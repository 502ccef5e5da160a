import type { StructuredAttachment } from "./source.ts";
import type { Finding } from "./candidates.ts";
import { readJson } from "./json-syntax.ts";
import { isRelated, shaped } from "./json-values.ts";
import type { JsonSchema } from "./schema.ts";
import { validateJson } from "./schema.ts";

const MOST = 50;
const LARGEST = 1_000_000;
const JSON_TYPES = /^(?:application|text)\/(?:[\w.+-]+\+)?json$/;
const PERHAPS = new Set(["application/octet-stream", "text/plain", "application/binary", "application/x-unknown", ""]);

/** Those that may hold JSON, by what they say of themselves: of the others the content is not looked at. */
export function perhapsJson<T extends { filename: string; contentType: string; size: number }>(
  attachments: readonly T[],
): T[] {
  return attachments.slice(0, MOST).filter(({ filename, contentType, size }) => {
    const type = contentType.toLowerCase().split(";")[0]?.trim() ?? "";
    return size <= LARGEST && (JSON_TYPES.test(type) || (/\.json$/i.test(filename) && PERHAPS.has(type)));
  });
}

/** JSON in attachments that has to do with the schema; a picture's or a tool's own JSON has not. */
export function attachedJson(attachments: readonly StructuredAttachment[], schema: JsonSchema | undefined): Finding {
  const candidates: { value: unknown; confidence: number }[] = [];
  for (const attachment of perhapsJson(attachments.map((each) => ({ ...each, size: each.content.length })))) {
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
