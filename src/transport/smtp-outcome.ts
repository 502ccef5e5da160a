import { EmailKitError, type EmailKitErrorCode } from "../errors.ts";
import type { RefusedRecipient, SubmitResult } from "./transport.ts";
import { isTlsCode } from "./tls.ts";

/** What the SMTP client reports of a failure. */
export interface SmtpFailure {
  message: string;
  /** The client's own class of failure, such as `EENVELOPE`. */
  code?: string;
  /** The system's, such as `ECONNREFUSED`. */
  originalCode?: string;
  /** The server's reply, as it came. */
  response?: string;
  responseCode?: number;
  /** `MAIL FROM`, `RCPT TO`, `DATA`; `API` where the client refused before asking the server. */
  command?: string;
  recipient?: string;
  rejectedErrors?: SmtpFailure[];
  cause?: unknown;
}

/** Set as a failure's code where no access token could be had to sign in with. */
export const NO_ACCESS_TOKEN = "ETOKEN";

/** Who the submission server is, and how to take secrets out of what it says. */
export interface SmtpContext {
  host: string;
  port: number;
  user: string;
  scrub: (text: string) => string;
}

/** Reply codes that complain of the session's authentication or encryption, not of the mail (RFC 4954 section 6). */
const AUTHENTICATION_REPLIES: ReadonlySet<number | undefined> = new Set([432, 454, 530, 534, 535, 538]);
const SIZE_EXCEEDED = "5.3.4";

/**
 * What became of a submission that failed.
 * @param handedOver Whether a byte of the mail had been read for sending.
 */
export function outcomeOfFailure(failure: SmtpFailure, handedOver: boolean, context: SmtpContext): SubmitResult {
  const diagnostic = diagnosticOf(failure, context);
  const reply = replyOf(failure);
  const refused = (failure.rejectedErrors ?? []).map((error) => refusedRecipient(error, context));

  if (handedOver && !isRefusal(failure)) {
    const message = `The connection to ${nameOf(context)} broke after the mail was handed over (${diagnostic}); it may or may not have been accepted.`;
    return { kind: "unknown", diagnostic, error: kitError("SMTP_OUTCOME_UNKNOWN", message, failure, context) };
  }
  if (isAboutTheMail(failure)) {
    // Where some recipients are refused for good and the rest for now, a later attempt refuses the former again.
    const permanent = refused.length > 0 ? refused.every((one) => one.permanent) : isPermanent(failure);
    if (permanent) {
      const code = isTooLarge(failure) ? "MESSAGE_TOO_LARGE" : "SMTP_REFUSED";
      const message = `${nameOf(context)} refused the mail for good: ${diagnostic}`;
      return { kind: "refused", ...reply, diagnostic, refused, error: kitError(code, message, failure, context) };
    }
    const message = `${nameOf(context)} refused the mail for now: ${diagnostic}`;
    const error = kitError("SMTP_DEFERRED", message, failure, context);
    return { kind: "deferred", ...reply, diagnostic, ...(refused.length > 0 ? { refused } : {}), error };
  }
  if (failure.code === "ESTREAM") {
    const message = `The mail was not handed over to ${nameOf(context)}: ${diagnostic}`;
    return { kind: "deferred", diagnostic, error: kitError("SMTP_DEFERRED", message, failure, context) };
  }
  return { kind: "deferred", ...reply, diagnostic, error: connectionError(failure, context) };
}

/** Why a connection could not be opened, or was lost before a mail was handed over. */
export function connectionError(failure: SmtpFailure, context: SmtpContext): EmailKitError {
  const diagnostic = diagnosticOf(failure, context);
  const server = nameOf(context);
  if (failure.originalCode === NO_ACCESS_TOKEN) {
    const hopeless = failure.cause instanceof EmailKitError && !failure.cause.retryable;
    const code = hopeless ? "SMTP_AUTH_FAILED" : "SMTP_DEFERRED";
    return kitError(
      code,
      `No access token to sign "${context.user}" in to ${context.host} with: ${diagnostic}`,
      failure,
      context,
    );
  }
  if (isAuthenticationFailure(failure)) {
    if (isTemporary(failure)) {
      return kitError(
        "SMTP_DEFERRED",
        `${server} cannot sign "${context.user}" in for now: ${diagnostic}`,
        failure,
        context,
      );
    }
    const message = `${server} refused the credentials of "${context.user}": ${diagnostic} Check the user and the password or access token; many providers ask for an app password or OAuth 2.0.`;
    return kitError("SMTP_AUTH_FAILED", message, failure, context);
  }
  if (isTlsFailure(failure)) {
    const message = `No secure connection to ${server}: ${diagnostic} Check host, port and \`tls\`; for a server with a certificate of its own, give its certificate authority as \`ca\`.`;
    return kitError("SMTP_TLS_FAILED", message, failure, context);
  }
  const message = `${server} cannot be reached: ${diagnostic} Check host and port, and whether the server is up.`;
  return kitError("SMTP_UNREACHABLE", message, failure, context);
}

