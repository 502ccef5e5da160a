import { Validator } from "@cfworker/json-schema";
import type { StandardSchemaV1 } from "@standard-schema/spec";
import { libraryJsonSchema } from "./library-schema.ts";

/** A JSON Schema, draft 2020-12 or 07, as an object. */
export type JsonSchema = { readonly [key: string]: unknown };

export interface SchemaIssue {
  path: (string | number)[];
  message: string;
}

export type Validated = { ok: true; value: unknown } | { ok: false; issues: SchemaIssue[] };

/** A leaf or list that a reply can name: what `key: value` lines are matched to. */
export interface SchemaProperty {
  /** Where it lies; a property of a nested object has two. */
  path: readonly string[];
  /** Words by which a person may name it, folded: its key, its title. */
  names: readonly string[];
  schema: JsonSchema;
  required: boolean;
}

function isStandardSchema(schema: unknown): schema is StandardSchemaV1 {
  return ((typeof schema === "object" && schema !== null) || typeof schema === "function") && "~standard" in schema;
}

/**
 * The JSON Schema of what a schema takes (before its transforms): the schema itself where it is one, else by the
 * Standard JSON Schema trait (zod 4.2 and later, ArkType 2.1.28 and later), else read from the schema (other versions of zod, Valibot).
 * Undefined where there is none.
 */
export function inputJsonSchema(schema: StandardSchemaV1 | JsonSchema): JsonSchema | undefined {
  if (!isStandardSchema(schema)) return schema;
  const standard = schema["~standard"] as { jsonSchema?: { input?: (options: object) => JsonSchema }; vendor: string };
  const libraryOptions = LIBRARY_OPTIONS[standard.vendor];
  for (const target of ["draft-2020-12", "draft-07"]) {
    try {
      const json = standard.jsonSchema?.input?.({ target, ...(libraryOptions && { libraryOptions }) });
      if (json !== undefined) return json;
    } catch {
      // The library cannot express this schema for that target; the trait allows it to throw.
    }
  }
  return libraryJsonSchema(schema);
}

/** What a library would refuse to express though a mail can hold it; the schema itself validates in the end. */
const LIBRARY_OPTIONS: Readonly<Record<string, object>> = {
  zod: { unrepresentable: "any", override: zodOverride },
  arktype: { fallback: arktypeFallback },
};

interface ZodNode {
  zodSchema: { _zod: { def: { type: string; coerce?: boolean } } };
  jsonSchema: Record<string, unknown>;
}

function zodOverride({ zodSchema, jsonSchema }: ZodNode): void {
  const { type, coerce } = zodSchema._zod.def;
  if (NEVER_JSON.has(type) && coerce !== true) throw new TypeError(`A mail holds no ${type}.`);
  if (type === "date") Object.assign(jsonSchema, { type: "string", format: "date" });
  if (type === "bigint") jsonSchema["type"] = "integer";
}

const NEVER_JSON: ReadonlySet<string> = new Set(["date", "bigint", "symbol", "map", "set", "file", "function"]);

function arktypeFallback({ code, base }: { code: string; base: JsonSchema }): JsonSchema {
  if (code !== "predicate") throw new TypeError(`A mail holds no ${code}.`);
  return base;
}

/** Validates a value; a Standard Schema by itself, so that refinements count and the output is transformed. */
export async function validate(schema: StandardSchemaV1 | JsonSchema, value: unknown): Promise<Validated> {
  if (isStandardSchema(schema)) {
    const result = await schema["~standard"].validate(value);
    if (result.issues === undefined) return { ok: true, value: result.value };
    return { ok: false, issues: result.issues.map((issue) => ({ path: pathOf(issue.path), message: issue.message })) };
  }
  return validateJson(schema, value);
}

export function validateJson(schema: JsonSchema, value: unknown): Validated {
  const draft = typeof schema["$schema"] === "string" && schema["$schema"].includes("draft-07") ? "7" : "2020-12";
  const result = new Validator(schema, draft, false).validate(value);
  if (result.valid) return { ok: true, value };
  const issues = result.errors
    .filter((error) => error.keyword !== "properties" && error.keyword !== "items")
    .map((error) => ({ path: pointerPath(error.instanceLocation), message: error.error }));
  return { ok: false, issues: issues.length > 0 ? issues : [{ path: [], message: "Does not match the schema." }] };
}

