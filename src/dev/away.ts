import { addressesIn } from "./address.ts";
import { formatDate } from "./format-date.ts";
import { fieldValue, headerFields } from "./header.ts";

const AWAY_DAYS = 7;
const DAY_MS = 86_400_000;

/** An out-of-office answer (RFC 3834), as a vacation responder writes it. */
export function awayReply(
  raw: Buffer,
  context: { from: string; to: string; now: number; hostname: string; id: string },
): Buffer {
  const fields = headerFields(raw);
  const original = fieldValue(fields, "message-id");
  const earlier = fieldValue(fields, "references") ?? fieldValue(fields, "in-reply-to") ?? "";
  const subject = fieldValue(fields, "subject") ?? "";
  const back = new Date(context.now + AWAY_DAYS * DAY_MS).toLocaleDateString("en-GB", {
    day: "numeric",
    month: "long",
    year: "numeric",
    timeZone: "UTC",
  });
  const lines = [
    `Date: ${formatDate(context.now)}`,
    `From: <${context.from}>`,
    `To: <${context.to}>`,
    `Subject: Automatic reply: ${subject}`,
    `Message-ID: <${context.id}@${context.hostname}>`,
    ...(original ? [`In-Reply-To: ${original}`, `References: ${`${earlier} ${original}`.trim()}`] : []),
    "Auto-Submitted: auto-replied (vacation)",
    "Precedence: bulk",
    "X-Auto-Response-Suppress: All",
    "MIME-Version: 1.0",
    "Content-Type: text/plain; charset=utf-8",
    "",
    `I am out of the office until ${back} and will answer when I am back.`,
    "",
  ];
  return Buffer.from(lines.join("\r\n"));
}

/** Who is answered once only: the person that the mail is from, whatever its envelope says. */
export function correspondent(raw: Buffer): string {
  return addressesIn(fieldValue(headerFields(raw), "from") ?? "")[0]?.toLowerCase() ?? "";
}

/** RFC 3834 section 2: nothing is answered that is itself an answer of a machine, or has no sender. */
export function mayAnswer(raw: Buffer, reversePath: string): boolean {
  const autoSubmitted = (fieldValue(headerFields(raw), "auto-submitted") ?? "no").toLowerCase();
  // Many responders answer auto-generated mail nevertheless; so does this one, to be of use to graphs.
  return reversePath !== "" && !autoSubmitted.startsWith("auto-replied");
}
