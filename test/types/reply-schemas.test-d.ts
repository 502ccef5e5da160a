import { type } from "arktype";
import { defineTask, type TaskDefinition } from "langgraph-email";
import { parseStructuredReply } from "langgraph-email/mail";
import * as v from "valibot";
import { describe, expectTypeOf, it } from "vitest";
import * as z3 from "zod/v3";

const three = z3.object({ at: z3.string().transform((day) => new Date(day)), ok: z3.boolean().optional() });
const bot = v.object({
  at: v.pipe(
    v.string(),
    v.transform((day) => new Date(day)),
  ),
});
const ark = type({ at: "string.date.parse", color: "'red' | 'blue'" });

describe("schemas of other libraries than zod 4", () => {
  it("give tasks the type of their output", () => {
    expectTypeOf(defineTask("a", { reply: three })).toEqualTypeOf<
      TaskDefinition<{ at: Date; ok?: boolean | undefined }, "a">
    >();
    expectTypeOf(defineTask("b", { reply: bot })).toEqualTypeOf<TaskDefinition<{ at: Date }, "b">>();
    expectTypeOf(defineTask("c", { reply: ark })).toEqualTypeOf<
      TaskDefinition<{ at: Date; color: "red" | "blue" }, "c">
    >();
    // @ts-expect-error a JSON Schema goes with the schema that validates
    defineTask("d", { replyJsonSchema: {} });
  });

  it("give structured replies the type of their output; a JSON Schema gives unknown", async () => {
    const read = await parseStructuredReply({ text: "" }, ark);
    if (read.kind === "parsed") expectTypeOf(read.data).toEqualTypeOf<{ at: Date; color: "red" | "blue" }>();
    const plain = await parseStructuredReply({ text: "" }, { type: "object" });
    if (plain.kind === "parsed") expectTypeOf(plain.data).toEqualTypeOf<unknown>();
  });
});
