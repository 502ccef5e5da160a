import { EmailKitError, type EmailKitErrorCode } from "../errors.ts";
import { isTlsCode } from "./tls.ts";

/** What the IMAP client reports of a failure. */
export interface ImapFailure {
  message: string;
  /** The client's own code, or the system's, such as `ECONNREFUSED`. */
  code?: string;
  /** `NO` or `BAD`, where the server refused a command. */
  responseStatus?: string;
  responseText?: string;
  /** RFC 5530, such as `AUTHENTICATIONFAILED`. */
  serverResponseCode?: string;
  response?: unknown;
  authenticationFailed?: boolean;
  tlsFailed?: boolean;
  mailboxMissing?: boolean;
  /** What the server said when it ended the connection. */
  reason?: string;
  errors?: { message: string }[];
  cause?: unknown;
}

export interface ImapContext {
  host: string;
  port: number;
  user: string;
  mailbox: string;
  scrub: (text: string) => string;
}

/** Set as a failure's code where no access token could be had to sign in with. */
export const NO_ACCESS_TOKEN = "ETOKEN";

/** RFC 5530: the credentials may be right, and the same sign-in may succeed later. */
const TEMPORARY_CODES: ReadonlySet<string | undefined> = new Set(["UNAVAILABLE", "INUSE", "LIMIT", "SERVERBUG"]);
const CONNECTION_CODES: ReadonlySet<string | undefined> = new Set([
  "NoConnection",
  "EConnectionClosed",
  "StateLogout",
  "ClosedAfterConnectText",
  "ClosedAfterConnectTLS",
  "CONNECT_TIMEOUT",
  "GREETING_TIMEOUT",
  "UPGRADE_TIMEOUT",
  "ETIMEOUT",
]);

/** The kit's error for what the IMAP client, or the server through it, reported. */
export function mailboxError(failure: ImapFailure, context: ImapContext): EmailKitError {
  const [code, message] = explain(failure, context);
  const sentence = message.replace(/([^.:;!?])(?= Check )/, "$1.");
  // The client's error may quote credentials that the server echoed, so only a cleaned copy becomes the cause.
  const cause = Object.assign(new Error(diagnosticOf(failure, context)), { code: failure.code });
  return new EmailKitError(code, sentence, { cause });
}

function explain(failure: ImapFailure, context: ImapContext): [EmailKitErrorCode, string] {
  const said = diagnosticOf(failure, context);
  const server = `The mailbox server ${context.host}:${context.port}`;
  if (failure.code === NO_ACCESS_TOKEN) {
    const hopeless = failure.cause instanceof EmailKitError && !failure.cause.retryable;
    const code = hopeless ? "IMAP_AUTH_FAILED" : "IMAP_FAILED";
    return [code, `No access token to sign "${context.user}" in to ${context.host} with: ${said}`];
  }
  if (isTlsCode(failure.code) || (failure.tlsFailed === true && !CONNECTION_CODES.has(failure.code))) {
    const advice = `Check host, port and \`tls\`; for a server with a certificate of its own, give its certificate authority as \`ca\`.`;
    return ["IMAP_TLS_FAILED", `No secure connection to ${context.host}:${context.port}: ${said} ${advice}`];
  }
  if (failure.authenticationFailed === true) {
    if (TEMPORARY_CODES.has(failure.serverResponseCode)) {
      return ["IMAP_FAILED", `${server} cannot sign "${context.user}" in for now: ${said}`];
    }
    const advice =
      "Check the user and the password or access token; many providers ask for an app password or OAuth 2.0.";
    return ["IMAP_AUTH_FAILED", `${server} refused the credentials of "${context.user}": ${said} ${advice}`];
  }
  if (failure.mailboxMissing === true) {
    return [
      "MAILBOX_NOT_FOUND",
      `${server} has no mailbox "${context.mailbox}" for "${context.user}": ${said} Check \`mailbox\`; the name may need a prefix such as "INBOX.".`,
    ];
  }
  if (CONNECTION_CODES.has(failure.code) || /^E[A-Z_]+$/.test(failure.code ?? "")) {
    return [
      "IMAP_UNREACHABLE",
      `${server} cannot be reached, or the connection was lost: ${said} Check host and port, and whether the server is up.`,
    ];
  }
  return ["IMAP_FAILED", `${server} failed on the mailbox "${context.mailbox}" of "${context.user}": ${said}`];
}

function diagnosticOf(failure: ImapFailure, context: ImapContext): string {
  const several = (failure.errors ?? []).map((each) => each.message).join("; ");
  const reply = typeof failure.response === "string" ? failure.response : failure.responseText;
  const text = reply || failure.reason || failure.message || several || (failure.code ?? "no reason given");
  // The tag of the command that was refused means nothing to a reader.
  const plain = text.replace(/^\S+ (?=(?:NO|BAD) )/, "");
  return context.scrub(plain.trim().replace(/\s*\r?\n/g, " "));
}
