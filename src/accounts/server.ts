import { EmailKitError } from "../errors.ts";
import type { ServerOptions } from "./account.ts";

/** A server's options with every default filled in. */
export interface Server extends ServerOptions {
  port: number;
  tls: "implicit" | "starttls" | "none";
  connectTimeoutMs: number;
}

export type Protocol = "smtp" | "imap";

const PORTS = {
  smtp: { implicit: 465, starttls: 587, none: 587 },
  imap: { implicit: 993, starttls: 143, none: 143 },
} as const;

const IMPLICIT_TLS_PORTS: ReadonlySet<number | undefined> = new Set([465, 993]);
const DEFAULT_CONNECT_TIMEOUT_MS = 15_000;

/**
 * Fills in the defaults and checks the result.
 * @throws {EmailKitError} `INVALID_CONFIG`, without any credential in it.
 */
export function resolveServer(protocol: Protocol, options: ServerOptions): Server {
  const refuse = (problem: string): never => {
    throw new EmailKitError("INVALID_CONFIG", `The ${protocol} server: ${problem}`);
  };
  const { host, port, user, auth, ca, connectTimeoutMs = DEFAULT_CONNECT_TIMEOUT_MS } = options;
  if (typeof host !== "string" || !/^[^\s/@]+$/.test(host)) refuse("`host` is missing or not a host name.");
  if (port !== undefined && !(Number.isInteger(port) && port > 0 && port < 65_536)) {
    refuse("`port` is not a number from 1 to 65535.");
  }
  if (typeof user !== "string" || user === "") refuse("`user` is missing.");
  if (hasControlCharacter(user)) refuse("`user` contains a control character.");
  checkAuth(auth, refuse);
  if (ca !== undefined && !ca.includes("-----BEGIN CERTIFICATE-----")) {
    refuse("`ca` is not a PEM certificate; give the text itself, not the path of a file.");
  }
  if (!(connectTimeoutMs > 0 && connectTimeoutMs < 2 ** 31)) refuse("`connectTimeoutMs` is not a positive number.");

  const tls = options.tls ?? defaultTls(host, port);
  if (!(tls in PORTS[protocol])) refuse('`tls` is none of "implicit", "starttls" and "none".');
  if (tls === "none" && !isLoopback(host)) {
    refuse(
      `\`tls: "none"\` would send the credentials to ${host} in clear, and is allowed for loopback hosts only. Use "starttls" or "implicit".`,
    );
  }
  return { ...options, tls, port: port ?? PORTS[protocol][tls], connectTimeoutMs };
}

/** Whether a host name or address always means this machine (RFC 6761 section 6.3, RFC 1122 section 3.2.1.3). */
function isLoopback(host: string): boolean {
  const name = host
    .toLowerCase()
    .replace(/^\[|\]$/g, "")
    .replace(/\.$/, "")
    .replace(/^::ffff:(?=[\d.]+$)/, "");
  return name === "localhost" || name.endsWith(".localhost") || name === "::1" || /^127(\.\d{1,3}){3}$/.test(name);
}

function defaultTls(host: string, port: number | undefined): Server["tls"] {
  if (IMPLICIT_TLS_PORTS.has(port)) return "implicit";
  return isLoopback(host) ? "none" : "starttls";
}

function checkAuth(auth: ServerOptions["auth"], refuse: (problem: string) => never): void {
  if (typeof auth !== "object" || auth === null)
    refuse("`auth` is missing: give a password or an accessToken function.");
  if ("accessToken" in auth) {
    if (typeof auth.accessToken !== "function") refuse("`auth.accessToken` is not a function that returns a token.");
    return;
  }
  if (typeof auth.password !== "string" || auth.password === "") refuse("`auth.password` is missing.");
  if (hasControlCharacter(auth.password)) refuse("`auth.password` contains a control character.");
}

/** They end a line of SMTP or IMAP, and RFC 4616 and RFC 7628 bar them from credentials. */
function hasControlCharacter(text: string): boolean {
  return /\p{Cc}/u.test(text);
}
