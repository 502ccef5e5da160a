/** A mailbox as in RFC 5322 section 3.4: `address` is `local@domain` with the domain in lower case. */
export interface MailAddress {
  address: string;
  name?: string;
}

/** One header field, unfolded and with encoded words decoded; `name` in lower case. */
export interface MailHeader {
  name: string;
  value: string;
}

/** An attachment whose content lies in the blob store. */
export interface MailAttachment {
  filename: string;
  /** In lower case, without parameters. */
  contentType: string;
  /** In octets, decoded. */
  size: number;
  /** Reference to the content in the blob store: lower-case hex SHA-256. */
  blob: string;
  /** Content-ID without angle brackets, where the part has one. */
  contentId?: string;
}

/** A part of a `multipart/report` (RFC 6522) that programs read: delivery status, disposition, feedback, returned mail. */
export interface MailReportPart {
  /** `message/delivery-status`, `message/feedback-report`, `message/rfc822`, `text/rfc822-headers`, … */
  contentType: string;
  content: string;
}

/** A parsed mail (RFC 5322). Message ids keep their angle brackets. */
export interface MailMessage {
  messageId?: string;
  inReplyTo: string[];
  references: string[];
  from?: MailAddress;
  sender?: MailAddress;
  replyTo: MailAddress[];
  to: MailAddress[];
  cc: MailAddress[];
  subject: string;
  /** ISO 8601. */
  date?: string;
  /** In the order of the mail, topmost first. */
  headers: MailHeader[];
  text?: string;
  html?: string;
  attachments: MailAttachment[];
  /** Empty unless the mail is a report. */
  reports: MailReportPart[];
}
