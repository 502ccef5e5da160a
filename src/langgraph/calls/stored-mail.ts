import { EmailKitError } from "../../errors.ts";
import { type Disposition, findMessage, type MessageRecord, recentMessages } from "../../ledger/messages.ts";
import { INJECTION_THRESHOLDS, scoreInjection } from "../../policy/injection-score.ts";
import type { OpenKit } from "../context.ts";

/** Milliseconds. */
const LOOK_BACK_MS = 30 * 86_400_000;
/** Mails that are looked through, newest first, and that are given. */
const LIMITS = { searched: 500, found: 10 };
const EXCERPT = 160;
/** What has passed the policy, or waits for nobody. The rest was kept from the agent, or is not for it. */
const SHOWN: readonly Disposition[] = ["settled", "clarifying", "recorded", "late", "request", "unmatched"];

/** What an agent may see of a mail of its own. */
export interface ReadableMail {
  record: MessageRecord;
  /** Undefined where it looks like orders to a machine. */
  text: string | undefined;
}

/** The agent's newest mails that contain all the words, in sender, subject or text; of the last 30 days. */
export async function searchMail(kit: OpenKit, agent: string, words: string): Promise<ReadableMail[]> {
  const wanted = words.toLowerCase().split(/\s+/).filter(Boolean);
  const since = kit.clock() - LOOK_BACK_MS;
  const records = await recentMessages(kit.ledger.db, { agent, since, dispositions: SHOWN, limit: LIMITS.searched });
  const found: ReadableMail[] = [];
  for (const record of records) {
    const { sender, subject, content } = record;
    const text = [sender, subject, content.text].join("\n").toLowerCase();
    if (wanted.every((word) => text.includes(word))) found.push(readable(record));
    if (found.length === LIMITS.found) break;
  }
  return found;
}

/** @throws EmailKitError `MESSAGE_NOT_FOUND` for a mail that is not the agent's, or that was kept from it. */
export async function readMail(kit: OpenKit, agent: string, id: string): Promise<ReadableMail> {
  const record = await findMessage(kit.ledger.db, id);
  if (record?.agent === agent && SHOWN.includes(record.disposition)) return readable(record);
  throw new EmailKitError("MESSAGE_NOT_FOUND", "There is no such mail. Take the id from search_mail.");
}

/** What nobody asked for was not scored when it came. */
function readable(record: MessageRecord): ReadableMail {
  const { subject, content, disposition } = record;
  return { record, text: readableText({ subject, ...content }, disposition === "unmatched" ? "stranger" : "expected") };
}

/** The text as far as a model may see it: without what looks like orders to a machine, or undefined where it is little else. */
function readableText(
  mail: { subject: string; text: string; quoted?: string },
  provenance: "expected" | "stranger",
): string | undefined {
  const { band, sanitized } = scoreInjection(mail, { threshold: INJECTION_THRESHOLDS[provenance] });
  if (band === "quarantine") return undefined;
  return band === "data-only" ? sanitized : mail.text;
}

export function excerptOf({ text }: ReadableMail): string {
  const line = (text ?? "").replace(/\s+/g, " ").trim();
  return line.length > EXCERPT ? `${line.slice(0, EXCERPT)}…` : line;
}
