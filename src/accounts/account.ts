/** How to reach one server. In a configuration, a URL says the same: `smtps://user:password@host:465`, `imap://user:password@localhost:1143?tls=starttls` (see `parseAccount`). */
export interface ServerOptions {
  host: string;
  /** Default: 587 or 465 for submission, 143 or 993 for the mailbox, by `tls`. */
  port?: number;
  /**
   * `implicit`: TLS from the first byte (`smtps:`, `imaps:`). `starttls`: upgraded before anything is sent, else an error (`smtp:`, `imap:`).
   * `none`: in clear, allowed for loopback hosts only. Default: `implicit` on ports 465 and 993, `none` on loopback hosts, else `starttls`.
   */
  tls?: "implicit" | "starttls" | "none";
  user: string;
  /** A password, or a function that is asked for a fresh OAuth 2.0 access token at each connection. */
  auth: { password: string } | { accessToken: () => string | Promise<string> };
  /** A PEM certificate authority to trust besides the system's, for servers of one's own. */
  ca?: string;
  /** Milliseconds until a connection attempt is given up. Default: 15 000. */
  connectTimeoutMs?: number;
}

/** An agent's mail account: where it submits, and where it reads. */
export interface Account {
  smtp: ServerOptions;
  imap: ServerOptions;
  /** Default: `INBOX`. */
  mailbox: string;
}
