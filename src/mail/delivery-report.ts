import type { MailHeader } from "./message.ts";

/** RFC 3464 section 2.3.3. Only `failed` ends a delivery: after `delayed` the server goes on trying. */
export type DeliveryAction = "failed" | "delayed" | "delivered" | "relayed" | "expanded";

export interface DeliveryRecipient {
  /** Whom the reporting server tried to reach, which after forwarding is not whom we wrote to. */
  finalRecipient: string;
  originalRecipient?: string;
  action: DeliveryAction;
  /** RFC 3463, such as `5.1.1`; where the report is not standard, the code for what its text says. */
  status?: string;
  /** What the refusing server said, on one line. */
  diagnosticCode?: string;
  remoteMta?: string;
  /**
   * Whether the address is at fault and will stay so: no such mailbox or domain, or moved. Not a full mailbox, a refused content or a server that was out of reach,
   * whatever the first digit of the status.
   */
  permanent: boolean;
}

/** What a report says of the mail that it is about. */
export interface ReturnedMail {
  /** Candidates, the surest first. */
  messageIds: string[];
  headers: MailHeader[];
}

export interface DeliveryStatus {
  recipients: DeliveryRecipient[];
  original: ReturnedMail;
  reportingMta?: string;
  /** ENVID of RFC 3461. */
  originalEnvelopeId?: string;
  /** Whether the report is written as RFC 3464 says. Otherwise it was made out from its text. */
  standard: boolean;
}
