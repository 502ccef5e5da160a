import { BaseChatModel } from "@langchain/core/language_models/chat_models";
import { AIMessage, type BaseMessage } from "@langchain/core/messages";
import type { ChatResult } from "@langchain/core/outputs";

export interface ScriptedCall {
  id?: string;
  name: string;
  args: Record<string, unknown>;
}

/** What the model does next: calls tools, or says something. */
export type Step = ScriptedCall[] | string;

type Think = (results: string[], messages: BaseMessage[]) => Step;

/** A chat model that follows a script: one step for each of its own messages so far. Steps may look at the results of the tools, and at all messages. */
export class ScriptedModel extends BaseChatModel {
  readonly steps: readonly (Step | Think)[];
  constructor(...steps: (Step | Think)[]) {
    super({});
    this.steps = steps;
  }
  _llmType(): string {
    return "scripted";
  }
  override bindTools(): this {
    return this;
  }
  async _generate(messages: BaseMessage[]): Promise<ChatResult> {
    const turn = messages.filter((message) => message.getType() === "ai").length;
    const scripted = this.steps[turn] ?? "done";
    const step = typeof scripted === "function" ? scripted(toolResults(messages), messages) : scripted;
    const calls = typeof step === "string" ? [] : step;
    const message = new AIMessage({
      content: typeof step === "string" ? step : "",
      tool_calls: calls.map((call, i) => ({ id: `call-${turn}-${i}`, ...call })),
    });
    return { generations: [{ message, text: message.text }] };
  }
}

/** What the tools gave, in order. */
export function toolResults(messages: readonly BaseMessage[]): string[] {
  return messages.filter((message) => message.getType() === "tool").map((message) => message.text);
}

/** A tool's result taken apart: the facts, and what others wrote, with the marks taken out. */
export function readResult(result: string): { facts: Record<string, unknown>; text?: string } {
  const [first, , opening, ...rest] = result.split("\n");
  const facts = JSON.parse(first!) as Record<string, unknown>;
  if (!opening) return { facts };
  const marker = opening.slice(2);
  return {
    facts,
    text: rest
      .slice(0, -1)
      .join("\n")
      .replaceAll(`^${marker.slice(0, 3)}^`, " "),
  };
}
