import type { JsonSchema } from "./schema.ts";

/** A library's schema seen as data. */
export type SchemaNode = { readonly [key: string]: unknown };

/** What no mail can hold, or a kind of schema that is not known. */
export class NotInMail extends Error {}

export function objectSchema(
  shape: SchemaNode,
  inner: (field: unknown) => JsonSchema,
  isRequired: (field: SchemaNode) => boolean,
): JsonSchema {
  const fields = Object.entries(shape);
  const required = fields.filter(([, field]) => isRequired(nodeOf(field))).map(([key]) => key);
  return {
    type: "object",
    properties: Object.fromEntries(fields.map(([key, field]) => [key, inner(field)])),
    ...(required.length > 0 && { required }),
  };
}

export function impossible(): never {
  throw new NotInMail();
}

export function isNode(value: unknown): value is SchemaNode {
  return (typeof value === "object" && value !== null) || typeof value === "function";
}

export function nodeOf(value: unknown): SchemaNode {
  return isNode(value) ? value : impossible();
}

export function nodesOf(value: unknown): SchemaNode[] {
  return Array.isArray(value) ? value.filter(isNode) : [];
}
