/** What a submission server says of a mail that it does not take. */
export interface Refusal {
  replyCode?: number;
  enhancedStatus?: string;
  diagnostic: string;
  /** Recipients that it refused, where it was about them. */
  refused?: readonly unknown[];
}

// Gmail's 550 5.4.5 and Exchange Online's 550 5.1.90 mean the sender's day, and not the mail: https://support.google.com/a/answer/3726730,
// https://learn.microsoft.com/exchange/mail-flow-best-practices/non-delivery-reports-in-exchange-online/fix-error-code-5-1-90-in-exchange-online.
const QUOTA_STATUS = /^[45]\.(?:4\.5|1\.90)$/;
const QUOTA_WORDS =
  /(?:daily|sending|submission)\b[\w ]{0,30}\b(?:quota|limit)s?\b[\w ]{0,20}\b(?:exceeded|reached)|(?:exceeded|reached)\b[\w ]{0,40}\b(?:daily|sending|submission)\b[\w ]{0,20}\b(?:quota|limit)|SubmissionQuotaExceeded/i;
const RATE_WORDS = /\btoo (?:many (?:messages|mails|recipients|connections|logins?)|much mail)|\brate\b|throttl/i;

/**
 * Whether a refusal is about how much the account sends, and not about this mail or its recipients: `rate`, too fast (421, 450, 452, 4.7.x), or
 * `quota`, a day's allowance that is used up, which some providers say with 5xx. A greylisted recipient or a full mailbox is neither.
 */
export function throttleOf({
  replyCode,
  enhancedStatus = "",
  diagnostic,
  refused,
}: Refusal): "rate" | "quota" | undefined {
  // RFC 3463: x.2.x is about the recipient's mailbox.
  if (/^[45]\.2\./.test(enhancedStatus)) return undefined;
  if (QUOTA_STATUS.test(enhancedStatus) || QUOTA_WORDS.test(diagnostic)) return "quota";
  if (replyCode === undefined || replyCode >= 500) return undefined;
  if (replyCode === 421) return "rate";
  if ((refused?.length ?? 0) > 0) return RATE_WORDS.test(diagnostic) ? "rate" : undefined;
  return replyCode === 450 || replyCode === 452 || enhancedStatus.startsWith("4.7.") ? "rate" : undefined;
}
