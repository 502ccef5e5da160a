type Schema = Readonly<Record<string, unknown>>;

const PLAIN_TYPES: Record<string, string> = {
  string: "text",
  number: "a number",
  integer: "a whole number",
  boolean: "yes or no",
  array: "a list",
  object: "several values",
  null: "nothing",
};

/** Tells a person what a reply should hold, from its JSON Schema: a line for each value, as `name: what`. Empty where the schema names nothing. */
export function replyForm(schema: Schema): string {
  const properties = schema["properties"];
  if (!isSchema(properties)) {
    const what = describe(schema);
    return what ? `Please answer with ${what}.` : "";
  }
  const required = new Set(Array.isArray(schema["required"]) ? (schema["required"] as unknown[]) : []);
  const lines = Object.entries(properties).map(([name, property]) => {
    const notes = [describe(isSchema(property) ? property : {}), required.has(name) ? "" : "optional"].filter(Boolean);
    return `  ${name}: (${notes.join(", ")})`;
  });
  return lines.length > 0 ? `Please answer with:\n\n${lines.join("\n")}` : "";
}

function describe(schema: Schema): string {
  if (typeof schema["description"] === "string") return schema["description"];
  if (Array.isArray(schema["enum"])) return (schema["enum"] as unknown[]).map(String).join(" or ");
  if (schema["type"] === "array" && isSchema(schema["items"])) {
    const item = describe(schema["items"]).replace(/^an? /, "");
    return item ? `a list, each ${item}` : "a list";
  }
  if (typeof schema["type"] === "string") return PLAIN_TYPES[schema["type"]] ?? schema["type"];
  return "";
}

function isSchema(value: unknown): value is Schema {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
