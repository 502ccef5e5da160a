export type { ServerOptions } from "./accounts/account.ts";
export type { ExportFilter, ExportFormat } from "./audit/export.ts";
export type { ForgetReport } from "./audit/forget.ts";
export type { Trace } from "./audit/trace.ts";
export { traceAsHtml } from "./audit/trace-as-html.ts";
export { traceAsMermaid } from "./audit/trace-as-mermaid.ts";
export { traceAsText } from "./audit/trace-as-text.ts";
export type { AuditFinding, AuditHead, AuditReport } from "./audit/verify.ts";
export type { BlobStore } from "./blobs/blobs.ts";
export type { AgentConfig, Budgets, EmailKitConfig } from "./config.ts";
export { EmailKitError, type EmailKitErrorCode, ERROR_CODES } from "./errors.ts";
export type { CompiledGraph, EmailKit, RunOnceOptions, StartOptions } from "./email-kit.ts";
export { createEmailKit } from "./kit.ts";
export type { AwaitRepliesOptions, Replies } from "./langgraph/calls/await-replies.ts";
export type { MailExpectation, MailOutcome } from "./langgraph/calls/await-mail.ts";
export { type AwaitReplyRequest, isAwaitReplyRequest } from "./langgraph/calls/wait.ts";
export { defineTask, type TaskDefinition, type TaskOptions } from "./langgraph/calls/define-task.ts";
export type { EmailApprovalOptions, InterruptingMiddleware } from "./langgraph/calls/email-approval.ts";
export type { EmailNodes } from "./langgraph/calls/nodes.ts";
export type { Outcome } from "./langgraph/calls/outcome.ts";
export type { TaskReceipt } from "./langgraph/calls/receipt.ts";
export type { TaskMail } from "./langgraph/calls/send-task.ts";
export type { EmailTools } from "./langgraph/calls/tools.ts";
export { EmailCheckpointSaver } from "./langgraph/checkpointer.ts";
export type { EmailProgress } from "./langgraph/calls/progress.ts";
export type { AttachOptions } from "./langgraph/drive/attach.ts";
export type { ServerClient } from "./langgraph/drive/server.ts";
export type { InboxAnswer, InboxRequest, ServeOptions } from "./langgraph/serve-inbox.ts";
export type { AuditEvent, AuditKind } from "./ledger/events.ts";
export type { Disposition, MessageRecord } from "./ledger/messages.ts";
export type { Until } from "./ledger/until.ts";
export type { FailedAttempt, FailedOutcome, ReplyAttachment } from "./ledger/outcome.ts";
export type { Suppression } from "./ledger/suppressions.ts";
export type { ThreadRecord } from "./ledger/threads.ts";
export { consoleLogger, type LogFields, type Logger, silentLogger } from "./log.ts";
export type { DkimKey } from "./mail/compose.ts";
export type { Grade } from "./policy/assurance.ts";
export { type AttachmentRules, PROGRAMS } from "./policy/attachments.ts";
export type { BreakerLimits, Reputation } from "./policy/reputation.ts";
export type { Budget, BudgetPreset } from "./policy/budget.ts";
export type { InboundPolicy, InjectionJudge, JudgedMail, SenderVerifier } from "./policy/inbound.ts";
export {
  INJECTION_THRESHOLDS,
  type InjectionScore,
  type InjectionThresholds,
  type ScoredMail,
  scoreInjection,
  spotlight,
} from "./policy/injection-score.ts";
export type { ReviewFinding, ReviewVerdict } from "./policy/outbound-review.ts";
export type { CheckVerdict, ReviewConfig, ReviewedMail } from "./policy/review-policy.ts";
export type { Scope } from "./policy/permission.ts";
export type { WarmUp } from "./policy/warm-up.ts";
export type { BusinessCalendar, Weekday } from "./time/calendar.ts";
export type { Deadline } from "./time/deadline.ts";
export type { Duration } from "./time/duration.ts";
export { type DnsResolver, mailauthVerifier } from "./transport/mailauth.ts";
export type { Pruned, PruneOptions } from "./worker/prune.ts";
export type { ActOptions, ReleaseOptions } from "./worker/release.ts";
export type { DoubtfulMail } from "./ledger/restore.ts";
export type { HeldMail } from "./worker/held.ts";
export type { SendingStatus } from "./worker/sending.ts";
export type { Worker } from "./worker/worker.ts";
