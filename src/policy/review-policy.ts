import { EmailKitError } from "../errors.ts";
import { isAddress, sameAddress } from "../mail/address.ts";
import { type Duration, durationMs } from "../time/duration.ts";
import { type AttachmentRules, unknownKind } from "./attachments.ts";
import type { OutgoingContent, OwnSecrets, ReviewFinding, ReviewRules, ReviewVerdict } from "./outbound-review.ts";

/** A mail as `check` gets it. */
export interface ReviewedMail extends OutgoingContent {
  /** The agent that sends it. */
  agent: string;
  /** Everybody who gets it, or may get it later: `to`, `cc`, `reassignTo` and `escalate`. */
  recipients: readonly string[];
  /** The task's name; absent for the answer of a served agent. */
  task?: string;
  /** What the kit's own rules found. */
  findings: readonly ReviewFinding[];
}

/** How what an agent writes is looked through before it goes out. What is left out in an agent's own `review` is as in the kit's. */
export interface ReviewConfig {
  /** For keys, tokens and passwords, in subject, body, HTML and text attachments. `send`: not looked for. Default: `refuse`. */
  secrets?: ReviewVerdict;
  /** For card numbers, IBANs and numbers of persons. Default: `send`. */
  personalData?: ReviewVerdict;
  /**
   * How many links a mail may have, and to which hosts (`example.com`, `*.example.com`; default for both: any). With this set, a link whose text names another host
   * than it leads to is found too. `verdict` default: `refuse`.
   */
  links?: { max?: number; domains?: readonly string[]; verdict?: ReviewVerdict };
  /** Which attachments a mail may have; default: any. `verdict` default: `refuse`. */
  attachments?: AttachmentRules & { verdict?: ReviewVerdict };
  /**
   * Your own check, such as a model that judges. Called once for a task, outside of any transaction, where the rules have not refused the mail. The severest verdict
   * counts; a throw is the node's, and nothing is mailed.
   */
  check?: (mail: ReviewedMail) => CheckVerdict | Promise<CheckVerdict>;
  /** The address of the person who is asked by mail about what is held. Default: nobody; `kit.held()` lists it. */
  reviewer?: string;
  /** How long a mail is held before it is given up; never beyond its task's deadline. Default: "1 day". */
  within?: Duration;
}

export type CheckVerdict = ReviewVerdict | { verdict: ReviewVerdict; reason: string };

export interface ReviewPolicy {
  rules: ReviewRules;
  own: OwnSecrets;
  check: ReviewConfig["check"];
  reviewer: string | undefined;
  withinMs: number;
}

const VERDICTS: readonly ReviewVerdict[] = ["send", "hold", "refuse"];
const DEFAULT_WITHIN = "1 day";

export function isVerdict(value: unknown): value is ReviewVerdict {
  return VERDICTS.includes(value as ReviewVerdict);
}

/** @throws EmailKitError `INVALID_CONFIG`. @param agent Its name, address, and whether a reply to it can be told from a forged one. */
export function readReview(
  configs: readonly (ReviewConfig | undefined)[],
  own: OwnSecrets,
  agent: { name: string; address: string; provesReplies: boolean },
): ReviewPolicy {
  const config: ReviewConfig = Object.assign({}, ...configs);
  const fail = (problem: string): never => {
    throw new EmailKitError("INVALID_CONFIG", `review of agent "${agent.name}": ${problem}`);
  };
  const verdict = (name: string, value: ReviewVerdict | undefined, byDefault: ReviewVerdict) =>
    value === undefined || isVerdict(value)
      ? (value ?? byDefault)
      : fail(`${name} is ${JSON.stringify(value)}; give "send", "hold" or "refuse".`);
  const { links, attachments, reviewer, within = DEFAULT_WITHIN } = config;
  if (reviewer !== undefined) checkReviewer(reviewer, agent, fail);
  const max = links?.max ?? Infinity;
  if (!(max >= 0)) fail(`links.max is ${max}; give a number, 0 or more.`);
  const badDomain = links?.domains?.find((domain) => !/^(?:\*\.)?[\p{L}\p{N}-]+(?:\.[\p{L}\p{N}-]+)*$/u.test(domain));
  if (badDomain !== undefined) fail(`links.domains has ${JSON.stringify(badDomain)}; give hosts, "*.example.com".`);
  const badKind = unknownKind(attachments ?? {});
  if (badKind !== undefined)
    fail(`attachments has ${JSON.stringify(badKind)}; give "application/pdf", "text/*", ".csv".`);
  return {
    rules: {
      secrets: verdict("secrets", config.secrets, "refuse"),
      personalData: verdict("personalData", config.personalData, "send"),
      links: links && { max, domains: links.domains, verdict: verdict("links.verdict", links.verdict, "refuse") },
      attachments: attachments && {
        ...attachments,
        verdict: verdict("attachments.verdict", attachments.verdict, "refuse"),
      },
    },
    own,
    check: config.check,
    reviewer,
    withinMs: durationMs(within),
  };
}

function checkReviewer(
  reviewer: string,
  agent: { address: string; provesReplies: boolean },
  fail: (problem: string) => never,
): void {
  if (!isAddress(reviewer)) fail(`reviewer is ${JSON.stringify(reviewer)}; give one address.`);
  if (sameAddress(reviewer, agent.address)) fail("an agent cannot review its own mail; name somebody else.");
  if (!agent.provesReplies) {
    fail('with replyTo "none" and no authservIds no reply can be trusted to approve. Set one, or leave reviewer out.');
  }
}
