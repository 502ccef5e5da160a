import { MemorySaver } from "@langchain/langgraph";
import type { BaseCheckpointSaver } from "@langchain/langgraph-checkpoint";
import { SqliteSaver } from "@langchain/langgraph-checkpoint-sqlite";
import { deltaChannelHistoryTests, validate } from "@langchain/langgraph-checkpoint-validation";
import { describe } from "vitest";
import { EmailCheckpointSaver } from "../../src/langgraph/checkpointer.ts";
import { memoryKit } from "../support/open-kit.ts";

// The suite leaves out, by the saver's name, the one test that these two savers fail without the kit as well.
const savers: { checkpointerName: string; create: () => BaseCheckpointSaver }[] = [
  { checkpointerName: "MemorySaver", create: () => new MemorySaver() },
  { checkpointerName: "@langchain/langgraph-checkpoint-sqlite", create: () => SqliteSaver.fromConnString(":memory:") },
];

for (const { checkpointerName, create } of savers) {
  const kit = memoryKit();
  const initializer = {
    checkpointerName,
    createCheckpointer: () => new EmailCheckpointSaver(create(), () => kit),
  };
  describe(`EmailCheckpointSaver around ${checkpointerName}`, () => {
    validate(initializer);
    deltaChannelHistoryTests(initializer);
  });
}
