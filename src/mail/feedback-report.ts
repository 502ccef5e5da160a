import { isAddress } from "./address.ts";
import type { ReturnedMail } from "./delivery-report.ts";
import { readHeaderFields } from "./header-fields.ts";
import type { MailMessage } from "./message.ts";
import { readReturnedMail } from "./returned-mail.ts";

/** A complaint or another notice about a mail of ours (RFC 5965). */
export interface FeedbackReport {
  /** `abuse`, `fraud`, `virus`, `not-spam`, `auth-failure`, `opt-out`, … in lower case. */
  feedbackType: string;
  /** Who complained, where the report names them (RFC 5965 section 3.2); many providers black them out. */
  originalRecipients: string[];
  original: ReturnedMail;
}

/** Reads an abuse report; `undefined` where the mail is none. */
export function readFeedbackReport(message: MailMessage): FeedbackReport | undefined {
  const part = message.reports.find((report) => report.contentType === "message/feedback-report");
  if (part === undefined) return undefined;
  const fields = readHeaderFields(part.content.replace(/^\s+/, ""));
  const values = (name: string) => fields.filter((field) => field.name === name).map((field) => field.value);
  const recipients = [...values("original-rcpt-to"), ...values("removal-recipient")]
    .map((value) =>
      value
        .replace(/^rfc822\s*;\s*/i, "")
        .replace(/^<(.*)>$/, "$1")
        .trim(),
    )
    .filter((value) => isAddress(value));
  return {
    feedbackType: /^[\w-]{1,40}/.exec(values("feedback-type")[0] ?? "")?.[0].toLowerCase() ?? "other",
    originalRecipients: [...new Set(recipients)].slice(0, 100),
    original: readReturnedMail(message),
  };
}
