import { replyForm } from "./reply-form.ts";
import { referenceLine } from "./correlate.ts";

/** What a person is told whose reply could not be taken as an answer: exactly what is wrong, and what is wanted. */
export function clarificationText(input: {
  issues: readonly string[];
  replySchema: Readonly<Record<string, unknown>> | null;
  taskId: string;
}): string {
  const issues = input.issues.map((issue) => `  - ${issue}`).join("\n");
  return [
    "Thank you for your reply. It could not be taken as an answer yet:",
    issues,
    input.replySchema ? replyForm(input.replySchema) : "",
    "Just reply to this mail.",
    `-- \n${referenceLine(input.taskId)}`,
  ]
    .filter((part) => part !== "")
    .join("\n\n");
}

/** What is said of a mail of which only the header section was read: it is above the limit, or its server gave no more. */
export function notRead(octets: number, limit: number): string {
  if (octets <= limit) return "What is in the mail could not be read. Please send it again.";
  const size = (count: number) =>
    count < 1_000_000 ? `${Math.round(count / 1_000)} kB` : `${(count / 1_000_000).toFixed(1)} MB`;
  return `The mail has ${size(octets)}, and no more than ${size(limit)} is read. Please send less, or a link to what is large.`;
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
