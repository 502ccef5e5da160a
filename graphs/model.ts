import type { z } from "zod";

/** What the agents think with. */
export interface Thinker {
  name: string;
  /** A value of the schema for the prompt; `standIn` is what a machine without a model answers. */
  think<Schema extends z.ZodType>(
    schema: Schema,
    prompt: string,
    standIn: () => z.infer<Schema>,
  ): Promise<z.infer<Schema>>;
}

/** `ChatOpenAI` where `OPENAI_API_KEY` is set (`OPENAI_BASE_URL` and `OPENAI_MODEL` are honoured), otherwise a deterministic stand-in. */
export async function createThinker(env: NodeJS.ProcessEnv = process.env): Promise<Thinker> {
  if (!env["OPENAI_API_KEY"]) {
    return {
      name: "a deterministic stand-in (set OPENAI_API_KEY for a model)",
      think: async (_, __, standIn) => standIn(),
    };
  }
  const { ChatOpenAI } = await import("@langchain/openai");
  const model = env["OPENAI_MODEL"] ?? "gpt-5-mini";
  const chat = new ChatOpenAI({ model, configuration: { baseURL: env["OPENAI_BASE_URL"] } });
  return {
    name: `ChatOpenAI, ${model}`,
    async think(schema, prompt) {
      const answer: unknown = await chat.withStructuredOutput(schema).invoke(prompt);
      return schema.parse(answer);
    },
  };
}
