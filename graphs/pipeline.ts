import type { Callbacks } from "@langchain/core/callbacks/manager";
import { END, START, StateGraph, StateSchema, type BaseCheckpointSaver } from "@langchain/langgraph";
import type { EmailKit } from "langgraph-email";
import { z } from "zod";
import { Analysis, analysis, approval, Finding, research } from "./tasks.ts";

const PipelineState = new StateSchema({
  topic: z.string(),
  findings: z.array(Finding).default([]),
  analysis: Analysis.optional(),
  /** How it ended: `approved`, `rejected`, or the kind of outcome that stopped it. */
  decision: z.string().default(""),
  report: z.string().default(""),
});

export interface People {
  research: string;
  analysis: string;
  approver: string;
}

/** Research → analysis → approval: two agents and a person, each asked by mail. */
export function createPipeline(
  kit: EmailKit<"desk">,
  people: People,
  saver?: BaseCheckpointSaver,
  callbacks: Callbacks = [],
) {
  const builder = new StateGraph(PipelineState)
    .addNode("research", async ({ topic }) => {
      await kit.sendTask(research, {
        from: "desk",
        to: people.research,
        subject: `Research: ${topic}`,
        body: `Please collect what is known about this question, with sources.\n\n${topic}`,
      });
      const outcome = await kit.awaitReply(research);
      return outcome.kind === "replied" ? { findings: outcome.data.findings } : { decision: outcome.kind };
    })
    .addNode("analyse", async ({ topic, findings }) => {
      await kit.sendTask(analysis, {
        from: "desk",
        to: people.analysis,
        subject: `Analysis: ${topic}`,
        body: `Please weigh these findings and recommend what to do.\n\n${topic}\n\n${listOf(findings)}`,
      });
      const outcome = await kit.awaitReply(analysis);
      return outcome.kind === "replied" ? { analysis: outcome.data } : { decision: outcome.kind };
    })
    .addNode("approve", async ({ topic, analysis: result }) => {
      await kit.sendTask(approval, {
        from: "desk",
        to: people.approver,
        subject: `Approval needed: ${topic}`,
        body: `${result?.summary}\n\nRecommendation: ${result?.recommendation}\nConfidence: ${result?.confidence}\n\nMay we go ahead?`,
      });
      const outcome = await kit.awaitReply(approval);
      // By mail, or in Studio.
      if (outcome.kind !== "replied" && outcome.kind !== "answered") return { decision: outcome.kind };
      return { decision: outcome.data.approved ? "approved" : "rejected" };
    })
    .addNode("publish", ({ topic, findings, analysis: result, decision }) => ({
      report: `${topic}: ${decision}. ${result?.recommendation ?? ""} (${findings.length} findings)`.trim(),
    }))
    .addEdge(START, "research")
    .addConditionalEdges("research", ({ decision }) => (decision === "" ? "analyse" : "publish"))
    .addConditionalEdges("analyse", ({ decision }) => (decision === "" ? "approve" : "publish"))
    .addEdge("approve", "publish")
    .addEdge("publish", END);
  const compiled = builder.compile(saver && { checkpointer: kit.checkpointer(saver) });
  return kit.attach("pipeline", compiled.withConfig({ callbacks }));
}

function listOf(findings: readonly z.infer<typeof Finding>[]): string {
  return findings.map(({ claim, source }) => `- ${claim} (${source})`).join("\n");
}
