import type { TaskRecord } from "../ledger/tasks.ts";
import { INJECTION_THRESHOLDS, scoreInjection } from "../policy/injection-score.ts";
import type { InjectionVerdict, Mail } from "./verdict.ts";

/** Scores a mail before anything of it reaches a graph. Who is known to have written moves the thresholds. */
export function scoreMail(
  { message, parts }: Pick<Mail, "message" | "parts">,
  provenance: keyof typeof INJECTION_THRESHOLDS,
  task: TaskRecord | undefined,
): InjectionVerdict {
  const { score, band, reasons, sanitized } = scoreInjection(
    {
      subject: message.subject,
      text: parts.text,
      ...(message.html !== undefined && { html: message.html }),
      quoted: parts.quoted,
      hidden: parts.removedHidden,
      ...(task && { original: task.body }),
    },
    { threshold: INJECTION_THRESHOLDS[provenance] },
  );
  return { score, band, sanitized, rules: [...new Set(reasons.map(({ rule }) => rule))] };
}

export function injectionReason({ score, rules }: InjectionVerdict): string {
  return `It looks like orders to a machine (score ${score.toFixed(2)}: ${rules.slice(0, 5).join(", ")}).`;
}
