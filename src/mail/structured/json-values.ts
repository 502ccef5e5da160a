import { foldName, isObject, type JsonSchema, resolved } from "./schema.ts";
import { define } from "./assemble.ts";
import { cleanValue, readValue } from "./values.ts";

/**
 * A JSON value in the shape of the schema: keys by their folded names, strings that stand for a number, a boolean, a
 * date or a choice read as such. What cannot be read stays as it is, for the validation to refuse.
 */
export function shaped(value: unknown, schema: JsonSchema, root: JsonSchema, depth = 0): unknown {
  if (depth > 32) return value;
  const type = resolved(schema, root);
  if (Array.isArray(value)) {
    const items = isObject(type["items"]) ? type["items"] : {};
    return value.map((item) => shaped(item, items, root, depth + 1));
  }
  if (isObject(value)) return shapedObject(value, type, root, depth);
  if (typeof value !== "string") return value;
  if (type["type"] === "string" && !Array.isArray(type["enum"]) && type["format"] !== "date")
    return typeof type["format"] === "string" ? cleanValue(value) : value;
  if (type["type"] === undefined && !Array.isArray(type["enum"])) return value;
  const read = readValue(value, type, root);
  return read.kind === "value" && type["type"] !== "array" ? read.value : value;
}

function shapedObject(value: JsonSchema, type: JsonSchema, root: JsonSchema, depth: number): unknown {
  const properties = isObject(type["properties"]) ? type["properties"] : {};
  const byName = new Map(Object.keys(properties).map((key) => [foldName(key), key]));
  const object: Record<string, unknown> = {};
  for (const [key, inner] of Object.entries(value)) {
    const known = Object.hasOwn(properties, key) ? key : byName.get(foldName(key));
    // Two spellings of one key are two values: leave both, the validation or the reader decides
    const name =
      known === undefined || Object.hasOwn(object, known) || (known !== key && Object.hasOwn(value, known))
        ? key
        : known;
    define(object, name, shaped(inner, isObject(properties[name]) ? properties[name] : {}, root, depth + 1));
  }
  return object;
}

/** Whether a JSON value has anything to do with the schema: a decoy validates where every property is optional. */
export function isRelated(value: unknown, schema: JsonSchema | undefined): boolean {
  if (schema === undefined) return typeof value === "object" && value !== null;
  const type = resolved(schema, schema);
  if (!isObject(type["properties"])) return type["type"] === "array" ? Array.isArray(value) : true;
  if (!isObject(value)) return false;
  const names = new Set(Object.keys(type["properties"]).map(foldName));
  return Object.keys(value).some((key) => names.has(foldName(key)));
}
