import type { TaskRecord } from "../ledger/tasks.ts";
import { type InjectionScore, INJECTION_THRESHOLDS, scoreInjection } from "../policy/injection-score.ts";
import type { WorkerDeps } from "./deps.ts";
import { inTime } from "./in-time.ts";
import type { InjectionVerdict, Mail } from "./verdict.ts";

export type InjectionDeps = Pick<WorkerDeps, "blobs" | "inbound" | "log">;

const BANDS = ["pass", "data-only", "quarantine"] as const satisfies InjectionScore["band"][];
/** Of the attachments that are text, so much is read, in octets: more is data, which is long and boring. */
const MAX_ATTACHED_TEXT = 256 * 1024;
const TEXTUAL = /^(?:text\/|application\/(?:json|xml|yaml|x-yaml|x-ndjson|markdown)\b|[\w/.-]+\+(?:json|xml)\b)/i;

/**
 * Scores a mail before anything of it reaches a graph: its text, what is hidden in it, and its attachments that are text. Who is known to have written moves the
 * thresholds, unless the task has its own. The kit's judge, where there is one, can only be stricter.
 */
export async function scoreMail(
  deps: InjectionDeps,
  mail: Mail,
  provenance: keyof typeof INJECTION_THRESHOLDS,
  task: TaskRecord | undefined,
  judged = true,
): Promise<InjectionVerdict> {
  const { message, parts } = mail;
  const { score, band, reasons, sanitized } = scoreInjection(
    {
      subject: message.subject,
      text: parts.text,
      ...(message.html !== undefined && { html: message.html }),
      quoted: parts.quoted,
      hidden: parts.removedHidden,
      attachmentsText: await attachedTexts(deps, mail),
      ...(task && { original: task.body }),
    },
    { threshold: task?.accept.injection ?? INJECTION_THRESHOLDS[provenance] },
  );
  const verdict = { score, band, sanitized, rules: [...new Set(reasons.map(({ rule }) => rule))] };
  const { judge } = deps.inbound;
  if (!judge || !judged || band === "quarantine") return verdict;
  const opinion = await askJudge(deps, judge, mail, verdict, task);
  if (BANDS.indexOf(opinion.band) <= BANDS.indexOf(band)) return verdict;
  return { ...verdict, band: opinion.band, rules: [opinion.rule, ...verdict.rules] };
}

export function injectionReason({ score, rules }: InjectionVerdict): string {
  return `It looks like orders to a machine (score ${score.toFixed(2)}: ${rules.slice(0, 5).join(", ")}).`;
}

async function attachedTexts(
  { blobs }: InjectionDeps,
  { message }: Mail,
): Promise<{ filename: string; text: string }[]> {
  const texts: { filename: string; text: string }[] = [];
  let left = MAX_ATTACHED_TEXT;
  for (const { filename, contentType, blob } of message.attachments) {
    if (left <= 0 || !TEXTUAL.test(contentType)) continue;
    const text = Buffer.from(await blobs.get(blob))
      .subarray(0, left)
      .toString("utf8");
    left -= text.length;
    texts.push({ filename, text });
  }
  return texts;
}

/** A judge that fails has not let anything pass. */
async function askJudge(
  { log }: InjectionDeps,
  judge: NonNullable<WorkerDeps["inbound"]["judge"]>,
  { message, parts, agent }: Mail,
  { score, band, rules }: InjectionVerdict,
  task: TaskRecord | undefined,
): Promise<{ band: InjectionScore["band"]; rule: string }> {
  try {
    const said = await inTime(() =>
      judge({
        agent: agent?.name,
        task: task?.name,
        from: message.from?.address,
        subject: message.subject,
        text: parts.text,
        attachments: message.attachments.map(({ filename, contentType, size }) => ({ filename, contentType, size })),
        score: { score, band, rules },
      }),
    );
    if (!BANDS.includes(said)) throw new Error(`It named no band: ${BANDS.join(", ")}.`);
    return { band: said, rule: "judge" };
  } catch (error) {
    log.error("The judge of inbound mail failed: the mail is quarantined", {
      messageId: message.messageId,
      error: String(error),
    });
    return { band: "quarantine", rule: "judge-failed" };
  }
}
