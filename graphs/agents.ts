import { END, START, StateGraph, StateSchema, type BaseCheckpointSaver } from "@langchain/langgraph";
import type { EmailKit, InboxRequest } from "langgraph-email";
import { z } from "zod";
import { createThinker } from "./model.ts";
import { Analysis, Findings } from "./tasks.ts";

const topicOf = (request: InboxRequest) => request.subject.replace(/^[^:]*: */, "");

const ResearchState = new StateSchema({
  question: z.string(),
  topic: z.string(),
  result: Findings.optional(),
});

/** An agent of its own: whoever mails it a question gets findings back. */
export function serveResearch(kit: EmailKit<"research">, saver?: BaseCheckpointSaver) {
  const builder = new StateGraph(ResearchState)
    .addNode("search", async ({ question, topic }) => {
      const thinker = await createThinker();
      const prompt = `List three findings with sources that help to answer this.\n\n${question}`;
      return { result: await thinker.think(Findings, prompt, () => standInFindings(topic)) };
    })
    .addEdge(START, "search")
    .addEdge("search", END);
  const graph = kit.attach("research", builder.compile(saver && { checkpointer: kit.checkpointer(saver) }));
  kit.serveInbox("research", graph, {
    from: ["*@desk.example"],
    input: (request) => ({ question: request.text, topic: topicOf(request) }),
    reply: ({ result }) => ({
      data: result,
      text: result?.findings.map(({ claim, source }) => `- ${claim} (${source})`).join("\n") ?? "",
    }),
  });
  return graph;
}

const AnalysisState = new StateSchema({
  material: z.string(),
  topic: z.string(),
  result: Analysis.optional(),
});

/** Another agent: weighs what it is sent. */
export function serveAnalysis(kit: EmailKit<"analysis">, saver?: BaseCheckpointSaver) {
  const builder = new StateGraph(AnalysisState)
    .addNode("weigh", async ({ material, topic }) => {
      const thinker = await createThinker();
      const prompt = `Weigh this and recommend what to do, with your confidence from 0 to 1.\n\n${material}`;
      return { result: await thinker.think(Analysis, prompt, () => standInAnalysis(topic, material)) };
    })
    .addEdge(START, "weigh")
    .addEdge("weigh", END);
  const graph = kit.attach("analysis", builder.compile(saver && { checkpointer: kit.checkpointer(saver) }));
  kit.serveInbox("analysis", graph, {
    from: ["*@desk.example"],
    input: (request) => ({ material: request.text, topic: topicOf(request) }),
    reply: ({ result }) => ({
      data: result,
      text: `${result?.summary}\n\nRecommendation: ${result?.recommendation}`,
    }),
  });
  return graph;
}

function standInFindings(topic: string): z.infer<typeof Findings> {
  return {
    findings: [
      { claim: `Demand: "${topic}" was asked for by 14 of 20 customers`, source: "survey, spring" },
      { claim: "Cost: 3 months of one engineer", source: "estimate of the team" },
      { claim: "Risk: the change can be undone within a day", source: "operations handbook" },
    ],
  };
}

function standInAnalysis(topic: string, material: string): z.infer<typeof Analysis> {
  const findings = material.split("\n").filter((line) => line.startsWith("- ")).length;
  return {
    summary: `${findings} findings on "${topic}": wanted, affordable, and easy to undo.`,
    recommendation: "Go ahead with a pilot for one quarter.",
    confidence: 0.8,
  };
}
