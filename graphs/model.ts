import { BaseChatModel } from "@langchain/core/language_models/chat_models";
import { AIMessage, type BaseMessage } from "@langchain/core/messages";
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
  const chat = await openAi(env);
  return {
    name: `ChatOpenAI, ${chat.model}`,
    async think(schema, prompt) {
      const answer: unknown = await chat.withStructuredOutput(schema).invoke(prompt);
      return schema.parse(answer);
    },
  };
}

async function openAi(env: NodeJS.ProcessEnv) {
  const { ChatOpenAI } = await import("@langchain/openai");
  const model = env["OPENAI_MODEL"] ?? "gpt-5-mini";
  return new ChatOpenAI({ model, configuration: { baseURL: env["OPENAI_BASE_URL"] } });
}

interface ToolCall {
  name: string;
  args: Record<string, unknown>;
}

/** The same for an agent that calls tools; the stand-in calls one for each question, and then says what it gave. */
export async function createChatModel(
  standIn: (question: string) => ToolCall,
  env: NodeJS.ProcessEnv = process.env,
): Promise<BaseChatModel> {
  return env["OPENAI_API_KEY"] ? openAi(env) : new StandIn(standIn);
}

class StandIn extends BaseChatModel {
  readonly callFor: (question: string) => ToolCall;
  constructor(callFor: (question: string) => ToolCall) {
    super({});
    this.callFor = callFor;
  }
  _llmType(): string {
    return "stand-in";
  }
  override bindTools(): this {
    return this;
  }
  async _generate(messages: BaseMessage[]) {
    const last = messages.at(-1)!;
    const message =
      last.getType() === "tool"
        ? new AIMessage(`This came back.\n\n${last.text}`)
        : new AIMessage({ content: "", tool_calls: [{ id: `call-${messages.length}`, ...this.callFor(last.text) }] });
    return { generations: [{ message, text: message.text }] };
  }
}
