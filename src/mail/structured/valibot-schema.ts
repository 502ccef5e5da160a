import type { JsonSchema } from "./schema.ts";
import { impossible, nodeOf, nodesOf, objectSchema, type SchemaNode } from "./schema-node.ts";

export function ofValibot(schema: unknown, above: readonly unknown[] = []): JsonSchema {
  const node = nodeOf(schema);
  if (above.includes(schema)) return {};
  const result: Record<string, unknown> = { ...valibotType(node, [...above, schema]) };
  const actions = nodesOf(node["pipe"]);
  const last = actions.findIndex((action, i) => i > 0 && !keepsInput(action));
  for (const action of last < 0 ? actions : actions.slice(0, last)) refine(result, action);
  return result;
}

/** What stands behind a transform in a pipe says nothing about the input. */
function keepsInput({ kind, type }: SchemaNode): boolean {
  return kind === "validation" || kind === "metadata" || ["trim", "readonly", "brand", "flavor"].includes(String(type));
}

function refine(schema: Record<string, unknown>, { type, requirement, description, title }: SchemaNode): void {
  const format = VALIBOT_FORMATS[String(type)];
  if (format !== undefined) schema["format"] = format;
  const keyword = VALIBOT_BOUNDS[String(type)];
  if (keyword !== undefined && typeof requirement === "number") schema[keyword] = requirement;
  if (type === "integer") schema["type"] = "integer";
  if (type === "regex" && requirement instanceof RegExp && requirement.flags === "")
    schema["pattern"] = requirement.source;
  if (type === "description") schema["description"] = description;
  if (type === "title") schema["title"] = title;
}

const VALIBOT_FORMATS: Readonly<Record<string, string>> = {
  email: "email",
  url: "uri",
  uuid: "uuid",
  iso_date: "date",
  iso_timestamp: "date-time",
};
const VALIBOT_BOUNDS: Readonly<Record<string, string>> = {
  min_value: "minimum",
  max_value: "maximum",
  gt_value: "exclusiveMinimum",
  lt_value: "exclusiveMaximum",
  min_length: "minLength",
  max_length: "maxLength",
};

function valibotType(node: SchemaNode, above: readonly unknown[]): JsonSchema {
  const inner = (of: unknown) => ofValibot(of, above);
  switch (node["type"]) {
    case "object":
    case "loose_object":
    case "strict_object":
    case "object_with_rest":
      return objectSchema(nodeOf(node["entries"]), inner, ({ type }) => !VALIBOT_OPTIONAL.has(String(type)));
    case "string":
    case "number":
    case "boolean":
    case "null":
      return { type: node["type"] };
    case "picklist":
    case "enum":
      return { enum: node["options"] };
    case "literal":
      return { const: node["literal"] };
    case "union":
    case "variant":
      return { anyOf: nodesOf(node["options"]).map(inner) };
    case "intersect":
      return { allOf: nodesOf(node["options"]).map(inner) };
    case "array":
      return { type: "array", items: inner(node["item"]) };
    case "record":
      return { type: "object", additionalProperties: inner(node["value"]) };
    case "nullable":
    case "nullish":
      return { anyOf: [inner(node["wrapped"]), { type: "null" }], ...defaultOf(node) };
    case "optional":
    case "exact_optional":
    case "undefinedable":
      return { ...inner(node["wrapped"]), ...defaultOf(node) };
    case "non_optional":
    case "non_nullable":
    case "non_nullish":
      return inner(node["wrapped"]);
    case "lazy":
    case "any":
    case "unknown":
    case "tuple":
    case "loose_tuple":
    case "strict_tuple":
      return {};
    default:
      return impossible();
  }
}

const VALIBOT_OPTIONAL: ReadonlySet<string> = new Set(["optional", "exact_optional", "nullish"]);

function defaultOf({ default: value }: SchemaNode): JsonSchema {
  return value === undefined || typeof value === "function" ? {} : { default: value };
}
