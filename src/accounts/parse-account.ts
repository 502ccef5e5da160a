import { EmailKitError } from "../errors.ts";
import type { Account, ServerOptions } from "./account.ts";
import { type Protocol, resolveServer, type Server } from "./server.ts";

/** A mail account as a configuration states it: each server as a URL or as options. */
export interface AccountInput {
  smtp?: string | ServerOptions;
  imap: string | ServerOptions;
  /** Default: `INBOX`. */
  mailbox?: string;
}

/**
 * Reads an account from a configuration. A server may be a URL: `smtp://user:password@host:587`, `smtps://…`, `imap://…`, `imaps://…`.
 * User and password are percent-encoded where they contain `:`, `/`, `?`, `#`, `%` or, in the password, `@`. The one query parameter is
 * `tls=implicit|starttls|none`, with the meaning and the default of {@link ServerOptions.tls}.
 * @throws {EmailKitError} `INVALID_CONFIG`, without any credential in it.
 */
export function parseAccount(input: AccountInput): Account {
  return { smtp: parseServer("smtp", input.smtp), ...parseMailbox(input) };
}

/** {@link parseAccount} of an account that sends nothing. */
export function parseMailbox(input: Pick<AccountInput, "imap" | "mailbox">): Omit<Account, "smtp"> {
  const mailbox = input.mailbox ?? "INBOX";
  if (mailbox.trim() === "")
    throw new EmailKitError("INVALID_CONFIG", "`mailbox` is empty. Leave it out to read INBOX.");
  return { imap: parseServer("imap", input.imap), mailbox };
}

function parseServer(protocol: Protocol, input: string | ServerOptions | undefined): Server {
  if (input === undefined || input === "") {
    throw new EmailKitError(
      "INVALID_CONFIG",
      `The account has no ${protocol} server: give a URL or options as \`${protocol}\`.`,
    );
  }
  return resolveServer(protocol, typeof input === "string" ? parseUrl(protocol, input) : input);
}

function parseUrl(protocol: Protocol, text: string): ServerOptions {
  const refuse = (problem: string): never => {
    throw new EmailKitError(
      "INVALID_CONFIG",
      `The ${protocol} server's URL ${problem} Expected ${protocol}://user:password@host:port, with special characters in the user and the password percent-encoded.`,
    );
  };
  // The error of `new URL` carries the whole input, so it must not become a cause.
  const url = URL.canParse(text.trim()) ? new URL(text.trim()) : refuse("cannot be read.");
  const secure = url.protocol === `${protocol}s:`;
  if (!secure && url.protocol !== `${protocol}:`) refuse(`begins with neither ${protocol}: nor ${protocol}s:.`);
  if (url.hostname === "") refuse("names no host.");
  // An unescaped `/`, `?` or `#` in a password ends the authority early and shows up here.
  if ((url.pathname !== "" && url.pathname !== "/") || url.hash !== "") refuse("has something after the host.");
  if (url.username === "") refuse("names no user.");
  if (url.password === "") refuse("has no password.");

  const decode = (part: string, name: string): string => {
    try {
      return decodeURIComponent(part);
    } catch {
      return refuse(`has a ${name} with a stray "%".`);
    }
  };
  const tls = readTls(url, secure, refuse);
  return {
    host: url.hostname.replace(/^\[|\]$/g, "").toLowerCase(),
    ...(url.port === "" ? {} : { port: Number(url.port) }),
    ...(tls === undefined ? {} : { tls }),
    user: decode(url.username, "user"),
    auth: { password: decode(url.password, "password") },
  };
}

function readTls(url: URL, secure: boolean, refuse: (problem: string) => never): ServerOptions["tls"] {
  for (const name of url.searchParams.keys()) {
    if (name !== "tls") refuse("has a query parameter other than `tls`.");
  }
  const tls = url.searchParams.get("tls") ?? (secure ? "implicit" : undefined);
  if (tls === undefined) return undefined;
  if (tls !== "implicit" && tls !== "starttls" && tls !== "none") {
    return refuse("has a `tls` that is none of implicit, starttls and none.");
  }
  if (secure && tls !== "implicit") refuse(`asks for implicit TLS and for \`tls=${tls}\` at once.`);
  return tls;
}
