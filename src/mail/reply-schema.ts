import type { ComposeAttachment } from "./compose.ts";

/** The attachment by which a task mail tells an agent what to answer: a JSON Schema. */
export const REPLY_SCHEMA_FILENAME = "reply-schema.json";

export function replySchemaAttachment(schema: Record<string, unknown> | undefined): ComposeAttachment[] {
  if (!schema) return [];
  return [
    {
      filename: REPLY_SCHEMA_FILENAME,
      contentType: "application/schema+json",
      content: JSON.stringify(schema, null, 2),
    },
  ];
}
