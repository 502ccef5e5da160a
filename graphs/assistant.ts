import type { BaseCheckpointSaver } from "@langchain/langgraph";
import { createAgent } from "langchain";
import type { EmailKit } from "langgraph-email";
import { createChatModel } from "./model.ts";

/** A tool-calling agent, which asks others by mail in its own words: `delegate_by_email` and the other tools of the desk's mailbox. */
export async function createAssistant(
  kit: EmailKit<"desk">,
  colleagues: readonly string[],
  saver?: BaseCheckpointSaver,
) {
  const [first = ""] = colleagues;
  const agent = createAgent({
    model: await createChatModel((question) => ({
      name: "delegate_by_email",
      args: { to: /\S+@[\w.-]*\w/.exec(question)?.[0] ?? first, subject: "A question", body: question },
    })),
    tools: kit.tools("desk"),
    systemPrompt: `You answer questions with the help of colleagues, who are reached by mail only: ${colleagues.join(", ")}.`,
    ...(saver && { checkpointer: kit.checkpointer(saver) }),
  });
  return kit.attach("assistant", agent.graph);
}
