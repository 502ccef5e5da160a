import { replyForm } from "./reply-form.ts";
import { referenceLine } from "./correlate.ts";

/** What a person is told whose reply could not be taken as an answer: exactly what is wrong, and what is wanted. */
export function clarificationText(input: {
  issues: readonly string[];
  replySchema: Readonly<Record<string, unknown>>;
  taskId: string;
}): string {
  const issues = input.issues.map((issue) => `  - ${issue}`).join("\n");
  return [
    "Thank you for your reply. It could not be taken as an answer yet:",
    issues,
    replyForm(input.replySchema),
    "Just reply to this mail.",
    `-- \n${referenceLine(input.taskId)}`,
  ]
    .filter((part) => part !== "")
    .join("\n\n");
}

/** Tells a person what was understood: a line for each value. */
export function receiptText(data: unknown, taskId: string): string {
  const lines =
    typeof data === "object" && data !== null && !Array.isArray(data)
      ? Object.entries(data).map(([name, value]) => `  ${name}: ${plain(value)}`)
      : [`  ${plain(data)}`];
  return ["Got it, thank you. This is what was understood:", lines.join("\n"), `-- \n${referenceLine(taskId)}`].join(
    "\n\n",
  );
}

function plain(value: unknown): string {
  if (typeof value === "boolean") return value ? "yes" : "no";
  return typeof value === "string" ? value : JSON.stringify(value);
}
