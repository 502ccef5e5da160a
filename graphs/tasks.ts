import { defineTask } from "langgraph-email";
import { z } from "zod";

export const Finding = z.object({ claim: z.string(), source: z.string() });
export const Findings = z.object({ findings: z.array(Finding).min(1) });
export const Analysis = z.object({
  summary: z.string(),
  recommendation: z.string(),
  confidence: z.number().min(0).max(1),
});
const Approval = z.object({ approved: z.boolean(), comment: z.string().optional() });

/** What the desk asks of others, and what each must answer. */
export const research = defineTask("research", { reply: Findings, deadline: "2 days" });
export const analysis = defineTask("analysis", { reply: Analysis, deadline: "2 days" });
// A decision: only a reply with our token counts, not one that merely names the thread.
export const approval = defineTask("approval", { reply: Approval, deadline: "5 days", accept: { grade: "B" } });
