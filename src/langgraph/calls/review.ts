import type { Agent } from "../../accounts/agent.ts";
import { EmailKitError } from "../../errors.ts";
import { appendEvent } from "../../ledger/events.ts";
import { findRefusal, insertRefusal } from "../../ledger/reviews.ts";
import { findTokens, verifyToken } from "../../mail/reply-token.ts";
import { type OwnSecrets, reviewContent, type ReviewFinding, severest } from "../../policy/outbound-review.ts";
import { type CheckVerdict, isVerdict, type ReviewedMail } from "../../policy/review-policy.ts";
import { hashId } from "../../mail/hash-id.ts";
import type { OpenKit } from "../context.ts";

/** What is to go out, and whose it is. */
export interface Outgoing extends Omit<ReviewedMail, "agent" | "findings"> {
  /** Of the mail in the outbox. */
  id: string;
  graph: string;
  threadId: string;
}

/**
 * Looks through a mail before anything of it is stored. Resolves with what was found where a person is to decide, and with undefined where it may go.
 * @throws EmailKitError `REVIEW_REFUSED`; asked again about the same mail, without another look by `check`.
 */
export async function reviewOutgoing(
  kit: OpenKit,
  agent: Agent,
  { id, graph, threadId, ...mail }: Outgoing,
): Promise<ReviewFinding[] | undefined> {
  const { rules, check } = agent.review;
  const { db } = kit.ledger;
  const found = reviewContent(mail, rules, knownSecrets(kit, agent));
  let { verdict, findings } = found;
  // A model asked often enough may say yes.
  const refusal = hashId(
    "refused",
    id,
    JSON.stringify([mail.subject, mail.body, mail.html, mail.recipients]),
    ...hashes(mail),
  );
  if (check && verdict !== "refuse") {
    const before = await findRefusal(db, refusal);
    if (before) throw refused(agent, before);
    const checked = readCheck(await check({ ...mail, agent: agent.name, findings }));
    if (checked.verdict !== "send") findings = [...findings, { rule: "check", where: "mail", excerpt: checked.reason }];
    verdict = severest([verdict, checked.verdict]);
  }
  if (verdict === "send") return undefined;
  if (verdict === "hold") return findings;
  const at = kit.clock();
  await db.transaction(async (sql) => {
    const details = { agent: agent.name, to: [...mail.recipients], subject: "", findings };
    if (check && found.verdict !== "refuse") await insertRefusal(sql, { id: refusal, threadId, details, at });
    const event = { at, kind: "review-refused" as const, agent: agent.name, graph, threadId };
    await appendEvent(sql, { ...event, to: [...mail.recipients], data: { findings } });
  });
  throw refused(agent, findings);
}

/** For words that go out within a mail of the kit's own, which waits for nobody. @throws EmailKitError `REVIEW_REFUSED`, also for what would be held. */
export function requireClean(kit: OpenKit, agent: Agent, text: string): void {
  const content = { subject: "", body: text, attachments: [] };
  const { verdict, findings } = reviewContent(content, agent.review.rules, knownSecrets(kit, agent));
  if (verdict !== "send") throw refused(agent, findings);
}

/** What only this installation can know: its credentials, and the tokens of its reply addresses. */
export function knownSecrets({ tokenKey, ledger }: OpenKit, { review }: Agent): OwnSecrets {
  return (text) => [
    ...review.own(text),
    ...findTokens(text).flatMap((token) => {
      if (verifyToken(tokenKey, ledger.id, token).kind !== "valid") return [];
      const start = text.toLowerCase().indexOf(token);
      return [{ rule: "reply-token", start, end: start + token.length, excerpt: "…" }];
    }),
  ];
}

function hashes({ attachments }: Pick<Outgoing, "attachments">): string[] {
  return attachments.map(({ filename, contentType, content }) =>
    hashId(filename, contentType, typeof content === "string" ? content : Buffer.from(content).toString("base64")),
  );
}

const LONGEST_REASON = 500;

function readCheck(answer: CheckVerdict): { verdict: ReturnType<typeof severest>; reason: string } {
  const { verdict, reason } = typeof answer === "object" && answer !== null ? answer : { verdict: answer, reason: "" };
  if (isVerdict(verdict)) return { verdict, reason: reason.slice(0, LONGEST_REASON) };
  throw new EmailKitError(
    "INVALID_CONFIG",
    'review.check returned no verdict; return "send", "hold" or "refuse", or { verdict, reason }.',
  );
}

function refused(agent: Agent, findings: readonly ReviewFinding[]): EmailKitError {
  const list = findings
    .map(({ rule, where, excerpt }) => `${rule} in ${where}${excerpt && ` (${excerpt})`}`)
    .join(", ");
  return new EmailKitError(
    "REVIEW_REFUSED",
    `The review refused a mail of agent "${agent.name}", and nothing was mailed: ${list}. Take it out of the mail; or, where it is meant to go out, change \`review\` in createEmailKit.`,
  );
}
