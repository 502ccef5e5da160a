import type { Finding } from "./lexical.ts";
import type { CompiledModel } from "./model.ts";
import { sanitise } from "./sanitise.ts";
import { combined, findingsIn, type ReadingContext } from "./sources.ts";
import { unknownParts } from "./unknown-parts.ts";

export interface ScoredMail {
  subject: string;
  /** What the author wrote, as `stripThreadHistory` gives it, or the whole visible text. */
  text: string;
  /** The HTML part, where there is one: its comments and long attributes are read as hidden text. */
  html?: string;
  /** Quoted history. */
  quoted?: string;
  /** Text that no reader sees: `removedHidden` of `stripThreadHistory`. */
  hidden?: readonly string[];
  attachmentsText?: readonly { filename: string; text: string }[];
  /** The text of the mail that this one answers: what is quoted from it unchanged is not scored. */
  original?: string;
}

export interface InjectionThresholds {
  /** From this score on only schema-checked data reaches the graph. */
  dataOnly: number;
  /** From this score on nothing does until a person releases it. */
  quarantine: number;
}

export interface ScoreOptions {
  /** Names of the tools of the graph that will read the mail: who names them knows whom he is talking to. */
  toolNames?: readonly string[];
  /** Addresses or domains of the conversation; to ask for mail to them is ordinary. */
  threadAddresses?: readonly string[];
  /** Default: those of a stranger. */
  threshold?: InjectionThresholds;
}

export interface InjectionReason {
  /** Such as `override-instructions`, `chat-template`, `hidden-text`, `model`. */
  rule: string;
  /** 0 to 1: how much the rule counts by itself. */
  weight: number;
  /** Offsets in the source, in UTF-16 code units. */
  span: [start: number, end: number];
  source: "subject" | "text" | "html" | "quoted" | "hidden" | "attachment";
  /** Which of the hidden texts or attachments, from 0. */
  part?: number;
}

export interface InjectionScore {
  /** 0 to 1; 0.5 is where about one ordinary mail in a hundred lies above. */
  score: number;
  band: "pass" | "data-only" | "quarantine";
  /** Heaviest first. */
  reasons: InjectionReason[];
  /** The text without invisible characters, with `[removed]` in place of marks of chat templates and of sentences that give orders to a machine. */
  sanitized: string;
}

/**
 * Thresholds by who is known to have written: the same words are an order from the owner and an attack from a stranger. `owner`: authenticated, and allowed to direct the agent.
 * `expected`: an expected sender who is not authenticated, or one in a known conversation. `stranger`: anyone else.
 */
export const INJECTION_THRESHOLDS = {
  owner: { dataOnly: 0.96, quarantine: 0.99 },
  expected: { dataOnly: 0.6, quarantine: 0.85 },
  stranger: { dataOnly: 0.5, quarantine: 0.75 },
} as const satisfies Record<string, InjectionThresholds>;

/** Hidden text speaks to machines only: what it orders counts for more, and a few words of it for something. */
const HIDDEN = { factor: 1.6, long: 200, weight: 0.12, ordering: 0.5 };
const MOST_REASONS = 50;

interface Source {
  source: InjectionReason["source"];
  text: string;
  part?: number;
}

/** {@link scoreInjection} with a model of the caller's. */
export function scoreWith(model: CompiledModel, mail: ScoredMail, options: ScoreOptions): InjectionScore {
  const context: ReadingContext = {
    model,
    toolNames: options.toolNames ?? [],
    threadAddresses: options.threadAddresses ?? [],
  };
  const reasons = sourcesOf(mail).flatMap((source) => reasonsIn(source, context));
  const score = overall(reasons);
  const threshold = options.threshold ?? INJECTION_THRESHOLDS.stranger;
  return {
    score,
    band: score >= threshold.quarantine ? "quarantine" : score >= threshold.dataOnly ? "data-only" : "pass",
    reasons: reasons.toSorted((a, b) => b.weight - a.weight).slice(0, MOST_REASONS),
    sanitized: sanitise(
      mail.text,
      reasons.filter(({ source }) => source === "text"),
    ),
  };
}

function sourcesOf(mail: ScoredMail): Source[] {
  const hidden = [...(mail.hidden ?? []), ...(mail.html === undefined ? [] : unshownIn(mail.html))];
  return [
    { source: "subject" as const, text: mail.subject },
    { source: "text" as const, text: mail.text },
    ...(mail.quoted === undefined
      ? []
      : [{ source: "quoted" as const, text: unknownParts(mail.quoted, mail.original) }]),
    ...hidden.map((text, part) => ({ source: "hidden" as const, text, part })),
    ...(mail.attachmentsText ?? []).flatMap(({ filename, text }, part) => [
      { source: "attachment" as const, text: filename.replace(/[_.-]+/g, " "), part },
      { source: "attachment" as const, text, part },
    ]),
  ].filter(({ text }) => text.trim() !== "");
}

function reasonsIn({ source, text, part }: Source, context: ReadingContext): InjectionReason[] {
  const placed = (finding: Finding): InjectionReason => ({ ...finding, source, ...(part !== undefined && { part }) });
  const found = findingsIn(text, context, source === "hidden");
  if (source !== "hidden") return found.map(placed);
  const weight = Math.min(0.95, HIDDEN.factor * combined(found)) + (text.length >= HIDDEN.long ? HIDDEN.weight : 0);
  const span: [number, number] = [0, text.length];
  return [
    ...found.map(placed),
    ...(weight > 0 ? [placed({ rule: "hidden-text", weight: Math.min(0.97, weight), span })] : []),
  ];
}

/** The surest source decides; the others add a little, since a long mail has more chances to look odd. */
function overall(reasons: readonly InjectionReason[]): number {
  const bySource = new Map<string, InjectionReason[]>();
  for (const reason of reasons) {
    const key = `${reason.source} ${reason.part ?? ""}`;
    bySource.set(key, [...(bySource.get(key) ?? []), reason]);
  }
  const [first = 0, second = 0] = [...bySource.values()].map(combined).toSorted((a, b) => b - a);
  return Math.min(1, first + (1 - first) * second * 0.25);
}

const MOST_UNSHOWN = 20;
const SHORTEST_UNSHOWN = 24;
const LONGEST_UNSHOWN = 4000;

/** Comments, and the long texts of attributes that people see on demand at best. */
function unshownIn(html: string): string[] {
  const found: string[] = [];
  for (let at = html.indexOf("<!--"); at >= 0 && found.length < MOST_UNSHOWN; at = html.indexOf("<!--", at + 4)) {
    const end = html.indexOf("-->", at + 4);
    const comment = html.slice(at + 4, end < 0 ? at + LONGEST_UNSHOWN : Math.min(end, at + LONGEST_UNSHOWN)).trim();
    // Outlook's conditional comments hold markup.
    if (comment.length >= SHORTEST_UNSHOWN && !comment.startsWith("[if") && !comment.includes("<")) found.push(comment);
    if (end < 0) break;
  }
  for (const match of html.matchAll(
    /\s(?:alt|title|aria-label|content)\s?=\s?(?:"([^"<>]{60,4000})"|'([^'<>]{60,4000})')/gi,
  )) {
    if (found.length >= MOST_UNSHOWN * 2) break;
    found.push(match[1] ?? match[2] ?? "");
  }
  return found;
}
