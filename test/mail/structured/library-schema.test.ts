import { toStandardJsonSchema } from "@valibot/to-json-schema";
import { type } from "arktype";
import * as v from "valibot";
import { describe, expect, test } from "vitest";
import { z } from "zod";
import * as mini from "zod/mini";
import * as z3 from "zod/v3";
import { inputJsonSchema, type JsonSchema, parseStructuredReply } from "../../../src/mail/structured-reply.ts";

const color = ["red", "blue"] as const;
/** One order, as each library says it: a date that becomes a Date, a choice, a whole number, something left out. */
const orders = {
  "zod 4": z.object({
    quantity: z.number().int().min(1),
    color: z.enum(color),
    deliverOn: z.coerce.date(),
    mail: z.email().optional(),
    gift: z.boolean().default(false),
  }),
  "zod 4 before Standard JSON Schema": withoutTrait(
    z.object({
      quantity: z.int().min(1),
      color: z.enum(color),
      deliverOn: z.iso.date().pipe(z.coerce.date()),
      mail: z.email().nullish(),
      gift: z.boolean().default(false),
    }),
  ),
  "zod/mini": mini.object({
    quantity: mini.int(),
    color: mini.enum(color),
    deliverOn: mini.coerce.date(),
    mail: mini.optional(mini.email()),
    gift: mini._default(mini.boolean(), false),
  }),
  "zod 3": z3
    .object({
      quantity: z3.number().int().min(1),
      color: z3.enum(color),
      deliverOn: z3
        .string()
        .date()
        .transform((day) => new Date(day)),
      mail: z3.string().email().optional(),
      gift: z3.boolean().default(false),
    })
    .refine(({ quantity }) => quantity < 100, "too many"),
  Valibot: v.object({
    quantity: v.pipe(v.number(), v.integer(), v.minValue(1)),
    color: v.picklist(color),
    deliverOn: v.pipe(
      v.string(),
      v.isoDate(),
      v.transform((day) => new Date(day)),
    ),
    mail: v.optional(v.pipe(v.string(), v.email())),
    gift: v.optional(v.boolean(), false),
  }),
  "Valibot with its converter": toStandardJsonSchema(
    v.object({
      quantity: v.pipe(v.number(), v.integer()),
      color: v.picklist(color),
      deliverOn: v.pipe(
        v.string(),
        v.isoDate(),
        v.transform((day) => new Date(day)),
      ),
      mail: v.optional(v.pipe(v.string(), v.email())),
      gift: v.optional(v.boolean(), false),
    }),
  ),
  ArkType: type({
    quantity: "number.integer >= 1",
    color: "'red' | 'blue'",
    deliverOn: "string.date.iso.parse",
    "mail?": "string.email",
    gift: "boolean = false",
  }),
};

function withoutTrait<S extends z.ZodType>(schema: S): S {
  const { version, vendor, validate } = schema["~standard"];
  Object.defineProperty(schema, "~standard", { value: { version, vendor, validate } });
  return schema;
}

describe.each(Object.entries(orders))("%s", (_name, schema) => {
  const wanted = { quantity: 4, color: "blue", deliverOn: new Date("2026-05-05"), gift: false };

  test("its JSON Schema names what is asked for", () => {
    const json = inputJsonSchema(schema) as { properties: Record<string, JsonSchema>; required: string[] };
    expect(json.required.toSorted()).toEqual(["color", "deliverOn", "quantity"]);
    expect(json.properties["quantity"]?.["type"]).toBe("integer");
    expect(new Set(json.properties["color"]?.["enum"] as string[])).toEqual(new Set(color));
  });

  test.each([
    ["lines", "Quantity: 4\nColor: Blue\nDeliver on: 2026-05-05"],
    ["JSON", 'Here you are:\n{"quantity": 4, "color": "blue", "deliverOn": "2026-05-05"}'],
    ["a table", "| quantity | 4 |\n| color | blue |\n| deliver on | 2026-05-05 |"],
  ])("reads %s", async (_form, text) => {
    expect(await parseStructuredReply({ text }, schema)).toMatchObject({ kind: "parsed", data: wanted });
  });

  test.each([
    ["what is missing", "quantity: 4\ncolor: blue", "incomplete"],
    ["no such choice", "quantity: 4\ncolor: green\ndeliver on: 2026-05-05", "incomplete"],
    ["a value that it refuses", '{"quantity": 1.5, "color": "blue", "deliverOn": "2026-05-05"}', "invalid"],
  ])("tells %s", async (_what, text, kind) => {
    expect((await parseStructuredReply({ text }, schema)).kind).toBe(kind);
  });
});

