import type { StandardSchemaV1 } from "@standard-schema/spec";
import type { JsonSchema } from "./schema.ts";
import { isNode, NotInMail, type SchemaNode } from "./schema-node.ts";
import { ofValibot } from "./valibot-schema.ts";
import { ofZod3, ofZod4 } from "./zod-schema.ts";

/**
 * The JSON Schema of what a schema of a library without Standard JSON Schema takes: zod 3, zod 4 before 4.2, zod/mini
 * and Valibot. It is never stricter than the schema itself, which validates in the end. Undefined for other libraries,
 * and for what no mail can hold (a Date that is not read from text).
 */
export function libraryJsonSchema(schema: StandardSchemaV1): JsonSchema | undefined {
  const node = schema as unknown as SchemaNode;
  try {
    if (schema["~standard"].vendor === "valibot") return ofValibot(node);
    if (schema["~standard"].vendor !== "zod") return undefined;
    if (isNode(node["_zod"])) return ofZod4(node);
    return isNode(node["_def"]) && "typeName" in node["_def"] ? ofZod3(node) : undefined;
  } catch (error) {
    if (error instanceof NotInMail) return undefined;
    throw error;
  }
}
