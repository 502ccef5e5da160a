export { EmailKitError, type EmailKitErrorCode } from "../errors.ts";
export { formatAddress, matchesAddress, parseAddress, sameAddress, splitSubaddress, subaddress } from "./address.ts";
export { classify, type Classification, type OwnMail } from "./classify.ts";
export { composeMail, type ComposeAttachment, type ComposeInput, type DkimKey } from "./compose.ts";
export {
  readDeliveryStatus,
  type DeliveryAction,
  type DeliveryRecipient,
  type DeliveryStatus,
  type ReturnedMail,
} from "./delivery-status.ts";
export { readFeedbackReport, type FeedbackReport } from "./feedback-report.ts";
export type { MailAddress, MailAttachment, MailHeader, MailMessage, MailReportPart } from "./message.ts";
export { parseMail, type ParseLimits, type ParseOptions, type ParseResult } from "./parse.ts";
export { replyReferences, replySubject } from "./references.ts";
export { stripThreadHistory, type ReplyParts, type StripInput } from "./strip-thread-history.ts";
export { extractVerification, type Verification, type VerificationMail } from "./verification.ts";
export {
  inputJsonSchema,
  type JsonSchema,
  parseStructuredReply,
  type StructuredMail,
  type StructuredOptions,
  type StructuredOutput,
  type StructuredReply,
} from "./structured-reply.ts";
