import { bodyOffset } from "./header.ts";
import { formatDate } from "./format-date.ts";

/** What became of a mail for one recipient (RFC 3464). */
export interface DeliveryFact {
  action: "failed" | "delayed";
  /** RFC 3463. */
  status: string;
  /** Such as `smtp; 550 5.1.1 User unknown`. */
  diagnosticCode: string;
  /** What is sent back of the mail. */
  returns: "mail" | "headers";
}

export interface ReportContext {
  hostname: string;
  queueId: string;
  /** Of the mail that is reported on; the report goes there. */
  reversePath: string;
  recipient: string;
  raw: Buffer;
  arrivedAt: number;
  now: number;
}

/** A delivery status notification in the shape that Postfix gives it (RFC 3462, 3464). */
export function deliveryReport(fact: DeliveryFact, context: ReportContext): Buffer {
  const { hostname, queueId, reversePath, recipient, arrivedAt } = context;
  const failed = fact.action === "failed";
  const explanation = failed
    ? `Your mail to <${recipient}> was not delivered, and no further attempt is made.`
    : `Your mail to <${recipient}> has not been delivered yet. There is no need to send it again:\r\nthe server keeps trying.`;
  const status = [
    `Reporting-MTA: dns; ${hostname}`,
    `X-Postfix-Queue-ID: ${queueId}`,
    `X-Postfix-Sender: rfc822; ${reversePath}`,
    `Arrival-Date: ${formatDate(arrivedAt)}`,
    "",
    `Final-Recipient: rfc822; ${recipient}`,
    `Original-Recipient: rfc822;${recipient}`,
    `Action: ${fact.action}`,
    `Status: ${fact.status}`,
    `Diagnostic-Code: ${fact.diagnosticCode}`,
    ...(failed ? [] : [`Will-Retry-Until: ${formatDate(arrivedAt + 5 * 86_400_000)}`]),
    "",
  ].join("\r\n");
  const reason = `${explanation}\r\n\r\n<${recipient}>: ${fact.diagnosticCode.replace(/^[\w-]+; ?/, "")}\r\n`;
  return report({
    context,
    type: "delivery-status",
    from: `MAILER-DAEMON@${hostname} (Mail Delivery System)`,
    subject: failed ? "Undelivered Mail Returned to Sender" : "Delayed Mail (still being retried)",
    parts: [
      { type: "text/plain; charset=us-ascii", description: "Notification", content: Buffer.from(reason) },
      { type: "message/delivery-status", description: "Delivery report", content: Buffer.from(status) },
      returnedPart(context.raw, fact.returns),
    ],
  });
}

/** A complaint (RFC 5965): the recipient pressed the spam button. */
export function complaintReport(context: ReportContext): Buffer {
  const { hostname, reversePath, recipient, arrivedAt } = context;
  const feedback = [
    "Feedback-Type: abuse",
    "User-Agent: langgraph-email-dev/1",
    "Version: 1",
    `Original-Mail-From: <${reversePath}>`,
    `Original-Rcpt-To: <${recipient}>`,
    `Arrival-Date: ${formatDate(arrivedAt)}`,
    "Source-IP: 127.0.0.1",
    `Reported-Domain: ${reversePath.split("@").at(-1)}`,
    "",
  ].join("\r\n");
  return report({
    context,
    type: "feedback-report",
    from: `Complaints <complaints@${hostname}>`,
    subject: "Complaint about a mail from you",
    parts: [
      {
        type: "text/plain; charset=us-ascii",
        content: Buffer.from(`<${recipient}> reported a mail from you as unwanted. It is attached.\r\n`),
      },
      { type: "message/feedback-report", content: Buffer.from(feedback) },
      { type: "message/rfc822", content: context.raw },
    ],
  });
}

interface ReportPart {
  type: string;
  description?: string;
  content: Buffer;
}

function returnedPart(raw: Buffer, returns: DeliveryFact["returns"]): ReportPart {
  return returns === "mail"
    ? { type: "message/rfc822", description: "Undelivered Message", content: raw }
    : {
        type: "text/rfc822-headers",
        description: "Undelivered Message Headers",
        content: raw.subarray(0, bodyOffset(raw)),
      };
}

function report(options: {
  context: ReportContext;
  type: string;
  from: string;
  subject: string;
  parts: ReportPart[];
}): Buffer {
  const { context, parts } = options;
  const boundary = `${context.queueId}.${Math.floor(context.now / 1000)}/${context.hostname}`;
  const head = [
    `Date: ${formatDate(context.now)}`,
    `From: ${options.from}`,
    `Subject: ${options.subject}`,
    `To: ${context.reversePath}`,
    "Auto-Submitted: auto-replied",
    "MIME-Version: 1.0",
    `Content-Type: multipart/report; report-type=${options.type};`,
    `\tboundary="${boundary}"`,
    `Message-Id: <${context.now}.${context.queueId}@${context.hostname}>`,
    "",
    "This is a report in several parts.",
    "",
  ].join("\r\n");
  const body = parts.flatMap(({ type, description, content }) => [
    Buffer.from(
      `\r\n--${boundary}\r\n${description ? `Content-Description: ${description}\r\n` : ""}Content-Type: ${type}\r\n\r\n`,
    ),
    content,
  ]);
  return Buffer.concat([Buffer.from(head), ...body, Buffer.from(`\r\n--${boundary}--\r\n`)]);
}