/** One refused recipient, from the client's report of the server's reply to its RCPT command. */
export function refusedRecipient(failure: SmtpFailure, context: SmtpContext): RefusedRecipient {
  return {
    address: failure.recipient ?? "",
    ...replyOf(failure),
    diagnostic: diagnosticOf(failure, context),
    permanent: isPermanent(failure),
  };
}

/** Whether the server, or the client on its behalf, judged this mail or its envelope, and not the session. */
function isAboutTheMail(failure: SmtpFailure): boolean {
  if (AUTHENTICATION_REPLIES.has(failure.responseCode)) return false;
  return failure.code === "EENVELOPE" || failure.code === "EMESSAGE";
}

/** Whether the server said no, so that it has not taken the mail. */
function isRefusal({ responseCode }: SmtpFailure): boolean {
  return responseCode !== undefined && responseCode >= 400 && responseCode < 600;
}

/** 503 says that the session was out of step, not that the mail is unwanted. */
function isPermanent(failure: SmtpFailure): boolean {
  const { responseCode } = failure;
  if (responseCode === undefined) return failure.command === "API" || isTooLarge(failure);
  return responseCode >= 500 && responseCode < 600 && responseCode !== 503;
}

function isTemporary(failure: SmtpFailure): boolean {
  return failure.responseCode !== undefined && failure.responseCode >= 400 && failure.responseCode < 500;
}

/** RFC 1870: announced by the server and seen by the client before it sends, or said by the server. */
function isTooLarge(failure: SmtpFailure): boolean {
  if (failure.response !== undefined) return replyOf(failure).enhancedStatus === SIZE_EXCEEDED;
  return failure.code === "EMESSAGE" && failure.message.startsWith("Message size larger than allowed");
}

function isAuthenticationFailure(failure: SmtpFailure): boolean {
  if (failure.responseCode === 530 && /starttls|\btls\b|encrypt/i.test(failure.response ?? "")) return false;
  return failure.code === "EAUTH" || failure.code === "ENOAUTH" || AUTHENTICATION_REPLIES.has(failure.responseCode);
}

/** A connection that merely closes during the handshake is a matter of the network. */
function isTlsFailure(failure: SmtpFailure): boolean {
  if (isTlsCode(failure.code) || isTlsCode(failure.originalCode)) return true;
  if (failure.responseCode === 530) return true;
  if (/required STARTTLS/.test(failure.message)) return true;
  return failure.code === "ETLS" && !failure.message.startsWith("Connection closed");
}

function replyOf(failure: SmtpFailure): { replyCode?: number; enhancedStatus?: string } {
  const enhancedStatus = /^\d{3}[ -]([245]\.\d{1,3}\.\d{1,3})\b/.exec(failure.response ?? "")?.[1];
  return {
    ...(failure.responseCode === undefined ? {} : { replyCode: failure.responseCode }),
    ...(enhancedStatus === undefined ? {} : { enhancedStatus }),
  };
}

function diagnosticOf(failure: SmtpFailure, context: SmtpContext): string {
  const text = failure.response ?? (failure.message || (failure.originalCode ?? failure.code ?? "no reason given"));
  return context.scrub(text.trim().replace(/\s*\r?\n/g, " "));
}

function nameOf({ host, port }: SmtpContext): string {
  return `the submission server ${host}:${port}`;
}

function kitError(code: EmailKitErrorCode, message: string, failure: SmtpFailure, context: SmtpContext): EmailKitError {
  // The client's error may quote credentials that the server echoed, so only a cleaned copy becomes the cause.
  const cause = Object.assign(new Error(context.scrub(failure.message)), {
    code: failure.originalCode ?? failure.code,
    ...(failure.responseCode === undefined ? {} : { responseCode: failure.responseCode }),
  });
  const sentence = message.replace(/([^.:;!?])(?= Check )/, "$1.");
  return new EmailKitError(code, sentence.charAt(0).toUpperCase() + sentence.slice(1), { cause });
}