function pathOf(path: StandardSchemaV1.Issue["path"]): (string | number)[] {
  return (path ?? []).map((segment) => {
    const key = typeof segment === "object" ? segment.key : segment;
    return typeof key === "number" ? key : String(key);
  });
}

function pointerPath(pointer: string): (string | number)[] {
  return pointer
    .replace(/^#\/?/, "")
    .split("/")
    .filter((part) => part !== "")
    .map((part) => {
      const key = decodeURIComponent(part).replaceAll("~1", "/").replaceAll("~0", "~");
      return /^\d+$/.test(key) ? Number(key) : key;
    });
}

/** A schema without references and optional or nullable wrappings, as far as they can be seen through. */
export function resolved(schema: unknown, root: JsonSchema, hops = 0): JsonSchema {
  if (!isObject(schema) || hops > 8) return {};
  const ref = schema["$ref"];
  if (typeof ref === "string" && ref.startsWith("#/")) {
    let target: unknown = root;
    for (const part of ref.slice(2).split("/"))
      target = isObject(target) ? target[decodeURIComponent(part).replaceAll("~1", "/")] : undefined;
    return resolved(target, root, hops + 1);
  }
  for (const keyword of ["anyOf", "oneOf"]) {
    const options = schema[keyword];
    if (!Array.isArray(options)) continue;
    const known = options
      .map((option) => resolved(option, root, hops + 1))
      .filter((option) => option["type"] !== "null");
    const literals = known.map((option) => option["const"]);
    if (known.length > 0 && literals.every((literal) => literal !== undefined)) return { enum: literals };
    if (known.length === 1 && known[0] !== undefined) return { ...known[0], ...annotations(schema) };
  }
  const all = schema["allOf"];
  if (Array.isArray(all) && all.length === 1) return { ...resolved(all[0], root, hops + 1), ...annotations(schema) };
  if (schema["const"] !== undefined && schema["enum"] === undefined) return { ...schema, enum: [schema["const"]] };
  const type = schema["type"];
  if (Array.isArray(type)) {
    const types = type.filter((t) => t !== "null");
    return types.length === 1 ? { ...schema, type: types[0] } : schema;
  }
  return schema;
}

function annotations(schema: JsonSchema): JsonSchema {
  return {
    ...(schema["title"] === undefined ? {} : { title: schema["title"] }),
    ...(schema["description"] === undefined ? {} : { description: schema["description"] }),
  };
}

/** The properties of an object schema, with those of nested objects; none where the schema is no object. */
export function propertiesOf(schema: JsonSchema | undefined): SchemaProperty[] {
  if (schema === undefined) return [];
  const found: SchemaProperty[] = [];
  collect(resolved(schema, schema), schema, [], true, found);
  return found;
}

function collect(
  schema: JsonSchema,
  root: JsonSchema,
  path: readonly string[],
  required: boolean,
  found: SchemaProperty[],
): void {
  const properties = schema["properties"];
  if (!isObject(properties) || path.length > 2 || found.length > 200) return;
  const needed = new Set(Array.isArray(schema["required"]) ? schema["required"] : []);
  for (const [key, value] of Object.entries(properties)) {
    const property = resolved(value, root);
    const inner = [...path, key];
    const isRequired = required && needed.has(key) && property["default"] === undefined;
    if (isObject(property["properties"])) {
      collect(property, root, inner, isRequired, found);
      continue;
    }
    const title = property["title"];
    const names = [key, ...(typeof title === "string" ? [title] : [])].map(foldName);
    if (path.length > 0) names.push(foldName(inner.join(" ")));
    found.push({
      path: inner,
      names: [...new Set(names)].filter((name) => name !== ""),
      schema: property,
      required: isRequired,
    });
  }
}

/** A name without case, spaces, hyphens and accents: `deliveryDate`, "Delivery date" and `delivery_date` are one. */
export function foldName(name: string): string {
  return name
    .normalize("NFKD")
    .replace(/\p{M}/gu, "")
    .toLowerCase()
    .replace(/[^\p{L}\p{N}]+/gu, "");
}

export function isObject(value: unknown): value is JsonSchema {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