test("words answer the one question of any library", async () => {
  for (const schema of [
    z3.object({ approved: z3.boolean() }),
    v.object({ approved: v.boolean() }),
    type({ approved: "boolean" }),
    mini.object({ approved: mini.boolean() }),
    { type: "object", properties: { approved: { type: "boolean" } }, required: ["approved"] },
  ])
    expect(await parseStructuredReply({ text: "Ja, genehmigt." }, schema)).toMatchObject({ data: { approved: true } });
});

test("what zod 3 and Valibot can say", () => {
  const three = z3.object({
    a: z3.string().min(2).max(5).describe("first"),
    b: z3.array(z3.number().gt(0)).nullable(),
    c: z3.union([z3.literal("x"), z3.literal("y")]),
    d: z3.record(z3.boolean()),
    e: z3.nativeEnum({ up: 0, 0: "up", on: "on" }),
    f: z3.preprocess((x) => x, z3.string().url()),
    g: z3.string().catch("g").brand("G").readonly(),
    h: z3.intersection(z3.object({ i: z3.any() }), z3.object({ j: z3.unknown() })),
    k: z3.discriminatedUnion("t", [z3.object({ t: z3.literal("l") })]),
  });
  expect(inputJsonSchema(three)).toEqual({
    type: "object",
    properties: {
      a: { type: "string", minLength: 2, maxLength: 5, description: "first" },
      b: { anyOf: [{ type: "array", items: { type: "number", exclusiveMinimum: 0 } }, { type: "null" }] },
      c: { anyOf: [{ const: "x" }, { const: "y" }] },
      d: { type: "object", additionalProperties: { type: "boolean" } },
      e: { enum: [0, "on"] },
      f: { type: "string", format: "uri" },
      g: { type: "string" },
      h: {
        allOf: [
          { type: "object", properties: { i: {} } },
          { type: "object", properties: { j: {} } },
        ],
      },
      k: { anyOf: [{ type: "object", properties: { t: { const: "l" } }, required: ["t"] }] },
    },
    required: ["a", "b", "c", "d", "e", "f", "h", "k"],
  });
  const bot = v.object({
    a: v.pipe(v.string(), v.minLength(2), v.maxLength(5), v.description("first"), v.title("A")),
    b: v.nullable(v.array(v.pipe(v.number(), v.gtValue(0)))),
    c: v.union([v.literal("x"), v.literal("y")]),
    d: v.record(v.string(), v.boolean()),
    e: v.enum({ up: "up", on: "on" }),
    f: v.pipe(v.unknown(), v.transform(String), v.email()),
    g: v.nonOptional(v.optional(v.pipe(v.string(), v.regex(/^x/)))),
    h: v.intersect([v.object({ i: v.any() }), v.looseObject({ j: v.null() })]),
  });
  expect(inputJsonSchema(bot)).toMatchObject({
    properties: {
      a: { type: "string", minLength: 2, maxLength: 5, description: "first", title: "A" },
      b: { anyOf: [{ type: "array", items: { type: "number", exclusiveMinimum: 0 } }, { type: "null" }] },
      c: { anyOf: [{ const: "x" }, { const: "y" }] },
      d: { type: "object", additionalProperties: { type: "boolean" } },
      e: { enum: ["up", "on"] },
      f: {},
      g: { type: "string", pattern: "^x" },
      h: { allOf: [{ required: ["i"] }, { required: ["j"] }] },
    },
  });
});

test.each([
  ["zod 4", z.object({ at: z.date() })],
  ["zod 3", z3.object({ at: z3.date() })],
  ["Valibot", v.object({ at: v.date() })],
  ["ArkType", type({ at: "Date" })],
  ["zod/mini", mini.object({ at: mini.map(mini.string(), mini.string()) })],
])("%s: what no mail can hold has no JSON Schema", (_name, schema) => {
  expect(inputJsonSchema(schema)).toBeUndefined();
});

test("a schema that holds itself ends", () => {
  type Tree = { left?: Tree | undefined; right?: Tree | undefined };
  const three: z3.ZodType<Tree> = z3.lazy(() => z3.object({ left: three.optional(), right: three.optional() }));
  const four = mini.object({
    get left(): unknown {
      return mini.optional(four);
    },
    get right(): unknown {
      return mini.optional(four);
    },
  } as { left: mini.ZodMiniType; right: mini.ZodMiniType });
  const bot: v.GenericSchema<Tree> = v.object({
    left: v.optional(v.lazy(() => bot)),
    right: v.optional(v.lazy(() => bot)),
  });
  for (const schema of [z3.object({ tree: three }), four, bot]) expect(inputJsonSchema(schema)).toBeDefined();
});
