import type { JsonSchema } from "./schema.ts";
import { impossible, nodeOf, nodesOf, objectSchema, type SchemaNode } from "./schema-node.ts";

/** zod 3. */
export function ofZod3(schema: unknown, above: readonly unknown[] = []): JsonSchema {
  const def = nodeOf(nodeOf(schema)["_def"]);
  if (above.includes(schema)) return {};
  const bare = zod3Type(def, [...above, schema]);
  return typeof def["description"] === "string" ? { ...bare, description: def["description"] } : bare;
}

function zod3Type(def: SchemaNode, above: readonly unknown[]): JsonSchema {
  const inner = (of: unknown) => ofZod3(of, above);
  switch (def["typeName"]) {
    case "ZodObject": {
      const shape = (def["shape"] as () => SchemaNode)();
      return objectSchema(shape, inner, (field) => !(field["isOptional"] as () => boolean).call(field));
    }
    case "ZodString":
      return zod3String(nodesOf(def["checks"]));
    case "ZodNumber":
      return zod3Number(nodesOf(def["checks"]));
    case "ZodBoolean":
      return { type: "boolean" };
    case "ZodEnum":
      return { enum: def["values"] };
    case "ZodNativeEnum":
      return { enum: enumValues(nodeOf(def["values"])) };
    case "ZodLiteral":
      return { const: def["value"] };
    case "ZodNull":
      return { type: "null" };
    case "ZodDate":
      return def["coerce"] === true ? { type: "string", format: "date" } : impossible();
    case "ZodUnion":
    case "ZodDiscriminatedUnion":
      return { anyOf: nodesOf(def["options"]).map(inner) };
    case "ZodIntersection":
      return { allOf: [inner(def["left"]), inner(def["right"])] };
    case "ZodArray":
      return { type: "array", items: inner(def["type"]) };
    case "ZodRecord":
      return { type: "object", additionalProperties: inner(def["valueType"]) };
    case "ZodNullable":
      return { anyOf: [inner(def["innerType"]), { type: "null" }] };
    case "ZodDefault":
      return { ...inner(def["innerType"]), default: (def["defaultValue"] as () => unknown)() };
    case "ZodOptional":
    case "ZodCatch":
    case "ZodReadonly":
      return inner(def["innerType"]);
    case "ZodBranded":
      return inner(def["type"]);
    case "ZodEffects":
      return inner(def["schema"]);
    case "ZodPipeline":
      return inner(def["in"]);
    case "ZodLazy":
    case "ZodAny":
    case "ZodUnknown":
    case "ZodTuple":
      return {};
    default:
      return impossible();
  }
}

const ZOD3_FORMATS: Readonly<Record<string, string>> = {
  email: "email",
  url: "uri",
  uuid: "uuid",
  date: "date",
  datetime: "date-time",
};

function zod3String(checks: readonly SchemaNode[]): JsonSchema {
  const schema: Record<string, unknown> = { type: "string" };
  for (const { kind, value, regex } of checks) {
    const format = ZOD3_FORMATS[String(kind)];
    if (format !== undefined) schema["format"] = format;
    if (kind === "min") schema["minLength"] = value;
    if (kind === "max") schema["maxLength"] = value;
    if (regex instanceof RegExp && regex.flags === "") schema["pattern"] = regex.source;
  }
  return schema;
}

function zod3Number(checks: readonly SchemaNode[]): JsonSchema {
  const schema: Record<string, unknown> = { type: checks.some(({ kind }) => kind === "int") ? "integer" : "number" };
  for (const { kind, value, inclusive } of checks) {
    if (kind === "min") schema[inclusive === true ? "minimum" : "exclusiveMinimum"] = value;
    if (kind === "max") schema[inclusive === true ? "maximum" : "exclusiveMaximum"] = value;
  }
  return schema;
}

/** zod 4 without the trait: before 4.2, and zod/mini. */
export function ofZod4(schema: unknown, above: readonly unknown[] = []): JsonSchema {
  const core = nodeOf(nodeOf(schema)["_zod"]);
  return above.includes(schema) ? {} : zod4Type(nodeOf(core["def"]), [...above, schema]);
}

function zod4Type(def: SchemaNode, above: readonly unknown[]): JsonSchema {
  const inner = (of: unknown) => ofZod4(of, above);
  switch (def["type"]) {
    case "object":
      return objectSchema(nodeOf(def["shape"]), inner, (field) => !mayBeMissing(nodeOf(field["_zod"])));
    case "string":
      return { type: "string", ...zod4Format(def) };
    case "number":
      return { type: zod4Formats(def).some((format) => String(format).includes("int")) ? "integer" : "number" };
    case "boolean":
    case "null":
      return { type: def["type"] };
    case "enum":
      return { enum: enumValues(nodeOf(def["entries"])) };
    case "literal":
      return { enum: def["values"] };
    case "date":
      return def["coerce"] === true ? { type: "string", format: "date" } : impossible();
    case "union":
      return { anyOf: nodesOf(def["options"]).map(inner) };
    case "intersection":
      return { allOf: [inner(def["left"]), inner(def["right"])] };
    case "array":
      return { type: "array", items: inner(def["element"]) };
    case "record":
      return { type: "object", additionalProperties: inner(def["valueType"]) };
    case "nullable":
      return { anyOf: [inner(def["innerType"]), { type: "null" }] };
    case "default":
    case "prefault":
      return { ...inner(def["innerType"]), default: def["defaultValue"] };
    case "optional":
    case "nonoptional":
    case "catch":
    case "readonly":
      return inner(def["innerType"]);
    case "pipe":
      return inner(def["in"]);
    case "lazy":
    case "any":
    case "unknown":
    case "transform":
    case "tuple":
      return {};
    default:
      return impossible();
  }
}

function mayBeMissing({ optin, def }: SchemaNode): boolean {
  return optin !== undefined || ["default", "prefault", "catch", "optional"].includes(String(nodeOf(def)["type"]));
}

const ZOD4_FORMATS: Readonly<Record<string, string>> = {
  email: "email",
  url: "uri",
  uuid: "uuid",
  date: "date",
  datetime: "date-time",
};

function zod4Format(def: SchemaNode): JsonSchema {
  const format = zod4Formats(def)
    .map((name) => ZOD4_FORMATS[String(name)])
    .find((name) => name !== undefined);
  return format === undefined ? {} : { format };
}

function zod4Formats(def: SchemaNode): unknown[] {
  return [def, ...nodesOf(def["checks"]).map((check) => nodeOf(nodeOf(check["_zod"])["def"]))].map((d) => d["format"]);
}

/** TypeScript's numeric enums hold the names as values too. */
function enumValues(values: SchemaNode): unknown[] {
  return Object.entries(values)
    .filter(([key]) => typeof values[String(values[key])] !== "number")
    .map(([, value]) => value);
}
